//! Writing jobs down.

use std::io::{Seek as _, Write as _};

use futures_util::stream;
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::image_estimate_cost;
use leonardo_ai::models::{CreateGenerationRequest, V2Model};
use leonardo_ai_jobs::{Jobs, Lines, Money, Submission, Submitted};
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, BufReader};

use super::{account, failure};
use crate::args::Global;
use crate::args::jobs::Submit;
use crate::commands::request::{Model, images};
use crate::failure::Failure;
use crate::journal::random;
use crate::screen::Screen;
use crate::session::Session;
use crate::source::is_uuid;
use crate::work::{Create, read};

/// So many are written down in one transaction.
const CHUNK: usize = 500;

pub async fn submit(args: Submit, global: &Global, screen: &Screen) -> Result<(), Failure> {
    if args.options.common.seed.is_some() {
        return Err(Failure::usage(
            "each job has a seed of its own: --seed is not for jobs, but a line may have a `seed`",
        ));
    }
    // The service is asked only where that is needed.
    let mut session = None;
    let template = template(&args, global, screen, &mut session).await?;
    let mut text = text(&args).await?;
    let checked = Lines::new(BufReader::new(&mut text), &template).map_err(failure)?.check().await;
    let count = checked.map_err(|error| match failure(error) {
        Failure::Usage(problem) => Failure::usage(format!("{problem}\nNothing was submitted.")),
        other => other,
    })?;
    text.rewind().await.map_err(|error| Failure::other(error.to_string()))?;

    let jobs = args.ledger.open(global).await?;
    let name = args.ledger.name(global);
    let has_budget = account(&jobs, &name).await?.budget.is_some();
    let series = if args.anew { format!("{:016x}-", random()?) } else { String::new() };
    let mut lines = Lines::new(BufReader::new(text), &template).map_err(failure)?.series(series);
    let bar = (count > CHUNK as u64).then(|| screen.counting(count));
    let (mut new, mut known, mut chunk) = (0, 0, Vec::with_capacity(CHUNK));
    loop {
        let next = lines.next().await.map_err(failure)?;
        let is_over = next.is_none();
        if let Some(mut submission) = next {
            if let (None, Some(cost)) = (submission.cost, &args.cost) {
                submission = submission.cost(cost.money).unit(cost.unit.clone());
            }
            if has_budget && submission.cost.is_none() {
                if session.is_none() {
                    session = Some(Session::connect(global, screen).await?);
                }
                if let Some(session) = &session {
                    submission = priced(&session.core, submission).await?;
                }
            }
            chunk.push(submission);
        }
        if chunk.len() == CHUNK || is_over {
            let Submitted { new: more, known: there, .. } = write(&jobs, &name, &mut chunk).await?;
            (new, known) = (new + more, known + there);
            if let Some(bar) = &bar {
                bar.count(new + known, count);
            }
        }
        if is_over {
            break;
        }
    }
    drop(bar);
    let were = if known > 0 { format!(", {known} were there already") } else { String::new() };
    screen.result(format!("{new} submitted{were}"), &json!({ "account": name, "submitted": new, "known": known }));
    let emulator = if global.emulator { " --emulator" } else { "" };
    screen.say(format!("`leonardo jobs work{emulator} --until-done` does them."));
    Ok(())
}

async fn write(jobs: &Jobs, account: &str, chunk: &mut Vec<Submission>) -> Result<Submitted, Failure> {
    jobs.submit_all(account, stream::iter(std::mem::take(chunk))).await.map_err(failure)
}

/// What all lines have in common.
async fn template(
    args: &Submit,
    global: &Global,
    screen: &Screen,
    session: &mut Option<Session>,
) -> Result<CreateGenerationRequest, Failure> {
    let model = match args.options.model.as_deref() {
        None => Model::One(None),
        Some(id) if is_uuid(id) => Model::One(Some(id.to_owned())),
        Some(word) if V2Model::from(word).is_known() => Model::Two(word.into()),
        Some(name) => {
            let connected = session.insert(Session::connect(global, screen).await?);
            Model::named(Some(name), &connected.core).await?
        }
    };
    match images(&model, &args.options, "")? {
        (Create::Image, request) => read(request),
        _ => Err(Failure::usage("jobs are for models of version 1: `leonardo batch` knows those of version 2")),
    }
}

/// What the service says that it costs.
async fn priced(core: &LeonardoCore, submission: Submission) -> Result<Submission, Failure> {
    let unknown = || {
        Failure::usage(format!(
            "the account has a budget, and the service tells no price of {:?}: say with --cost what it may cost",
            submission.request.prompt
        ))
    };
    let cost = match image_estimate_cost(core, &submission.request).await {
        Ok(cost) => cost.ok_or_else(unknown)?,
        Err(leonardo_ai::Error::InvalidRequest(_)) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    let amount = Money::of(&cost).ok_or_else(unknown)?;
    Ok(submission.cost(amount).unit(cost.unit))
}

/// The lines, in a file that can be read twice.
async fn text(args: &Submit) -> Result<File, Failure> {
    let unreadable = |error: std::io::Error| Failure::other(format!("reading: {error}"));
    let Some(path) = &args.file else {
        let mut file = tempfile::tempfile().map_err(unreadable)?;
        for prompt in &args.prompts {
            writeln!(file, "{}", json!({ "prompt": prompt })).map_err(unreadable)?;
        }
        file.rewind().map_err(unreadable)?;
        return Ok(File::from_std(file));
    };
    let is_input = path.as_os_str() == "-";
    if !is_input && path.is_file() {
        return File::open(path).await.map_err(|error| Failure::file(path, error));
    }
    // What comes from a pipe can be read once. On a thread of its own, which is not waited for when the program ends.
    let (path, (done, copied)) = (path.clone(), tokio::sync::oneshot::channel());
    std::thread::spawn(move || {
        let copy = || {
            let mut file = tempfile::tempfile()?;
            if is_input {
                std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
            } else {
                std::io::copy(&mut std::fs::File::open(&path)?, &mut file)?;
            }
            file.rewind()?;
            Ok(file)
        };
        let named = |error: std::io::Error| Failure::file(&path, error);
        let _ = done.send(copy().map_err(named));
    });
    let file = copied.await.map_err(|_| Failure::other("the input cannot be read"))??;
    Ok(File::from_std(file))
}

//! From prompts and lines to jobs.

use std::path::Path;

use futures_util::stream;
use leonardo_ai::models::{Cost, CreateGenerationRequest};
use leonardo_ai_jobs::{Account, Error, Jobs as Ledger, Lines, Money, Submission};
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, BufReader};
use tokio::sync::mpsc;

use super::{failure, open};
use crate::args::{Global, Limits, Submit, Wanted};
use crate::commands::request::{Model, images};
use crate::failure::{Failure, USAGE};
use crate::screen::Screen;
use crate::session::Session;
use crate::source::is_uuid;
use crate::task::{Create, read};

/// So many are written down in one transaction at most.
const CHUNK: usize = 500;

/// What became of the lines.
#[derive(Default)]
struct Count {
    new: u64,
    known: u64,
    bad: u64,
}

pub async fn submit(args: Submit, global: &Global, screen: &Screen) -> Result<(), Failure> {
    if args.wanted.prompts.is_empty() && args.wanted.file.is_none() {
        return Err(Failure::usage("there is no PROMPT and no --file"));
    }
    let ledger = open(&args.place, global).await?;
    // A model may have to be looked up, which needs a key.
    let template = template(&args.wanted, global, screen, None).await?;
    wanted(&ledger, &args.place.account, args.wanted, &template, screen).await
}

/// Submits what was asked for, and says how much that was.
pub(super) async fn wanted(
    ledger: &Ledger,
    account: &str,
    wanted: Wanted,
    template: &CreateGenerationRequest,
    screen: &Screen,
) -> Result<(), Failure> {
    limit(ledger, account, &wanted.limits).await?;
    let count = match &wanted.file {
        None if wanted.prompts.is_empty() => return Ok(()),
        None => {
            // Each is one line.
            let text: String = wanted.prompts.iter().map(|prompt| prompt.replace(['\n', '\r'], " ") + "\n").collect();
            let reader = std::io::Cursor::new(text.into_bytes());
            Lines::new(reader.clone(), template).map_err(failure)?.check().await.map_err(failure)?;
            feed(ledger, account, reader, template, &wanted, screen).await?
        }
        Some(file) if file == Path::new("-") => {
            feed(ledger, account, BufReader::new(tokio::io::stdin()), template, &wanted, screen).await?
        }
        Some(file) => {
            let checked = Lines::new(opened(file).await?, template).map_err(failure)?.check().await;
            checked.map_err(|error| match error {
                Error::Lines(bad) => {
                    Failure::usage(format!("{}, of which nothing was submitted:\n{bad}", file.display()))
                }
                error => failure(error),
            })?;
            feed(ledger, account, opened(file).await?, template, &wanted, screen).await?
        }
    };
    let Count { new, known, bad } = count;
    screen.result(
        match known {
            0 => format!("{new} submitted"),
            known => format!("{new} submitted, {known} were there already"),
        },
        &json!({ "account": account, "submitted": new, "known": known, "bad": bad }),
    );
    if bad > 0 {
        screen.complain(format!("{bad} lines were bad, and are left out"));
        return Err(Failure::Told(USAGE));
    }
    Ok(())
}

async fn opened(file: &Path) -> Result<BufReader<File>, Failure> {
    let opened = File::open(file).await;
    Ok(BufReader::new(opened.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?))
}

/// Writes lines down as they come. Bad ones are told by their numbers, and left out.
async fn feed(
    ledger: &Ledger,
    account: &str,
    reader: impl AsyncBufRead + Send + Unpin + 'static,
    template: &CreateGenerationRequest,
    wanted: &Wanted,
    screen: &Screen,
) -> Result<Count, Failure> {
    let mut lines = Lines::new(reader, template).map_err(failure)?;
    if let Some(cost) = &wanted.cost {
        lines = lines.cost(money(cost)?, cost.unit.clone());
    }
    let (sender, mut receiver) = mpsc::channel::<Result<Submission, Error>>(CHUNK);
    // Lines that wait are written down together, and none waits for a source that is slow.
    let reading = tokio::spawn(async move {
        while let Some(line) = lines.next().await.transpose() {
            let is_over = !matches!(line, Ok(_) | Err(Error::Lines(_)));
            if sender.send(line).await.is_err() || is_over {
                break;
            }
        }
    });
    let (mut count, mut arrived, mut chunk) = (Count::default(), Vec::new(), Vec::new());
    while receiver.recv_many(&mut arrived, CHUNK).await > 0 {
        for line in arrived.drain(..) {
            match line {
                Ok(submission) => chunk.push(submission),
                Err(Error::Lines(bad)) => {
                    count.bad += bad.count;
                    screen.complain(bad.to_string());
                }
                Err(error) => return Err(failure(error)),
            }
        }
        let submitted = ledger.submit_all(account, stream::iter(chunk.drain(..))).await.map_err(failure)?;
        count.new += submitted.new;
        count.known += submitted.known;
    }
    reading.await.map_err(|error| Failure::other(error.to_string()))?;
    Ok(count)
}

/// Makes the account where it is missing, and sets the limits that were given.
async fn limit(ledger: &Ledger, name: &str, limits: &Limits) -> Result<(), Failure> {
    let known = ledger.accounts().await.map_err(failure)?.into_iter().find(|account| account.name == name);
    let is_changed = limits.max_jobs.is_some() || limits.max_creates.is_some() || limits.budget.is_some();
    if known.is_some() && !is_changed {
        return Ok(());
    }
    let mut account = known.unwrap_or_else(|| Account::new(name));
    account.jobs = limits.max_jobs.unwrap_or(account.jobs);
    account.creates_per_minute = limits.max_creates.unwrap_or(account.creates_per_minute);
    if let Some(budget) = &limits.budget {
        account = account.budget(money(budget)?).unit(budget.unit.clone());
    }
    ledger.set_account(&account).await.map_err(failure)
}

fn money(cost: &Cost) -> Result<Money, Failure> {
    Money::of(cost).ok_or_else(|| Failure::usage(format!("{cost} is too much")))
}

/// What all lines have in common.
pub(super) async fn template(
    wanted: &Wanted,
    global: &Global,
    screen: &Screen,
    session: Option<&Session>,
) -> Result<CreateGenerationRequest, Failure> {
    let model = match (wanted.options.model.as_deref(), session) {
        (None, _) => Model::One(None),
        (Some(id), _) if is_uuid(id) => Model::One(Some(id.to_owned())),
        (name, Some(session)) => Model::named(name, &session.core).await?,
        (name, None) => Model::named(name, &Session::connect(global, screen).await?.core).await?,
    };
    match images(&model, &wanted.options, "")? {
        (Create::Image, request) => read(request),
        _ => Err(Failure::usage("jobs are of models of version 1; `leonardo batch` takes those of version 2")),
    }
}

//! What the ledger has, and what is changed in it by hand.

use std::time::SystemTime;

use futures_util::{StreamExt as _, TryStreamExt as _};
use leonardo_ai_jobs::{Error, Job, Jobs as Ledger, State};
use serde_json::{Value, json};

use super::view::{object, spent};
use super::{failure, open};
use crate::args::{Choose, Export, Global, Status};
use crate::failure::{Failure, USAGE};
use crate::screen::Screen;

pub async fn status(args: &Status, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let (ledger, account) = (open(&args.place, global).await?, &args.place.account);
    let status = ledger.status(account).await.map_err(failure)?;
    let counts = status.jobs.iter().map(|(state, count)| format!("{:<10} {count}", format!("{state}:")));
    let mut lines: Vec<_> = counts.collect();
    lines.push(format!("{:<10} {}", "spent:", spent(&status)));
    lines.push(format!("{:<10} {}", "reserved:", status.reserved));
    if status.is_stuck {
        let why = status.problem.as_deref().unwrap_or("the next job costs more than is left of the budget");
        lines.push(format!("{:<10} {why}", "stuck:"));
    }
    let mut object = object(&status);
    object["account"] = json!(account);
    screen.result(lines.join("\n"), &object);
    Ok(())
}

pub async fn export(args: Export, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let (ledger, account) = (open(&args.place, global).await?, args.place.account);
    let mut jobs = match args.state {
        Some(state) => ledger.list(&account, state.0).boxed(),
        None => ledger.export().try_filter(move |job| std::future::ready(job.account == account)).boxed(),
    };
    while let Some(job) = jobs.try_next().await.map_err(failure)? {
        screen.text(&line(&job).to_string());
    }
    Ok(())
}

fn line(job: &Job) -> Value {
    let since = job.created_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    json!({
        "id": job.id,
        "account": job.account,
        "key": job.key,
        "state": job.state.as_str(),
        "prompt": job.request.prompt,
        "seed": job.seed,
        "generation": job.generation,
        "cost": job.settled.map(|cost| cost.to_string()),
        "files": job.files,
        "problem": job.problem,
        // Milliseconds since 1970.
        "submittedAt": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
    })
}

pub async fn cancel(args: Choose, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let ledger = open(&args.place, global).await?;
    let states = [State::Waiting, State::Admitted];
    let jobs = chosen(&ledger, &args, &states).await?;
    let mut changed = Changed::new(&args, "cancelled", screen);
    for job in jobs {
        changed.one(job, ledger.cancel(job).await)?;
    }
    changed.tell()
}

pub async fn retry(args: Choose, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let ledger = open(&args.place, global).await?;
    let jobs = chosen(&ledger, &args, &[State::Failed]).await?;
    let mut changed = Changed::new(&args, "to be done again", screen);
    for job in jobs {
        changed.one(job, ledger.retry(job).await)?;
    }
    changed.tell()
}

/// The jobs that were named, or all of the account in these states.
async fn chosen(ledger: &Ledger, args: &Choose, states: &[State]) -> Result<Vec<i64>, Failure> {
    if !args.all {
        return Ok(args.jobs.clone());
    }
    let mut ids = Vec::new();
    for state in states {
        let jobs = ledger.list(&args.place.account, *state).map_ok(|job| job.id);
        ids.append(&mut jobs.try_collect().await.map_err(failure)?);
    }
    Ok(ids)
}

/// What became of the jobs that were chosen.
struct Changed<'a> {
    what: &'a str,
    screen: &'a Screen,
    all: bool,
    count: u64,
    refused: u64,
}

impl<'a> Changed<'a> {
    fn new(args: &Choose, what: &'a str, screen: &'a Screen) -> Self {
        Self { what, screen, all: args.all, count: 0, refused: 0 }
    }

    fn one(&mut self, job: i64, done: Result<(), Error>) -> Result<(), Failure> {
        match done {
            Ok(()) => {
                self.count += 1;
                self.screen.result("", &json!({ "job": job, "done": true }));
            }
            // A worker took it meanwhile.
            Err(Error::State { .. }) if self.all => {}
            Err(error @ (Error::State { .. } | Error::NoJob(_))) => {
                self.refused += 1;
                self.screen.result("", &json!({ "job": job, "done": false, "error": error.to_string() }));
                self.screen.complain(error.to_string());
            }
            Err(error) => return Err(failure(error)),
        }
        Ok(())
    }

    fn tell(self) -> Result<(), Failure> {
        if !self.screen.is_json() {
            self.screen.text(&format!("{} {}", self.count, self.what));
        }
        if self.refused > 0 { Err(Failure::Told(USAGE)) } else { Ok(()) }
    }
}

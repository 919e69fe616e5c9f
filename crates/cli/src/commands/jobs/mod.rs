//! Jobs for many workers: submitting, and asking about them. `work.rs` does them.

mod keys;
mod submit;
mod view;
mod webhooks;
mod work;

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _};
use leonardo_ai::models::CostUnit;
use leonardo_ai_jobs::{Account, Error, Job, Jobs, Money, State};
use serde_json::{Value, json};

use crate::args::Global;
use crate::args::jobs::{Chosen, Export, Jobs as Command, Ledger, Limits, Status};
use crate::failure::{FAILED, Failure};
use crate::screen::Screen;

pub async fn run(command: Command, global: &Global, screen: &Screen) -> Result<(), Failure> {
    match command {
        Command::Submit(args) => submit::submit(*args, global, screen).await,
        Command::Work(args) => work::work(args, global, screen).await,
        Command::Status(args) => status(args, global, screen).await,
        Command::Cancel(args) => cancel(args, global, screen).await,
        Command::Retry(args) => retry(args, global, screen).await,
        Command::Export(args) => export(args, global, screen).await,
        Command::Limits(args) => limits(args, global, screen).await,
    }
}

/// What the ledger refuses is wrong with the command; all else is the database's.
fn failure(error: Error) -> Failure {
    match error {
        Error::Url(kind) if kind.starts_with("postgres") => {
            Failure::usage("this build has no PostgreSQL: it is the feature `jobs-postgres`")
        }
        Error::Database(_) | Error::Migrate(_) | Error::Engine(_) | Error::Io(_) | Error::Random => {
            Failure::other(error.to_string())
        }
        refused => Failure::usage(refused.to_string()),
    }
}

impl Ledger {
    /// What the account is called.
    fn name(&self, global: &Global) -> String {
        let default = if global.emulator { "emulator" } else { "default" };
        self.account.clone().unwrap_or_else(|| default.to_owned())
    }

    async fn open(&self, global: &Global) -> Result<Jobs, Failure> {
        let named = || std::env::var("LEONARDO_JOBS_DATABASE").ok().filter(|name| !name.is_empty());
        let url = match self.database.clone().or_else(named) {
            Some(url) if ["postgres:", "postgresql:", "sqlite:"].iter().any(|kind| url.starts_with(kind)) => url,
            Some(file) => file_url(std::path::Path::new(&file))?,
            None => {
                let directory = crate::session::data_dir(global.data_dir.clone())?;
                let mut builder = std::fs::DirBuilder::new();
                builder.recursive(true);
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(&directory).map_err(|error| Failure::file(&directory, error))?;
                file_url(&directory.join("jobs.sqlite"))?
            }
        };
        Jobs::connect(&url).await.map_err(failure)
    }
}

fn file_url(path: &std::path::Path) -> Result<String, Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    // It has prompts, links and paths, which are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| Failure::file(path, error))?;
    let shown = path.display().to_string();
    // They would end the path in a URL.
    Ok(format!("sqlite:{}", shown.replace('%', "%25").replace('?', "%3f").replace('#', "%23")))
}

/// The account, which is made if it is not there.
async fn account(jobs: &Jobs, name: &str) -> Result<Account, Failure> {
    if let Some(account) = jobs.accounts().await.map_err(failure)?.into_iter().find(|account| account.name == name) {
        return Ok(account);
    }
    let account = Account::new(name);
    jobs.set_account(&account).await.map_err(failure)?;
    Ok(account)
}

fn money(amount: Money, unit: Option<&CostUnit>) -> String {
    match unit {
        Some(unit) => format!("{amount} {}", unit.as_str().to_lowercase()),
        None => amount.to_string(),
    }
}

fn cost(amount: Money, unit: Option<&CostUnit>) -> Value {
    json!({ "amount": amount.to_string(), "unit": unit.map(CostUnit::as_str) })
}

/// A job as programs read it.
fn record(job: &Job, unit: Option<&CostUnit>) -> Value {
    json!({
        "job": job.id, "account": job.account, "key": job.key, "state": job.state.as_str(), "name": job.request.prompt,
        "seed": job.seed, "id": job.generation, "cost": job.settled.map(|settled| cost(settled, unit)),
        "files": job.files, "error": job.problem,
    })
}

/// What each account pays in.
async fn units(jobs: &Jobs) -> Result<HashMap<String, CostUnit>, Failure> {
    let accounts = jobs.accounts().await.map_err(failure)?;
    Ok(accounts.into_iter().filter_map(|account| Some((account.name, account.unit?))).collect())
}

/// A job by its number or its key.
async fn find(jobs: &Jobs, account: &str, name: &str) -> Result<Job, Failure> {
    if let Some(job) = jobs.find(account, name).await.map_err(failure)? {
        return Ok(job);
    }
    match name.parse() {
        Ok(id) => jobs.job(id).await.map_err(failure),
        Err(_) => Err(Failure::usage(format!("account {account} has no job {name:?}"))),
    }
}

async fn status(args: Status, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let jobs = args.ledger.open(global).await?;
    let units = units(&jobs).await?;
    for name in &args.jobs {
        let job = find(&jobs, &args.ledger.name(global), name).await?;
        screen.record(&record(&job, units.get(&job.account)));
    }
    if !args.jobs.is_empty() {
        return Ok(());
    }
    let accounts = jobs.accounts().await.map_err(failure)?;
    for account in
        accounts.iter().filter(|account| args.ledger.account.as_ref().is_none_or(|name| *name == account.name))
    {
        let status = jobs.status(&account.name).await.map_err(failure)?;
        let unit = status.unit.as_ref();
        let states = State::ALL.map(|state| (state.as_str(), status.count(state)));
        let told: Vec<_> =
            states.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect();
        let told = if told.is_empty() { "no jobs".to_owned() } else { told.join(", ") };
        let mut text = format!("{}: {told}\n  {} spent", account.name, money(status.settled, unit));
        text.push_str(&format!(", {} reserved", money(status.reserved, unit)));
        if let Some(budget) = status.budget {
            text.push_str(&format!(", of {}", money(budget, unit)));
        }
        if let Some(reason) = view::stuck(&status) {
            text.push_str(&format!("\n  {reason}"));
        }
        let counts: serde_json::Map<_, _> =
            states.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        let object = json!({
            "account": account.name, "jobs": counts, "held": status.held, "spent": cost(status.settled, unit),
            "reserved": cost(status.reserved, unit), "budget": status.budget.map(|budget| cost(budget, unit)),
            "stuck": view::stuck(&status),
        });
        screen.result(text, &object);
    }
    if accounts.is_empty() {
        screen.say("There are no jobs yet: `leonardo jobs submit` makes some.");
    }
    Ok(())
}

/// The numbers of the jobs that are named, or of all in these states.
async fn chosen(jobs: &Jobs, args: &Chosen, account: &str, states: &[State]) -> Result<Vec<i64>, Failure> {
    let mut ids = Vec::new();
    for name in &args.jobs {
        ids.push(find(jobs, account, name).await?.id);
    }
    for state in states.iter().filter(|_| args.all) {
        let mut list = std::pin::pin!(jobs.list(account, *state));
        while let Some(job) = list.try_next().await.map_err(failure)? {
            ids.push(job.id);
        }
    }
    Ok(ids)
}

async fn cancel(args: Chosen, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let jobs = args.ledger.open(global).await?;
    let ids = chosen(&jobs, &args, &args.ledger.name(global), &[State::Waiting, State::Admitted]).await?;
    let mut done = Vec::new();
    for id in &ids {
        done.push((*id, jobs.cancel(*id).await));
    }
    told("cancelled", done, args.all, screen)
}

async fn retry(args: Chosen, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let jobs = args.ledger.open(global).await?;
    let ids = chosen(&jobs, &args, &args.ledger.name(global), &[State::Failed]).await?;
    let mut done = Vec::new();
    for id in &ids {
        done.push((*id, jobs.retry(*id).await));
    }
    told("waiting", done, args.all, screen)
}

/// Tells what became of each. Of all, those do not matter that have gone on meanwhile.
fn told(state: &str, done: Vec<(i64, Result<(), Error>)>, all: bool, screen: &Screen) -> Result<(), Failure> {
    let (mut count, mut is_refused) = (0, false);
    for (id, result) in done {
        match result {
            Ok(()) => {
                count += 1;
                screen.result(
                    if all { String::new() } else { format!("{id} is {state}") },
                    &json!({ "job": id, "state": state }),
                );
            }
            Err(Error::State { .. }) if all => {}
            Err(refused @ Error::State { .. }) => {
                is_refused = true;
                screen.complain(refused.to_string());
            }
            Err(error) => return Err(failure(error)),
        }
    }
    if all {
        screen.say(format!("{count} are {state} now."));
    }
    if is_refused { Err(Failure::Told(FAILED)) } else { Ok(()) }
}

async fn export(args: Export, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let jobs = args.ledger.open(global).await?;
    let units = units(&jobs).await?;
    let is_wanted = |job: &Job| {
        args.state.is_none_or(|state| job.state == state)
            && args.ledger.account.as_ref().is_none_or(|name| *name == job.account)
    };
    let mut all = match (&args.ledger.account, args.state) {
        (Some(account), Some(state)) => jobs.list(account, state).boxed(),
        _ => jobs.export().boxed(),
    };
    while let Some(job) = all.try_next().await.map_err(failure)? {
        if is_wanted(&job) {
            screen.text(&record(&job, units.get(&job.account)).to_string());
        }
    }
    Ok(())
}

async fn limits(args: Limits, global: &Global, screen: &Screen) -> Result<(), Failure> {
    let jobs = args.ledger.open(global).await?;
    let mut limits = account(&jobs, &args.ledger.name(global)).await?;
    if let Some(count) = args.jobs {
        limits = limits.jobs(count);
    }
    if let Some(creates) = args.creates_per_minute {
        limits = limits.creates_per_minute(creates);
    }
    if let Some(budget) = args.budget {
        limits = limits.budget(budget.money).unit(budget.unit);
    }
    jobs.set_account(&limits).await.map_err(failure)?;
    let unit = limits.unit.as_ref();
    let budget =
        limits.budget.map_or_else(|| "no budget".to_owned(), |budget| format!("a budget of {}", money(budget, unit)));
    let text = format!(
        "{}: {} jobs at a time, {} creates a minute, {budget}",
        limits.name, limits.jobs, limits.creates_per_minute
    );
    let object = json!({
        "account": limits.name, "jobs": limits.jobs, "createsPerMinute": limits.creates_per_minute,
        "budget": limits.budget.map(|budget| cost(budget, unit)),
    });
    screen.result(text, &object);
    Ok(())
}

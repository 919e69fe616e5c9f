//! Jobs for many workers, in a database.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use leonardo_ai::models::CostUnit;
use leonardo_ai_jobs::{Money, State};

use super::{ImageOptions, seconds};

pub const AFTER: &str = "\
Jobs are written down in a database, and done by any number of workers, on this
machine or, with PostgreSQL, on many. Each is paid for once, whoever is killed.

Environment:
  LEONARDO_JOBS_DATABASE  the database, as `--database`
  LEONARDO_WEBHOOK_KEY    the callback key, for `work --webhooks`

Example:
  leonardo jobs submit --emulator \"a lighthouse at dusk\" &&
    leonardo jobs work --emulator --until-done";

#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// Write jobs down: prompts, or the lines of a file
    #[command(after_help = SUBMIT_AFTER)]
    Submit(Box<Submit>),
    /// Do what is written down, until told to stop
    #[command(after_help = WORK_AFTER)]
    Work(Work),
    /// Show how far everything is, or single jobs
    #[command(after_help = "Examples:\n  leonardo jobs status\n  leonardo jobs status 17")]
    Status(Status),
    /// Take jobs back of which nothing was sent
    #[command(after_help = "Examples:\n  leonardo jobs cancel 17\n  leonardo jobs cancel --all")]
    Cancel(Chosen),
    /// Do jobs again that have failed or were cancelled; they are paid for again
    #[command(after_help = "Examples:\n  leonardo jobs retry 17\n  leonardo jobs retry --all")]
    Retry(Chosen),
    /// Print each job as a line of JSON: what it did cost, and its files
    #[command(after_help = "Example:\n  leonardo jobs export --state done > done.jsonl")]
    Export(Export),
    /// Show or set the limits and the budget of an account
    #[command(after_help = "Example:\n  leonardo jobs limits --budget 500credits --jobs 10")]
    Limits(Limits),
}

const SUBMIT_AFTER: &str = "\
Each line of FILE is a prompt, or a JSON object with the fields of a request
under their names on the wire, which go before the options. It may have a `key`
that you know the job by, and `cost`, what it may cost at most, as in
{\"amount\": \"7\", \"unit\": \"CREDITS\"}. The same key, or without one the same
line, is the same job: a command that was broken off can be given again. If a
line is bad, nothing is written down.

If the account has a budget, what a job may cost is asked of the service unless
it is given.

Examples:
  leonardo jobs submit -n 1 \"a lighthouse at dusk\" \"a pier\"
  leonardo jobs submit -n 1 --file prompts.txt
  generate-lines | leonardo jobs submit --file -";

const WORK_AFTER: &str = "\
Ctrl-C or SIGTERM ends it: a create that was sent is waited for, all else is
handed back, and another worker goes on. With `--until-done` the exit status is
1 if a job has failed meanwhile.

Each line of the file of `--keys` is ACCOUNT=KEY. Without it, LEONARDO_API_KEY
is the key of `--account`.

Examples:
  leonardo jobs work --until-done
  leonardo jobs work --database postgres://jobs@db.example/jobs --keys keys.txt";

/// Where the jobs are.
#[derive(Args, Clone, Debug)]
pub struct Ledger {
    /// A file, or postgres://USER@HOST/DATABASE [default: jobs.sqlite in the directory of the journal]
    #[arg(long, value_name = "DATABASE")]
    pub database: Option<String>,
    /// What the account is called in it [default: `default`, or `emulator` with `--emulator`]
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Submit {
    /// What to draw; each prompt is a job
    #[arg(value_name = "PROMPT", required_unless_present = "file", conflicts_with = "file")]
    pub prompts: Vec<String>,
    /// A file with a prompt or a JSON object on each line; `-` is the standard input
    #[arg(long, short, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What each job may cost at most, as 7credits or 0.05dollars
    #[arg(long, value_name = "AMOUNT", value_parser = sum)]
    pub cost: Option<Sum>,
    /// Make jobs of all lines, also of those that were submitted before
    #[arg(long)]
    pub anew: bool,
    #[command(flatten)]
    pub ledger: Ledger,
    #[command(flatten)]
    pub options: ImageOptions,
}

#[derive(Args, Clone, Debug)]
pub struct Work {
    /// End when nothing is left to do
    #[arg(long)]
    pub until_done: bool,
    /// Where the files go
    #[arg(long, short, value_name = "DIR", default_value = "pictures")]
    pub out: PathBuf,
    /// How many jobs at a time; most of them only wait
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub concurrency: u16,
    /// A file with the keys of several accounts
    #[arg(long, value_name = "FILE", conflicts_with_all = ["account", "emulator"])]
    pub keys: Option<PathBuf>,
    /// Listen for webhooks, which wake the jobs of all workers
    #[arg(long, value_name = "ADDRESS", conflicts_with = "emulator")]
    pub webhooks: Option<SocketAddr>,
    /// How often to look whether a generation is complete [default: 1, then less
    /// often, to 10; with `--webhooks` 30 to 120]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub poll: Option<Duration>,
    /// How often to tell how far it is where there is no terminal
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub report: Duration,
    /// How long something may be missing from the account's list after it was made
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, hide = true)]
    pub grace: Duration,
    #[command(flatten)]
    pub ledger: Ledger,
}

#[derive(Args, Clone, Debug)]
pub struct Status {
    /// Jobs, by their numbers or keys
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    #[command(flatten)]
    pub ledger: Ledger,
}

#[derive(Args, Clone, Debug)]
pub struct Chosen {
    /// Jobs, by their numbers or keys
    #[arg(value_name = "JOB", required_unless_present = "all", conflicts_with = "all")]
    pub jobs: Vec<String>,
    /// All of the account: those that wait, or those that have failed
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub ledger: Ledger,
}

#[derive(Args, Clone, Debug)]
pub struct Export {
    /// Only those in this state, such as waiting, created, done or failed
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub state: Option<State>,
    #[command(flatten)]
    pub ledger: Ledger,
}

#[derive(Args, Clone, Debug)]
pub struct Limits {
    /// How many generations at a time
    #[arg(long, value_name = "N")]
    pub jobs: Option<u32>,
    /// How many creates a minute
    #[arg(long, value_name = "N")]
    pub creates_per_minute: Option<u32>,
    /// What may be spent in all, as 500credits or 12.50dollars
    #[arg(long, value_name = "AMOUNT", value_parser = sum)]
    pub budget: Option<Sum>,
    #[command(flatten)]
    pub ledger: Ledger,
}

/// Money with its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    pub money: Money,
    pub unit: CostUnit,
}

fn sum(text: &str) -> Result<Sum, String> {
    let split = text.find(|char: char| char.is_ascii_alphabetic()).map(|at| text.split_at(at));
    let unit = match split.map(|(_, unit)| unit.to_lowercase()).as_deref() {
        Some("credit" | "credits") => CostUnit::Credits,
        Some("dollar" | "dollars") => CostUnit::Dollars,
        _ => return Err("must be as 500credits or 12.50dollars".into()),
    };
    let money = split.and_then(|(amount, _)| Money::parse(amount));
    money.map(|money| Sum { money, unit }).ok_or_else(|| "must be a number, 0 or more, and its unit".into())
}

fn state(name: &str) -> Result<State, String> {
    let all = || State::ALL.map(State::as_str).join(", ");
    State::from_name(name).ok_or_else(|| format!("must be one of {}", all()))
}

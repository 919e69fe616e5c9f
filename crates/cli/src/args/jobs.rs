//! Jobs in a ledger that any number of workers share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use leonardo_ai::models::Cost;
use leonardo_ai_jobs::State;

use super::amount::amount;
use super::{ImageOptions, seconds};

pub const AFTER: &str = "\
The ledger is a SQLite file in the data directory, or what --database names.
Any number of workers share it, and each job is paid for once.

Example:
  leonardo jobs work --emulator --until-done \"a lighthouse at dusk\" \"a pier\"";

pub const AFTER_SUBMIT: &str = "\
Each PROMPT, and each line of FILE, is a prompt or a JSON object with the fields
of a create under their names on the wire, which go before the options. Beside
them it may have `key`, a name of your own, and `cost`, as in
{\"amount\": \"7\", \"unit\": \"CREDITS\"}. What was submitted before is not
submitted again: a line is known by its key, or else by what it says; lines that
are the same are jobs of their own.

A file with bad lines is not submitted at all. Of standard input, each line is
submitted as it comes, and bad ones are left out; the exit status is then 2.

Examples:
  leonardo jobs submit --count 1 --file prompts.txt
  generate-prompts | leonardo jobs submit --file -";

pub const AFTER_WORK: &str = "\
Keys are read from the environment and not written down: LEONARDO_API_KEY for
the account `default`, LEONARDO_API_KEY_NAME for the account `name`. Jobs of
other accounts are left to other workers. LEONARDO_WEBHOOK_KEY has the callback
keys for --webhooks, with commas between them.

Ctrl-C and SIGTERM end it once no create is under way; the rest is handed back.

Examples:
  leonardo jobs work --out pictures
  leonardo jobs work --until-done --webhooks 127.0.0.1:8080";

#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// Write jobs down, for workers to do
    #[command(after_help = AFTER_SUBMIT)]
    Submit(Box<Submit>),
    /// Do jobs until told to stop
    #[command(after_help = AFTER_WORK)]
    Work(Box<Work>),
    /// Show how many jobs are how far, and what they cost
    #[command(after_help = "Example:\n  leonardo jobs status")]
    Status(Status),
    /// Take back jobs of which nothing was sent
    #[command(after_help = "\
Examples:
  leonardo jobs cancel 17 18
  leonardo jobs cancel --all")]
    Cancel(Choose),
    /// Have jobs that failed done again, which is paid for again
    #[command(after_help = "\
Examples:
  leonardo jobs retry 17
  leonardo jobs retry --all")]
    Retry(Choose),
    /// Print all jobs as JSON, one a line: state, cost, files
    #[command(after_help = "Example:\n  leonardo jobs export --state done > done.jsonl")]
    Export(Export),
}

/// Where the jobs are.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Another file, or postgres://USER:PASSWORD@HOST/DATABASE [default:
    /// jobs.sqlite in the data directory, or LEONARDO_DATABASE]
    #[arg(long, value_name = "DATABASE")]
    pub database: Option<String>,
    /// The account whose jobs are meant
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = account)]
    pub account: String,
}

fn account(name: &str) -> Result<String, String> {
    let is_good = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    if name.is_empty() || !name.chars().all(is_good) {
        return Err("must be of letters, digits, - and _".to_owned());
    }
    Ok(name.to_owned())
}

/// What is to be made.
#[derive(Args, Clone, Debug)]
pub struct Wanted {
    /// A prompt or a JSON object; each is a job of its own
    #[arg(value_name = "PROMPT")]
    pub prompts: Vec<String>,
    /// A file with a prompt or a JSON object on each line; - is standard input
    #[arg(long, short, value_name = "FILE", conflicts_with = "prompts")]
    pub file: Option<PathBuf>,
    /// What each job may cost at most, where its line does not say it, as in
    /// 10credits or 0.5usd
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub cost: Option<Cost>,
    #[command(flatten)]
    pub options: ImageOptions,
    #[command(flatten)]
    pub limits: Limits,
}

/// What the account may do, all workers together.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits of the account, kept until they are set anew")]
pub struct Limits {
    /// How many generations are at work or waiting at a time [default: 10]
    #[arg(long, value_name = "N")]
    pub max_jobs: Option<u32>,
    /// How many creates are sent in any minute [default: 100]
    #[arg(long, value_name = "N")]
    pub max_creates: Option<u32>,
    /// What may be spent in all, as in 500credits or $5; then each job needs a
    /// cost
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub budget: Option<Cost>,
}

#[derive(Args, Clone, Debug)]
pub struct Submit {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub wanted: Wanted,
}

#[derive(Args, Clone, Debug)]
pub struct Work {
    /// Where the files go
    #[arg(long, short, value_name = "DIR", default_value = "pictures")]
    pub out: PathBuf,
    /// End when nothing of the account is left to do
    #[arg(long)]
    pub until_done: bool,
    /// How many jobs it has at a time; most only wait
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// Receive webhooks at http://ADDRESS/webhook, and poll seldom
    #[arg(long, value_name = "ADDRESS")]
    pub webhooks: Option<SocketAddr>,
    /// How often a generation is looked at [default: from 1 to some seconds,
    /// or 60 with --webhooks]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub poll: Option<Duration>,
    /// How long something may be missing from the account's list after it was made
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, hide = true)]
    pub grace: Duration,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub wanted: Wanted,
}

#[derive(Args, Clone, Debug)]
pub struct Status {
    #[command(flatten)]
    pub place: Place,
}

#[derive(Args, Clone, Debug)]
pub struct Choose {
    /// The jobs, by their numbers
    #[arg(required_unless_present = "all", value_name = "JOB")]
    pub jobs: Vec<i64>,
    /// All of the account for which it can be done
    #[arg(long, conflicts_with = "jobs")]
    pub all: bool,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Args, Clone, Debug)]
pub struct Export {
    /// Only jobs that are so far
    #[arg(long, value_name = "STATE")]
    pub state: Option<JobState>,
    #[command(flatten)]
    pub place: Place,
}

/// A state by its name.
#[derive(Clone, Copy, Debug)]
pub struct JobState(pub State);

impl ValueEnum for JobState {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [JobState; State::ALL.len()] = {
            let mut all = [JobState(State::Waiting); State::ALL.len()];
            let mut index = 0;
            while index < all.len() {
                all[index] = JobState(State::ALL[index]);
                index += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.as_str()))
    }
}

//! Many at a time, and what is left of earlier runs.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{Creating, ImageOptions, Spending, seconds};

pub const AFTER: &str = "\
Each line of FILE is a prompt, or a JSON object with the fields of a request
under their names on the wire, which go before the options. A line with
`model` and `parameters` is a request of version 2. Lines that are the same are
jobs of their own. The same command goes on where it was ended; lines may be
added, removed and moved meanwhile, and what is done is not paid for again.

Example:
  leonardo batch --count 1 --out pictures prompts.txt";

#[derive(Args, Clone, Debug)]
pub struct Batch {
    /// A file with a prompt or a JSON object on each line
    pub file: PathBuf,
    /// How many of the lines are worked on at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    /// Forget what is done, and begin anew
    #[arg(long)]
    pub anew: bool,
    #[command(flatten)]
    pub creating: Creating,
    #[command(flatten)]
    pub options: ImageOptions,
}

#[derive(Args, Clone, Debug)]
pub struct Resume {
    /// Only list what is not finished
    #[arg(long)]
    pub list: bool,
    /// Forget what is not finished, without sending anything
    #[arg(long, conflicts_with = "list")]
    pub forget: bool,
    /// How many are worked on at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    #[command(flatten)]
    pub spending: Spending,
    /// How long something may be missing from the account's list after it was made
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, hide = true)]
    pub grace: Duration,
}

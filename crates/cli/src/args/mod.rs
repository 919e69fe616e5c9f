//! The command line.

mod amount;
mod batch;
mod create;
mod image;
#[cfg(feature = "jobs")]
mod jobs;
mod manage;
mod removebg;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use leonardo_ai::models::Cost;

pub use self::batch::{Batch, Resume};
pub use self::create::{Edit, RemoveBg, Train, Unzoom, Upscale, Video};
pub use self::image::{Generate, ImageOptions, Size};
#[cfg(feature = "jobs")]
pub use self::jobs::{Choose, Export, Jobs, Limits, Place, Status, Submit, Wanted, Work};
pub use self::manage::{
    Blueprint, BlueprintRun, Call, Completions, Delete, Download, Emulate, Estimate, Kind, List, Models, Prompt,
    PromptImprove, Show, Upload, Wait,
};
pub use self::removebg::Removebg;

#[cfg(feature = "pictures")]
pub use crate::pictures::Protocol;

/// There are no pictures in this build.
#[cfg(not(feature = "pictures"))]
#[derive(Clone, Copy, Debug)]
pub enum Protocol {}

const AFTER: &str = "\
Environment:
  LEONARDO_API_KEY     the key; without it, only `--emulator` works
  LEONARDO_SERVER_URL  another server
  LEONARDO_DATA_DIR    where the journal is, as `--data-dir`
  NO_COLOR             no colours

Exit status:
  0    done
  1    an error of the API, or on the way to it
  2    the command, the request or the configuration is wrong
  3    the outcome is unknown; the work may have been done and charged
  130  interrupted; `leonardo resume` goes on

Example:
  leonardo generate --emulator --out pictures \"a lighthouse at dusk\"";

/// Images, videos and everything else of the Leonardo.Ai API, from the shell
#[derive(Debug, Parser)]
#[command(name = "leonardo", version, max_term_width = 80, after_help = AFTER, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Print JSON for programs: one object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Start an emulator of the service and use it; needs no key, costs nothing
    #[arg(long, global = true, conflicts_with = "server_url")]
    pub emulator: bool,
    /// Use another server [default: that of the service]
    #[arg(long, global = true, value_name = "URL")]
    pub server_url: Option<String>,
    /// Keep the journal in another directory
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make images of prompts
    #[command(after_help = "Example:\n  leonardo generate --count 2 --size 1024x768 \"a lighthouse at dusk\"")]
    Generate(Box<Generate>),
    /// Make an image of another: begin with it, or repaint what a mask shows
    #[command(after_help = "\
Examples:
  leonardo edit --strength 0.4 summer.jpg \"the same place in deep winter\"
  leonardo edit --mask sky.png summer.jpg \"a sky full of stars\"")]
    Edit(Box<Edit>),
    /// Make a video of a prompt or an image
    #[command(after_help = "\
Examples:
  leonardo video \"the tide comes in\"
  leonardo video --image beach.jpg \"the tide comes in\"")]
    Video(Video),
    /// Enlarge an image
    #[command(after_help = "Example:\n  leonardo upscale --multiplier 2 small.jpg")]
    Upscale(Upscale),
    /// Draw what is around an image
    #[command(after_help = "Example:\n  leonardo unzoom 75925cd2-fb65-4e8c-84c0-6cc010a528e3")]
    Unzoom(Unzoom),
    /// Remove the background of one image
    #[command(after_help = "\
Examples:
  leonardo remove-bg --out product.png product.jpg
  leonardo remove-bg 75925cd2-fb65-4e8c-84c0-6cc010a528e3")]
    RemoveBg(RemoveBg),
    /// Remove the backgrounds of many files, with the flags of remove.bg's tool
    #[command(after_help = removebg::AFTER)]
    Removebg(Removebg),
    /// Train an element with a folder of pictures
    #[command(
        after_help = "Example:\n  leonardo train --name Rex --instance-prompt \"a rex dog\" --focus Character dogs/"
    )]
    Train(Train),
    /// Make an image of each line of a file; can be ended at any moment
    #[command(after_help = batch::AFTER)]
    Batch(Box<Batch>),
    /// Finish what was begun and not finished, without paying twice
    #[command(after_help = "\
Examples:
  leonardo resume
  leonardo resume --list")]
    Resume(Resume),
    /// Jobs in a database, for any number of workers
    #[cfg(feature = "jobs")]
    #[command(subcommand, after_help = jobs::AFTER)]
    Jobs(Jobs),
    /// List the account's generations, newest first
    #[command(after_help = "Example:\n  leonardo list --limit 5")]
    List(List),
    /// Show one generation, or another record
    #[command(after_help = "Example:\n  leonardo show 75925cd2-fb65-4e8c-84c0-6cc010a528e3")]
    Show(Show),
    /// Wait until a generation, or another record, is complete
    #[command(after_help = "Example:\n  leonardo wait 75925cd2-fb65-4e8c-84c0-6cc010a528e3")]
    Wait(Wait),
    /// Download the files of generations
    #[command(after_help = "Example:\n  leonardo download --out pictures 75925cd2-fb65-4e8c-84c0-6cc010a528e3")]
    Download(Download),
    /// Delete generations, or other records
    #[command(after_help = "Example:\n  leonardo delete 75925cd2-fb65-4e8c-84c0-6cc010a528e3")]
    Delete(Delete),
    /// Upload files, and print their ids
    #[command(after_help = "Example:\n  leonardo upload sketch.png")]
    Upload(Upload),
    /// List models
    #[command(after_help = "Example:\n  leonardo models --v2")]
    Models(Models),
    /// Show the account: its balance and its limits
    #[command(after_help = "Example:\n  leonardo account")]
    Account,
    /// Ask what images would cost; makes nothing
    #[command(after_help = "Example:\n  leonardo estimate --count 4 --size 1024x768")]
    Estimate(Box<Estimate>),
    /// Have a prompt improved or invented; costs credits
    #[command(subcommand, after_help = "Example:\n  leonardo prompt improve \"a lighthouse\"")]
    Prompt(Prompt),
    /// List, show and run blueprints
    #[command(subcommand, after_help = "Example:\n  leonardo blueprint list")]
    Blueprint(Blueprint),
    /// Perform any operation or workflow of the API
    #[command(after_help = "\
Examples:
  leonardo call image-get-generation-by-id '{\"id\":\"75925cd2-…\"}'
  leonardo call image-create-generation @request.json
  leonardo call --list")]
    Call(Call),
    /// Start an emulator of the service, for any client
    #[command(after_help = "Example:\n  leonardo emulator --port 8080")]
    Emulator(Emulate),
    /// Print a script that completes the command line of a shell
    #[command(
        after_help = "Example:\n  leonardo completions bash > ~/.local/share/bash-completion/completions/leonardo"
    )]
    Completions(Completions),
}

impl Command {
    /// Whether it does what is to be done on Ctrl-C and SIGTERM.
    pub fn stops_itself(&self) -> bool {
        #[cfg(feature = "jobs")]
        return matches!(self, Self::Jobs(Jobs::Work(_)));
        #[cfg(not(feature = "jobs"))]
        false
    }
}

/// What every command takes that creates and waits.
#[derive(Args, Clone, Debug)]
pub struct Creating {
    /// Where the files go
    #[arg(long, short, value_name = "DIR", default_value = "pictures")]
    pub out: PathBuf,
    #[command(flatten)]
    pub paying: Paying,
}

/// What every command takes that costs credits.
#[derive(Args, Clone, Debug)]
pub struct Paying {
    #[command(flatten)]
    pub spending: Spending,
    /// Refuse a request that breaks a documented limit, before it is sent; version 1 only
    #[arg(long)]
    pub checked: bool,
    /// How long something may be missing from the account's list after it was made
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, hide = true)]
    pub grace: Duration,
    /// Show the pictures in the terminal
    #[cfg(feature = "pictures")]
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    pub show: Option<Protocol>,
}

impl Command {
    /// What may be spent, where that can be limited.
    pub fn spending(&self) -> Option<&Spending> {
        let paying = match self {
            Self::Generate(args) => &args.creating.paying,
            Self::Edit(args) => &args.creating.paying,
            Self::Video(args) => &args.creating.paying,
            Self::Upscale(args) => &args.creating.paying,
            Self::Unzoom(args) => &args.creating.paying,
            Self::RemoveBg(args) => &args.paying,
            Self::Train(args) => &args.paying,
            Self::Blueprint(Blueprint::Run(args)) => &args.creating.paying,
            Self::Batch(args) => &args.creating.paying,
            Self::Removebg(args) => &args.paying,
            Self::Resume(args) => return Some(&args.spending),
            _ => return None,
        };
        Some(&paying.spending)
    }
}

/// What may be spent.
#[derive(Args, Clone, Debug, Default)]
pub struct Spending {
    /// Spend no more in this run, such as 5usd or 500credits: what fits is sent
    #[arg(long, value_name = "AMOUNT", value_parser = amount::amount)]
    pub spend_at_most: Option<Cost>,
    /// What each may cost, which `--spend-at-most` needs where the service tells no
    /// price beforehand: version 2, variations, blueprints
    #[arg(long, value_name = "AMOUNT", value_parser = amount::amount, requires = "spend_at_most")]
    pub each_at_most: Option<Cost>,
}

impl Paying {
    pub fn show(&self) -> Option<Protocol> {
        #[cfg(feature = "pictures")]
        return self.show;
        #[cfg(not(feature = "pictures"))]
        None
    }
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "must be a number of seconds".to_owned())
}

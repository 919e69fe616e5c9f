//! What reads, transfers and deletes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::{Creating, ImageOptions, Protocol, seconds};

/// A kind of record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    #[default]
    Generation,
    Variation,
    MotionVariation,
    Element,
    Model,
    Dataset,
    InitImage,
    Media,
    Texture,
    #[value(name = "3d-model")]
    Model3d,
    Blueprint,
    Execution,
}

#[derive(Args, Clone, Debug)]
pub struct List {
    /// How many at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// How many to pass over
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: u32,
}

#[derive(Args, Clone, Debug)]
pub struct Show {
    pub id: String,
    /// What it is the id of
    #[arg(long, value_enum, default_value_t)]
    pub kind: Kind,
}

#[derive(Args, Clone, Debug)]
pub struct Wait {
    pub id: String,
    /// What it is the id of
    #[arg(long, value_enum, default_value_t)]
    pub kind: Kind,
    /// How long to wait at most [default: 10 minutes, 3 hours for trainings]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub deadline: Option<Duration>,
}

#[derive(Args, Clone, Debug)]
pub struct Download {
    /// Ids of generations
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// Where the files go
    #[arg(long, short, value_name = "DIR", default_value = "pictures")]
    pub out: PathBuf,
    /// Download what is there already once more
    #[arg(long)]
    pub replace: bool,
    /// Show the pictures in the terminal
    #[cfg(feature = "pictures")]
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    pub show: Option<Protocol>,
}

impl Download {
    pub fn show(&self) -> Option<Protocol> {
        #[cfg(feature = "pictures")]
        return self.show;
        #[cfg(not(feature = "pictures"))]
        None
    }
}

#[derive(Args, Clone, Debug)]
pub struct Delete {
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// What they are the ids of
    #[arg(long, value_enum, default_value_t)]
    pub kind: Kind,
}

#[derive(Args, Clone, Debug)]
pub struct Upload {
    /// Images, or with `--to` other files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// init-image, media, 3d-model, or dataset with `--dataset`
    #[arg(long, value_enum, default_value_t = Kind::InitImage)]
    pub to: Kind,
    /// The data set that the pictures go to
    #[arg(long, value_name = "ID")]
    pub dataset: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Models {
    /// Those of version 2, instead of the platform's of version 1
    #[arg(long, conflicts_with = "own")]
    pub v2: bool,
    /// Those that the account has trained
    #[arg(long)]
    pub own: bool,
    /// Elements instead of models; with `--own` the account's
    #[arg(long, conflicts_with = "v2")]
    pub elements: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Estimate {
    /// Of how many prompts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub prompts: u32,
    /// Another request to the price calculator: JSON, @FILE or -
    #[arg(long, value_name = "JSON")]
    pub request: Option<String>,
    #[command(flatten)]
    pub options: ImageOptions,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Prompt {
    /// Have a prompt improved
    #[command(after_help = "Example:\n  leonardo prompt improve --video \"a lighthouse\"")]
    Improve(PromptImprove),
    /// Have a prompt invented
    #[command(after_help = "Example:\n  leonardo prompt random")]
    Random,
}

#[derive(Args, Clone, Debug)]
pub struct PromptImprove {
    /// The prompt, at most 199 characters
    pub prompt: String,
    /// How to improve it
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,
    /// It is for a video
    #[arg(long)]
    pub video: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Blueprint {
    /// List blueprints
    #[command(after_help = "Example:\n  leonardo blueprint list")]
    List,
    /// Show a blueprint, with the inputs of its versions
    #[command(after_help = "Example:\n  leonardo blueprint show 0ad7a4e2-6d5b-4a57-9d3c-6f1c1d0e9a11")]
    Show {
        /// Id of the blueprint
        id: String,
    },
    /// Run a version of a blueprint, wait, and download its outputs
    #[command(after_help = "\
Example:
  leonardo blueprint run VERSION --text NODE=\"a lighthouse\"")]
    Run(Box<BlueprintRun>),
}

#[derive(Args, Clone, Debug)]
pub struct BlueprintRun {
    /// Id of the version
    pub version: String,
    /// The text of a node; repeatable
    #[arg(long, value_name = "NODE=TEXT")]
    pub text: Vec<String>,
    /// A text variable of a node; repeatable
    #[arg(long, value_name = "NODE.NAME=TEXT")]
    pub variable: Vec<String>,
    /// The link of the image of a node; repeatable
    #[arg(long, value_name = "NODE=URL")]
    pub image: Vec<String>,
    #[command(flatten)]
    pub creating: Creating,
}

#[derive(Args, Clone, Debug)]
pub struct Call {
    /// The operation or workflow, named as its feature
    #[arg(required_unless_present = "list")]
    pub operation: Option<String>,
    /// The fields, under their names on the wire: JSON, @FILE or - for standard input
    #[arg(default_value = "{}", value_name = "JSON")]
    pub fields: String,
    /// List the operations and workflows
    #[arg(long)]
    pub list: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Emulate {
    /// Port to listen on, 0 for a free one
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Key to accept [default: a random one]
    #[arg(long, value_name = "UUID")]
    pub key: Option<String>,
    /// How long a generation takes
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub generation_time: Duration,
}

#[derive(Args, Clone, Debug)]
pub struct Completions {
    pub shell: Shell,
}

#![doc = include_str!("../README.md")]
#![allow(clippy::duplicate_mod, reason = "the queries are compiled once for each kind of database")]

#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
compile_error!("the ledger needs the feature `sqlite` or `postgres`");

mod error;
mod jobs;
mod lines;
mod money;
#[cfg(feature = "object-store")]
mod object_store;
mod records;
mod settings;
mod sink;
mod state;
mod store;
mod work;
mod worker;

pub use error::Error;
pub use jobs::{Jobs, Submitted};
pub use lines::{BadLines, Lines};
pub use money::Money;
#[cfg(feature = "object-store")]
pub use object_store::Objects;
pub use records::{Account, Job, Status, Submission};
pub use settings::Settings;
pub use sink::{Directory, Sink, SinkError};
pub use state::State;
pub use worker::Worker;

//! The work itself: from a task to its files, each step in the journal before the next.

mod create;
mod fetch;
mod job;
mod run;
mod runner;
pub mod save;

pub use self::run::run;
pub use self::runner::How;

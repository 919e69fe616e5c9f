//! What `leonardo` promises, run as a program against the emulator.

mod account;
#[cfg(unix)]
mod at_once;
#[cfg(unix)]
mod batch;
mod call;
mod create;
mod help;
#[cfg(feature = "jobs")]
mod jobs;
#[cfg(unix)]
mod killed;
mod place;
mod records;
mod removebg;
#[cfg(unix)]
mod resume;
mod screen;
#[cfg(unix)]
mod terminal;

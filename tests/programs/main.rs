//! The examples, run as programs.
#![cfg(feature = "full")]

#[cfg(unix)]
mod batch;
mod examples;

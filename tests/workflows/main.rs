//! The functions that stand on several operations.
#![cfg(feature = "full")]

#[path = "../common/mod.rs"]
mod common;

mod generations;
mod jobs;
mod once;
mod one_error;
mod search;
mod transfers;

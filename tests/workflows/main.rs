//! The functions that stand on several operations.
#![cfg(feature = "full")]

#[path = "../common/mod.rs"]
mod common;

mod generations;
mod once;
mod search;
mod transfers;

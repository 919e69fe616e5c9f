//! The functions that stand on several operations.
#![cfg(feature = "full")]

#[path = "../common/mod.rs"]
mod common;

mod backgrounds;
mod generations;
mod https;
mod jobs;
mod lists;
mod many_searches;
mod many_waits;
mod once;
mod once_of_videos;
mod one_error;
mod search;
mod transfers;

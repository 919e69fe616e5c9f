//! What holds for every call: the core it is made with, its retries, and what it fails with.
#![cfg(feature = "full")]

#[path = "../common/blueprints.rs"]
mod blueprints;
#[path = "../common/mod.rs"]
mod common;

mod chaos;
mod chaos_of_billable;
mod configuration;
mod errors;
mod retries;

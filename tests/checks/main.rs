//! What `check` of requests promises, held to a table of what the service documents that was not made out of the models.
#![cfg(feature = "full")]

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod emulator;
mod limits;
mod requests;
mod table;

//! Holds features, functions and documentation to the one table of operations, and to each other.
//!
//! `UPDATE=1 cargo test --features full --test consistency` writes what follows from the table: the features in
//! `Cargo.toml`, the modules and the table in the README.

#[path = "../common/links.rs"]
mod common;

mod pages;
#[cfg(feature = "client")]
mod table;

//! Holds features, functions and documentation to the one table of operations, and to each other.
//!
//! `UPDATE=1 cargo test --features full --test consistency` writes what follows from the table, and from the models: the
//! features in `Cargo.toml`, the modules, the table in the README, and the tables of fields in `docs/`.

#[path = "../common/files.rs"]
mod files;
#[path = "../common/links.rs"]
mod links;

mod fields;
mod pages;
#[cfg(feature = "client")]
mod table;

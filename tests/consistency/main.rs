//! Holds features, functions and documentation to the one table of operations, and to each other.
//!
//! `UPDATE=1 cargo test --features full --test consistency` writes what follows from the table, and from the models: the
//! features in `Cargo.toml`, the modules, the table in the README, the tables in `docs/`, and the list of enums of the
//! example `drift`.

#[path = "../common/files.rs"]
mod files;
#[path = "../common/links.rs"]
mod links;

#[cfg(feature = "client")]
mod clients;
mod fields;
mod layers;
mod pages;
#[cfg(feature = "client")]
mod table;

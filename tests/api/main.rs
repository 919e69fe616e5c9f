//! What goes over the wire, and what comes out of it.
#![cfg(feature = "full")]

#[path = "../common/mod.rs"]
mod common;

mod decoding;
mod golden;
mod shapes;
mod wire;

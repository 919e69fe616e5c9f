//! The examples, run as programs.
#![cfg(feature = "full")]

mod drift;
mod examples;
mod rows;
#[cfg(unix)]
mod sketches;
#[cfg(unix)]
mod troubled;
#[cfg(unix)]
mod web_service;

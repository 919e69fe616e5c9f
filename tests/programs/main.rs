//! The examples, run as programs.
#![cfg(feature = "full")]

#[cfg(unix)]
mod batch;
mod call;
mod drift;
mod examples;
mod rows;
#[cfg(unix)]
mod sketches;
#[cfg(unix)]
mod troubled;
#[cfg(unix)]
mod web_service;

//! Runs the measurements, prints them as tables, and holds them against `budgets.toml`: `measure [PART]...`.
//!
//! The parts are `instructions`, `footprint`, `speed`, `start`, `build`, `wasm`, `bytes`; without any, the first four.

mod budgets;
mod bytes;
mod footprint;
mod instructions;
mod programs;
mod report;
mod speed;

use std::error::Error;
use std::process::ExitCode;

use crate::budgets::Budgets;
use crate::report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    if let Some(log) = std::env::var_os(footprint::COMPILERS) {
        return footprint::compile(log.as_ref()).unwrap_or_else(|error| {
            eprintln!("{error}");
            ExitCode::FAILURE
        });
    }
    let mut report = match Budgets::read() {
        Ok(budgets) => Report::new(budgets),
        Err(error) => {
            eprintln!("budgets.toml: {error}");
            return ExitCode::from(2);
        }
    };
    let mut parts: Vec<String> = std::env::args().skip(1).collect();
    if parts.is_empty() {
        parts = ["instructions", "footprint", "speed", "start"].map(str::to_owned).to_vec();
    }
    for part in parts {
        let done = match part.as_str() {
            "instructions" => instructions::measure(&mut report),
            "footprint" => footprint::sizes(&mut report),
            "speed" => speed::throughput(&mut report),
            "start" => speed::first_call(&mut report),
            "build" => footprint::build_times(&mut report),
            "wasm" => footprint::wasm(&mut report),
            "bytes" => bytes::measure(&mut report),
            _ => Err("there is no such part".into()),
        };
        if let Err(error) = done {
            eprintln!("{part}: {error}");
            return ExitCode::from(2);
        }
    }
    report.end()
}

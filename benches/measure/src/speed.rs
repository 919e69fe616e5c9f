//! Figures that depend on the machine: throughput, memory, time to the first call.
//!
//! The two programs take turns, so that whatever else the machine does meets both alike, and medians are compared.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::programs::{self, Server};
use crate::report::{self, Kind, Report};
use crate::{Result, row};

const TURNS: usize = 15;

pub fn throughput(report: &mut Report) -> Result<()> {
    let folder = programs::build("release", &["answers", "load"])?;
    let server = Server::start(&folder)?;
    let mut rows = vec![row![
        "call",
        "at a time",
        "by hand, calls/s",
        "with the crate, calls/s",
        "throughput",
        "budget",
        "by hand, KiB",
        "with the crate, KiB",
        "memory",
        "budget",
    ]];
    for (name, operation, calls) in [("create", "create", 8000), ("get", "get", 8000), ("list of 100", "list", 600)] {
        for concurrency in [1, 64] {
            let mut seconds = [Vec::new(), Vec::new()];
            let mut memory = [Vec::new(), Vec::new()];
            for _ in 0..TURNS {
                for (number, program) in ["by-hand", "sdk"].into_iter().enumerate() {
                    let (time, most) = load(&folder, program, operation, calls, concurrency, &server)?;
                    seconds[number].push(time);
                    memory[number].push(most);
                }
            }
            let [by_hand, sdk] = seconds.map(|seconds| calls as f64 / median(seconds));
            let [memory_by_hand, memory_sdk] = memory.map(median);
            let (faster, larger) = (sdk / by_hand, memory_sdk / memory_by_hand);
            rows.push(row![
                name,
                concurrency,
                format!("{by_hand:.0}"),
                format!("{sdk:.0}"),
                format!("{faster:.2}"),
                report.at_least("speed.throughput", faster, Kind::Varies)?,
                format!("{memory_by_hand:.0}"),
                format!("{memory_sdk:.0}"),
                format!("{larger:.2}"),
                report.at_most("speed.memory", larger, Kind::Varies)?,
            ]);
        }
    }
    report::table("Throughput and peak memory", &rows);
    Ok(())
}

/// The seconds that the calls took, and the most memory that the program held.
fn load(
    folder: &Path,
    program: &str,
    operation: &str,
    calls: usize,
    concurrency: usize,
    server: &Server,
) -> Result<(f64, f64)> {
    let mut command = Command::new(folder.join(program));
    command.args([operation, &calls.to_string(), &concurrency.to_string(), &server.port]);
    let output = programs::run(&mut command)?;
    let text = String::from_utf8(output.stdout)?;
    let (seconds, memory) = text.trim().split_once(' ').ok_or("a program printed no figures")?;
    Ok((seconds.parse()?, memory.parse()?))
}

pub fn first_call(report: &mut Report) -> Result<()> {
    let folder = programs::build("release", &["answers", "by-hand-one", "sdk-one"])?;
    let server = Server::start(&folder)?;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..10 * TURNS {
        for (number, program) in ["by-hand-one", "sdk-one"].into_iter().enumerate() {
            let mut command = Command::new(folder.join(program));
            command.env("LEONARDO_API_KEY", "11111111-2222-4333-8444-555555555555");
            command.env("LEONARDO_SERVER_URL", format!("http://127.0.0.1:{}", server.port));
            command.stdout(Stdio::null());
            let begin = Instant::now();
            if !command.status()?.success() {
                return Err(format!("{program} failed").into());
            }
            times[number].push(begin.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let [by_hand, sdk] = times.map(median);
    let more = sdk - by_hand;
    report::table(
        "From the start of a process to the end of its first call",
        &[
            row!["by hand, ms", "with the crate, ms", "more, ms", "budget"],
            row![
                format!("{by_hand:.2}"),
                format!("{sdk:.2}"),
                format!("{more:+.2}"),
                report.at_most("start.first_call", more, Kind::Varies)?
            ],
        ],
    );
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { (figures[middle - 1] + figures[middle]) / 2.0 }
}

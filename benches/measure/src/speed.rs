//! Figures that depend on the machine: throughput, memory, time to the first call.
//!
//! The two programs take turns, so that whatever else the machine does meets both alike, and the median of the pairs counts.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::programs::{self, Server};
use crate::report::{self, Report};
use crate::{Result, row};

const TURNS: usize = 21;

pub fn throughput(report: &mut Report) -> Result<()> {
    let folder = programs::build(&["answers", "load"])?;
    let server = Server::start(&folder)?;
    let mut times = vec![row![
        "call",
        "at a time",
        "by hand, calls/s",
        "with the crate, calls/s",
        "ratio",
        "budget",
        "processor time"
    ]];
    let mut memories = vec![row!["call", "at a time", "by hand, KiB", "with the crate, KiB", "ratio", "budget"]];
    for (name, operation, calls) in [("create", "create", 16000), ("get", "get", 16000), ("list of 100", "list", 1200)]
    {
        for concurrency in [1, 64] {
            let mut runs = [Vec::new(), Vec::new()];
            for turn in 0..TURNS {
                for number in order(turn) {
                    let program = ["by-hand", "sdk"][number];
                    runs[number].push(load(&folder, program, operation, calls, concurrency, &server)?);
                }
            }
            // Of two runs that followed one another.
            let compared = |figure: fn(&Run) -> f64| {
                median(runs[0].iter().zip(&runs[1]).map(|(by_hand, sdk)| figure(sdk) / figure(by_hand)).collect())
            };
            let (faster, busier) = (1.0 / compared(|run| run.seconds), compared(|run| run.processor_seconds));
            let each = |figure: fn(&Run) -> f64| [0, 1].map(|number| median(runs[number].iter().map(figure).collect()));
            let [by_hand, sdk] = each(|run| run.seconds).map(|seconds| format!("{:.0}", calls as f64 / seconds));
            let budget = report.at_least("speed.throughput", faster)?;
            let (faster, busier) = (format!("{faster:.2}"), format!("{busier:.2}"));
            times.push(row![name, concurrency, by_hand, sdk, faster, budget, busier]);

            let [by_hand, sdk] = each(|run| run.memory);
            let budget = report.at_most("speed.memory", sdk / by_hand)?;
            let ratio = format!("{:.2}", sdk / by_hand);
            memories.push(row![name, concurrency, format!("{by_hand:.0}"), format!("{sdk:.0}"), ratio, budget]);
        }
    }
    report::table("Calls per second, and processor time of a call as a ratio", &times);
    report::table("Most memory held", &memories);
    Ok(())
}

/// What a program printed.
struct Run {
    seconds: f64,
    processor_seconds: f64,
    memory: f64,
}

fn load(
    folder: &Path,
    program: &str,
    operation: &str,
    calls: usize,
    concurrency: usize,
    server: &Server,
) -> Result<Run> {
    let mut command = Command::new(folder.join(program));
    command.args([operation, &calls.to_string(), &concurrency.to_string(), &server.port]);
    let output = programs::run(&mut command)?;
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = text.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    let [seconds, processor_seconds, memory] = figures[..] else { return Err("a program printed no figures".into()) };
    Ok(Run { seconds, processor_seconds, memory })
}

pub fn first_call(report: &mut Report) -> Result<()> {
    let folder = programs::build(&["answers", "by-hand-one", "sdk-one"])?;
    let server = Server::start(&folder)?;
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..10 * TURNS {
        for number in order(turn) {
            let program = ["by-hand-one", "sdk-one"][number];
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
    let more = median(times[0].iter().zip(&times[1]).map(|(by_hand, sdk)| sdk - by_hand).collect());
    let [by_hand, sdk] = times.map(median);
    report::table(
        "From the start of a process to the end of its first call",
        &[
            row!["by hand, ms", "with the crate, ms", "more, ms", "budget"],
            row![
                format!("{by_hand:.2}"),
                format!("{sdk:.2}"),
                format!("{more:+.2}"),
                report.at_most("start.first_call", more)?
            ],
        ],
    );
    Ok(())
}

/// Who comes first changes from turn to turn.
fn order(turn: usize) -> [usize; 2] {
    if turn % 2 == 0 { [0, 1] } else { [1, 0] }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { (figures[middle - 1] + figures[middle]) / 2.0 }
}

//! Figures that depend on the machine: throughput, memory, time to the first call.
//!
//! The programs take turns, so that whatever else the machine does meets all alike, and the median of the pairs counts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::programs::{self, Server};
use crate::report::{self, Report};
use crate::{Result, row};

const TURNS: usize = 30;

/// Who takes turns. By hand once more, to see by how much one and the same program differs from itself.
const PROGRAMS: [&str; 3] = ["by-hand", "sdk", "by-hand"];

pub fn throughput(report: &mut Report) -> Result<()> {
    let folder = programs::build(&["responses", "load"])?;
    let pinned = programs::pins();
    let server = Server::start(&folder, pinned.then_some(programs::LAST))?;
    let mut times = vec![row![
        "call",
        "at a time",
        "by hand, calls/s",
        "with the crate, calls/s",
        "ratio",
        "budget",
        "processor time",
        "by hand to by hand"
    ]];
    let mut memories = vec![row!["call", "at a time", "by hand, KiB", "with the crate, KiB", "ratio", "budget"]];
    for (name, operation, calls) in [("create", "create", 8000), ("get", "get", 8000), ("list of 100", "list", 600)] {
        for concurrency in [1, 64] {
            let mut runs = [const { Vec::new() }; PROGRAMS.len()];
            for turn in 0..TURNS {
                for number in order(turn, PROGRAMS.len()) {
                    let program = fresh(&folder, PROGRAMS[number])?;
                    let mut command = programs::on(&program, pinned.then_some(programs::FIRST));
                    command.args([operation, &calls.to_string(), &concurrency.to_string(), &server.port]);
                    runs[number].push(load(command)?);
                }
            }
            // Of two runs that followed one another.
            let compared = |number: usize, figure: fn(&Run) -> f64| {
                spread(runs[number].iter().zip(&runs[0]).map(|(run, by_hand)| figure(run) / figure(by_hand)).collect())
            };
            let faster = compared(1, |run| 1.0 / run.seconds);
            let busier = compared(1, |run| run.processor_seconds);
            let same = compared(2, |run| 1.0 / run.seconds);
            let each = |figure: fn(&Run) -> f64| [0, 1].map(|number| median(runs[number].iter().map(figure).collect()));
            let [by_hand, sdk] = each(|run| run.seconds).map(|seconds| format!("{:.0}", calls as f64 / seconds));
            let budget = report.at_least("speed.throughput", faster.median, same.within)?;
            let [faster, busier, same] = [faster, busier, same].map(|spread| spread.to_string());
            times.push(row![name, concurrency, by_hand, sdk, faster, budget, busier, same]);

            let [by_hand, sdk] = each(|run| run.memory);
            let more = compared(1, |run| run.memory);
            let budget = report.at_most("speed.memory", more.median)?;
            memories.push(row![
                name,
                concurrency,
                format!("{by_hand:.0}"),
                format!("{sdk:.0}"),
                more.to_string(),
                budget
            ]);
        }
    }
    report::table("Calls per second, and processor time of a call as a ratio", &times);
    report::table("Most memory held", &memories);
    if !pinned {
        println!(
            "\nClient and server shared their processors: `taskset` and two processors make the figures steadier."
        );
    }
    Ok(())
}

/// A copy of a program. Where in memory a program's file lies makes it faster or slower by some percent for as long as it
/// lies there, so no two runs are of the same file.
fn fresh(folder: &Path, program: &str) -> Result<PathBuf> {
    let copy = folder.join(format!("{program}-copy"));
    let _ = std::fs::remove_file(&copy);
    std::fs::copy(folder.join(program), &copy)?;
    Ok(copy)
}

/// What a program printed.
struct Run {
    seconds: f64,
    processor_seconds: f64,
    memory: f64,
}

fn load(mut command: Command) -> Result<Run> {
    let output = programs::run(&mut command)?;
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = text.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    let [seconds, processor_seconds, memory] = figures[..] else { return Err("a program printed no figures".into()) };
    Ok(Run { seconds, processor_seconds, memory })
}

pub fn first_call(report: &mut Report) -> Result<()> {
    let folder = programs::build(&["responses", "by-hand-one", "sdk-one"])?;
    let server = Server::start(&folder, None)?;
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..7 * TURNS {
        for number in order(turn, 2) {
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
fn order(turn: usize, programs: usize) -> impl Iterator<Item = usize> {
    (0..programs).map(move |number| (turn + number) % programs)
}

/// A median, and how far it can be trusted.
struct Spread {
    median: f64,
    /// Half of the interval that holds the true median nineteen times out of twenty.
    within: f64,
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ± {:.3}", self.median, self.within)
    }
}

fn spread(mut figures: Vec<f64>) -> Spread {
    figures.sort_by(f64::total_cmp);
    let quarter = figures.len() / 4;
    let width = figures[figures.len() - 1 - quarter] - figures[quarter];
    let within = 1.57 * width / (figures.len() as f64).sqrt();
    Spread { median: median(figures), within }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { (figures[middle - 1] + figures[middle]) / 2.0 }
}

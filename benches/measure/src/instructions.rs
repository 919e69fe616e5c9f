//! Instructions of one call in the client's process, counted by callgrind.
//!
//! A program runs with some calls and with twice as many; the difference is what the calls took, without start-up. The
//! server is another process and is not counted.

use std::path::Path;
use std::process::Command;

use crate::programs::{self, Server};
use crate::report::{self, Report};
use crate::{Result, row};

/// How often each count is repeated, to see whether it repeats.
const ROUNDS: usize = 2;

pub fn measure(report: &mut Report) -> Result<()> {
    let folder = programs::build(&["responses", "load"])?;
    let server = Server::start(&folder, None)?;
    let mut rows = vec![row!["call", "by hand", "with the crate", "ratio", "budget", "repeats within"]];
    for (name, operation, calls) in [("create", "create", 200), ("get", "get", 200), ("list of 100", "list", 20)] {
        let mut means = [0.0; 2];
        let mut spread: f64 = 0.0;
        for (mean, program) in means.iter_mut().zip(["by-hand", "sdk"]) {
            let mut counts = Vec::new();
            for _ in 0..ROUNDS {
                let once = count(&folder, program, operation, calls, &server)?;
                let twice = count(&folder, program, operation, 2 * calls, &server)?;
                counts.push((twice - once) / calls as f64);
            }
            let (least, most) = counts.iter().fold((f64::MAX, 0.0_f64), |(a, b), &n| (a.min(n), b.max(n)));
            *mean = (least + most) / 2.0;
            spread = spread.max((most - least) / least);
        }
        let ratio = means[1] / means[0];
        let budget = report.exact(&format!("instructions.{operation}"), ratio)?;
        let [by_hand, sdk] = means.map(|mean| format!("{mean:.0}"));
        rows.push(row![name, by_hand, sdk, format!("{ratio:.3}"), budget, format!("{:.3} %", spread * 100.0)]);
    }
    report::table("Instructions of one call", &rows);
    Ok(())
}

fn count(folder: &Path, program: &str, operation: &str, calls: usize, server: &Server) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(folder.join(program));
    command.args([operation, &calls.to_string(), "1", &server.port]);
    let output = programs::run(&mut command)?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.ok_or_else(|| "valgrind printed no count".into())
}

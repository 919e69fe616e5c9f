//! What the crate adds to a program that uses it: bytes, crates, and processor time of the compiler.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::programs;
use crate::report::{self, Kind, Report};
use crate::{Result, row};

/// Each program, and what it calls.
const PROGRAMS: [(&str, &str); 4] = [
    ("by-hand-one", "by hand, one operation"),
    ("sdk-one", "with the crate, one operation"),
    ("sdk-four", "with the crate, four operations"),
    ("sdk-all", "with the crate, all operations"),
];

pub fn sizes(report: &mut Report) -> Result<()> {
    let folder = programs::build("release", &PROGRAMS.map(|(package, _)| package))?;
    let mut sizes = Vec::new();
    let mut crates = Vec::new();
    for (package, _) in PROGRAMS {
        sizes.push(std::fs::metadata(folder.join(package))?.len() as f64 / 1024.0);
        crates.push(tree(package)?);
    }
    let operations = operations(&folder)?;
    let mut rows = vec![row!["program", "KiB", "crates"]];
    for (number, (_, name)) in PROGRAMS.into_iter().enumerate() {
        rows.push(row![name, format!("{:.0}", sizes[number]), crates[number]]);
    }
    report::table(&format!("Size of a program (`release`, stripped; all operations: {operations})"), &rows);

    let first = sizes[1] - sizes[0];
    let further = (sizes[3] - sizes[1]) / (operations - 1.0);
    let more_crates = |number: usize| crates[number] as f64 - crates[0] as f64;
    let mut rows = vec![row!["more than before", "figure", "budget"]];
    for (what, name, figure) in [
        ("first operation, KiB more than by hand", "footprint.first_operation", first),
        ("each further operation, KiB", "footprint.further_operation", further),
        ("crates more than by hand, one operation", "footprint.crates_one", more_crates(1)),
        ("crates more than by hand, all operations", "footprint.crates_all", more_crates(3)),
    ] {
        rows.push(row![what, format!("{figure:.1}"), report.at_most(name, figure, Kind::Exact)?]);
    }
    report::table("What the crate adds", &rows);
    Ok(())
}

/// How many crates a program is built from, its own among them.
fn tree(package: &str) -> Result<usize> {
    let mut command = programs::cargo("CARGO");
    command.args(["tree", "-e", "normal,build", "--prefix", "none", "--format", "{p}", "-p", package]);
    let output = programs::run(&mut command)?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(|line| line.trim_end_matches(" (*)")).collect::<BTreeSet<_>>().len())
}

/// The number that the program with all operations prints first.
fn operations(folder: &Path) -> Result<f64> {
    let output = Command::new(folder.join("sdk-all")).env_remove("LEONARDO_API_KEY").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

pub fn build_times(report: &mut Report) -> Result<()> {
    let mut seconds = Vec::new();
    for (package, _) in PROGRAMS {
        let folder = programs::target()?.join("clean-build");
        let _ = std::fs::remove_dir_all(&folder);
        let mut command = programs::cargo("CARGO");
        command.args(["build", "-q", "--offline", "--release", "-j2", "-p", package]);
        command.env("CARGO_TARGET_DIR", &folder);
        let before = processor_seconds()?;
        programs::run(&mut command)?;
        seconds.push(processor_seconds()? - before);
        std::fs::remove_dir_all(&folder)?;
    }
    let mut rows = vec![row!["program", "processor seconds", "ratio", "budget"]];
    for (number, (_, name)) in PROGRAMS.into_iter().enumerate() {
        let ratio = seconds[number] / seconds[0];
        let budget = match number {
            1 => report.at_most("build.one", ratio, Kind::Varies)?,
            3 => report.at_most("build.all", ratio, Kind::Varies)?,
            _ => String::new(),
        };
        rows.push(row![name, format!("{:.0}", seconds[number]), format!("{ratio:.2}"), budget]);
    }
    report::table("A clean build (`release`)", &rows);
    Ok(())
}

/// User and system time of all processes that this one has waited for, and that they have.
fn processor_seconds() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in brackets, which may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')').ok_or("/proc/self/stat")?.1.split_whitespace().collect();
    let ticks = fields[13].parse::<f64>()? + fields[14].parse::<f64>()?;
    // The kernel counts in hundredths of a second, whatever its own clock.
    Ok(ticks / 100.0)
}

pub fn wasm(_: &mut Report) -> Result<()> {
    let mut rows = vec![row!["module", "KiB", "gzipped, KiB"]];
    let mut sizes = Vec::new();
    for (package, name) in [("wasm-by-hand", "by hand"), ("wasm-sdk", "with the crate")] {
        let mut command = programs::cargo("WASM_CARGO");
        command.args(["build", "--profile", "small", "--target", "wasm32-unknown-unknown", "-p", package]);
        command.args(["--message-format", "json"]);
        let output = command.output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            if text.contains("can't find crate for `core`") || text.contains("can't find crate for `std`") {
                println!("\nSkipped: this needs Rust's target wasm32-unknown-unknown.");
                return Ok(());
            }
            return Err(text.into());
        }
        let module = module(&String::from_utf8(output.stdout)?).ok_or("cargo named no module")?;
        let module = std::fs::read(module)?;
        let size = (module.len() as f64 / 1024.0, gzipped(module)? as f64 / 1024.0);
        rows.push(row![name, format!("{:.1}", size.0), format!("{:.1}", size.1)]);
        sizes.push(size);
    }
    let more = (sizes[1].0 - sizes[0].0, sizes[1].1 - sizes[0].1);
    rows.push(row!["more", format!("{:.1}", more.0), format!("{:.1}", more.1)]);
    report::table("A module for a browser with one operation", &rows);
    Ok(())
}

/// The module among the files that cargo names.
fn module(messages: &str) -> Option<PathBuf> {
    messages.split('"').rfind(|word| word.ends_with(".wasm")).map(PathBuf::from)
}

fn gzipped(bytes: Vec<u8>) -> Result<usize> {
    let mut gzip = Command::new("gzip").arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = gzip.stdin.take().ok_or("gzip has no input")?;
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = gzip.wait_with_output()?;
    writer.join().map_err(|_| "gzip was not fed")??;
    Ok(output.stdout.len())
}

//! What the crate adds to a program that uses it: bytes, crates, and processor time of the compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::programs;
use crate::report::{self, Report};
use crate::{Result, row};

/// Each program, and what it calls.
const PROGRAMS: [(&str, &str); 6] = [
    ("by-hand-one", "by hand, one operation"),
    ("by-hand-four", "by hand, four operations"),
    ("sdk-one", "with the crate, one operation"),
    ("sdk-four", "with the crate, four operations"),
    ("sdk-all", "with the crate, all operations"),
    ("sdk-full", "the same with the feature `full`, workflows included"),
];

pub fn sizes(report: &mut Report) -> Result<()> {
    let packages = PROGRAMS.map(|(package, _)| package);
    let folder = programs::build(&packages)?;
    let mut sizes = BTreeMap::new();
    let mut crates = BTreeMap::new();
    let mut rows = vec![row!["program", "KiB", "crates"]];
    for (package, name) in PROGRAMS {
        let size = std::fs::metadata(folder.join(package))?.len() as f64 / 1024.0;
        let tree = tree(package)?;
        rows.push(row![name, format!("{size:.0}"), tree]);
        sizes.insert(package, size);
        crates.insert(package, tree as f64);
    }
    let operations = operations(&folder)?;
    report::table(&format!("Size of a program (`release`, stripped); all operations are {operations}"), &rows);

    let mut rows = vec![row!["what more costs", "figure", "budget"]];
    for (what, name, figure) in [
        (
            "first operation, KiB more than by hand",
            "footprint.first_operation",
            sizes["sdk-one"] - sizes["by-hand-one"],
        ),
        (
            "each further operation, KiB, of all",
            "footprint.further_operation",
            (sizes["sdk-all"] - sizes["sdk-one"]) / (operations - 1.0),
        ),
        ("one operation, crates more than by hand", "footprint.crates_one", crates["sdk-one"] - crates["by-hand-one"]),
        ("all operations, crates more than by hand", "footprint.crates_all", crates["sdk-all"] - crates["by-hand-one"]),
    ] {
        rows.push(row![what, format!("{figure:.1}"), report.exact(name, figure)?]);
    }
    // Of the same four operations, so that these compare.
    let [sdk, by_hand] = ["sdk", "by-hand"]
        .map(|which| (sizes[format!("{which}-four").as_str()] - sizes[format!("{which}-one").as_str()]) / 3.0);
    for (what, figure) in [
        ("each further operation, KiB, of the same four", sdk),
        ("each further operation, KiB, of the same four, by hand", by_hand),
        ("each further operation, KiB more than by hand with as many operations", sdk - by_hand),
    ] {
        rows.push(row![what, format!("{figure:.1}"), ""]);
    }
    report::table("What the crate adds", &rows);
    Ok(())
}

/// How many crates a program is built from, its own among them.
fn tree(package: &str) -> Result<usize> {
    let mut command = programs::cargo();
    command.args(["tree", "--locked", "-e", "normal,build", "--prefix", "none", "--format", "{p}", "-p", package]);
    let output = programs::run(&mut command)?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(|line| line.trim_end_matches(" (*)")).collect::<BTreeSet<_>>().len())
}

/// The code that the program with all operations ends with.
fn operations(folder: &Path) -> Result<f64> {
    let status = Command::new(folder.join("sdk-all")).status()?;
    Ok(status.code().ok_or("sdk-all did not end by itself")?.into())
}

pub fn build_times(report: &mut Report) -> Result<()> {
    let programs = PROGRAMS.into_iter().filter(|(package, _)| !package.ends_with("-four"));
    let mut builds = Vec::new();
    for (package, _) in programs.clone() {
        let folder = programs::target()?.join("clean-build");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let log = folder.join("compilers");
        let mut command = programs::cargo();
        command.args(["build", "-q", "--locked", "--offline", "--release", "-j2", "-p", package]);
        command.env("CARGO_TARGET_DIR", &folder);
        command.env("RUSTC_WRAPPER", std::env::current_exe()?).env(COMPILERS, &log);
        let before = processor_seconds()?;
        programs::run(&mut command)?;
        builds.push((processor_seconds()? - before, compilers(&std::fs::read_to_string(log)?)?));
        std::fs::remove_dir_all(&folder)?;
    }
    let (by_hand, shared) = &builds[0];
    let mut rows =
        vec![row!["program", "processor seconds", "ratio", "ratio by crates", "budget", "of which, seconds"]];
    for ((package, name), (time, crates)) in programs.zip(&builds) {
        // The same crate takes a tenth more or less from build to build; what only one tree has is compared alone.
        let mut own = only(crates, shared);
        let sum = |crates: &[(&String, f64)]| crates.iter().map(|(_, seconds)| seconds).sum::<f64>();
        let ratio = 1.0 + (sum(&own) - sum(&only(shared, crates))) / by_hand;
        let budget = match package {
            "sdk-one" => report.at_most("build.one", ratio)?,
            "sdk-all" => report.at_most("build.all", ratio)?,
            _ => String::new(),
        };
        own.sort_by(|one, other| other.1.total_cmp(&one.1));
        let most: Vec<String> = own.iter().take(5).map(|(name, seconds)| format!("{name} {seconds:.1}")).collect();
        let whole = format!("{:.2}", time / by_hand);
        rows.push(row![name, format!("{time:.0}"), whole, format!("{ratio:.3}"), budget, most.join(", ")]);
    }
    report::table("A clean build (`release`)", &rows);
    Ok(())
}

/// What only the one of two trees has.
fn only<'a>(one: &'a BTreeMap<String, f64>, other: &BTreeMap<String, f64>) -> Vec<(&'a String, f64)> {
    one.iter().filter(|(name, _)| !other.contains_key(*name)).map(|(name, seconds)| (name, *seconds)).collect()
}

/// Where this program, when cargo runs it in place of the compiler, writes what that took.
pub const COMPILERS: &str = "MEASURE_COMPILERS";

/// Runs a compiler, and adds a line to the log: the package, and the seconds that it took.
pub fn compile(log: &Path) -> Result<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let status = Command::new(words.next().ok_or("which compiler?")?).args(words).status()?;
    if let Ok(package) = std::env::var("CARGO_PKG_NAME") {
        let line = format!("{package} {}\n", processor_seconds()?);
        std::fs::OpenOptions::new().create(true).append(true).open(log)?.write_all(line.as_bytes())?;
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The seconds of each package, its build script's among them.
fn compilers(log: &str) -> Result<BTreeMap<String, f64>> {
    let mut seconds = BTreeMap::new();
    for (package, time) in log.lines().filter_map(|line| line.split_once(' ')) {
        *seconds.entry(package.to_owned()).or_default() += time.parse::<f64>()?;
    }
    Ok(seconds)
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
    let mut sizes = Vec::new();
    for package in ["wasm-by-hand", "wasm-sdk"] {
        let Some(module) = programs::module(package, false)? else { return Ok(()) };
        let given = given_to_a_browser(package, &module)?;
        let own = [module.len(), gzipped(module)?];
        sizes.push([Some(own[0]), Some(own[1]), given.map(|sizes| sizes[0]), given.map(|sizes| sizes[1])]);
    }
    let mut rows = vec![row!["what, KiB", "by hand", "with the crate", "more"]];
    for (number, what) in [
        "as compiled",
        "as compiled, gzipped",
        "after wasm-bindgen, with its JavaScript",
        "after wasm-bindgen, with its JavaScript, gzipped",
    ]
    .into_iter()
    .enumerate()
    {
        if let (Some(by_hand), Some(sdk)) = (sizes[0][number], sizes[1][number]) {
            let [by_hand, sdk] = [by_hand, sdk].map(|bytes| bytes as f64 / 1024.0);
            rows.push(row![what, format!("{by_hand:.1}"), format!("{sdk:.1}"), format!("{:.1}", sdk - by_hand)]);
        }
    }
    report::table("A module for a browser with one operation", &rows);
    Ok(())
}

/// How large it is once wasm-bindgen has taken off what only that reads, and gzipped; nothing where the tool is missing.
fn given_to_a_browser(package: &str, module: &[u8]) -> Result<Option<[usize; 2]>> {
    let folder = programs::target()?.join("wasm-bindgen");
    let file = folder.join(package).with_extension("wasm");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&file, module)?;
    let mut command = Command::new("wasm-bindgen");
    command.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&folder).arg(&file);
    let output = match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        output => output?,
    };
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let mut sizes = [0, 0];
    for end in ["_bg.wasm", ".js"] {
        let bytes = std::fs::read(folder.join(format!("{package}{end}")))?;
        sizes[0] += bytes.len();
        sizes[1] += gzipped(bytes)?;
    }
    Ok(Some(sizes))
}

fn gzipped(bytes: Vec<u8>) -> Result<usize> {
    let mut gzip = Command::new("gzip").arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = gzip.stdin.take().ok_or("gzip has no input")?;
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = gzip.wait_with_output()?;
    writer.join().map_err(|_| "gzip was not fed")??;
    Ok(output.stdout.len())
}

//! Building and running the measured programs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use crate::Result;

/// The folder of this workspace.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// The folder that cargo builds in: this program stands in `release` below it.
pub fn target() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.ancestors().nth(2).ok_or("where is the target directory?")?.to_owned())
}

/// `cargo`, or what the variable says. Not `CARGO`, which cargo sets for what it runs.
pub fn cargo() -> Command {
    cargo_of("MEASURE_CARGO")
}

/// The same for a variable of its own, such as for a cargo with other targets.
fn cargo_of(variable: &str) -> Command {
    let mut words = std::env::var(variable).unwrap_or_else(|_| "cargo".to_owned());
    words = words.trim().to_owned();
    let mut parts = words.split_whitespace();
    let mut command = Command::new(parts.next().unwrap_or("cargo"));
    command.args(parts).current_dir(home());
    command
}

/// Builds the packages one by one, so that none gets features that only another needs.
pub fn build(packages: &[&str]) -> Result<PathBuf> {
    for package in packages {
        let mut command = cargo();
        command.args(["build", "-q", "--locked", "--release", "-p", package]);
        command.env("CARGO_TARGET_DIR", target()?);
        run(&mut command)?;
    }
    Ok(target()?.join("release"))
}

/// A program as `build` makes it, but with its symbols. Only the last step is another, so all else is there already.
pub fn with_symbols(package: &str) -> Result<Vec<u8>> {
    let mut command = cargo();
    command.args(["rustc", "-q", "--locked", "--release", "-p", package]).env("CARGO_TARGET_DIR", target()?);
    run(command.args(STRIP_NOTHING))?;
    Ok(std::fs::read(target()?.join("release").join(package))?)
}

const STRIP_NOTHING: [&str; 3] = ["--", "-C", "strip=none"];

/// A module for a browser, or nothing where its target is missing.
pub fn module(package: &str, symbols: bool) -> Result<Option<Vec<u8>>> {
    let mut command = cargo_of("WASM_CARGO");
    command.args(["rustc", "--locked", "--profile", "small", "--target", "wasm32-unknown-unknown", "-p", package]);
    command.args(["--message-format", "json"]).args(STRIP_NOTHING.iter().filter(|_| symbols));
    let output = command.output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("can't find crate for `core`") || text.contains("can't find crate for `std`") {
            println!("\nSkipped: a module for a browser needs Rust's target wasm32-unknown-unknown.");
            return Ok(None);
        }
        return Err(text.into());
    }
    // Among the files that cargo names.
    let messages = String::from_utf8(output.stdout)?;
    let module = messages.split('"').rfind(|word| word.ends_with(".wasm")).ok_or("cargo named no module")?;
    Ok(Some(std::fs::read(module)?))
}

/// Runs a program to its end, and takes what it printed.
pub fn run(command: &mut Command) -> Result<Output> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// The processors that a client and its server are kept to, so that they neither wait for one another nor move.
pub const FIRST: &str = "0";
pub const LAST: &str = "1";

/// Whether this machine can do that.
pub fn pins() -> bool {
    [FIRST, LAST].iter().all(|processor| {
        let pinned = Command::new("taskset").args(["-c", processor, "true"]).stderr(Stdio::null()).status();
        pinned.is_ok_and(|status| status.success())
    })
}

/// A program that is kept to a processor, if one is given.
pub fn on(program: &Path, processor: Option<&str>) -> Command {
    let Some(processor) = processor else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["-c", processor]).arg(program);
    command
}

/// The server, in a process of its own until this is dropped.
pub struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    pub port: String,
}

impl Server {
    pub fn start(folder: &Path, processor: Option<&str>) -> Result<Self> {
        let mut command = on(&folder.join("responses"), processor);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut port)?;
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, port: port.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

//! A directory, an emulator, and the program that works in the one with the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use leonardo_ai_emulator::{Emulator, EmulatorBuilder, Fault};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

pub(crate) struct Place {
    pub(crate) emulator: Emulator,
    directory: tempfile::TempDir,
}

/// What a run ended with.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program without a key, in no directory in particular.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leonardo"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("LEONARDO_") || ["REMOVE_BG_API_KEY", "NO_COLOR", "COLUMNS"].contains(&&*name) {
            command.env_remove(name);
        }
    }
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

pub(crate) async fn ran(mut command: Command) -> Ran {
    let output = timeout(Duration::from_secs(120), command.output()).await.expect("ends").unwrap();
    Ran {
        status: output.status.code().expect("a status"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(Emulator::builder().generation_time(Duration::from_millis(50))).await
    }

    pub(crate) async fn with(builder: EmulatorBuilder) -> Self {
        Self { emulator: builder.start().await.unwrap(), directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program in the directory, with the emulator's key.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.env("LEONARDO_API_KEY", self.emulator.key()).env("LEONARDO_SERVER_URL", self.emulator.base_url());
        command.env("LEONARDO_DATA_DIR", self.path("data")).current_dir(self.directory.path()).args(arguments);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments)).await
    }

    /// The objects that it prints with `--json`.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.run(&[arguments, &["--json"]].concat()).await;
        ran.succeeded();
        ran.objects()
    }

    /// The files below a directory of it, by name.
    pub(crate) fn files(&self, name: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path(name)) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The journals, without the lock.
    pub(crate) fn journals(&self) -> Vec<PathBuf> {
        self.files("data/journal").into_iter().filter(|path| path.extension().is_some()).collect()
    }

    /// What the whole lines of the journals say.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default();
        let text: String = self.journals().iter().map(read).collect();
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Has one picture drawn, and gives its file.
    pub(crate) async fn picture(&self, name: &str) -> PathBuf {
        self.picture_of(name, "512x512").await
    }

    pub(crate) async fn picture_of(&self, name: &str, size: &str) -> PathBuf {
        let made = self.json(&["generate", "-n", "1", "--size", size, "--out", "drawn", "a pier"]).await;
        let path = self.path(name);
        fs::rename(made[0]["files"][0].as_str().unwrap(), &path).unwrap();
        path
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn succeeded(&self) {
        assert_eq!(self.status, 0, "{self:?}");
    }

    #[track_caller]
    pub(crate) fn failed(&self, status: i32, message: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.stderr.contains(message), "{:?} does not say {message:?}", self.stderr);
    }

    #[track_caller]
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect()
    }
}

#[track_caller]
pub(crate) fn assert_whole(path: &Path) {
    let file = fs::read(path).unwrap();
    let is_whole = match path.extension().and_then(|extension| extension.to_str()) {
        Some("jpg") => file.starts_with(&[0xff, 0xd8, 0xff]) && file.ends_with(&[0xff, 0xd9]),
        Some("png") => file.starts_with(b"\x89PNG") && file.windows(4).rev().any(|bytes| bytes == b"IEND"),
        Some("webp") => file.starts_with(b"RIFF"),
        Some("mp4") => file.get(4..8) == Some(b"ftyp"),
        other => panic!("{} is a file of another kind: {other:?}", path.display()),
    };
    assert!(is_whole, "{} is not whole", path.display());
}

/// What goes wrong, with its weight. Half of what fails does so after the work was done.
pub(crate) fn faults() -> Vec<(u32, Fault)> {
    vec![
        (3, Fault::ResetBeforeWork),
        (1, Fault::CloseBeforeWork),
        (1, Fault::StatusBefore(500)),
        (1, Fault::StatusBefore(503)),
        (1, Fault::StatusBefore(429)),
        (3, Fault::ResetAfterWork),
        (1, Fault::CloseAfterWork),
        (2, Fault::CutBody),
        (1, Fault::CutHeaders),
        (1, Fault::StatusAfter(500)),
        (1, Fault::StatusAfter(502)),
    ]
}

/// Numbers that look random.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

//! What is written down of each job, and what follows from it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use leonardo_ai::models::GenerationId;
use serde::{Deserialize, Serialize};

/// A line of the journal.
#[derive(Serialize, Deserialize)]
pub struct Entry {
    /// In ms since 1970.
    pub time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Mark>,
    /// Where its prompt stood, for whoever reads this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(flatten)]
    pub event: Event,
}

/// What a job is known by: a hash of its prompt, and how many lines have had the same until then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    pub prompt: String,
    pub copy: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The journal is of this account.
    Begin {
        server: String,
        user: String,
    },
    /// A create is going to be sent.
    Creating {
        seed: i64,
    },
    /// There is a generation. Where it was looked up, its cost is not known.
    Created {
        id: GenerationId,
        cost: Option<String>,
    },
    Complete,
    Saved {
        files: Vec<Saved>,
    },
    /// `last` if it would fail again. Otherwise it counts for nothing.
    Failed {
        reason: String,
        last: bool,
    },
    /// The emulator that did the work has ended, so it is as if nothing had happened.
    Lost,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Saved {
    pub path: PathBuf,
    pub bytes: u64,
}

impl Saved {
    fn is_whole(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.is_file() && file.len() == self.bytes)
    }
}

/// How far a job is.
#[derive(Clone, Default)]
pub enum State {
    #[default]
    New,
    /// A create may have been sent at that time or later.
    Creating {
        seed: i64,
        since: SystemTime,
    },
    Created {
        id: GenerationId,
        files: Vec<Saved>,
    },
    Failed,
}

impl State {
    pub fn is_saved(&self) -> bool {
        matches!(self, Self::Created { files, .. } if !files.is_empty() && files.iter().all(Saved::is_whole))
    }
}

#[derive(Default)]
pub struct History {
    pub account: Option<(String, String)>,
    pub states: HashMap<Mark, State>,
    pub seeds: HashSet<i64>,
    pub ids: HashSet<GenerationId>,
}

impl History {
    fn add(&mut self, Entry { time, job, event, .. }: Entry) -> Result<(), &'static str> {
        if let Event::Begin { server, user } = event {
            self.account = Some((server, user));
            return Ok(());
        }
        let state = self.states.entry(job.ok_or("it names no job")?).or_default();
        match (event, &mut *state) {
            (Event::Creating { seed }, State::New) => {
                self.seeds.insert(seed);
                *state = State::Creating { seed, since: wall_time(time) };
            }
            (Event::Creating { seed }, State::Creating { seed: before, .. }) if seed == *before => {}
            (Event::Created { id, .. }, State::Creating { .. }) => {
                self.ids.insert(id.clone());
                *state = State::Created { id, files: Vec::new() };
            }
            (Event::Saved { files: saved }, State::Created { files, .. }) => *files = saved,
            (Event::Failed { last: true, .. }, _) => *state = State::Failed,
            (Event::Lost, _) => *state = State::New,
            (Event::Failed { .. }, _) | (Event::Complete, State::Created { .. }) => {}
            _ => return Err("it does not follow from those before it"),
        }
        Ok(())
    }
}

/// A file that is only added to. It is locked as long as this process lives.
pub struct Journal {
    file: File,
    /// A line was written in part, so another must not follow it.
    broken: bool,
}

impl Journal {
    pub fn open(path: &Path) -> Result<(Self, History), String> {
        let named = |error: io::Error| format!("the journal {}: {error}", path.display());
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(named)?;
        if !file.metadata().map_err(named)?.is_file() {
            return Err(format!("the journal {} is not a file", path.display()));
        }
        // The system gives the lock back when the process ends, however it ends.
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => {
                return Err(format!("the journal {} is in use by another instance", path.display()));
            }
            Err(fs4::TryLockError::Error(error)) => return Err(named(error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(named)?;
        let mut history = History::default();
        let mut whole = 0;
        for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
            // What the last line was to tell has not happened: it is written first.
            let Some(line) = line.strip_suffix(b"\n") else { break };
            let read = serde_json::from_slice(line).map_err(|error| error.to_string());
            let read = read.and_then(|entry| history.add(entry).map_err(str::to_owned));
            read.map_err(|problem| {
                format!("line {} of the journal {} cannot be used: {problem}", number + 1, path.display())
            })?;
            whole += line.len() + 1;
        }
        if whole < text.len() {
            file.set_len(whole as u64).map_err(named)?;
        }
        file.sync_all().map_err(named)?;
        sync_directory(path);
        Ok((Self { file, broken: false }, history))
    }

    /// Returns once the line is on the disk.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if std::mem::replace(&mut self.broken, true) {
            return Err(io::Error::other("a line before could not be written"));
        }
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.broken = false;
        Ok(())
    }
}

/// Makes the name of a new file last, where a directory can be opened.
fn sync_directory(path: &Path) {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
}

pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A time of the journal; one that cannot be is the beginning.
fn wall_time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

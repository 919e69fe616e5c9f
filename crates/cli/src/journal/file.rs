//! A journal on the disk: lines that are only added, each on the disk before the program goes on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::entry::{Entry, Event, History, Job, JobId, now};
use crate::failure::Failure;
use crate::session::{Account, Session};
use crate::task::Task;

/// A file that no other process has open as a journal. The system gives the lock back when this process ends, however
/// it ends.
#[derive(Debug)]
pub struct Journal {
    /// None where nothing outlasts the program, as with an emulator.
    file: Option<File>,
    path: PathBuf,
    history: History,
    /// A line was written in part, so another must not follow it.
    broken: bool,
    is_kept: bool,
}

impl Journal {
    /// One that is on no disk.
    pub fn in_memory() -> Self {
        Self { file: None, path: PathBuf::new(), history: History::default(), broken: false, is_kept: false }
    }

    /// Opens one, or makes it. `None` if another process has it open.
    pub fn open(path: &Path) -> Result<Option<Self>, Failure> {
        let named = |error: io::Error| Failure::other(format!("the journal {}: {error}", path.display()));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        // It has prompts, links and paths, which are nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(named)?;
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => return Ok(None),
            Err(fs4::TryLockError::Error(error)) => return Err(named(error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(named)?;
        let (history, whole) = read(&text, path)?;
        if whole < text.len() {
            file.set_len(whole as u64).map_err(named)?;
        }
        file.sync_all().map_err(named)?;
        sync_directory(path);
        Ok(Some(Self { file: Some(file), path: path.to_owned(), history, broken: false, is_kept: false }))
    }

    /// What a journal tells that another process has open; `None` if it is not there any more.
    pub fn of_other(path: &Path) -> Result<Option<History>, Failure> {
        match fs::read(path) {
            Ok(text) => Ok(Some(read(&text, path)?.0)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::other(format!(
                "another run is going on, and its journal {} cannot be read: {error}. Try again when it has ended.",
                path.display()
            ))),
        }
    }

    /// What the lines of a damaged journal have planned, as far as they can be read.
    pub fn planned(path: &Path) -> Vec<Task> {
        let text = fs::read(path).unwrap_or_default();
        let entries = text.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let planned = entries.filter_map(|entry: Entry| match entry.event {
            Event::Planned { task } => Some(*task),
            _ => None,
        });
        planned.collect()
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns once the line is on the disk.
    pub fn write(&mut self, job: Option<JobId>, event: Event) -> Result<(), Failure> {
        self.write_all([(job, event)])
    }

    /// Returns once all lines are on the disk.
    pub fn write_all(&mut self, events: impl IntoIterator<Item = (Option<JobId>, Event)>) -> Result<(), Failure> {
        let named = |path: &Path, error: io::Error| {
            Failure::other(format!("cannot write the journal {}: {error}", path.display()))
        };
        let mut lines = Vec::new();
        for (job, event) in events {
            let entry = Entry { time: now(), job, event };
            serde_json::to_writer(&mut lines, &entry).map_err(|error| named(&self.path, error.into()))?;
            lines.push(b'\n');
            self.history.add(entry).map_err(|problem| Failure::other(format!("a step of the journal: {problem}")))?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        if std::mem::replace(&mut self.broken, true) {
            return Err(Failure::other("a line of the journal before could not be written"));
        }
        file.write_all(&lines).and_then(|()| file.sync_data()).map_err(|error| named(&self.path, error))?;
        self.broken = false;
        Ok(())
    }

    /// Adds jobs, of which nothing is sent yet.
    pub fn plan(&mut self, tasks: Vec<Task>) -> Result<(), Failure> {
        let next = self.history.jobs.keys().last().map_or(0, |last| last + 1);
        let planned = tasks.into_iter().zip(next..);
        self.write_all(planned.map(|(task, id)| (Some(id), Event::Planned { task: Box::new(task) })))
    }

    /// Writes down what may be spent.
    pub fn limit(&mut self, session: &Session) -> Result<(), Failure> {
        let limit = session.money.as_ref().map(|money| money.limit().clone());
        if self.history.limit == limit {
            return Ok(());
        }
        self.write(None, Event::Limit { spend_at_most: limit })
    }

    /// Keeps the file even when nothing is left to do.
    pub fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Ends the work on it. The file is removed if nothing is left to do, and nothing to be told.
    pub fn close(self) {
        if self.file.is_some() && !self.is_kept && !self.history.jobs.values().any(Job::is_left) {
            // What stays tells that all is done.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Forgets all jobs that there were.
    pub fn begin_anew(&mut self) -> Result<(), Failure> {
        let history = std::mem::take(&mut self.history);
        if let Some(file) = &mut self.file {
            file.set_len(0).and_then(|()| file.sync_all()).map_err(|error| Failure::file(&self.path, error))?;
        }
        let Some(Account { server, user }) = history.account else { return Ok(()) };
        self.write(None, Event::Begin { server, user, command: history.command })
    }
}

/// What the lines of a journal tell, and how many bytes they are. The last one may not be whole.
fn read(text: &[u8], path: &Path) -> Result<(History, usize), Failure> {
    let (mut history, mut whole) = (History::default(), 0);
    for (number, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        // What the last line was to tell has not happened: it is written first.
        let Some(line) = line.strip_suffix(b"\n") else { break };
        let read = serde_json::from_slice(line).map_err(|error| error.to_string());
        let read = read.and_then(|entry| history.add(entry).map_err(str::to_owned));
        read.map_err(|problem| {
            Failure::usage(format!("line {} of the journal {} cannot be used: {problem}", number + 1, path.display()))
        })?;
        whole += line.len() + 1;
    }
    Ok((history, whole))
}

/// Makes the name of a new file last, where a directory can be opened.
fn sync_directory(path: &Path) {
    if let Some(directory) = path.parent().and_then(|directory| File::open(directory).ok()) {
        let _ = directory.sync_all();
    }
}

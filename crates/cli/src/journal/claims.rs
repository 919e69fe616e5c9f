//! Files that other runs are going to write, so that no two runs pay for the same one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::entry::{History, Job, State};
use crate::screen::shown;
use crate::task::{Save, Task};

/// What other runs of this machine are going to write.
#[derive(Debug, Default)]
pub struct Claims {
    /// By runs that go on, and what those have written.
    running: HashSet<PathBuf>,
    /// By runs that have ended before they were done.
    left: HashSet<PathBuf>,
}

/// Why a file is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is there.
    There,
    /// A run that goes on is going to write it.
    Running,
    /// A run that has ended has begun it.
    Begun,
}

impl Claims {
    /// Adds those of a run that goes on.
    pub(super) fn add_running(&mut self, history: &History) {
        let is_over = |job: &&Job| matches!(job.state, State::Over);
        self.running.extend(history.jobs.values().filter(|job| !is_over(job)).filter_map(|job| claim(&job.task)));
    }

    /// Adds those of a run that has ended.
    pub(super) fn add_left(&mut self, history: &History) {
        self.left.extend(history.jobs.values().filter(|job| job.is_left()).filter_map(|job| claim(&job.task)));
    }

    pub(super) fn add_planned(&mut self, tasks: Vec<Task>) {
        self.left.extend(tasks.iter().filter_map(claim));
    }

    /// Why the file of a task is not written; of one that is replaced, only another run that goes on is a reason.
    ///
    /// A run has written its file before it gives its claim up, so the claims must have been read before.
    pub fn taken(&self, task: &Task, replaces: bool) -> Option<Taken> {
        let Save::File(file) = &task.save else { return None };
        if !replaces && file.exists() {
            return Some(Taken::There);
        }
        let file = real(file);
        if self.running.contains(&file) {
            return Some(Taken::Running);
        }
        (!replaces && self.left.contains(&file)).then_some(Taken::Begun)
    }
}

impl Taken {
    pub fn told(self, task: &Task) -> String {
        let file = match &task.save {
            Save::File(file) => shown(file),
            Save::Directory(_) | Save::Nothing => String::new(),
        };
        match self {
            Self::There => format!("{file} is there."),
            Self::Running => format!("another run is going on that writes {file}."),
            Self::Begun => "an earlier run has begun it.".to_owned(),
        }
    }
}

fn claim(task: &Task) -> Option<PathBuf> {
    match &task.save {
        Save::File(file) => Some(real(file)),
        Save::Directory(_) | Save::Nothing => None,
    }
}

/// The same for every way that leads to the file. The file itself need not be there.
pub fn real(file: &Path) -> PathBuf {
    let directory = file.parent().and_then(|directory| directory.canonicalize().ok());
    match (directory, file.file_name()) {
        (Some(directory), Some(name)) => directory.join(name),
        _ => file.to_owned(),
    }
}

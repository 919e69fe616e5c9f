//! The lines of a journal, and what follows from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use leonardo_ai::models::Cost;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::session::Account;
use crate::task::{Input, Task};

/// What a job is known by in its journal.
pub type JobId = u32;

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// In milliseconds since 1970.
    pub time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The journal is of this account.
    Begin { server: String, user: String, command: String },
    /// What may be spent from now on; none if that is not limited.
    Limit { spend_at_most: Option<Cost> },
    /// A job is there; nothing is sent of it.
    Planned { task: Box<Task> },
    /// An upload is done, so this is the request, and what is left to upload.
    Prepared { request: Value, inputs: Vec<Input> },
    /// A create is going to be sent.
    Sending { mark: Mark },
    /// It is certain that nothing was done.
    Refused { reason: String, last: bool },
    /// The limit left nothing for it; nothing was sent.
    Withheld { reason: String },
    /// The response was lost, and nothing tells what became of it.
    Unknown { reason: String },
    /// There is something to wait for, or a link.
    Created { made: Made },
    /// The service gave it up.
    Failed { reason: String },
    /// All of it is done.
    Saved { files: Vec<Saved> },
    /// The user has given it up.
    Forgotten,
}

/// What a create is recognised by in the account's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// A seed that was drawn for it, which no other request has.
    Drawn(i64),
    /// A seed of the user's, which other requests may have.
    Given(i64),
    /// There is none, so it is never sent twice.
    None,
}

/// What a create has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    /// Where it was looked up, its cost is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Where the result is, if it is complete at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub path: PathBuf,
    pub bytes: u64,
}

impl Saved {
    pub fn is_whole(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.is_file() && file.len() == self.bytes)
    }
}

/// How far a job is.
#[derive(Clone, Debug)]
pub enum State {
    /// Nothing was sent of it.
    Planned,
    /// A create may have been sent at that time or later.
    Sending {
        mark: Mark,
        since: SystemTime,
    },
    /// It may have been done and charged, and cannot be found.
    Unknown {
        reason: String,
    },
    Created {
        made: Made,
    },
    Saved {
        made: Made,
        files: Vec<Saved>,
    },
    /// Refused, failed or forgotten: nothing more is done.
    Over,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub task: Task,
    pub state: State,
}

impl Job {
    /// Whether it is not over: it is open, or its outcome is unknown.
    pub fn is_left(&self) -> bool {
        self.is_open() || matches!(self.state, State::Unknown { .. })
    }

    /// Whether something may be created of it, and charged.
    pub fn may_cost(&self) -> bool {
        matches!(self.state, State::Planned) || matches!(self.state, State::Sending { mark, .. } if mark != Mark::None)
    }

    /// Whether something is left that can be done.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Planned | State::Sending { .. } | State::Created { .. })
    }
}

/// All that a journal tells.
#[derive(Debug, Default)]
pub struct History {
    pub account: Option<Account>,
    pub command: String,
    /// What its run might spend.
    pub limit: Option<Cost>,
    pub jobs: BTreeMap<JobId, Job>,
}

impl History {
    pub fn add(&mut self, Entry { time, job, event }: Entry) -> Result<(), &'static str> {
        let (event, id) = match (event, job) {
            (Event::Begin { server, user, command }, None) => {
                self.account = Some(Account { server, user });
                self.command = command;
                return Ok(());
            }
            (Event::Limit { spend_at_most }, None) => {
                self.limit = spend_at_most;
                return Ok(());
            }
            (Event::Planned { task }, Some(id)) => {
                self.jobs.insert(id, Job { task: *task, state: State::Planned });
                return Ok(());
            }
            (event, Some(id)) => (event, id),
            (_, None) => return Err("it names no job"),
        };
        let job = self.jobs.get_mut(&id).ok_or("it is about a job that there is not")?;
        job.state = match (event, job.state.clone()) {
            (Event::Prepared { request, inputs }, State::Planned) => {
                (job.task.request, job.task.inputs) = (request, inputs);
                State::Planned
            }
            (Event::Sending { mark }, State::Planned) => State::Sending { mark, since: wall_time(time) },
            // The first time counts: the create may have been sent then.
            (Event::Sending { mark }, State::Sending { mark: before, since }) if mark == before => {
                State::Sending { mark, since }
            }
            (Event::Refused { last: true, .. } | Event::Failed { .. } | Event::Forgotten, _) => State::Over,
            (Event::Withheld { .. }, State::Sending { .. }) => State::Planned,
            // What has a mark is looked for all the same: an earlier attempt may have been sent.
            (Event::Refused { .. }, State::Sending { mark: Mark::None, .. }) => State::Planned,
            (Event::Refused { .. }, state) => state,
            (Event::Unknown { reason }, State::Sending { .. } | State::Unknown { .. }) => State::Unknown { reason },
            (Event::Created { made }, State::Sending { .. }) => State::Created { made },
            (Event::Saved { files }, State::Created { made } | State::Saved { made, .. }) => {
                State::Saved { made, files }
            }
            _ => return Err("it does not follow from those before it"),
        };
        Ok(())
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

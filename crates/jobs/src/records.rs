//! What goes into the ledger, and what comes out of it.

use std::time::{Duration, SystemTime};

use leonardo_ai::models::{CostUnit, CreateGenerationRequest, GenerationId};

use crate::{Money, State};

/// An account of the service, and what may be asked of it, by all workers together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// What the program calls it. Its key is not in the ledger.
    pub name: String,
    /// How many generations may be at work or waiting at the service at a time.
    pub jobs: u32,
    /// How many creates may be sent in any minute.
    pub creates_per_minute: u32,
    /// What may be spent in all; `None` for no limit.
    pub budget: Option<Money>,
    /// What it pays in; `None` as long as that is not known.
    pub unit: Option<CostUnit>,
}

impl Account {
    /// An account with the limits that the service documents, 10 jobs at a time and 100 creates a minute, and no budget.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), jobs: 10, creates_per_minute: 100, budget: None, unit: None }
    }

    /// How many generations may be at work or waiting at the service at a time.
    pub fn jobs(mut self, jobs: u32) -> Self {
        self.jobs = jobs;
        self
    }

    /// How many creates may be sent in any minute.
    pub fn creates_per_minute(mut self, creates: u32) -> Self {
        self.creates_per_minute = creates;
        self
    }

    /// What may be spent in all, from the first job on.
    pub fn budget(mut self, budget: Money) -> Self {
        self.budget = Some(budget);
        self
    }

    /// What it pays in. Without it, that is what the first job says that has a unit, or the first response. The unit of an
    /// account that has jobs cannot be changed.
    pub fn unit(mut self, unit: CostUnit) -> Self {
        self.unit = Some(unit);
        self
    }
}

/// One job, as it is submitted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Submission {
    /// What the caller knows it by: the same key is the same job, however often it is submitted.
    pub key: String,
    /// What is to be made. Without a seed it gets one.
    pub request: CreateGenerationRequest,
    /// What it may cost, which is reserved before it is sent.
    pub cost: Option<Money>,
    /// What that is in; `None` for what the account pays in.
    pub unit: Option<CostUnit>,
}

impl Submission {
    /// A job that the caller knows by `key`.
    pub fn new(key: impl Into<String>, request: CreateGenerationRequest) -> Self {
        Self { key: key.into(), request, cost: None, unit: None }
    }

    /// What it may cost. Needed where the account has a budget.
    pub fn cost(mut self, cost: Money) -> Self {
        self.cost = Some(cost);
        self
    }

    /// What its cost is in. An account that pays in something else does not take it.
    pub fn unit(mut self, unit: CostUnit) -> Self {
        self.unit = Some(unit);
        self
    }
}

/// A job in the ledger.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Job {
    /// Its number in the ledger.
    pub id: i64,
    /// Whose it is.
    pub account: String,
    /// What the caller knows it by.
    pub key: String,
    /// What is to be made, with its seed.
    pub request: CreateGenerationRequest,
    /// The mark that its generation is recognised by.
    pub seed: i64,
    /// How far it is.
    pub state: State,
    /// The engine's task that may work on it.
    pub(crate) ticket: i64,
    /// The worker that has it.
    pub owner: Option<String>,
    /// How often it was taken by a worker.
    pub epoch: i64,
    /// How often it was put off since it was submitted.
    pub tries: i64,
    /// When the first create may have been sent whose outcome is not known.
    pub sent_at: Option<SystemTime>,
    /// What was made.
    pub generation: Option<GenerationId>,
    /// What is reserved for it, or was.
    pub reserved: Money,
    /// What it did cost. Where only looking it up told that it was made, what was reserved.
    pub settled: Option<Money>,
    /// Where its files are.
    pub files: Vec<String>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// When it was submitted.
    pub created_at: SystemTime,
}

impl Job {
    /// Whether the engine should have a task for it.
    pub(crate) fn is_under_way(&self) -> bool {
        self.state != State::Waiting && !self.state.is_final()
    }
}

/// What an account has in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How many jobs are in each state; states with none are left out.
    pub jobs: Vec<(State, u64)>,
    /// How many places are taken.
    pub held: u64,
    /// What is reserved for jobs that are admitted.
    pub reserved: Money,
    /// What was spent.
    pub settled: Money,
    /// What may be spent in all; `None` for no limit.
    pub budget: Option<Money>,
    /// What the account pays in, if that is known.
    pub unit: Option<CostUnit>,
    /// Nothing is under way, and nothing of the backlog is admitted unless the account's limits are changed: the next job
    /// costs more than is left of the budget, there are no places, or there is a `problem`.
    pub is_stuck: bool,
    /// Why nothing more is admitted, until the limits are set anew.
    pub problem: Option<String>,
}

impl Status {
    /// How many jobs are in a state.
    pub fn count(&self, state: State) -> u64 {
        self.jobs.iter().find(|(other, _)| *other == state).map_or(0, |(_, count)| *count)
    }

    /// How many jobs are not at their end.
    pub fn open(&self) -> u64 {
        self.jobs.iter().filter(|(state, _)| !state.is_final()).map(|(_, count)| count).sum()
    }
}

/// What the engine hands out: a job, and which of its tasks this is.
pub(crate) type Ticket = (i64, i64);

/// A job that a worker has taken.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) job: Job,
    /// The ledger's time of the last create whose outcome is not known.
    pub(crate) last_sent_at: Option<SystemTime>,
    /// The ledger's time when it was taken.
    pub(crate) now: SystemTime,
}

/// Whether a create may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It may, and this is its number among the creates, and the ledger's time.
    Send(i64, SystemTime),
    /// There were too many in the last minute.
    Later(Duration),
    /// Somebody else has the job now.
    Lost,
}

/// A time of the ledger; one that cannot be is the beginning.
pub(crate) fn time(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A length of time as the ledger counts it.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

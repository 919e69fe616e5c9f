//! The limits that a core keeps to.

use std::fmt;
use std::sync::Arc;

use super::store::{LimitStore, LocalStore};
use crate::operation::JobKind;

/// The limits of an account that a core keeps to by itself, instead of running into 429; see
/// [`LeonardoCoreBuilder::limits`](crate::LeonardoCoreBuilder::limits).
///
/// A call that goes beyond one waits for its turn, in the order in which calls came, and for no longer than its deadline:
/// then it ends in [`Error::Timeout`](crate::Error::Timeout), and nothing was sent. A minute is counted from the end of a
/// request, since nobody knows when within it the service counted. After a 429 the core asks for half as much, down to an
/// eighth, and for twice as much again after every 150 s without another.
///
/// A job, such as a generation, holds its place until it has ended, whoever waits for it. Where a place is needed and
/// nobody waits for the jobs that hold them, they are looked at, the oldest first. Of a create with an unknown outcome the
/// place is held until that is found out, as [`CreateOnce`](crate::CreateOnce) does, or else for two minutes.
///
/// Clones share the counts, and so do cores that are built with them.
///
/// ```
/// # #[cfg(feature = "image-create-generation")] {
/// use leonardo_ai::{LeonardoCore, Limits};
///
/// let limits = Limits::default().creates_per_minute(60);
/// let core = LeonardoCore::builder().bearer_auth("test").limits(limits.clone()).build()?;
/// # }
/// # Ok::<(), leonardo_ai::Error>(())
/// ```
#[derive(Clone)]
pub struct Limits {
    pub(super) requests_per_minute: u32,
    pub(super) creates_per_minute: u32,
    pub(super) jobs: Vec<(JobKind, u32, u32)>,
    pub(super) store: Arc<dyn LimitStore>,
}

impl Default for Limits {
    /// What the service documents of every account: 2,000 requests a minute, 100 of each operation that costs credits,
    /// and at a time and waiting 10 and 190 generations, 0 and 100 variations, 10 and 90 textures, 10 and 10 runs of
    /// blueprints. Trainings have no limit, since those beyond it wait and are not refused.
    ///
    /// The service names 200 waiting generations, and does not say whether the ten at work are among them; here they are.
    fn default() -> Self {
        let jobs = vec![
            (JobKind::Generation, 10, 190),
            (JobKind::Variation, 0, 100),
            (JobKind::MotionVariation, 0, 100),
            (JobKind::Texture, 10, 90),
            (JobKind::Blueprint, 10, 10),
        ];
        Self { requests_per_minute: 2000, creates_per_minute: 100, jobs, store: Arc::new(LocalStore::default()) }
    }
}

impl Limits {
    /// Requests of all kinds in any minute, polls included.
    #[must_use]
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.requests_per_minute = requests.max(1);
        self
    }

    /// Requests in any minute of each operation that costs credits.
    #[must_use]
    pub fn creates_per_minute(mut self, creates: u32) -> Self {
        self.creates_per_minute = creates.max(1);
        self
    }

    /// Generations at work at a time, and beside them those that wait at the service. Creates beyond both together wait
    /// here. With more `waiting` the service is never idle; with 0 nothing is queued there that might be needed no more.
    #[must_use]
    pub fn jobs(self, at_a_time: u32, waiting: u32) -> Self {
        self.jobs_of(JobKind::Generation, at_a_time, waiting)
    }

    /// The same for jobs of another kind.
    #[must_use]
    pub fn jobs_of(mut self, kind: JobKind, at_a_time: u32, waiting: u32) -> Self {
        self.jobs.retain(|(other, ..)| *other != kind);
        self.jobs.push((kind, at_a_time, waiting));
        self
    }

    /// Has the counts kept elsewhere, for example for several processes that use one account.
    #[must_use]
    pub fn store(mut self, store: impl LimitStore) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// How many jobs of a kind may be unfinished; `None` for any number.
    pub(super) fn most_jobs(&self, kind: JobKind) -> Option<u32> {
        let (_, at_a_time, waiting) = self.jobs.iter().find(|(other, ..)| *other == kind)?;
        Some(at_a_time.saturating_add(*waiting).max(1))
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("requests_per_minute", &self.requests_per_minute)
            .field("creates_per_minute", &self.creates_per_minute)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

//! How a worker works.

use std::time::Duration;

/// How a worker works. All workers of a ledger should have the same times.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How many jobs a worker has at a time. Most of them only wait. Defaults to 64. All workers together should have room for as
    /// many as the accounts have places, or what is admitted waits for them in the order in which it was.
    pub concurrency: usize,
    /// How often a worker tells that it is alive: whole seconds, at least one. Defaults to 5 s.
    pub heartbeat: Duration,
    /// After how many heartbeats that did not come its jobs are taken over. At least 2. Defaults to 6, which makes
    /// 30 s.
    pub missed_heartbeats: usize,
    /// How often the queue and the backlog are looked at. Defaults to 500 ms.
    pub poll: Duration,
    /// How old the ledger's word may be that the job is still this worker's when a create is sent. Defaults to 5 s.
    pub max_age: Duration,
    /// The longest that the request of a create may take. Defaults to 60 s.
    pub create_timeout: Duration,
    /// How long a generation may be missing from the account's list after it was created. Defaults to 30 s.
    pub grace: Duration,
    /// The first delay after a failure; it doubles with each. Whole seconds. Defaults to 1 s.
    pub first_delay: Duration,
    /// The longest of these delays. Defaults to 60 s.
    pub longest_delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 64,
            heartbeat: Duration::from_secs(5),
            missed_heartbeats: 6,
            poll: Duration::from_millis(500),
            max_age: Duration::from_secs(5),
            create_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
        }
    }
}

impl Settings {
    /// How long after the ledger's word a create can still arrive at the service.
    pub(crate) fn in_flight(&self) -> Duration {
        self.max_age + self.create_timeout
    }

    /// The delay after so many failures.
    pub(crate) fn delay(&self, tries: i64) -> Duration {
        let doublings = u32::try_from(tries.clamp(0, 16)).unwrap_or(16);
        self.first_delay.saturating_mul(1 << doublings).min(self.longest_delay)
    }
}

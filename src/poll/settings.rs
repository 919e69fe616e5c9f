//! What a core is told about polls.

use std::sync::Arc;
use std::time::Duration;

use super::pace::Pace;
use crate::core::{LeonardoCore, LeonardoCoreBuilder};
use crate::retry::RetryPolicy;

#[derive(Clone)]
struct PollsPerMinute(u32);

#[derive(Clone)]
struct PollDelays(RetryPolicy);

impl LeonardoCoreBuilder {
    /// How many polls a minute all waits may make together. Defaults to 600; 0 counts as 1.
    ///
    /// The service takes 2000 requests of all kinds a minute for one account, by default. A wait polls less often where
    /// this leaves less for it than its own delays do. See
    /// [`image_wait_for_generation`](crate::funcs::image_wait_for_generation()).
    #[must_use]
    pub fn polls_per_minute(mut self, polls: u32) -> Self {
        self.set(PollsPerMinute(polls));
        self
    }

    /// The delays between the polls of a wait. Defaults to 1 s, each half as long again, up to 10 s, with a jitter of a
    /// quarter. The policy's limits to attempts and time are not used.
    #[must_use]
    pub fn poll_delays(mut self, policy: RetryPolicy) -> Self {
        self.set(PollDelays(policy));
        self
    }
}

/// The delays between the polls of a wait.
pub(super) fn delays(core: &LeonardoCore) -> RetryPolicy {
    core.setting().map(|PollDelays(policy)| policy.clone()).unwrap_or_else(|| {
        RetryPolicy::default()
            .initial_backoff(Duration::from_secs(1))
            .max_backoff(Duration::from_secs(10))
            .multiplier(1.5)
            .jitter(0.25)
    })
}

/// The pace of all polls of a core.
pub(super) fn pace(core: &LeonardoCore) -> Arc<Pace> {
    core.state(|| Pace::new(core.setting().map_or(600, |PollsPerMinute(polls)| *polls)))
}

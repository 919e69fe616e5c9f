//! What a search, and a create that may need one, can be told.

use std::time::Duration;

use crate::call::Options;
use crate::poll::OnRetry;

#[derive(Clone, Debug)]
pub(crate) struct SearchOptions {
    pub(crate) grace: Duration,
    pub(crate) clock_tolerance: Duration,
    pub(crate) unique_seed: bool,
    pub(crate) on_retry: OnRetry,
    /// Those of each call; the deadline is that of all together.
    pub(crate) call: Options,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            clock_tolerance: Duration::from_secs(60),
            unique_seed: false,
            on_retry: OnRetry::default(),
            call: Options::default(),
        }
    }
}

impl SearchOptions {
    /// The deadline of all calls together, unless there is none.
    pub(super) fn limit(&self) -> Option<Duration> {
        const DEFAULT: Duration = Duration::from_secs(600);
        self.call.deadline.unwrap_or(Some(DEFAULT))
    }

    pub(super) fn deadline(&self) -> Duration {
        self.limit().unwrap_or(Duration::MAX)
    }
}

/// Writes the setters of what a search has of its own. `$options` is the path from `self` to the [`SearchOptions`].
macro_rules! search_options {
    (impl[$($generics:tt)*] $type:ty, options: $($options:ident).+) => {
        impl<$($generics)*> $type {
            /// How long a generation may take to appear in the account's list. Defaults to 30 s, counted from when looking for
            /// it begins. The longer it is, the safer and the slower.
            pub fn grace(mut self, grace: std::time::Duration) -> Self {
                self.$($options).+.grace = grace;
                self
            }

            /// How much the times of generations may be off. Defaults to 60 s.
            ///
            /// The time of sending is worked out from the server's `date`, this machine's clock and the time that went by since,
            /// which no step of a clock changes; the earliest that is plausible counts. A generation with the seed that is older
            /// than that by more than this tolerance is not taken.
            pub fn clock_tolerance(mut self, tolerance: std::time::Duration) -> Self {
                self.$($options).+.clock_tolerance = tolerance;
                self
            }

            /// Says that no other request of this account has the same seed, so that the seed alone decides which generation is
            /// this one, whatever else the service shows. Defaults to `false`. Nothing need be said of a seed that this crate
            /// chooses.
            pub fn unique_seed(mut self, unique: bool) -> Self {
                self.$($options).+.unique_seed = unique;
                self
            }
        }
    };
}
pub(crate) use search_options;

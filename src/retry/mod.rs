//! When a failed attempt is retried, and after which delay.

mod budget;
mod delays;

use std::time::Duration;

pub use self::budget::RetryBudget;
pub use self::delays::Delays;

/// How often failed attempts are retried, and after which delays.
///
/// *Whether* a failure may be retried does not depend on the policy but on the operation's
/// [`Effect`](crate::Effect): no policy makes this crate retry a call that may already have been charged.
///
/// The delay before the first retry is [`initial_backoff`](Self::initial_backoff), each further one is
/// [`multiplier`](Self::multiplier) times the one before until [`max_backoff`](Self::max_backoff), and each is spread by
/// [`jitter`](Self::jitter). A response with `Retry-After` can make the delay longer, never shorter. A delay that would end after
/// [`max_elapsed`](Self::max_elapsed) or after the call's deadline is not begun: the last failure is returned at once.
///
/// ```
/// use std::time::Duration;
/// use leonardo_ai::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_attempts(8).max_elapsed(Duration::from_secs(120));
/// let off = RetryPolicy::none();
/// # let _ = (patient, off);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    multiplier: f64,
    jitter: f64,
    max_elapsed: Duration,
}

impl Default for RetryPolicy {
    /// 4 attempts, delays of about 0.5 s, 1 s and 2 s (at most 20 s), each ± 50 %, all within 60 s.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(20),
            multiplier: 2.0,
            jitter: 0.5,
            max_elapsed: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// One attempt, never retried.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a call is attempted in all; 0 counts as 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The delay before the first retry.
    #[must_use]
    pub fn initial_backoff(mut self, delay: Duration) -> Self {
        self.initial_backoff = delay;
        self
    }

    /// The longest delay, before jitter. Does not limit what `Retry-After` asks for.
    #[must_use]
    pub fn max_backoff(mut self, delay: Duration) -> Self {
        self.max_backoff = delay;
        self
    }

    /// How much longer each delay is than the one before; less than 1, or no number, counts as 1.
    #[must_use]
    pub fn multiplier(mut self, multiplier: f64) -> Self {
        // `max` also replaces NaN.
        self.multiplier = multiplier.max(1.0);
        self
    }

    /// How far a delay may differ from its nominal length, as a fraction of it from 0 (not at all) to 1.
    #[must_use]
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.jitter = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
        self
    }

    /// How long after its beginning a call may still begin another attempt.
    #[must_use]
    pub fn max_elapsed(mut self, limit: Duration) -> Self {
        self.max_elapsed = limit;
        self
    }

    #[cfg(any(feature = "searching", feature = "polling"))]
    pub(crate) fn longest(&self) -> Duration {
        self.max_backoff
    }

    /// The first delay, before jitter.
    #[cfg(all(feature = "searching", feature = "polling"))]
    pub(crate) fn first(&self) -> Duration {
        self.initial_backoff.min(self.max_backoff)
    }

    /// The same with a first delay of at most that, from which delays grow by half at least.
    #[cfg(feature = "polling")]
    pub(crate) fn beginning_with(&self, delay: Duration) -> Self {
        let (first, multiplier) = (self.initial_backoff.min(delay), self.multiplier.max(1.5));
        Self { initial_backoff: first, multiplier, ..self.clone() }
    }

    pub(crate) fn allows(&self, attempts: u32, elapsed: Duration, delay: Duration) -> bool {
        attempts < self.max_attempts && elapsed.saturating_add(delay) <= self.max_elapsed
    }

    /// The delays between the attempts of a call, in order, for a loop of your own. They implement the trait `Backoff` of the
    /// crate `backoff`, though not in a browser, so that its `retry` takes them. They have no end: the policy's limits to
    /// attempts and time do not count there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use backoff::backoff::Backoff as _;
    /// use leonardo_ai::RetryPolicy;
    ///
    /// let mut delays = RetryPolicy::default().jitter(0.0).delays();
    /// assert_eq!(delays.next_backoff(), Some(Duration::from_millis(500)));
    /// assert_eq!(delays.next_backoff(), Some(Duration::from_secs(1)));
    /// ```
    pub fn delays(&self) -> Delays {
        Delays::new(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_longest_and_keep_within_the_jitter() {
        let policy = RetryPolicy::default()
            .initial_backoff(Duration::from_millis(100))
            .max_backoff(Duration::from_millis(800))
            .multiplier(3.0)
            .jitter(0.25);
        let mut delays = policy.delays();
        for nominal in [100.0, 300.0, 800.0, 800.0] {
            let delay = delays.next().as_secs_f64() * 1000.0;
            assert!((nominal * 0.75..=nominal * 1.25 + 0.1).contains(&delay), "{delay} is not {nominal} ± 25 %");
        }
    }

    #[test]
    fn without_jitter_a_delay_is_exact() {
        let mut delays = RetryPolicy::default().jitter(0.0).delays();
        let delays: Vec<_> = (0..3).map(|_| delays.next().as_millis()).collect();
        assert_eq!(delays, [500, 1000, 2000]);
    }

    #[test]
    fn absurd_settings_are_no_panic() {
        let policy = RetryPolicy::default()
            .max_attempts(0)
            .initial_backoff(Duration::MAX)
            .max_backoff(Duration::MAX)
            .multiplier(f64::NAN)
            .jitter(f64::INFINITY)
            .max_elapsed(Duration::MAX);
        let mut delays = policy.delays();
        for _ in 0..4 {
            let delay = delays.next();
            assert!(!policy.allows(1, Duration::MAX, delay));
        }
        assert!(RetryPolicy::default().multiplier(f64::INFINITY).delays().next() > Duration::ZERO);
    }

    #[test]
    fn attempts_and_time_are_both_limits() {
        let policy = RetryPolicy::default().max_attempts(3).max_elapsed(Duration::from_secs(10));
        let second = Duration::from_secs(1);
        assert!(policy.allows(2, second, second * 9));
        assert!(!policy.allows(3, second, second));
        assert!(!policy.allows(2, second, second * 10));
        assert!(!RetryPolicy::none().allows(1, Duration::ZERO, Duration::ZERO));
    }
}

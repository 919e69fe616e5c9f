//! Delays in a browser, which has random numbers of its own: those of `backoff` are a tenth of a module.

use std::time::Duration;

use super::RetryPolicy;

/// The delays of one call, in order.
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
    multiplier: f64,
    jitter: f64,
}

impl Backoff {
    pub(super) fn new(policy: &RetryPolicy) -> Self {
        let longest = policy.max_backoff;
        let next = policy.initial_backoff.min(longest);
        Self { next, longest, multiplier: policy.multiplier, jitter: policy.jitter }
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn next(&mut self) -> Duration {
        self.spread(js_sys::Math::random())
    }

    /// The next delay, for a random number from 0 to 1.
    fn spread(&mut self, random: f64) -> Duration {
        let nominal = self.next;
        self.next = times(nominal, self.multiplier).min(self.longest);
        times(nominal, 1.0 + self.jitter * (2.0 * random - 1.0))
    }
}

/// The longest there is, where a product is longer than that.
fn times(delay: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_of_backoff() {
        for policy in [
            RetryPolicy::default(),
            RetryPolicy::default().initial_backoff(Duration::from_secs(3)).max_backoff(Duration::from_secs(2)),
            RetryPolicy::default().multiplier(1.5).max_backoff(Duration::from_secs(30)),
        ] {
            let (mut own, mut other) = (Backoff::new(&policy), policy.jitter(0.0).backoff());
            for _ in 0..12 {
                let (own, other) = (own.spread(0.5), other.next());
                assert!(own.abs_diff(other) < Duration::from_micros(1), "{own:?} is not {other:?}");
            }
        }
    }

    #[test]
    fn jitter_spreads_both_ways_and_absurd_settings_are_no_panic() {
        let policy = RetryPolicy::default().initial_backoff(Duration::from_secs(1)).jitter(0.25);
        for (random, millis) in [(0.0, 750), (0.5, 1000), (1.0, 1250)] {
            assert_eq!(Backoff::new(&policy).spread(random), Duration::from_millis(millis));
        }
        let policy = policy.initial_backoff(Duration::MAX).max_backoff(Duration::MAX).multiplier(f64::INFINITY);
        let mut backoff = Backoff::new(&policy.jitter(1.0));
        for random in [1.0, 0.0, 0.5] {
            backoff.spread(random);
        }
    }
}

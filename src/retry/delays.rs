//! How long each delay of a call is.

use std::time::Duration;

use super::RetryPolicy;

/// The delays between the attempts of a call, in order; made by [`RetryPolicy::delays`].
#[derive(Clone, Debug)]
pub struct Delays {
    #[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "only `Backoff`, which is not there, begins anew"))]
    first: Duration,
    next: Duration,
    longest: Duration,
    multiplier: f64,
    jitter: f64,
}

impl Delays {
    pub(super) fn new(policy: &RetryPolicy) -> Self {
        let longest = policy.max_backoff;
        let first = policy.initial_backoff.min(longest);
        Self { first, next: first, longest, multiplier: policy.multiplier, jitter: policy.jitter }
    }

    /// The next delay.
    pub(crate) fn next(&mut self) -> Duration {
        self.spread(random())
    }

    /// The next delay, for a random number from 0 to 1.
    fn spread(&mut self, random: f64) -> Duration {
        let nominal = self.next;
        self.next = times(nominal, self.multiplier).min(self.longest);
        times(nominal, 1.0 + self.jitter * (2.0 * random - 1.0))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl backoff::backoff::Backoff for Delays {
    fn reset(&mut self) {
        self.next = self.first;
    }

    fn next_backoff(&mut self) -> Option<Duration> {
        Some(self.next())
    }
}

/// The longest there is, where a product is longer than that.
fn times(delay: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// A number from 0 to 1. So that the clients of a service do not come back all at once, it need not be hard to guess: that
/// of `rand`, which `backoff` takes by itself, adds 15 KiB to a program.
fn random() -> f64 {
    #[cfg(target_arch = "wasm32")]
    return js_sys::Math::random();
    #[cfg(not(target_arch = "wasm32"))]
    {
        use std::hash::{BuildHasher as _, RandomState};
        // Keys from the operating system, and others each time.
        let bits = RandomState::new().hash_one(());
        bits as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use backoff::ExponentialBackoff;
    use backoff::backoff::Backoff as _;

    use super::*;

    #[test]
    fn delays_are_those_of_an_exponential_backoff() {
        for policy in [
            RetryPolicy::default(),
            RetryPolicy::default().initial_backoff(Duration::from_secs(3)).max_backoff(Duration::from_secs(2)),
            RetryPolicy::default().multiplier(1.5).max_backoff(Duration::from_secs(30)),
        ] {
            let first = policy.initial_backoff.min(policy.max_backoff);
            let mut other = ExponentialBackoff {
                current_interval: first,
                initial_interval: first,
                max_interval: policy.max_backoff,
                multiplier: policy.multiplier,
                randomization_factor: 0.0,
                max_elapsed_time: None,
                ..ExponentialBackoff::default()
            };
            let mut own = policy.delays();
            for _ in 0..2 {
                for _ in 0..12 {
                    let (own, other) = (own.spread(0.5), other.next_backoff().unwrap());
                    assert!(own.abs_diff(other) < Duration::from_micros(1), "{own:?} is not {other:?}");
                }
                own.reset();
                other.reset();
            }
        }
    }

    #[test]
    fn jitter_spreads_both_ways_and_absurd_settings_are_no_panic() {
        let policy = RetryPolicy::default().initial_backoff(Duration::from_secs(1)).jitter(0.25);
        for (random, millis) in [(0.0, 750), (0.5, 1000), (1.0, 1250)] {
            assert_eq!(policy.delays().spread(random), Duration::from_millis(millis));
        }
        let policy = policy.initial_backoff(Duration::MAX).max_backoff(Duration::MAX).multiplier(f64::INFINITY);
        let mut delays = policy.jitter(1.0).delays();
        for random in [1.0, 0.0, 0.5] {
            delays.spread(random);
        }
    }

    #[test]
    fn random_numbers_fill_their_range_evenly() {
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let number = random();
            assert!((0.0..=1.0).contains(&number), "{number}");
            tenths[((number * 10.0) as usize).min(9)] += 1;
        }
        // 1000 ± 8 standard deviations.
        assert!(tenths.iter().all(|count| (760..1240).contains(count)), "{tenths:?}");
    }
}

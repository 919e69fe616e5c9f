//! A limit to how many repetitions all calls of a core may make together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a repetition takes from the budget.
const REPETITION: u32 = 10;
/// What a success at the first attempt gives back.
const SUCCESS: u32 = 1;

/// A bucket of tokens that every repetition of every call takes one from, so that a failing service is not stormed by
/// its clients' repetitions.
///
/// A call that succeeds after repetitions gives back what its last one took, one that succeeds at once a tenth of that.
/// While the bucket is empty, calls are still attempted, but fail with their first error instead of being repeated. All
/// clones of a core share one bucket, and so do cores that are built with clones of it.
///
/// ```
/// use leonardo_ai::{LeonardoCore, RetryBudget};
///
/// let budget = RetryBudget::new(20);
/// let core = LeonardoCore::builder().bearer_auth("test").retry_budget(budget.clone()).build()?;
/// assert_eq!(budget.available(), 20);
/// # Ok::<(), leonardo_ai::Error>(())
/// ```
#[derive(Clone)]
pub struct RetryBudget(Arc<Bucket>);

struct Bucket {
    capacity: u32,
    tokens: AtomicU32,
}

impl Default for RetryBudget {
    /// 100 repetitions.
    fn default() -> Self {
        Self::new(100)
    }
}

impl RetryBudget {
    /// A full bucket for that many repetitions; 0 means that nothing is ever repeated.
    pub fn new(repetitions: u32) -> Self {
        let capacity = repetitions.saturating_mul(REPETITION);
        Self(Arc::new(Bucket { capacity, tokens: AtomicU32::new(capacity) }))
    }

    /// No limit but the retry policy's.
    pub fn unlimited() -> Self {
        Self::new(u32::MAX)
    }

    /// How many repetitions could be made now.
    pub fn available(&self) -> u32 {
        self.0.tokens.load(Ordering::Relaxed) / REPETITION
    }

    /// Takes one repetition, if there is one.
    pub(crate) fn take(&self) -> bool {
        let take = |tokens: u32| tokens.checked_sub(REPETITION);
        self.0.capacity == u32::MAX || self.0.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Gives back what a success after that many attempts earns.
    pub(crate) fn give_back(&self, attempts: u32) {
        let Bucket { capacity, tokens } = &*self.0;
        // The usual case costs one load: nothing was taken.
        if tokens.load(Ordering::Relaxed) < *capacity {
            let earned = if attempts > 1 { REPETITION } else { SUCCESS };
            let give = |tokens: u32| Some(tokens.saturating_add(earned).min(*capacity));
            let _ = tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, give);
        }
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RetryBudget({} of {})", self.available(), self.0.capacity / REPETITION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_by_repetitions_and_filled_by_successes() {
        let budget = RetryBudget::new(2);
        assert!(budget.take() && budget.clone().take() && !budget.take());
        assert_eq!(format!("{budget:?}"), "RetryBudget(0 of 2)");
        budget.give_back(2);
        assert_eq!(budget.available(), 1);
        for _ in 0..10 {
            budget.give_back(1);
        }
        assert_eq!(budget.available(), 2);
        budget.give_back(3);
        assert_eq!(budget.available(), 2);
    }

    #[test]
    fn none_and_no_limit_are_possible() {
        assert!(!RetryBudget::new(0).take());
        let unlimited = RetryBudget::unlimited();
        assert!((0..1000).all(|_| unlimited.take()));
        assert_eq!(unlimited.available(), u32::MAX / REPETITION);
    }
}

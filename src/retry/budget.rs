//! A limit to how many retries all calls of a core may make together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a retry takes from the budget.
const RETRY: u32 = 10;
/// What a success at the first attempt gives back.
const SUCCESS: u32 = 1;

/// A bucket of tokens that every retry of every call takes one from, so that a failing service is not stormed by
/// its clients' retries.
///
/// A call that succeeds after retries gives back what its last one took, one that succeeds at once a tenth of that.
/// While the bucket is empty, calls are still attempted, but fail with their first error instead of being retried. All
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
    /// 100 retries.
    fn default() -> Self {
        Self::new(100)
    }
}

impl RetryBudget {
    /// A full bucket for that many retries; 0 means that nothing is ever retried.
    pub fn new(retries: u32) -> Self {
        let capacity = retries.saturating_mul(RETRY);
        Self(Arc::new(Bucket { capacity, tokens: AtomicU32::new(capacity) }))
    }

    /// No limit but the retry policy's.
    pub fn unlimited() -> Self {
        Self::new(u32::MAX)
    }

    /// How many retries could be made now.
    pub fn available(&self) -> u32 {
        self.0.tokens.load(Ordering::Relaxed) / RETRY
    }

    /// Takes one retry, if there is one.
    pub(crate) fn take(&self) -> bool {
        let take = |tokens: u32| tokens.checked_sub(RETRY);
        self.0.capacity == u32::MAX || self.0.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Gives back what a success after that many attempts earns.
    pub(crate) fn give_back(&self, attempts: u32) {
        let Bucket { capacity, tokens } = &*self.0;
        // The usual case costs one load: nothing was taken.
        if tokens.load(Ordering::Relaxed) < *capacity {
            let earned = if attempts > 1 { RETRY } else { SUCCESS };
            let give = |tokens: u32| Some(tokens.saturating_add(earned).min(*capacity));
            let _ = tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, give);
        }
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RetryBudget({} of {})", self.available(), self.0.capacity / RETRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_by_retries_and_filled_by_successes() {
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
        assert_eq!(unlimited.available(), u32::MAX / RETRY);
    }
}

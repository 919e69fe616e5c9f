//! Asking for less after a 429.

use std::time::Duration;

use crate::runtime::Instant;

/// How long it lasts until twice as much is asked for again: two of the service's minutes at least, since after one the
/// same number would come again as before.
const RECOVERY: Duration = Duration::from_secs(150);
/// What a limit is divided by at most.
const MOST: u32 = 8;
/// For how long a `Retry-After` is kept to at most.
const LONGEST: Duration = Duration::from_secs(300);

/// How much less than its limit one counter allows at present.
#[derive(Debug)]
pub(super) struct Brake {
    divisor: u32,
    /// When that changed last.
    changed: Instant,
    /// Before this nothing is allowed.
    until: Instant,
}

impl Brake {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { divisor: 1, changed: now, until: now }
    }

    /// Takes note of a 429 to a request that was admitted at `admitted`.
    pub(super) fn refused(&mut self, admitted: Instant, retry_after: Option<Duration>) {
        self.recover();
        let now = Instant::now();
        // Many that were sent together are refused together.
        if self.divisor == 1 || admitted >= self.changed {
            self.divisor = (self.divisor * 2).min(MOST);
            self.changed = now;
        }
        if let Some(until) = retry_after.and_then(|asked| now.checked_add(asked.min(LONGEST))) {
            self.until = self.until.max(until);
        }
    }

    /// What is allowed of a limit; or for how long nothing is.
    pub(super) fn allowed(&mut self, most: u32) -> Result<u32, Duration> {
        self.recover();
        let rest = self.until.saturating_duration_since(Instant::now());
        if rest.is_zero() { Ok((most / self.divisor).max(1)) } else { Err(rest) }
    }

    /// Whether all is as before the first 429.
    pub(super) fn is_released(&mut self) -> bool {
        self.allowed(1).is_ok() && self.divisor == 1
    }

    fn recover(&mut self) {
        while self.divisor > 1 && self.changed.elapsed() >= RECOVERY {
            self.divisor /= 2;
            self.changed = self.changed.checked_add(RECOVERY).unwrap_or_else(Instant::now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::sleep;

    #[tokio::test(start_paused = true)]
    async fn less_is_asked_for_and_then_more_again() {
        let mut brake = Brake::new();
        let admitted = Instant::now();
        sleep(Duration::from_secs(1)).await;
        // Refused together: once.
        brake.refused(admitted, None);
        brake.refused(admitted, None);
        assert_eq!(brake.allowed(100), Ok(50));
        for _ in 0..5 {
            brake.refused(Instant::now(), None);
        }
        assert_eq!((brake.allowed(100), brake.allowed(4)), (Ok(12), Ok(1)));
        sleep(RECOVERY).await;
        assert_eq!(brake.allowed(100), Ok(25));
        sleep(RECOVERY * 2).await;
        assert!(brake.is_released());
        assert_eq!(brake.allowed(100), Ok(100));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_server_asks_for_is_kept_to() {
        let mut brake = Brake::new();
        brake.refused(Instant::now(), Some(Duration::from_secs(7)));
        brake.refused(Instant::now(), Some(Duration::from_secs(2)));
        assert_eq!(brake.allowed(10), Err(Duration::from_secs(7)));
        sleep(Duration::from_secs(7)).await;
        assert_eq!(brake.allowed(10), Ok(2));
        brake.refused(Instant::now(), Some(Duration::MAX));
        assert_eq!(brake.allowed(10), Err(LONGEST));
    }
}

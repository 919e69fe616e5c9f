//! The life of a job: pending, then complete or failed.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// When a job began and when it ends, and how.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) created: SystemTime,
    /// When it is complete, or has failed.
    pub(crate) ready: Instant,
    /// The same moment in the time of day.
    pub(crate) ends: SystemTime,
    /// From when on it can be found.
    pub(crate) visible: Instant,
    pub(crate) fails: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Complete,
    Failed,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

impl Life {
    pub(crate) fn status(&self, now: Instant) -> Status {
        if now < self.ready {
            Status::Pending
        } else if self.fails {
            Status::Failed
        } else {
            Status::Complete
        }
    }

    /// When its status last changed.
    pub(crate) fn updated(&self, now: Instant) -> SystemTime {
        if now < self.ready { self.created } else { self.ends }
    }

    pub(crate) fn is_visible(&self, now: Instant) -> bool {
        self.visible <= now
    }
}

/// Whether a job is to end as FAILED; asked for with the words `fail this`.
pub(crate) fn fails(words: &str) -> bool {
    words.contains("fail this")
}

/// How long a job is to take, if its words say so: `slow 5s` or `slow 300ms`.
pub(crate) fn takes(words: &str) -> Option<Duration> {
    let mut words = words.split_whitespace().skip_while(|word| *word != "slow").skip(1);
    let time = words.next()?;
    let milliseconds = match time.strip_suffix("ms") {
        Some(number) => number.parse().ok()?,
        None => time.strip_suffix('s')?.parse::<u64>().ok()?.checked_mul(1000)?,
    };
    // A day is for ever in a test, and far from what clocks cannot count.
    Some(Duration::from_millis(milliseconds).min(Duration::from_secs(86_400)))
}

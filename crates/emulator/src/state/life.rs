//! The life of a job: pending, then complete or failed.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// When a job began and when it ends, and how.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) created: SystemTime,
    /// From when on it is worked on; until then it waits for a place.
    pub(crate) starts: Instant,
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

    /// The life of one of some parts of the job, which are done one after the other. It is found from when it is begun, and
    /// not before the job is.
    pub(crate) fn part(&self, number: u32, of: u32) -> Self {
        let each = self.ready.saturating_duration_since(self.starts) / of.max(1);
        let starts = self.starts + each * number.min(of);
        let ready = if number + 1 < of { starts + each } else { self.ready };
        Self {
            created: self.created,
            starts,
            ready,
            ends: self.ends - self.ready.saturating_duration_since(ready),
            visible: self.visible.max(starts),
            fails: self.fails,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other() {
        let (now, created) = (Instant::now(), SystemTime::now());
        let second = Duration::from_secs(1);
        let (starts, ready) = (now + second, now + second * 4);
        let life = Life { created, starts, ready, ends: created + second * 4, visible: now + second * 2, fails: false };
        let parts = [0, 1, 2].map(|number| life.part(number, 3));
        for (number, part) in (0..).zip(&parts) {
            assert_eq!(part.starts, now + second * (1 + number));
            assert_eq!(part.ready, now + second * (2 + number));
            assert_eq!(part.ends, created + second * (2 + number));
        }
        assert_eq!(parts.map(|part| part.visible - now), [second * 2, second * 2, second * 3]);
        assert_eq!(life.part(0, 1).ready, ready);
        assert_eq!(life.part(7, 0).ready, ready);
    }
}

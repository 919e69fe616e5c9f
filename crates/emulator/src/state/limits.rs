//! How much an account may ask for, and in what time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// Limits of an account; what goes beyond them is refused with 429.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Requests to the API in any minute.
    pub requests_per_minute: Option<u32>,
    /// Create requests of one kind in any minute, also those that are refused for other reasons.
    pub creates_per_minute: Option<u32>,
    /// Generations worked on at the same time; further ones wait, and are not refused.
    pub concurrent_jobs: Option<u32>,
    /// Generations that are not finished.
    pub pending_jobs: Option<u32>,
    /// Variations that are not finished.
    pub pending_upscales: Option<u32>,
    /// Trainings at the same time; further ones wait, and are not refused.
    pub concurrent_trainings: Option<u32>,
    /// 3D models and textures of them worked on at the same time; further ones wait, and are not refused.
    pub concurrent_3d_jobs: Option<u32>,
    /// 3D models and textures of them that are not finished.
    pub pending_3d_jobs: Option<u32>,
    /// Runs of blueprints at the same time; further ones wait.
    pub concurrent_blueprints: Option<u32>,
    /// Runs of blueprints that wait, where there is a limit to those at the same time.
    pub waiting_blueprints: Option<u32>,
    /// The value of a `Retry-After` header for refusals; without a value there is no such header, as with the real
    /// service.
    pub retry_after: Option<String>,
}

impl Limits {
    /// No limits.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The limits the real service documents: 2000 requests a minute and 100 creates of each kind, 10 generations at
    /// the same time and 200 pending, 100 variations pending, 5 trainings at the same time, 10 textures of 3D models at
    /// the same time and 100 pending, 10 runs of blueprints at the same time and 10 waiting.
    #[must_use]
    pub fn service() -> Self {
        Self {
            requests_per_minute: Some(2000),
            creates_per_minute: Some(100),
            concurrent_jobs: Some(10),
            pending_jobs: Some(200),
            pending_upscales: Some(100),
            concurrent_trainings: Some(5),
            concurrent_3d_jobs: Some(10),
            pending_3d_jobs: Some(100),
            concurrent_blueprints: Some(10),
            waiting_blueprints: Some(10),
            retry_after: None,
        }
    }
}

/// More was asked for than the account may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) error: &'static str,
    pub(crate) retry_after: Option<String>,
}

/// Jobs that share their limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Images, videos and sounds.
    Generations,
    Variations,
    Trainings,
    /// 3D models and textures of them.
    ThreeD,
    Blueprints,
}

/// What was asked for lately.
#[derive(Default)]
pub(crate) struct Usage {
    requests: VecDeque<Instant>,
    creates: HashMap<&'static str, VecDeque<Instant>>,
    queues: [Queue; 5],
    /// How much was refused.
    refused: u64,
}

#[derive(Default)]
struct Queue {
    /// When each place to work at is free again.
    places: BinaryHeap<Reverse<Instant>>,
    /// When each unfinished job will be finished.
    pending: BinaryHeap<Reverse<Instant>>,
}

impl Usage {
    pub(crate) fn request(&mut self, limits: &Limits, now: Instant) -> Result<(), Exceeded> {
        match limits.requests_per_minute {
            Some(most) if !fits(&mut self.requests, most, now) => {
                Err(self.refuse(limits, "Too many requests, please slow down"))
            }
            _ => Ok(()),
        }
    }

    /// How many requests were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    fn refuse(&mut self, limits: &Limits, error: &'static str) -> Exceeded {
        self.refused += 1;
        Exceeded { error, retry_after: limits.retry_after.clone() }
    }

    /// Takes a create request of one operation.
    pub(crate) fn create(&mut self, limits: &Limits, operation: &'static str, now: Instant) -> Result<(), Exceeded> {
        match limits.creates_per_minute {
            Some(most) if !fits(self.creates.entry(operation).or_default(), most, now) => {
                Err(self.refuse(limits, "Too many requests, please slow down"))
            }
            _ => Ok(()),
        }
    }

    /// Takes a job that needs some time; says when it will be finished.
    pub(crate) fn job(
        &mut self,
        limits: &Limits,
        lane: Lane,
        now: Instant,
        takes: Duration,
    ) -> Result<Instant, Exceeded> {
        let (concurrent, most_pending) = match lane {
            Lane::Generations => (limits.concurrent_jobs, limits.pending_jobs),
            Lane::Variations => (None, limits.pending_upscales),
            Lane::Trainings => (limits.concurrent_trainings, None),
            Lane::ThreeD => (limits.concurrent_3d_jobs, limits.pending_3d_jobs),
            Lane::Blueprints => {
                let unfinished = |at_once: u32| Some(at_once.saturating_add(limits.waiting_blueprints?));
                (limits.concurrent_blueprints, limits.concurrent_blueprints.and_then(unfinished))
            }
        };
        let Queue { places, pending } = &mut self.queues[lane as usize];
        while pending.peek().is_some_and(|Reverse(end)| *end <= now) {
            pending.pop();
        }
        if most_pending.is_some_and(|most| pending.len() >= most as usize) {
            return Err(self.refuse(limits, "Too many pending generations"));
        }
        let mut start = now;
        if let Some(most) = concurrent {
            if places.len() >= most as usize {
                if let Some(Reverse(free)) = places.pop() {
                    start = start.max(free);
                }
            }
            places.push(Reverse(start + takes));
        }
        let end = start + takes;
        pending.push(Reverse(end));
        Ok(end)
    }
}

fn fits(times: &mut VecDeque<Instant>, most: u32, now: Instant) -> bool {
    while times.front().is_some_and(|time| now.duration_since(*time) >= Duration::from_secs(60)) {
        times.pop_front();
    }
    // A refused request does not count, or a client that keeps asking would never be let in again.
    let fits = times.len() < most as usize;
    if fits {
        times.push_back(now);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_slides() {
        let mut limits = Limits::none();
        limits.creates_per_minute = Some(2);
        limits.retry_after = Some("9".into());
        let mut usage = Usage::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(usage.create(&limits, "x", at(0)).is_ok());
        assert!(usage.create(&limits, "x", at(30)).is_ok());
        let refusal = usage.create(&limits, "x", at(59)).unwrap_err();
        assert_eq!(usage.refused(), 1);
        assert_eq!(refusal.retry_after.as_deref(), Some("9"));
        assert!(usage.create(&limits, "x", at(60)).is_ok());
        assert!(usage.create(&limits, "x", at(60)).is_err());
        assert!(usage.create(&limits, "y", at(60)).is_ok(), "each operation has its own limit");
        assert!(usage.create(&limits, "x", at(90)).is_ok());
        for _ in 0..5000 {
            assert!(usage.request(&limits, at(1)).is_ok());
        }
        assert!(usage.requests.is_empty(), "without a limit nothing is kept");
    }

    #[test]
    fn jobs_queue_and_then_are_refused() {
        let mut limits = Limits::none();
        (limits.concurrent_jobs, limits.pending_jobs) = (Some(2), Some(5));
        let mut usage = Usage::default();
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let ends: Vec<_> =
            (0..5).map(|_| usage.job(&limits, Lane::Generations, start, second).unwrap() - start).collect();
        assert_eq!(ends, [second, second, second * 2, second * 2, second * 3]);
        assert!(usage.job(&limits, Lane::Generations, start, second).is_err());
        assert!(usage.job(&limits, Lane::Variations, start, second).is_ok(), "each lane has its own places");
        assert_eq!(usage.job(&limits, Lane::Generations, start + second, second).unwrap() - start, second * 3);
    }
    #[test]
    fn runs_of_blueprints_wait_in_a_lane_of_their_own() {
        let mut limits = Limits::service();
        let mut usage = Usage::default();
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut run = |limits: &Limits| usage.job(limits, Lane::Blueprints, start, second).map(|end| end - start);
        for number in 0..20 {
            assert_eq!(run(&limits), Ok(if number < 10 { second } else { second * 2 }));
        }
        assert!(run(&limits).is_err());
        limits.waiting_blueprints = None;
        assert!(run(&limits).is_ok());
        (limits.concurrent_blueprints, limits.waiting_blueprints) = (None, Some(0));
        assert_eq!(run(&limits), Ok(second), "where none waits, none is refused");
    }
}

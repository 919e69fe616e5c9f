//! Where the counts are kept that limits are held against.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use crate::error::BoxError;
use crate::operation::JobKind;
use crate::runtime::{BoxFuture, Instant, lock};

/// What an account has a limit of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counter {
    /// Requests of all kinds, in any minute.
    Requests,
    /// Requests of this operation, which costs credits, in any minute.
    Creates(&'static str),
    /// Jobs of this kind that have not ended.
    Jobs(JobKind),
}

/// Whether one more could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Taken {
    /// It is taken.
    Yes,
    /// It is not; to be asked for again after this time.
    After(Duration),
}

/// A place that a job holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldJob {
    /// What it was taken under.
    pub token: u64,
    /// The job's id, once it is known.
    pub id: Option<String>,
    /// For how long it has been held.
    pub held_for: Duration,
}

impl HeldJob {
    /// A place that was taken under `token`.
    pub fn new(token: u64, id: Option<String>, held_for: Duration) -> Self {
        Self { token, id, held_for }
    }
}

/// Keeps the counts that [`Limits`](super::Limits) are held against. [`LocalStore`] is the one of a single process; one of
/// your own can keep them for several, in a database for example.
///
/// Whatever is taken is taken under a token, a number that no other process draws either. What has no result must return at
/// once: it is called while futures are dropped. A store that loses its processes must forget what they have taken by itself.
pub trait LimitStore: Send + Sync + 'static {
    /// Takes one under `token` if fewer than `most` are taken. Of requests those count that are under way, and those that
    /// have ended within the last minute. Dropping the future must not leave it taken without anybody knowing.
    ///
    /// If it fails, the call that needs it fails with [`Error::InvalidRequest`](crate::Error::InvalidRequest).
    fn take<'a>(
        &'a self,
        counter: Counter,
        most: u32,
        token: u64,
    ) -> BoxFuture<'a, Result<Taken, Box<dyn std::error::Error + Send + Sync>>>;

    /// The request has ended: its minute begins now. Of a job, its place is free.
    fn end(&self, counter: Counter, token: u64);

    /// What was taken was not used.
    fn give_back(&self, counter: Counter, token: u64);

    /// The job of this place has this id; `None` says that it is not known whether there is one.
    fn set_job(&self, kind: JobKind, token: u64, id: Option<&str>);

    /// The job with this id has ended. There may be no place for it.
    fn job_ended(&self, id: &str);

    /// The places that are held, the oldest first.
    fn jobs(&self, kind: JobKind) -> BoxFuture<'_, Result<Vec<HeldJob>, Box<dyn std::error::Error + Send + Sync>>>;
}

/// The counts of one process, in memory.
#[derive(Debug, Default)]
pub struct LocalStore(Mutex<HashMap<Counter, Count>>);

#[derive(Debug, Default)]
struct Count {
    taken: HashMap<u64, Held>,
    /// When requests ended, within the last minute.
    ended: VecDeque<Instant>,
}

#[derive(Debug)]
struct Held {
    since: Instant,
    id: Option<String>,
    /// Since when it is not known whether there is a job.
    unknown_since: Option<Instant>,
}

const MINUTE: Duration = Duration::from_secs(60);
/// How long a place is held for a job that may not exist: longer than most jobs take.
const UNKNOWN: Duration = Duration::from_secs(120);
/// When to ask again where nothing tells.
const LATER: Duration = Duration::from_secs(1);

impl LocalStore {
    fn with<T>(&self, counter: Counter, work: impl FnOnce(&mut Count) -> T) -> T {
        work(lock(&self.0).entry(counter).or_default())
    }
}

impl Count {
    fn take(&mut self, counter: Counter, most: u32, token: u64) -> Taken {
        let now = Instant::now();
        while self.ended.front().is_some_and(|ended| now.saturating_duration_since(*ended) >= MINUTE) {
            self.ended.pop_front();
        }
        if let Counter::Jobs(_) = counter {
            let is_over =
                |held: &Held| held.unknown_since.is_some_and(|since| now.saturating_duration_since(since) >= UNKNOWN);
            self.taken.retain(|_, held| !is_over(held));
        }
        let (count, most) = (self.taken.len() + self.ended.len(), usize::try_from(most).unwrap_or(usize::MAX).max(1));
        if count < most {
            self.taken.insert(token, Held { since: now, id: None, unknown_since: None });
            return Taken::Yes;
        }
        // So many must go before there is room.
        let first = self.ended.get(count - most).and_then(|ended| ended.checked_add(MINUTE));
        Taken::After(first.map_or(LATER, |first| first.saturating_duration_since(now)))
    }
}

impl LimitStore for LocalStore {
    fn take<'a>(&'a self, counter: Counter, most: u32, token: u64) -> BoxFuture<'a, Result<Taken, BoxError>> {
        Box::pin(async move { Ok(self.with(counter, |count| count.take(counter, most, token))) })
    }

    fn end(&self, counter: Counter, token: u64) {
        self.with(counter, |count| {
            if count.taken.remove(&token).is_some() && !matches!(counter, Counter::Jobs(_)) {
                count.ended.push_back(Instant::now());
            }
        });
    }

    fn give_back(&self, counter: Counter, token: u64) {
        self.with(counter, |count| count.taken.remove(&token));
    }

    fn set_job(&self, kind: JobKind, token: u64, id: Option<&str>) {
        self.with(Counter::Jobs(kind), |count| {
            if let Some(held) = count.taken.get_mut(&token) {
                held.unknown_since = if id.is_some() { None } else { Some(Instant::now()) };
                held.id = id.map(str::to_owned);
            }
        });
    }

    fn job_ended(&self, id: &str) {
        for (counter, count) in lock(&self.0).iter_mut() {
            if let Counter::Jobs(_) = counter {
                count.taken.retain(|_, held| held.id.as_deref() != Some(id));
            }
        }
    }

    fn jobs(&self, kind: JobKind) -> BoxFuture<'_, Result<Vec<HeldJob>, BoxError>> {
        Box::pin(async move {
            let now = Instant::now();
            let mut jobs: Vec<_> = self.with(Counter::Jobs(kind), |count| {
                let held = count.taken.iter();
                held.map(|(token, held)| {
                    HeldJob::new(*token, held.id.clone(), now.saturating_duration_since(held.since))
                })
                .collect()
            });
            jobs.sort_by_key(|job| std::cmp::Reverse(job.held_for));
            Ok(jobs)
        })
    }
}

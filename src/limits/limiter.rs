//! Waiting for a turn, within the limits.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::future::{Future as _, poll_fn};
use std::hash::BuildHasher as _;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

use super::brake::Brake;
use super::checks::{Checks, JobReader, Jobs};
use super::queue::{PRESENT, Position, Queue};
use super::settings::Limits;
use super::store::{Counter, Taken};
use crate::core::LeonardoCore;
use crate::error::{BoxError, Refused};
use crate::operation::{Effect, JobKind, OperationInfo};
use crate::runtime::{self, Instant, lock};

/// Holds the calls of a core to its limits.
///
/// Calls that need the same wait in the order in which they came, first for one of their operation, then of their kind of
/// job, then of all requests. Each keeps what it has while it waits for the next, so none waits for one that waits for it.
pub(crate) struct Limiter {
    limits: Limits,
    reader: JobReader,
    queues: Mutex<HashMap<Counter, Arc<Queue>>>,
    /// How many calls wait.
    waiting: AtomicU64,
    brakes: Mutex<HashMap<Counter, Brake>>,
    /// Something was given back.
    freed: Notify,
    tokens: (RandomState, AtomicU64),
}

/// How much of its limits a core uses; see [`LeonardoCore::limits_in_use`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitsInUse {
    /// How many calls wait for their turn.
    pub waiting: u64,
    /// How many jobs hold a place, by kind, whether they are at work or wait at the service.
    pub jobs: Vec<(JobKind, u64)>,
}

/// What a create has made, as far as its response tells.
pub(crate) enum JobOutcome<'a> {
    /// Nothing.
    Nothing,
    /// A job with this id, or none that goes on.
    Made(Option<&'a str>),
    /// That is not known.
    Unknown,
}

/// What one request may do, until it has ended. Dropped before it was sent, it gives everything back; dropped after that,
/// it is not known what it has made.
pub(crate) struct Admission {
    limiter: Arc<Limiter>,
    at: Instant,
    taken: Vec<Counter>,
    token: u64,
    pub(crate) sent: bool,
}

/// What is held of a job after its request.
pub(crate) type Admitted = (JobKind, u64);

impl Limiter {
    pub(crate) fn new(limits: Limits, jobs: &'static Jobs) -> Self {
        Self {
            limits,
            reader: JobReader::new(jobs),
            queues: Mutex::default(),
            waiting: AtomicU64::new(0),
            brakes: Mutex::default(),
            freed: Notify::new(),
            tokens: (RandomState::new(), AtomicU64::new(0)),
        }
    }

    /// What holds the calls of this core, if anything does.
    pub(crate) fn of(core: &LeonardoCore) -> Option<&Arc<Self>> {
        core.setting()
    }

    /// Waits until a call of this operation may be sent. `report` is told what it waits for, unless that is not needed.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        core: &LeonardoCore,
        operation: &OperationInfo,
        report: impl FnMut(Counter) + Send,
    ) -> Result<Admission, BoxError> {
        let token = self.tokens.0.hash_one(self.tokens.1.fetch_add(1, Ordering::Relaxed));
        let mut admission =
            Admission { limiter: self.clone(), at: Instant::now(), taken: Vec::new(), token, sent: false };
        let mut queued = Queued { waiting: &self.waiting, is_waiting: false, report };
        let limits = &self.limits;
        if operation.effect == Effect::Billable {
            let counter = Counter::Creates(operation.name);
            self.take(&mut admission, counter, limits.creates_per_minute, &mut queued, None).await?;
            if let Some((kind, most)) = operation.job.and_then(|kind| Some((kind, limits.most_jobs(kind)?))) {
                let checks = Checks::new(core, kind, &self.reader, &*limits.store);
                self.take(&mut admission, Counter::Jobs(kind), most, &mut queued, Some(checks)).await?;
            }
        }
        self.take(&mut admission, Counter::Requests, limits.requests_per_minute, &mut queued, None).await?;
        admission.at = Instant::now();
        Ok(admission)
    }

    /// Takes one, as soon as it can be had. With `checks`, jobs that hold one meanwhile are looked at.
    async fn take(
        &self,
        admission: &mut Admission,
        counter: Counter,
        most: u32,
        queued: &mut Queued<'_, impl FnMut(Counter) + Send>,
        mut checks: Option<Checks<'_>>,
    ) -> Result<(), BoxError> {
        let place = Position::new(&self.queue(counter));
        loop {
            if !place.is_first() {
                queued.waits_for(counter);
                place.first().await;
            }
            // Before it is asked for, so that nothing given back in between goes unnoticed.
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            let delay = match self.allowed(counter, most) {
                Err(delay) => delay,
                Ok(most) => {
                    // Noted first: if this is dropped, it may be taken.
                    admission.taken.push(counter);
                    match self.limits.store.take(counter, most, admission.token).await? {
                        Taken::Yes => return Ok(()),
                        Taken::After(delay) => {
                            admission.taken.pop();
                            delay
                        }
                    }
                }
            };
            queued.waits_for(counter);
            let mut changed = pin!(poll_fn(|context| {
                if freed.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Ok(()));
                }
                checks.as_mut().map_or(Poll::Pending, |checks| checks.poll(context))
            }));
            let began = Instant::now();
            loop {
                let rest = delay.max(MOST_OFTEN).saturating_sub(began.elapsed());
                match runtime::timeout(rest.min(PRESENT), changed.as_mut()).await {
                    Some(checked) => break checked?,
                    // The others are told that this one is there, and the store is left alone until it may have more.
                    None if rest <= PRESENT || !place.is_first() => break,
                    None => {}
                }
            }
        }
    }

    fn allowed(&self, counter: Counter, most: u32) -> Result<u32, Duration> {
        let mut brakes = lock(&self.brakes);
        let Some(brake) = brakes.get_mut(&counter) else { return Ok(most) };
        if brake.is_released() {
            brakes.remove(&counter);
            return Ok(most);
        }
        brake.allowed(most)
    }

    fn queue(&self, counter: Counter) -> Arc<Queue> {
        lock(&self.queues).entry(counter).or_default().clone()
    }

    /// A job was seen to have ended.
    pub(crate) fn job_ended(&self, id: &str) {
        self.limits.store.job_ended(id);
        self.freed.notify_waiters();
    }

    /// A job may have ended: it is looked at before others.
    pub(crate) fn job_may_have_ended(&self, id: &str) {
        self.reader.hint(id);
        self.freed.notify_waiters();
    }

    /// It is known by now what a create has made.
    pub(crate) fn resolve(&self, (kind, token): Admitted, id: Option<&str>) {
        match id {
            Some(id) => self.limits.store.set_job(kind, token, Some(id)),
            None => self.limits.store.end(Counter::Jobs(kind), token),
        }
        self.freed.notify_waiters();
    }

    pub(crate) async fn in_use(&self) -> Result<LimitsInUse, BoxError> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let mut jobs = Vec::new();
        for (kind, ..) in &self.limits.jobs {
            let held = self.limits.store.jobs(*kind).await?.len();
            jobs.push((*kind, u64::try_from(held).unwrap_or(u64::MAX)));
        }
        Ok(LimitsInUse { waiting, jobs })
    }
}

/// What a call is refused with where the counts cannot be had.
pub(crate) fn failed(source: BoxError) -> Refused {
    Refused { source: Some(source), ..Refused::new("limits", "the store of the core's limits failed") }
}

/// The least time between two attempts to take something.
const MOST_OFTEN: Duration = Duration::from_millis(5);

/// A call until it has all that it needs.
struct Queued<'a, F> {
    waiting: &'a AtomicU64,
    is_waiting: bool,
    report: F,
}

impl<F: FnMut(Counter)> Queued<'_, F> {
    fn waits_for(&mut self, counter: Counter) {
        if !self.is_waiting {
            self.is_waiting = true;
            self.waiting.fetch_add(1, Ordering::Relaxed);
            (self.report)(counter);
        }
    }
}

impl<F> Drop for Queued<'_, F> {
    fn drop(&mut self) {
        if self.is_waiting {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Admission {
    /// The service refused the request with 429.
    pub(crate) fn refused(&self, operation: &OperationInfo, retry_after: Option<Duration>) {
        let counter = match operation.effect {
            Effect::Billable => Counter::Creates(operation.name),
            _ => Counter::Requests,
        };
        lock(&self.limiter.brakes).entry(counter).or_insert_with(Brake::new).refused(self.at, retry_after);
    }

    /// The request has ended. What is left of it is the place of a job of which nothing is known.
    pub(crate) fn end(mut self, outcome: JobOutcome<'_>) -> Option<Admitted> {
        self.settle(outcome)
    }

    fn settle(&mut self, outcome: JobOutcome<'_>) -> Option<Admitted> {
        let store = &*self.limiter.limits.store;
        let mut left = None;
        for counter in std::mem::take(&mut self.taken) {
            match (counter, &outcome) {
                (Counter::Jobs(kind), JobOutcome::Made(Some(id))) => store.set_job(kind, self.token, Some(id)),
                (Counter::Jobs(kind), JobOutcome::Unknown) if self.sent => {
                    store.set_job(kind, self.token, None);
                    left = Some((kind, self.token));
                }
                (Counter::Jobs(_), _) => store.end(counter, self.token),
                _ if self.sent => store.end(counter, self.token),
                _ => store.give_back(counter, self.token),
            }
        }
        self.limiter.freed.notify_waiters();
        left
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.taken.is_empty() {
            self.settle(JobOutcome::Unknown);
        }
    }
}

//! Finding out whether jobs have ended that nobody waits for.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use super::store::{HeldJob, LimitStore};
use crate::core::LeonardoCore;
use crate::error::{BoxError, Error};
use crate::operation::JobKind;
use crate::runtime::{self, BoxFuture, Instant, lock};

/// What can be asked about any job of a core.
pub(crate) struct Jobs {
    /// Whether somebody waits for it, who will tell when it has ended.
    pub(crate) is_waited_for: fn(&LeonardoCore, &str) -> bool,
    /// Whether the service says that it has ended.
    pub(crate) has_ended: fn(&LeonardoCore, JobKind, &str) -> BoxFuture<'static, Result<bool, Error>>,
}

/// Tells how far a job of any kind is.
pub(super) struct JobReader {
    jobs: &'static Jobs,
    /// Jobs that may have ended, as somebody has said.
    hinted: Mutex<VecDeque<String>>,
    /// When each place's job was looked at.
    looked: Mutex<HashMap<(JobKind, u64), Instant>>,
}

/// How many hints are kept. One that is lost costs time, no more.
const MOST_HINTS: usize = 1024;
/// The time between two looks.
const BETWEEN: Duration = Duration::from_millis(250);
/// A job that is waited for is left alone for so long: who waits for it will tell.
const WATCHED: Duration = Duration::from_secs(60);
/// The time between two looks at the same job is a quarter of its age, within these bounds.
const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(30);
/// For how long a job may be unknown to the service after its create.
const APPEARS: Duration = Duration::from_secs(60);

impl JobReader {
    pub(super) fn new(jobs: &'static Jobs) -> Self {
        Self { jobs, hinted: Mutex::default(), looked: Mutex::default() }
    }

    pub(super) fn hint(&self, id: &str) {
        let mut hinted = lock(&self.hinted);
        if hinted.len() == MOST_HINTS {
            hinted.pop_front();
        }
        hinted.push_back(id.to_owned());
    }

    /// The place whose job is to be looked at next.
    fn choose(&self, core: &LeonardoCore, kind: JobKind, held: &[HeldJob]) -> Option<(HeldJob, String)> {
        let mut hinted = lock(&self.hinted);
        let mut looked = lock(&self.looked);
        looked.retain(|(of, token), _| *of != kind || held.iter().any(|job| job.token == *token));
        let due = |job: &HeldJob| {
            let again_after = (job.held_for / 4).clamp(OFTEN, SELDOM);
            looked.get(&(kind, job.token)).is_none_or(|looked| looked.elapsed() >= again_after)
        };
        let chosen = held.iter().filter_map(|job| Some((job, job.id.as_ref()?))).find(|(job, id)| {
            hinted.contains(id) || ((job.held_for >= WATCHED || !(self.jobs.is_waited_for)(core, id)) && due(job))
        });
        let (job, id) = chosen?;
        hinted.retain(|hinted| hinted != id);
        looked.insert((kind, job.token), Instant::now());
        Some((job.clone(), id.clone()))
    }

    /// Whether it is known that a job has ended.
    async fn has_ended(&self, core: &LeonardoCore, kind: JobKind, job: &HeldJob, id: &str) -> bool {
        match (self.jobs.has_ended)(core, kind, id).await {
            Ok(has_ended) => has_ended,
            Err(error) => error.is_not_found() && job.held_for >= APPEARS,
        }
    }
}

/// Looks at jobs of a kind, one after the other, for as long as somebody needs a place.
pub(super) struct Checks<'a> {
    core: &'a LeonardoCore,
    kind: JobKind,
    reader: &'a JobReader,
    store: &'a dyn LimitStore,
    /// The look under way. It is kept while its caller is busy otherwise, so that no request is given up.
    look: Option<BoxFuture<'a, Result<Option<String>, BoxError>>>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(core: &'a LeonardoCore, kind: JobKind, reader: &'a JobReader, store: &'a dyn LimitStore) -> Self {
        Self { core, kind, reader, store, look: None }
    }

    /// Ready once a job has ended, whose place is free then.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        loop {
            let Self { core, kind, reader, store, look } = self;
            let look = look.get_or_insert_with(|| look_once(core, *kind, reader, *store));
            let Poll::Ready(ended) = look.as_mut().poll(context) else { return Poll::Pending };
            self.look = None;
            if let Some(id) = ended? {
                self.store.job_ended(&id);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// The id of a job that has ended, if the one that was looked at has.
fn look_once<'a>(
    core: &'a LeonardoCore,
    kind: JobKind,
    reader: &'a JobReader,
    store: &'a dyn LimitStore,
) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
    Box::pin(async move {
        runtime::sleep(BETWEEN).await;
        let held = store.jobs(kind).await?;
        let Some((job, id)) = reader.choose(core, kind, &held) else { return Ok(None) };
        let has_ended = reader.has_ended(core, kind, &job, &id).await;
        Ok(has_ended.then_some(id))
    })
}

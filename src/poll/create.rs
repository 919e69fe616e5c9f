//! A create and the wait for what it made, in one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use super::job::{Job, JobState, WaitError, WaitErrorReason};
use super::poller::Poller;
use super::steps::Steps;
use super::{OnRetry, Retry};
use crate::error::Error;
use crate::runtime::{BoxFuture, Instant, MaybeSend, lock};

/// How far a create with its wait is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum JobProgress<C, D> {
    /// Something failed, or cannot be found yet, and is attempted again. The `Display` of it is a message to show.
    Retrying(Retry),
    /// The job was created. From here on it is paid for.
    Created(C),
    /// A poll found it at work.
    #[non_exhaustive]
    Pending {
        /// The time since the call began.
        elapsed: Duration,
    },
    /// It is complete.
    Complete(Box<D>),
}

impl<C: serde::Serialize, D: serde::Serialize> serde::Serialize for JobProgress<C, D> {
    /// `step` tells which it is, and the field of that name, or `elapsed` in seconds, the rest.
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        use serde::ser::SerializeMap as _;
        let mut fields = serializer.serialize_map(Some(2))?;
        match self {
            Self::Retrying(retry) => {
                fields.serialize_entry("step", "retrying")?;
                fields.serialize_entry("retry", retry)?;
            }
            Self::Created(created) => {
                fields.serialize_entry("step", "created")?;
                fields.serialize_entry("created", created)?;
            }
            Self::Pending { elapsed } => {
                fields.serialize_entry("step", "pending")?;
                fields.serialize_entry("elapsed", &elapsed.as_secs_f64())?;
            }
            Self::Complete(done) => {
                fields.serialize_entry("step", "complete")?;
                fields.serialize_entry("complete", done)?;
            }
        }
        fields.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) type OnProgress<C, D> = Box<dyn FnMut(&JobProgress<C, D>) + Send>;
#[cfg(target_arch = "wasm32")]
pub(crate) type OnProgress<C, D> = Box<dyn FnMut(&JobProgress<C, D>)>;

/// What is made of a job: `C` tells that it was created, `J` is its record, and `D` both.
pub(crate) struct Made<C, J: Job, D> {
    /// The workflow.
    pub(crate) name: &'static str,
    pub(crate) id: fn(&C) -> J::Id,
    pub(crate) done: fn(C, J) -> D,
}

/// A create and its wait under way.
pub(crate) struct Creating<C, J: Job, D> {
    made: Made<C, J, D>,
    work: Work<C, J>,
    /// What the work has ended with, if that is still to be told.
    ended: Option<Ended<C, J>>,
    /// Until there is something to wait for.
    poller: Option<Poller>,
    /// What the create ended with.
    created: Option<C>,
    /// When the time of the deadline began.
    began: Option<Instant>,
    /// What was attempted again, and is still to be told.
    retries: Arc<Mutex<VecDeque<Retry>>>,
    on_progress: Option<OnProgress<C, D>>,
    /// The job that goes on if this is dropped.
    pending: Pending,
}

/// What is under way. It goes on from one step to the next, since a retry is a step in the middle of it.
enum Work<C, J: Job> {
    Creating(BoxFuture<'static, Result<C, Error>>),
    Waiting(BoxFuture<'static, Ended<C, J>>),
}

enum Ended<C, J: Job> {
    Create(Result<C, Error>),
    Poll(Box<(Result<J, WaitError<J>>, Poller)>),
}

/// Keeps what is attempted again, until it is told.
pub(crate) fn retries() -> (Arc<Mutex<VecDeque<Retry>>>, OnRetry) {
    let retries = Arc::new(Mutex::new(VecDeque::new()));
    let kept = retries.clone();
    (retries, OnRetry::new(move |retry: &Retry| lock(&kept).push_back(retry.clone())))
}

impl<C: Clone + MaybeSend + 'static, J: Job, D> Creating<C, J, D> {
    pub(crate) fn new(
        made: Made<C, J, D>,
        create: BoxFuture<'static, Result<C, Error>>,
        poller: Poller,
        retries: Arc<Mutex<VecDeque<Retry>>>,
        on_progress: Option<OnProgress<C, D>>,
    ) -> Self {
        // Otherwise the first poll would find it, when the job is paid for.
        let create = match poller.refused(made.name) {
            Some(error) => Box::pin(std::future::ready(Err(error))),
            None => create,
        };
        Self {
            pending: Pending { name: made.name, noun: J::NOUN, id: None },
            made,
            work: Work::Creating(create),
            ended: None,
            poller: Some(poller),
            created: None,
            began: None,
            retries,
            on_progress,
        }
    }

    /// What happens next. Nothing does after `Complete` or an error.
    pub(crate) async fn step(&mut self) -> Result<JobProgress<C, D>, WaitError<J>> {
        let began = *self.began.get_or_insert_with(Instant::now);
        let step = match self.next().await {
            Err(retry) => JobProgress::Retrying(retry),
            Ok(Ended::Create(created)) => {
                let created = created.map_err(|error| WaitError {
                    id: None,
                    exists: false,
                    reason: WaitErrorReason::Call(error),
                })?;
                let id = (self.made.id)(&created);
                self.pending.id = Some(id.to_string());
                if let Some(mut poller) = self.poller.take() {
                    poller.begin(id.to_string(), began);
                    self.work = Work::Waiting(observing(poller, id));
                }
                self.created = Some(created.clone());
                JobProgress::Created(created)
            }
            Ok(Ended::Poll(polled)) => {
                let (seen, poller) = *polled;
                let is_over = seen.as_ref().map_or(true, |record| record.state() == JobState::Complete);
                if is_over {
                    // Whoever waits is told.
                    self.pending.id = None;
                }
                let elapsed = poller.elapsed();
                let record = seen?;
                match self.created.take() {
                    Some(created) if is_over => JobProgress::Complete(Box::new((self.made.done)(created, record))),
                    created => {
                        if let Some(created) = &created {
                            self.work = Work::Waiting(observing(poller, (self.made.id)(created)));
                        }
                        self.created = created;
                        JobProgress::Pending { elapsed }
                    }
                }
            }
        };
        if let Some(report) = &mut self.on_progress {
            report(&step);
        }
        Ok(step)
    }

    /// All steps, until `Complete` or an error.
    pub(crate) fn steps(self) -> Steps<JobProgress<C, D>, WaitError<J>>
    where
        D: MaybeSend + 'static,
    {
        Steps::new(self, |mut creating| {
            Box::pin(async move {
                let step = creating.step().await;
                let more = step.as_ref().is_ok_and(|step| !matches!(step, JobProgress::Complete(_)));
                (step, more.then_some(creating))
            })
        })
    }

    /// What it ends with.
    pub(crate) fn end(mut self) -> BoxFuture<'static, Result<D, WaitError<J>>>
    where
        D: MaybeSend + 'static,
    {
        Box::pin(async move {
            loop {
                if let JobProgress::Complete(done) = self.step().await? {
                    return Ok(*done);
                }
            }
        })
    }

    /// What the work ends with, or what is attempted again before that.
    async fn next(&mut self) -> Result<Ended<C, J>, Retry> {
        let Self { work, ended, retries, .. } = self;
        poll_fn(|context| {
            if ended.is_none() {
                let polled = match work {
                    Work::Creating(create) => create.as_mut().poll(context).map(Ended::Create),
                    Work::Waiting(observed) => observed.as_mut().poll(context),
                };
                if let Poll::Ready(polled) = polled {
                    *ended = Some(polled);
                }
            }
            if let Some(retry) = lock(retries).pop_front() {
                return Poll::Ready(Err(retry));
            }
            ended.take().map_or(Poll::Pending, |ended| Poll::Ready(Ok(ended)))
        })
        .await
    }
}

/// One observation, which gives the poller back.
fn observing<C, J: Job>(mut poller: Poller, id: J::Id) -> BoxFuture<'static, Ended<C, J>> {
    Box::pin(async move {
        let seen = poller.observe(&id).await;
        Ended::Poll(Box::new((seen, poller)))
    })
}

/// Reports, when it is dropped, which job goes on though nobody waits for it any more.
struct Pending {
    name: &'static str,
    noun: &'static str,
    id: Option<String>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                operation = self.name,
                id = id.as_str(),
                "dropped before the {} was complete: it goes on and is paid for",
                self.noun
            );
            let _ = (id, self.name, self.noun);
        }
    }
}

//! From a request to the images, in one call.

use std::collections::VecDeque;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use super::image_create_generation_once::{CreateOnce, image_create_generation_once};
use super::image_wait_for_generation::{
    GenerationError, GenerationErrorReason, GenerationStream, GenerationWaker, Poller, WaitForGeneration,
    image_wait_for_generation,
};
use crate::error::Error;
use crate::models::{CreateGenerationRequest, Generation, GenerationId, GenerationJob, JobStatus};
use crate::retry::RetryPolicy;
use crate::runtime::{BoxFuture, Instant, MaybeSend, SystemTime};
use crate::{LeonardoCore, Retry};

/// Creates a generation of images exactly once and waits until it is complete. Costs credits.
///
/// It stands on [`image_create_generation_once`] and
/// [`image_wait_for_generation`](super::image_wait_for_generation()), and promises what they do. Both together have one
/// deadline.
///
/// Dropping the future ends the waiting, not the work: a generation that was created goes on and is paid for. With the
/// feature `tracing` its id is reported then; [`on_progress`](Generate::on_progress) tells it beforehand.
///
/// # Errors
///
/// [`GenerationError`], which has the id of the generation as soon as there is one.
pub fn image_generate(core: &LeonardoCore, request: CreateGenerationRequest) -> Generate {
    Generate {
        create: image_create_generation_once(core, request),
        wait: image_wait_for_generation(core, ""),
        deadline: Some(Duration::from_secs(600)),
        on_progress: None,
    }
}

#[cfg(not(target_arch = "wasm32"))]
type OnProgress = Box<dyn FnMut(&GenerationProgress) + Send>;
#[cfg(target_arch = "wasm32")]
type OnProgress = Box<dyn FnMut(&GenerationProgress)>;

/// A create and a wait in one; made by [`image_generate`].
#[must_use = "nothing is sent until it is awaited"]
pub struct Generate {
    create: CreateOnce,
    /// Its id is set once it is known.
    wait: WaitForGeneration,
    deadline: Option<Duration>,
    on_progress: Option<OnProgress>,
}

/// A generation that is complete, and the job that made it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Generated {
    /// The answer to the create, with the cost. Where the answer was lost and the generation was looked up, the cost is
    /// not known.
    pub job: GenerationJob,
    /// The generation with its images.
    pub generation: Generation,
}

/// How far [`image_generate`] is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GenerationProgress {
    /// Something failed, or cannot be found yet, and is attempted again. The `Display` of it is a message to show.
    Retrying(Retry),
    /// The generation was created. From here on it is paid for.
    Created(GenerationJob),
    /// A poll found it at work.
    #[non_exhaustive]
    Pending {
        /// The time since the call began.
        elapsed: Duration,
    },
    /// It is complete.
    Complete(Box<Generated>),
}

impl Generate {
    /// How long after a failed create the generation may take to appear in the account's list; see
    /// [`CreateOnce::grace`].
    pub fn grace(mut self, grace: Duration) -> Self {
        self.create = self.create.grace(grace);
        self
    }

    /// How much the times of generations may be off; see [`CreateOnce::clock_tolerance`].
    pub fn clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.create = self.create.clock_tolerance(tolerance);
        self
    }

    /// Says that no other request has the same seed; see [`CreateOnce::unique_seed`].
    pub fn unique_seed(mut self, unique: bool) -> Self {
        self.create = self.create.unique_seed(unique);
        self
    }

    /// Looks for the generation before the first create; see [`CreateOnce::look_first`].
    pub fn look_first(mut self, sent_after: SystemTime) -> Self {
        self.create = self.create.look_first(sent_after);
        self
    }

    /// The delays between attempts to create; see [`CreateOnce::retry`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.create = self.create.retry(policy);
        self
    }

    /// The pause before the first poll; see [`WaitForGeneration::first_poll`].
    pub fn first_poll(mut self, pause: Duration) -> Self {
        self.wait = self.wait.first_poll(pause);
        self
    }

    /// The longest pause between two polls; see [`WaitForGeneration::longest_pause`].
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.wait = self.wait.longest_pause(pause);
        self
    }

    /// All about the pauses between polls at once; see [`WaitForGeneration::polls`].
    pub fn polls(mut self, policy: RetryPolicy) -> Self {
        self.wait = self.wait.polls(policy);
        self
    }

    /// For how long after the create its id may be unknown to the service; see [`WaitForGeneration::appear_within`].
    pub fn appear_within(mut self, time: Duration) -> Self {
        self.wait = self.wait.appear_within(time);
        self
    }

    /// The longest that one attempt of any request may take; the core's if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.create = self.create.timeout(timeout);
        self.wait = self.wait.timeout(timeout);
        self
    }

    /// The longest that all of it may take; 10 minutes if not set, `None` for no limit.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Calls `report` with each step on the way, and with what fails and is attempted again. It is called between two
    /// requests, so it must not block.
    pub fn on_progress(mut self, report: impl FnMut(&GenerationProgress) + MaybeSend + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// A handle that has the next poll come at once; see [`WaitForGeneration::waker`].
    pub fn waker(&self) -> GenerationWaker {
        self.wait.waker()
    }

    /// The steps on the way as a stream, which ends after [`GenerationProgress::Complete`] or an error. Nothing is sent before its
    /// first `next`.
    pub fn progress(self) -> GenerationStream<GenerationProgress> {
        GenerationStream::new(Generating::new(self), |mut generating| {
            Box::pin(async move {
                let step = generating.step().await;
                let more = step.as_ref().is_ok_and(|step| !matches!(step, GenerationProgress::Complete(_)));
                (step, more.then_some(generating))
            })
        })
    }
}

impl fmt::Debug for Generate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generate")
            .field("create", &self.create)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for Generate {
    type Output = Result<Generated, GenerationError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut generating = Generating::new(self);
            loop {
                if let GenerationProgress::Complete(generated) = generating.step().await? {
                    return Ok(*generated);
                }
            }
        })
    }
}

/// A call under way.
struct Generating {
    work: Work,
    /// What the work has ended with, if that is still to be told.
    ended: Option<Ended>,
    /// Until there is something to wait for.
    poller: Option<Poller>,
    /// What the create ended with.
    job: Option<GenerationJob>,
    /// When the time of the deadline began.
    began: Option<Instant>,
    /// What was attempted again, and is still to be told.
    retries: Arc<Mutex<VecDeque<Retry>>>,
    on_progress: Option<OnProgress>,
    watch: Watch,
}

/// What is under way. It goes on from one step to the next, since a retry is a step in the middle of it.
enum Work {
    Creating(BoxFuture<'static, Result<GenerationJob, Error>>),
    Waiting(BoxFuture<'static, Ended>),
}

enum Ended {
    Create(Result<GenerationJob, Error>),
    Poll(Box<(Result<Generation, GenerationError>, Poller)>),
}

impl Generating {
    fn new(generate: Generate) -> Self {
        let Generate { create, wait, deadline, on_progress } = generate;
        let retries = Arc::new(Mutex::new(VecDeque::new()));
        let tell = |retries: Arc<Mutex<VecDeque<Retry>>>| move |retry: &Retry| lock(&retries).push_back(retry.clone());
        let create = create.deadline(deadline).on_retry(tell(retries.clone()));
        let wait = wait.deadline(deadline).on_retry(tell(retries.clone()));
        Self {
            work: Work::Creating(create.into_future()),
            ended: None,
            poller: Some(Poller::new(wait)),
            job: None,
            began: None,
            retries,
            on_progress,
            watch: Watch(None),
        }
    }

    async fn step(&mut self) -> Result<GenerationProgress, GenerationError> {
        let began = *self.began.get_or_insert_with(Instant::now);
        let step = match self.next().await {
            Err(retry) => GenerationProgress::Retrying(retry),
            Ok(Ended::Create(created)) => {
                let job = created.map_err(|error| GenerationError {
                    id: None,
                    exists: false,
                    reason: GenerationErrorReason::Call(error),
                })?;
                self.watch.0 = Some(job.generation_id.clone());
                if let Some(mut poller) = self.poller.take() {
                    poller.begin(job.generation_id.clone(), began);
                    self.work = Work::Waiting(observing(poller));
                }
                self.job = Some(job.clone());
                GenerationProgress::Created(job)
            }
            Ok(Ended::Poll(polled)) => {
                let (seen, poller) = *polled;
                if seen.as_ref().map_or(true, |generation| generation.status == JobStatus::Complete) {
                    // Whoever waits is told.
                    self.watch.0 = None;
                }
                let elapsed = poller.elapsed();
                self.work = Work::Waiting(observing(poller));
                match seen? {
                    generation if generation.status == JobStatus::Complete => {
                        let job = self.job.clone().unwrap_or_default();
                        GenerationProgress::Complete(Box::new(Generated { job, generation }))
                    }
                    _ => GenerationProgress::Pending { elapsed },
                }
            }
        };
        if let Some(report) = &mut self.on_progress {
            report(&step);
        }
        Ok(step)
    }

    /// What the work ends with, or what is attempted again before that.
    async fn next(&mut self) -> Result<Ended, Retry> {
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
fn observing(mut poller: Poller) -> BoxFuture<'static, Ended> {
    Box::pin(async move {
        let seen = poller.observe().await;
        Ended::Poll(Box::new((seen, poller)))
    })
}

fn lock(retries: &Mutex<VecDeque<Retry>>) -> MutexGuard<'_, VecDeque<Retry>> {
    // Left whole by every holder.
    retries.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reports, when it is dropped, which generation goes on though nobody waits for it any more.
struct Watch(Option<GenerationId>);

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(id) = &self.0 {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                operation = "image_generate",
                generation_id = id.as_str(),
                "dropped before the generation was complete: it goes on and is paid for"
            );
            let _ = id;
        }
    }
}

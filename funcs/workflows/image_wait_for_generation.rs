//! Waiting until a generation is complete.

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::Notify;

use super::image_get_generation_by_id;
use crate::error::{self, CallInfo, Error, InvalidRequestError, TimeoutScope};
use crate::models::{Generation, GenerationId, JobStatus};
use crate::poll::{Delays, OnRetry, Retry, before_deadline, never_connected};
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture, Instant, MaybeSend};
use crate::{Effect, LeonardoCore};

/// Waits until a generation is complete: `GET /v1/generations/{id}`, again and again.
///
/// The first poll comes after about a second, and each further pause is half as long again, up to 10 seconds; so a
/// generation that takes 20 seconds costs about 6 requests. All waits of a core and its clones share one pace
/// ([`polls_per_minute`](crate::LeonardoCoreBuilder::polls_per_minute)), so that many of them together stay below the
/// service's limit: then each polls less often. A [`waker`](WaitForGeneration::waker) has the next poll come at once.
///
/// Whatever is transient is survived until the deadline, unless the server was never reached: then the core's retry policy
/// says how often that is attempted. Failures take from the core's retry budget; while it is spent, polls come with the
/// longest delay. Dropping the future ends the wait and changes nothing about the
/// generation.
///
/// # Errors
///
/// [`GenerationError`], which has the id: the generation failed, the deadline came, or reading it was refused.
pub fn image_wait_for_generation(core: &LeonardoCore, id: impl Into<GenerationId>) -> WaitForGeneration {
    WaitForGeneration {
        core: core.clone(),
        id: id.into(),
        polls: RetryPolicy::default()
            .initial_backoff(Duration::from_secs(1))
            .max_backoff(Duration::from_secs(10))
            .multiplier(1.5)
            .jitter(0.25),
        appear_within: Duration::from_secs(10),
        timeout: None,
        deadline: Some(Duration::from_secs(600)),
        wake: Arc::default(),
        on_retry: OnRetry::default(),
    }
}

/// A wait for a generation; made by [`image_wait_for_generation`].
#[must_use = "nothing is read until it is awaited"]
pub struct WaitForGeneration {
    core: LeonardoCore,
    id: GenerationId,
    polls: RetryPolicy,
    appear_within: Duration,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    wake: Arc<Notify>,
    on_retry: OnRetry,
}

impl WaitForGeneration {
    /// The pause before the first poll; 1 second if not set.
    pub fn first_poll(mut self, pause: Duration) -> Self {
        self.polls = self.polls.initial_backoff(pause);
        self
    }

    /// The longest pause between two polls, before jitter; 10 seconds if not set.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.polls = self.polls.max_backoff(pause);
        self
    }

    /// All about the pauses at once: the policy's first one comes before the first poll. Its limits to attempts and time
    /// are not used here.
    pub fn polls(mut self, policy: RetryPolicy) -> Self {
        self.polls = policy;
        self
    }

    /// For how long after the wait began the id may be unknown to the service, as right after a create; 10 seconds if not
    /// set.
    pub fn appear_within(mut self, time: Duration) -> Self {
        self.appear_within = time;
        self
    }

    /// The longest that one poll may take; the core's timeout if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The longest that the wait may take, from when it is awaited; 10 minutes if not set, `None` for no limit.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Calls `report` after each poll that failed, with what failed and when the next is. It must not block.
    pub fn on_retry(mut self, report: impl FnMut(&Retry) + MaybeSend + 'static) -> Self {
        self.on_retry = OnRetry::new(report);
        self
    }

    /// A handle that has the next poll come at once, for example when a webhook was received.
    pub fn waker(&self) -> GenerationWaker {
        GenerationWaker(self.wake.clone())
    }

    /// Every state that a poll finds, instead of only the last: any number of `Pending`, then `Complete` or an error,
    /// and then nothing more. The time of the deadline begins with the first `next`.
    pub fn states(self) -> GenerationStream<Generation> {
        GenerationStream::new(Poller::new(self), |mut poller| {
            Box::pin(async move {
                let state = poller.observe().await;
                let more = state.as_ref().is_ok_and(|generation| generation.status != JobStatus::Complete);
                (state, more.then_some(poller))
            })
        })
    }
}

impl fmt::Debug for WaitForGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForGeneration")
            .field("id", &self.id)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for WaitForGeneration {
    type Output = Result<Generation, GenerationError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut poller = Poller::new(self);
            loop {
                let generation = poller.observe().await?;
                if generation.status == JobStatus::Complete {
                    return Ok(generation);
                }
            }
        })
    }
}

/// Has a wait's next poll come at once; made by [`WaitForGeneration::waker`].
///
/// It does not say that the generation is complete: the poll finds that out. Where it is called before the wait, or
/// during a poll, the one after comes at once. Several calls between two polls count as one, and a call after the end does
/// nothing. The shared pace holds for such a poll as well, but it goes before all that were not woken.
#[derive(Clone, Debug)]
pub struct GenerationWaker(Arc<Notify>);

impl GenerationWaker {
    /// Has the next poll come at once.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// What happens to a generation, as it happens; a [`Stream`] that needs no pinning.
#[must_use = "nothing is done until it is asked for the next"]
pub struct GenerationStream<T> {
    next: Option<Step<Self, T>>,
}

/// One item, and the state to go on from unless it was the last.
pub(super) type Step<S, T> = BoxFuture<'static, (Result<T, GenerationError>, Option<S>)>;

impl<T: MaybeSend + 'static> GenerationStream<T> {
    pub(super) fn new<S: MaybeSend + 'static>(state: S, step: fn(S) -> Step<S, T>) -> Self {
        let next = async move {
            let (item, state) = step(state).await;
            (item, state.map(|state| Self::new(state, step)))
        };
        Self { next: Some(Box::pin(next)) }
    }
}

impl<T> GenerationStream<T> {
    /// Waits for what comes next; `None` after the end.
    pub async fn next(&mut self) -> Option<Result<T, GenerationError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Stream for GenerationStream<T> {
    type Item = Result<T, GenerationError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let (item, rest) = ready!(next.as_mut().poll(context));
        self.next = rest.and_then(|rest| rest.next);
        Poll::Ready(Some(item))
    }
}

impl<T> fmt::Debug for GenerationStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerationStream").field("ended", &self.next.is_none()).finish()
    }
}

/// Why there is no complete generation.
///
/// The message says what became of the generation. One that is known to exist is paid for, so do not create it again
/// before you have looked at it.
#[non_exhaustive]
pub struct GenerationError {
    /// The generation; `None` if none was made, or if that is not known ([`Error::OutcomeUnknown`]).
    pub id: Option<GenerationId>,
    /// Whether it is known to exist: this call created it, or a poll has seen it. Of an id that was only asked about,
    /// nothing may be known.
    pub exists: bool,
    /// What happened.
    pub reason: GenerationErrorReason,
}

/// What happened instead of a complete generation.
#[non_exhaustive]
pub enum GenerationErrorReason {
    /// The service gave it up: its status is `Failed`. This is the record.
    Failed(Box<Generation>),
    /// It was not complete in time. The work goes on.
    #[non_exhaustive]
    Deadline {
        /// The time that there was.
        limit: Duration,
        /// The last poll's failure, if it failed.
        last_failure: Option<Box<Error>>,
    },
    /// It was not created, or reading it was refused.
    Call(Error),
}

impl GenerationError {
    /// Whether credits may have been spent on the generation. Where this is false, this call has charged nothing, and
    /// nothing is known of a generation that was.
    pub fn may_have_been_charged(&self) -> bool {
        match &self.reason {
            GenerationErrorReason::Call(error) => self.exists || error.may_have_been_charged(),
            GenerationErrorReason::Failed(_) => true,
            GenerationErrorReason::Deadline { .. } => self.exists,
        }
    }

    /// The id of the generation, if there is one.
    pub fn generation_id(&self) -> Option<&str> {
        self.id.as_ref().map(GenerationId::as_str)
    }

    /// Whether the API said that there is no such generation.
    pub fn is_not_found(&self) -> bool {
        self.call().is_some_and(Error::is_not_found)
    }

    /// How long the server asked to wait before another attempt, in the last response, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.reason {
            GenerationErrorReason::Deadline { last_failure, .. } => last_failure.as_ref()?.retry_after(),
            _ => self.call()?.retry_after(),
        }
    }

    /// The error that it ended with.
    fn call(&self) -> Option<&Error> {
        if let GenerationErrorReason::Call(error) = &self.reason { Some(error) } else { None }
    }
}

impl From<GenerationError> for Error {
    /// What no generation came of is the error of the call that was to create it.
    fn from(error: GenerationError) -> Self {
        match error {
            GenerationError { id: None, reason: GenerationErrorReason::Call(error), .. } => error,
            error => Self::workflow(error),
        }
    }
}

impl error::HasParts for GenerationError {
    fn parts(&self) -> error::Parts<'_> {
        error::Parts {
            call: self.call(),
            may_have_been_charged: self.may_have_been_charged(),
            generation_id: self.generation_id(),
            is_not_found: self.is_not_found(),
            retry_after: self.retry_after(),
        }
    }
}

const GOES_ON: &str = "The work goes on and is paid for: wait for it again by its id instead of creating it again.";
const NOTHING_KNOWN: &str = "A wait charges nothing, and of this id nothing is known yet: wait for it again.";

impl fmt::Display for GenerationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(id) = &self.id else { return self.reason.fmt(f) };
        let next = if self.exists { GOES_ON } else { NOTHING_KNOWN };
        match &self.reason {
            GenerationErrorReason::Failed(_) => write!(
                f,
                "generation {id} failed: its status is FAILED and stays so. To try again, create another, which is \
                 charged anew."
            ),
            GenerationErrorReason::Deadline { limit, last_failure } => {
                let limit = limit.as_secs_f64();
                write!(f, "generation {id} was not complete within {limit} s")?;
                if let Some(error) = last_failure {
                    write!(f, " (the last poll: {error})")?;
                }
                write!(f, ". {next}")
            }
            GenerationErrorReason::Call(error) if error.is_not_found() && self.exists => {
                write!(f, "generation {id} is not there any more: {error}")
            }
            GenerationErrorReason::Call(error) if error.is_not_found() => {
                write!(f, "generation {id} is not there: {error} A wait charges nothing.")
            }
            GenerationErrorReason::Call(error) => write!(f, "waiting for generation {id} ended: {error} {next}"),
        }
    }
}

impl fmt::Display for GenerationErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(generation) => write!(f, "the status of generation {} is FAILED", generation.id),
            Self::Deadline { limit, .. } => write!(f, "it was not complete within {} s", limit.as_secs_f64()),
            Self::Call(error) => error.fmt(f),
        }
    }
}

/// As `Display`, since a program that returns an error from `main` shows this.
impl fmt::Debug for GenerationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        error::debug("GenerationError", self, f)
    }
}

/// As `Display`: a whole record says less.
impl fmt::Debug for GenerationErrorReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for GenerationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            GenerationErrorReason::Failed(_) => None,
            GenerationErrorReason::Deadline { last_failure, .. } => {
                last_failure.as_deref().map(|error| error as &(dyn std::error::Error + 'static))
            }
            GenerationErrorReason::Call(error) => Some(error),
        }
    }
}

/// A wait under way.
pub(super) struct Poller {
    wait: WaitForGeneration,
    delays: Delays,
    /// When the time of the deadline began, and when the wait did.
    began: Option<(Instant, Instant)>,
    last_failure: Option<Box<Error>>,
    /// After a poll that failed: the delay, and the part of it that the server asked for.
    failed: Option<(Duration, Duration)>,
    polls: u32,
    /// Whether the generation is known to exist.
    exists: bool,
    /// How many polls failed before the server was reached; none if it was.
    unreached: Option<u32>,
}

impl Poller {
    pub(super) fn new(wait: WaitForGeneration) -> Self {
        let delays = Delays::new(&wait.core, &wait.polls);
        Self {
            wait,
            delays,
            began: None,
            last_failure: None,
            failed: None,
            polls: 0,
            exists: false,
            unreached: Some(0),
        }
    }

    /// Begins the wait for what was just created; the time of the deadline began before.
    #[cfg(feature = "image-generate")]
    pub(super) fn begin(&mut self, id: GenerationId, deadline_began: Instant) {
        self.wait.id = id;
        self.began = Some((deadline_began, Instant::now()));
        (self.exists, self.unreached) = (true, None);
    }

    /// The next state that is seen, unless it is that the generation failed.
    pub(super) async fn observe(&mut self) -> Result<Generation, GenerationError> {
        let reason = match self.next_state().await {
            Ok(failed) if failed.status == JobStatus::Failed => GenerationErrorReason::Failed(Box::new(failed)),
            Ok(generation) => return Ok(generation),
            Err(reason) => reason,
        };
        Err(GenerationError { id: Some(self.wait.id.clone()), exists: self.exists, reason })
    }

    async fn next_state(&mut self) -> Result<Generation, GenerationErrorReason> {
        if !runtime::is_running() {
            return Err(GenerationErrorReason::Call(no_runtime()));
        }
        let (_, wait_began) = *self.began.get_or_insert_with(|| (Instant::now(), Instant::now()));
        loop {
            self.until_due().await?;
            self.polls += 1;
            let read = image_get_generation_by_id(&self.wait.core, &self.wait.id).retry(RetryPolicy::none());
            let read = read.deadline(self.wait.deadline.map(|_| self.left()));
            let read = match self.wait.timeout {
                Some(timeout) => read.timeout(timeout),
                None => read,
            };
            let error = match read.await {
                Ok(generation) => {
                    (self.exists, self.unreached, self.last_failure) = (true, None, None);
                    return Ok(generation);
                }
                Err(Error::Timeout(error)) if error.scope == TimeoutScope::Deadline => return Err(self.out_of_time()),
                Err(error) => error,
            };
            let may_appear = error.is_not_found() && wait_began.elapsed() < self.wait.appear_within;
            if !may_appear && !error.may_be_retried(Effect::Read) {
                return Err(GenerationErrorReason::Call(error));
            }
            let delay = self.delays.after(&error);
            if !self.reaches(&error, delay) {
                return Err(GenerationErrorReason::Call(error));
            }
            let next_in = before_deadline(delay, self.left(), self.limit()).unwrap_or(self.left());
            self.wait.on_retry.tell("image_get_generation_by_id", self.polls, &error, next_in);
            self.failed = Some((delay, error.retry_after().unwrap_or_default()));
            self.last_failure = Some(Box::new(error));
        }
    }

    /// Whether the server was ever reached, or the core's policy allows another attempt at it.
    fn reaches(&mut self, error: &Error, delay: Duration) -> bool {
        self.unreached = self.unreached.filter(|_| never_connected(error)).map(|polls| polls + 1);
        self.unreached.is_none_or(|polls| self.wait.core.inner.retry.allows(polls, self.elapsed(), delay))
    }

    /// Rests until the next poll may be made, or the deadline comes.
    async fn until_due(&mut self) -> Result<(), GenerationErrorReason> {
        let (delay, asked) = self.failed.take().unwrap_or_else(|| (self.delays.next(), Duration::ZERO));
        // One more look shortly before the end, then none.
        let delay = before_deadline(delay, self.left(), self.limit()).unwrap_or(self.left());
        // Nor may a wake come before the time that the server asked for.
        let asked = asked.min(delay);
        if !asked.is_zero() {
            runtime::sleep(asked).await;
        }
        let mut woken = self.rest(delay - asked).await;
        let mut turn = self.wait.core.inner.pace.turn(woken);
        loop {
            let left = self.left();
            if left.is_zero() {
                return Err(self.out_of_time());
            }
            let rest = turn.comes_in();
            if rest.is_zero() {
                turn.take();
                break;
            }
            if woken {
                runtime::sleep(rest.min(left)).await;
            } else if self.rest(rest.min(left)).await {
                woken = true;
                turn = self.wait.core.inner.pace.turn(true);
            }
        }
        if woken {
            // It is, or will be, complete any moment.
            self.delays = Delays::new(&self.wait.core, &self.wait.polls);
        }
        Ok(())
    }

    /// Whether it was woken before that time was over.
    async fn rest(&self, time: Duration) -> bool {
        runtime::timeout(time, pin!(self.wait.wake.notified())).await.is_some()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.map(|(began, _)| began.elapsed()).unwrap_or_default()
    }

    fn limit(&self) -> Duration {
        self.wait.deadline.unwrap_or(Duration::MAX)
    }

    fn left(&self) -> Duration {
        self.limit().saturating_sub(self.elapsed())
    }

    fn out_of_time(&mut self) -> GenerationErrorReason {
        GenerationErrorReason::Deadline { limit: self.limit(), last_failure: self.last_failure.take() }
    }
}

fn no_runtime() -> Error {
    Error::InvalidRequest(Box::new(InvalidRequestError {
        call: CallInfo::new("image_wait_for_generation", Effect::Read),
        field: "runtime".into(),
        reason: "a call must be awaited within a Tokio runtime".into(),
        source: None,
    }))
}

//! Waiting until a generation is complete.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use super::image_get_generation_by_id;
use crate::LeonardoCore;
use crate::call::{Options, call_options};
use crate::models::{Generation, GenerationId};
use crate::poll::{
    Job, JobState, OnRetry, PollOptions, Poller, Retry, Steps, WaitError, WaitErrorReason, WaitWaker, Waited,
    poll_options, reading,
};
use crate::runtime::{BoxFuture, MaybeSend};

/// Waits until a generation is complete: `GET /v1/generations/{id}`, again and again.
///
/// The first poll comes at once, the second after about a second, and each further delay is half as long again, up to 10
/// seconds; so a generation that takes 20 seconds costs about 7 requests. All waits of a core and its clones share one pace
/// ([`polls_per_minute`](crate::LeonardoCoreBuilder::polls_per_minute)), so that many of them together stay below the
/// service's limit: then each polls less often. A [`waker`](WaitForGeneration::waker) has the next poll come at once.
///
/// Whatever is transient is survived until the deadline, unless the server was never reached: then the retry policy
/// says how often that is attempted. Failures take from the core's retry budget; while it is spent, polls come with the
/// longest delay. Dropping the future ends the wait and changes nothing about the
/// generation.
///
/// # Errors
///
/// [`GenerationError`], which has the id: the generation failed, the deadline came, or reading it was refused.
pub fn image_wait_for_generation(core: &LeonardoCore, id: impl Into<GenerationId>) -> WaitForGeneration {
    WaitForGeneration { core: core.clone(), id: id.into(), call: Options::default(), poll: PollOptions::new(core) }
}

/// A wait for a generation; made by [`image_wait_for_generation`].
#[must_use = "nothing is read until it is awaited"]
pub struct WaitForGeneration {
    core: LeonardoCore,
    id: GenerationId,
    call: Options,
    poll: PollOptions,
}

/// Why there is no complete generation.
pub type GenerationError = WaitError<Generation>;

/// What happened instead of a complete generation.
pub type GenerationErrorReason = WaitErrorReason<Generation>;

/// Has a wait's next poll come at once; made by [`WaitForGeneration::waker`].
pub type GenerationWaker = WaitWaker;

/// What happens to a generation, as it happens.
pub type GenerationStream<T> = Steps<T, GenerationError>;

impl Job for Generation {
    type Id = GenerationId;
    const NOUN: &'static str = "generation";

    fn state(&self) -> JobState {
        match () {
            () if self.is_complete() => JobState::Complete,
            () if self.is_failed() => JobState::Failed,
            () => JobState::Pending,
        }
    }

    fn generation_id(id: &GenerationId) -> Option<&str> {
        Some(id.as_str())
    }
}

/// A generation, as waits read it.
pub(super) const GENERATION: Waited = Waited {
    name: "image_wait_for_generation",
    operation: "image_get_generation_by_id",
    read: |core, id, options| reading(image_get_generation_by_id(core, id), options),
    appear_within: Duration::from_secs(10),
};

call_options! {
    impl[] WaitForGeneration, options: call, core: core,
    deadline: "The longest that the wait may take, from when it is awaited; `None` for no limit. Defaults to 10 minutes.",
    retry: "How often it is attempted to reach a server that was never reached. Defaults to the core's policy. The delays \
            between polls are those of [`poll_delays`](Self::poll_delays), also after a failure."
}

poll_options!(WaitForGeneration, options: poll, appear_within: "10 s");

impl WaitForGeneration {
    /// Calls `report` after each poll that failed, with what failed and when the next is. It must not block.
    pub fn on_retry(mut self, report: impl FnMut(&Retry) + MaybeSend + 'static) -> Self {
        self.poll.on_retry = OnRetry::new(report);
        self
    }

    /// Every state that a poll finds, instead of only the last: any number of `Pending`, then `Complete` or an error,
    /// and then nothing more. The time of the deadline begins with the first `next`.
    pub fn states(self) -> GenerationStream<Generation> {
        Steps::new(self.poller(), |(mut poller, id)| {
            Box::pin(async move {
                let seen = poller.observe::<Generation>(&id).await;
                let more = seen.as_ref().is_ok_and(|generation| !generation.is_complete());
                (seen, more.then_some((poller, id)))
            })
        })
    }

    fn poller(self) -> (Poller, GenerationId) {
        let Self { core, id, call, poll } = self;
        (Poller::new(&core, GENERATION, id.to_string(), call, poll), id)
    }
}

impl fmt::Debug for WaitForGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForGeneration").field("id", &self.id).field("call", &self.call).finish_non_exhaustive()
    }
}

impl IntoFuture for WaitForGeneration {
    type Output = Result<Generation, GenerationError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (mut poller, id) = self.poller();
            loop {
                let generation: Generation = poller.observe(&id).await?;
                if generation.is_complete() {
                    return Ok(generation);
                }
            }
        })
    }
}

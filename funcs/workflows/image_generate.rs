//! From a request to the images, in one call.

use std::fmt;
use std::future::IntoFuture;

use super::image_create_generation_once::{CreateOnce, image_create_generation_once};
use super::image_wait_for_generation::{GENERATION, GenerationError, GenerationStream};
use crate::LeonardoCore;
use crate::call::{Options, call_options};
use crate::models::{CreateGenerationRequest, Generation, GenerationJob};
use crate::once::search_options;
use crate::poll::{Creating, JobProgress, Made, OnProgress, PollOptions, Poller, poll_options, retries};
use crate::runtime::{BoxFuture, MaybeSend, SystemTime};

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
        core: core.clone(),
        create: image_create_generation_once(core, request),
        call: Options::default(),
        poll: PollOptions::new(core),
        on_progress: None,
    }
}

/// A create and a wait in one; made by [`image_generate`].
#[must_use = "nothing is sent until it is awaited"]
pub struct Generate {
    core: LeonardoCore,
    create: CreateOnce,
    call: Options,
    poll: PollOptions,
    on_progress: Option<OnProgress<GenerationJob, Generated>>,
}

/// A generation that is complete, and the job that made it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Generated {
    /// The response to the create, with the cost. Where it was lost and the generation was looked up, the cost is not
    /// known.
    pub job: GenerationJob,
    /// The generation with its images.
    pub generation: Generation,
}

/// How far [`image_generate`] is.
pub type GenerationProgress = JobProgress<GenerationJob, Generated>;

call_options! {
    impl[] Generate, options: call, core: core,
    deadline: "The longest that all of it may take; `None` for no limit. Defaults to 10 minutes.",
    retry: "The delays between attempts to create; see [`CreateOnce::retry`]."
}

poll_options! { impl[] Generate, options: poll }
search_options!(Generate, options: create.options);

impl Generate {
    /// Looks for the generation before the first create; see [`CreateOnce::look_first`].
    pub fn look_first(mut self, sent_after: SystemTime) -> Self {
        self.create = self.create.look_first(sent_after);
        self
    }

    /// Calls `report` with each step on the way, and with what fails and is attempted again. It is called between two
    /// requests, so it must not block.
    pub fn on_progress(mut self, report: impl FnMut(&GenerationProgress) + MaybeSend + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// The steps on the way as a stream, which ends after [`JobProgress::Complete`] or an error. Nothing is sent before its
    /// first `next`.
    pub fn progress(self) -> GenerationStream<GenerationProgress> {
        self.creating().steps()
    }

    fn creating(self) -> Creating<GenerationJob, Generation, Generated> {
        let Self { core, mut create, call, mut poll, on_progress } = self;
        let (kept, on_retry) = retries();
        create.options.call = call.clone();
        create.options.on_retry = on_retry.clone();
        poll.on_retry = on_retry;
        let poller = Poller::new(&core, GENERATION, String::new(), call, poll);
        let made = Made {
            name: "image_generate",
            id: |job: &GenerationJob| job.generation_id.clone(),
            done: |job, generation| Generated { job, generation },
        };
        Creating::new(made, create.into_future(), poller, kept, on_progress)
    }
}

impl fmt::Debug for Generate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generate").field("create", &self.create).field("call", &self.call).finish_non_exhaustive()
    }
}

impl IntoFuture for Generate {
    type Output = Result<Generated, GenerationError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.creating().end()
    }
}

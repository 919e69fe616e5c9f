//! A create that is sent as it is, and the wait for what it made.

use std::fmt;
use std::future::IntoFuture;

use super::create::{Creating, JobProgress, Made, OnProgress, retries};
use super::job::{Job, WaitError};
use super::poller::{PollOptions, Poller, Waited, poll_options};
use super::steps::Steps;
use crate::call::{Call, Options, call_options, cost_option};
use crate::codec::serialize;
use crate::core::LeonardoCore;
use crate::runtime::{BoxFuture, MaybeSend};

/// A create and the wait for what it made, in one; made by a function such as `variation_upscale_and_wait`. Costs
/// credits.
///
/// The create is retried only after what proves that nothing was done, as that of the operation is. **If its response
/// is lost, it ends in [`OutcomeUnknown`](crate::Error::OutcomeUnknown):** the work may have been done and charged, and
/// it is not looked for. The wait promises what [`Wait`](super::Wait) does. Both together have one deadline.
///
/// Dropping the future ends the waiting, not the work: what was created goes on and is paid for. With the feature
/// `tracing` its id is reported then; [`on_progress`](Self::on_progress) tells it beforehand.
#[must_use = "nothing is sent until it is awaited"]
pub struct CreateAndWait<C, J: Job> {
    core: LeonardoCore,
    name: &'static str,
    create: Call<C>,
    id: fn(&C) -> J::Id,
    waited: Waited,
    call: Options,
    poll: PollOptions,
    on_progress: Option<OnProgress<C, Completed<C, J>>>,
}

/// What was created and is complete.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Completed<C, J> {
    /// The response to the create, with the cost where there is one.
    pub job: C,
    /// The complete record.
    pub record: J,
}

serialize! { impl[C: serde::Serialize, J: serde::Serialize] Completed<C, J> { job => "job", record => "record" } }

cost_option! { impl[C, J: Job] CreateAndWait<C, J>, options: call }
call_options! {
    impl[C, J: Job] CreateAndWait<C, J>, options: call, core: core,
    deadline: "The longest that all of it may take, from when it is awaited; `None` for no limit. Defaults to 10 minutes, \
               and to 3 hours for what is trained.",
    retry: "How the create is retried after what proves that nothing was done. Defaults to the core's policy. The delays \
            between polls are those of [`poll_delays`](Self::poll_delays), also after a failure."
}

poll_options! { impl[C, J: Job] CreateAndWait<C, J>, options: poll }

impl<C: Clone + MaybeSend + 'static, J: Job> CreateAndWait<C, J> {
    pub(crate) fn new(
        core: &LeonardoCore,
        name: &'static str,
        create: Call<C>,
        id: fn(&C) -> J::Id,
        waited: Waited,
    ) -> Self {
        let poll = PollOptions::new(core);
        Self { core: core.clone(), name, create, id, waited, call: Options::default(), poll, on_progress: None }
    }

    /// Calls `report` with each step on the way, and with each poll that fails. It is called between two requests, so
    /// it must not block.
    pub fn on_progress(mut self, report: impl FnMut(&JobProgress<C, Completed<C, J>>) + MaybeSend + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// The steps on the way as a stream, which ends after [`JobProgress::Complete`] or an error. Nothing is sent before
    /// its first `next`.
    pub fn progress(self) -> Steps<JobProgress<C, Completed<C, J>>, WaitError<J>> {
        self.creating().steps()
    }

    fn creating(self) -> Creating<C, J, Completed<C, J>> {
        let Self { core, name, create, id, waited, call, mut poll, on_progress } = self;
        let (kept, on_retry) = retries();
        poll.on_retry = on_retry;
        let mut options = call.clone();
        options.deadline = Some(call.deadline.unwrap_or(Some(waited.deadline)));
        let create = Box::pin(create.with_options(&options).into_future());
        let poller = Poller::new(&core, waited, String::new(), call, poll);
        let made = Made { name, id, done: |job, record| Completed { job, record } };
        Creating::new(made, create, poller, kept, on_progress)
    }
}

impl<C, J: Job> fmt::Debug for CreateAndWait<C, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateAndWait").field("create", &self.create).field("call", &self.call).finish_non_exhaustive()
    }
}

impl<C: Clone + MaybeSend + 'static, J: Job> IntoFuture for CreateAndWait<C, J> {
    type Output = Result<Completed<C, J>, WaitError<J>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.creating().end()
    }
}

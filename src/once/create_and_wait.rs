//! A create that is carried out at most once, and the wait for what it made.

use std::fmt;
use std::future::IntoFuture;

use super::{CreateOnce, Marked, search_options};
use crate::call::{Options, call_options, cost_option};
use crate::core::LeonardoCore;
use crate::poll::{
    Completed, Creating, Job, JobProgress, Made, OnProgress, PollOptions, Poller, Steps, WaitError, Waited,
    poll_options, retries,
};
use crate::runtime::{BoxFuture, MaybeSend, SystemTime};

/// A create that ends with exactly one generation, and the wait for it, in one; made by a function such as
/// `image_generate`. Costs credits.
///
/// It promises what [`CreateOnce`] and [`Wait`](crate::Wait) do. Both together have one deadline.
///
/// Dropping the future ends the waiting, not the work: what was created goes on and is paid for. With the feature
/// `tracing` its id is reported then; [`on_progress`](Self::on_progress) tells it beforehand.
#[must_use = "nothing is sent until it is awaited"]
pub struct CreateOnceAndWait<Q: Marked<Record: Job>, D = Completed<<Q as Marked>::Job, <Q as Marked>::Record>> {
    core: LeonardoCore,
    create: CreateOnce<Q>,
    made: Made<Q::Job, Q::Record, D>,
    waited: Waited,
    call: Options,
    poll: PollOptions,
    on_progress: Option<OnProgress<Q::Job, D>>,
}

cost_option! { impl[Q: Marked<Record: Job>, D] CreateOnceAndWait<Q, D>, options: call }
call_options! {
    impl[Q: Marked<Record: Job>, D] CreateOnceAndWait<Q, D>, options: call, core: core,
    deadline: "The longest that all of it may take; `None` for no limit. Defaults to 10 minutes.",
    retry: "The delays between attempts to create; see [`CreateOnce::retry`]."
}

poll_options! { impl[Q: Marked<Record: Job>, D] CreateOnceAndWait<Q, D>, options: poll }
search_options! { impl[Q: Marked<Record: Job>, D] CreateOnceAndWait<Q, D>, options: create.options }

impl<Q: Marked<Record: Job>> CreateOnceAndWait<Q> {
    /// Ends with the response to the create and the complete record.
    pub(crate) fn completed(
        core: &LeonardoCore,
        name: &'static str,
        request: Q,
        id: fn(&Q::Job) -> <Q::Record as Job>::Id,
        waited: Waited,
    ) -> Self {
        Self::new(core, request, Made { name, id, done: |job, record| Completed { job, record } }, waited)
    }
}

impl<Q: Marked<Record: Job>, D: MaybeSend + 'static> CreateOnceAndWait<Q, D> {
    pub(crate) fn new(core: &LeonardoCore, request: Q, made: Made<Q::Job, Q::Record, D>, waited: Waited) -> Self {
        let create = CreateOnce::new(core, request);
        let poll = PollOptions::new(core);
        Self { core: core.clone(), create, made, waited, call: Options::default(), poll, on_progress: None }
    }

    /// Looks for the generation before the first create; see [`CreateOnce::look_first`].
    pub fn look_first(mut self, sent_after: SystemTime) -> Self {
        self.create = self.create.look_first(sent_after);
        self
    }

    /// Whether the account's list shows what this makes; see [`CreateOnce::listed`].
    pub fn listed(mut self, listed: bool) -> Self {
        self.create = self.create.listed(listed);
        self
    }

    /// Calls `report` with each step on the way, and with what fails and is attempted again. It is called between two
    /// requests, so it must not block.
    pub fn on_progress(mut self, report: impl FnMut(&JobProgress<Q::Job, D>) + MaybeSend + 'static) -> Self {
        self.on_progress = Some(Box::new(report));
        self
    }

    /// The steps on the way as a stream, which ends after [`JobProgress::Complete`] or an error. Nothing is sent before its
    /// first `next`.
    pub fn progress(self) -> Steps<JobProgress<Q::Job, D>, WaitError<Q::Record>> {
        self.creating().steps()
    }

    fn creating(self) -> Creating<Q::Job, Q::Record, D> {
        let Self { core, mut create, made, waited, call, mut poll, on_progress } = self;
        let (kept, on_retry) = retries();
        create.options.call = call.clone();
        create.options.on_retry = on_retry.clone();
        poll.on_retry = on_retry;
        let poller = Poller::new(&core, waited, String::new(), call, poll);
        Creating::new(made, create.into_future(), poller, kept, on_progress)
    }
}

impl<Q: Marked<Record: Job>, D> fmt::Debug for CreateOnceAndWait<Q, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateOnceAndWait")
            .field("create", &self.create)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

impl<Q: Marked<Record: Job>, D: MaybeSend + 'static> IntoFuture for CreateOnceAndWait<Q, D> {
    type Output = Result<D, WaitError<Q::Record>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.creating().end()
    }
}

//! A wait for a job of any kind.

use std::fmt;
use std::future::IntoFuture;

use super::job::{Job, JobState, WaitError};
use super::on_retry_option;
use super::poller::{PollOptions, Poller, Waited, poll_options};
use super::steps::Steps;
use crate::call::{Options, call_options};
use crate::core::LeonardoCore;
use crate::runtime::BoxFuture;

/// A wait until a job is complete, which gives its record; made by a function such as `image_wait_for_generation`.
///
/// The first poll comes at once, the second after about a second, and each further delay is half as long again, up to
/// 10 seconds; so a job that takes 20 seconds costs about 7 requests. All waits of a core and its clones share one pace
/// ([`polls_per_minute`](crate::LeonardoCoreBuilder::polls_per_minute)), so that many of them together stay below the
/// service's limit: then each polls less often. [`LeonardoCore::notify`](crate::LeonardoCore::notify) with the id, or a
/// [`waker`](Self::waker), has the next poll come at once.
///
/// While 8 or more waits for generations of a core are under way, and the features that search the account's list are
/// compiled in (`image-generate` brings them), one of the waits reads that list for all, every 2 seconds, 50 records a
/// request, instead of each polling for itself. A generation that the list does not show is polled by its id, and so is
/// one whose wait has headers or a server of its own or a first delay of 10 seconds or more, or whose core asks a provider
/// for its key.
///
/// Whatever is transient is survived until the deadline, unless the server was never reached: then the retry policy
/// says how often that is attempted. Failures take from the core's retry budget; while it is spent, polls come with the
/// longest delay. Dropping the future ends the wait and changes nothing about the job.
#[must_use = "nothing is read until it is awaited"]
pub struct Wait<J: Job> {
    core: LeonardoCore,
    waited: Waited,
    id: J::Id,
    call: Options,
    poll: PollOptions,
    just_created: bool,
}

call_options! {
    impl[J: Job] Wait<J>, options: call, core: core,
    deadline: "The longest that the wait may take, from when it is awaited; `None` for no limit. Defaults to 10 minutes, \
               and to 3 hours for what is trained.",
    retry: "How often it is attempted to reach a server that was never reached. Defaults to the core's policy. The delays \
            between polls are those of [`poll_delays`](Self::poll_delays), also after a failure."
}

poll_options! { impl[J: Job] Wait<J>, options: poll }
on_retry_option! { impl[J: Job] Wait<J>, options: poll }

impl<J: Job> Wait<J> {
    pub(crate) fn new(core: &LeonardoCore, waited: Waited, id: J::Id) -> Self {
        let (call, poll) = (Options::default(), PollOptions::new(core));
        Self { core: core.clone(), waited, id, call, poll, just_created: false }
    }

    /// Leaves out the poll that comes at once: it was created a moment ago, so that there is nothing to see yet. The first
    /// poll comes after [`first_delay`](Self::first_delay), or when it is notified.
    pub fn just_created(mut self) -> Self {
        self.just_created = true;
        self
    }

    /// Every state that a poll finds, instead of only the last: any number of pending records, then a complete one or
    /// an error, and then nothing more. The time of the deadline begins with the first `next`.
    pub fn states(self) -> Steps<J, WaitError<J>> {
        Steps::new(self.poller(), |(mut poller, id)| {
            Box::pin(async move {
                let seen = poller.observe::<J>(&id).await;
                let more = seen.as_ref().is_ok_and(|record| record.state() != JobState::Complete);
                (seen, more.then_some((poller, id)))
            })
        })
    }

    fn poller(self) -> (Poller, J::Id) {
        let Self { core, waited, id, call, poll, just_created } = self;
        let mut poller = Poller::new(&core, waited, id.to_string(), call, poll);
        if just_created {
            poller.just_created();
        }
        (poller, id)
    }
}

impl<J: Job> fmt::Debug for Wait<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("id", &self.id).field("call", &self.call).finish_non_exhaustive()
    }
}

impl<J: Job> IntoFuture for Wait<J> {
    type Output = Result<J, WaitError<J>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (mut poller, id) = self.poller();
            loop {
                let record: J = poller.observe(&id).await?;
                if record.state() == JobState::Complete {
                    return Ok(record);
                }
            }
        })
    }
}

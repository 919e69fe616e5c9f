//! One poll after the other until a job is complete, whatever is read by them.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::job::{Job, JobState, WaitError, WaitErrorReason};
#[cfg(feature = "searching")]
use super::list_reader::{ListOutcome, Listed, Registration};
use super::notify::Awaited;
use super::pace::Pace;
use super::seen::Seen;
use super::settings;
use super::{BudgetedDelays, OnRetry, before_deadline, never_connected};
use crate::call::{Call, Options};
use crate::core::LeonardoCore;
use crate::error::{CallInfo, Error, Refused, TimeoutScope};
use crate::operation::Effect;
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture, Instant};

/// What a wait reads, and what it is called.
#[derive(Clone, Copy)]
pub(crate) struct Waited {
    /// The workflow, in errors.
    pub(crate) name: &'static str,
    /// The operation that is polled.
    pub(crate) operation: &'static str,
    /// Reads the record of that id once.
    pub(crate) read: fn(&LeonardoCore, &str, &Options) -> Reading,
    /// For how long the id may be unknown unless the caller says otherwise.
    pub(crate) appear_within: Duration,
    /// How long a wait takes unless the caller says otherwise.
    pub(crate) deadline: Duration,
    /// How many such records are read at a time.
    #[cfg(feature = "searching")]
    pub(crate) listed: Option<&'static Listed>,
}

impl Waited {
    /// With 10 s for the id to appear, and a deadline of 10 minutes.
    pub(crate) const fn new(
        name: &'static str,
        operation: &'static str,
        read: fn(&LeonardoCore, &str, &Options) -> Reading,
    ) -> Self {
        Self {
            name,
            operation,
            read,
            appear_within: Duration::from_secs(10),
            deadline: Duration::from_secs(600),
            #[cfg(feature = "searching")]
            listed: None,
        }
    }
}

/// The longest delay between a poll that was woken and the one after it, before jitter.
const SOON: Duration = Duration::from_secs(1);
/// The first delay from which on a wait polls for itself.
#[cfg(feature = "searching")]
const SELDOM: Duration = Duration::from_secs(10);

pub(crate) type Reading = BoxFuture<'static, Result<Seen, Error>>;

/// One poll, as [`Waited::read`] gives it.
pub(crate) fn reading<J: Job>(call: Call<J>, options: &Options) -> Reading {
    let call = call.with_options(options);
    Box::pin(async move { Ok(Seen::new(call.await?)) })
}

/// What can be told a wait beyond what every call can.
#[derive(Clone)]
pub(crate) struct PollOptions {
    pub(crate) delays: RetryPolicy,
    pub(crate) appear_within: Option<Duration>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) on_retry: OnRetry,
}

impl PollOptions {
    pub(crate) fn new(core: &LeonardoCore) -> Self {
        Self { delays: settings::delays(core), appear_within: None, wake: Arc::default(), on_retry: OnRetry::default() }
    }
}

/// The setters of [`PollOptions`], for whatever waits. `$options` is the path from `self` to them.
macro_rules! poll_options {
    (impl[$($generics:tt)*] $type:ty, options: $($options:ident).+) => {
        impl<$($generics)*> $type {
            /// The delay after the first poll, and before the first one of what was just created. Defaults to the core's
            /// [`poll_delays`](crate::LeonardoCoreBuilder::poll_delays), 1 s.
            pub fn first_delay(mut self, delay: std::time::Duration) -> Self {
                self.$($options).+.delays = self.$($options).+.delays.initial_backoff(delay);
                self
            }

            /// The longest delay between two polls, before jitter. Defaults to the core's, 10 s.
            pub fn longest_delay(mut self, delay: std::time::Duration) -> Self {
                self.$($options).+.delays = self.$($options).+.delays.max_backoff(delay);
                self
            }

            /// All about the delays between polls at once. The policy's limits to attempts and time are not used here.
            pub fn poll_delays(mut self, policy: $crate::RetryPolicy) -> Self {
                self.$($options).+.delays = policy;
                self
            }

            /// For how long after the wait began the id may be unknown to the service, as right after a create. Defaults to
            /// 10 s.
            pub fn appear_within(mut self, time: std::time::Duration) -> Self {
                self.$($options).+.appear_within = Some(time);
                self
            }

            /// A handle that has the next poll come at once, for example when a webhook was received.
            pub fn waker(&self) -> $crate::poll::WaitWaker {
                $crate::poll::WaitWaker(self.$($options).+.wake.clone())
            }
        }
    };
}
pub(crate) use poll_options;

/// Has a wait's next poll come at once.
///
/// It does not say that the job is complete: the poll finds that out. Where it is called before the wait, or during a
/// poll, the one after comes at once. Several calls between two polls count as one, and a call after the end does nothing.
/// The shared pace holds for such a poll as well, but it goes before all that were not woken.
#[derive(Clone, Debug)]
pub struct WaitWaker(pub(crate) Arc<Notify>);

impl WaitWaker {
    /// Has the next poll come at once.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// A wait under way.
pub(crate) struct Poller {
    core: LeonardoCore,
    waited: Waited,
    id: String,
    call: Options,
    poll: PollOptions,
    delays: BudgetedDelays,
    pace: Arc<Pace>,
    /// When the time of the deadline began, and when the wait did.
    began: Option<(Instant, Instant)>,
    last_failure: Option<Box<Error>>,
    /// Before the next poll: the delay, and the part of it that the server asked for.
    due: Option<(Duration, Duration)>,
    polls: u32,
    /// Whether the job is known to exist.
    exists: bool,
    /// How many polls failed before the server was reached; none if it was.
    unreached: Option<u32>,
    /// Its place among the waits that can be notified, once it has begun.
    awaited: Option<Awaited>,
    /// Its place among the waits that read the account's list together, unless it polls for itself.
    #[cfg(feature = "searching")]
    together: Together,
}

/// Whether a wait reads the account's list together with others.
#[cfg(feature = "searching")]
enum Together {
    /// It has not begun.
    New,
    Among(Registration),
    /// It polls for itself: the list does not show it.
    Alone,
}

/// Why there is nothing more to see.
enum Ended {
    Deadline { limit: Duration, last_failure: Option<Box<Error>> },
    Call(Error),
}

impl Poller {
    pub(crate) fn new(core: &LeonardoCore, waited: Waited, id: String, call: Options, poll: PollOptions) -> Self {
        Self {
            delays: BudgetedDelays::new(core, &poll.delays),
            pace: settings::pace(core),
            core: core.clone(),
            waited,
            id,
            call,
            poll,
            began: None,
            last_failure: None,
            // What exists already may be complete.
            due: Some((Duration::ZERO, Duration::ZERO)),
            polls: 0,
            exists: false,
            unreached: Some(0),
            awaited: None,
            #[cfg(feature = "searching")]
            together: Together::New,
        }
    }

    /// Leaves out the first poll, at once.
    pub(crate) fn just_created(&mut self) {
        self.due = None;
    }

    /// Begins the wait for what was just created; the time of the deadline began before.
    #[cfg(feature = "creating")]
    pub(crate) fn begin(&mut self, id: String, deadline_began: Instant) {
        self.id = id;
        self.began = Some((deadline_began, Instant::now()));
        (self.exists, self.unreached, self.due) = (true, None, None);
    }

    /// What is wrong with an option, as an error of that workflow, which is to make something before it waits.
    #[cfg(feature = "creating")]
    pub(crate) fn refused(&self, workflow: &'static str) -> Option<Error> {
        let refused = self.call.refused.clone()?;
        Some(refused.into_error(CallInfo::new(workflow, Effect::Billable)))
    }

    /// The next state that is seen, unless it is that the job failed.
    pub(crate) async fn observe<J: Job>(&mut self, id: &J::Id) -> Result<J, WaitError<J>> {
        let reason = match self.next_state().await {
            Ok(Seen { state, record, .. }) => match (record.downcast::<J>(), state) {
                (Ok(failed), JobState::Failed) => WaitErrorReason::Failed(failed),
                (Ok(record), _) => return Ok(*record),
                (Err(_), _) => {
                    WaitErrorReason::Call(self.invalid("record", "it is of another type than is waited for"))
                }
            },
            Err(Ended::Deadline { limit, last_failure }) => WaitErrorReason::Deadline { limit, last_failure },
            Err(Ended::Call(error)) => WaitErrorReason::Call(error),
        };
        Err(WaitError { id: Some(id.clone()), exists: self.exists, reason })
    }

    async fn next_state(&mut self) -> Result<Seen, Ended> {
        let seen = self.next_seen().await;
        #[cfg(feature = "limits")]
        if let Some(limiter) = crate::limits::Limiter::of(&self.core) {
            let is_over = match &seen {
                Ok(seen) => seen.state != JobState::Pending,
                Err(Ended::Call(error)) => self.exists && error.is_not_found(),
                Err(_) => false,
            };
            if is_over {
                limiter.job_ended(&self.id);
            }
        }
        seen
    }

    async fn next_seen(&mut self) -> Result<Seen, Ended> {
        if !runtime::is_running() {
            return Err(Ended::Call(self.invalid("runtime", "a call must be awaited within a Tokio runtime")));
        }
        let (_, wait_began) = *self.began.get_or_insert_with(|| (Instant::now(), Instant::now()));
        self.awaited.get_or_insert_with(|| Awaited::new(&self.core, &self.id, &self.poll.wake));
        loop {
            #[cfg(feature = "searching")]
            if let Some(seen) = self.by_list().await? {
                // It was looked at: a poll of its own need not come at once.
                self.due = self.due.filter(|(delay, _)| !delay.is_zero());
                (self.exists, self.unreached, self.last_failure) = (true, None, None);
                return Ok(seen);
            }
            self.until_due().await?;
            self.polls += 1;
            let mut options = self.call.clone();
            options.retry = Some(RetryPolicy::none());
            options.deadline = Some(self.limited().map(|_| self.left()));
            let error = match (self.waited.read)(&self.core, &self.id, &options).await {
                Ok(seen) => {
                    (self.exists, self.unreached, self.last_failure) = (true, None, None);
                    return Ok(seen);
                }
                Err(Error::Timeout(error)) if error.scope != TimeoutScope::Attempt => return Err(self.out_of_time()),
                Err(error) => error,
            };
            let appear_within = self.poll.appear_within.unwrap_or(self.waited.appear_within);
            let may_appear = error.is_not_found() && wait_began.elapsed() < appear_within;
            if !may_appear && !error.may_be_retried(Effect::Read) {
                return Err(Ended::Call(error));
            }
            let delay = self.delays.after(&error);
            if !self.reaches(&error, delay) {
                return Err(Ended::Call(error));
            }
            let next_in = before_deadline(delay, self.left(), self.limit()).unwrap_or(self.left());
            self.poll.on_retry.tell(self.waited.operation, self.polls, &error, next_in);
            self.due = Some((delay, error.retry_after().unwrap_or_default()));
            self.last_failure = Some(Box::new(error));
        }
    }

    /// What the account's list shows of it, if it is read together with others'.
    #[cfg(feature = "searching")]
    async fn by_list(&mut self) -> Result<Option<Seen>, Ended> {
        let Some(listed) = self.waited.listed else { return Ok(None) };
        if matches!(self.together, Together::New) {
            let shared = self.call.headers.is_empty() && self.call.server.is_none() && self.core.inner.auth.is_fixed();
            // Who seldom looks, as where webhooks tell what is complete, asks for less alone.
            let shared = shared && self.poll.delays.first() < SELDOM;
            // Whoever reads the list may not go on before this one ends.
            let shared = shared && !runtime::holds_up_others();
            self.together = match shared {
                true => Together::Among(Registration::new(&self.core, &self.id)),
                false => Together::Alone,
            };
        }
        let Together::Among(registration) = &self.together else { return Ok(None) };
        let mut options = self.call.clone();
        options.retry = Some(RetryPolicy::none());
        // A page is for all, so that it does not end with this wait's time.
        options.deadline = Some(None);
        let (limit, began) = (self.limit(), self.began);
        let left = || limit.saturating_sub(began.map(|(began, _)| began.elapsed()).unwrap_or_default());
        let delay_after = |error: &Error| {
            let delay = self.delays.after(error);
            error.may_be_retried(Effect::Read).then(|| {
                self.poll.on_retry.tell(listed.operation, self.polls, error, delay);
                delay
            })
        };
        match registration.told(listed, &options, &self.poll.wake, left, delay_after).await {
            ListOutcome::Seen(seen) => return Ok(Some(seen)),
            ListOutcome::Missing => self.together = Together::Alone,
            ListOutcome::Woken => self.poll.wake.notify_one(),
            ListOutcome::Off => {}
            ListOutcome::OutOfTime => return Err(self.out_of_time()),
        }
        Ok(None)
    }

    /// Whether the server was ever reached, or the policy allows another attempt at it.
    fn reaches(&mut self, error: &Error, delay: Duration) -> bool {
        self.unreached = self.unreached.filter(|_| never_connected(error)).map(|polls| polls + 1);
        let policy = self.call.retry.as_ref().unwrap_or(&self.core.inner.retry);
        self.unreached.is_none_or(|polls| policy.allows(polls, self.elapsed(), delay))
    }

    /// Waits until the next poll may be made, or the deadline comes.
    async fn until_due(&mut self) -> Result<(), Ended> {
        let (delay, asked) = self.due.take().unwrap_or_else(|| (self.delays.next(), Duration::ZERO));
        // One more look shortly before the end, then none.
        let delay = before_deadline(delay, self.left(), self.limit()).unwrap_or(self.left());
        // Nor may a wake come before the time that the server asked for.
        let asked = asked.min(delay);
        if !asked.is_zero() {
            runtime::sleep(asked).await;
        }
        let mut woken = self.rest(delay - asked).await;
        let mut turn = self.pace.turn(woken);
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
                turn = self.pace.turn(true);
            }
        }
        if woken {
            // It is, or will be, complete any moment, however seldom it is looked at otherwise.
            self.delays = BudgetedDelays::new(&self.core, &self.poll.delays.beginning_with(SOON));
        }
        Ok(())
    }

    /// Whether it was woken before that time was over.
    async fn rest(&self, time: Duration) -> bool {
        runtime::timeout(time, pin!(self.poll.wake.notified())).await.is_some()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.map(|(began, _)| began.elapsed()).unwrap_or_default()
    }

    /// The deadline, unless there is none.
    fn limited(&self) -> Option<Duration> {
        self.call.deadline.unwrap_or(Some(self.waited.deadline))
    }

    fn limit(&self) -> Duration {
        self.limited().unwrap_or(Duration::MAX)
    }

    fn left(&self) -> Duration {
        self.limit().saturating_sub(self.elapsed())
    }

    fn out_of_time(&mut self) -> Ended {
        Ended::Deadline { limit: self.limit(), last_failure: self.last_failure.take() }
    }

    fn invalid(&self, field: &'static str, reason: &'static str) -> Error {
        Refused::new(field, reason).into_error(CallInfo::new(self.waited.name, Effect::Read))
    }
}

impl fmt::Debug for PollOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollOptions").field("delays", &self.delays).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A record that is nothing of the service's.
    #[derive(Clone, Debug)]
    struct Kettle(JobState);

    impl Job for Kettle {
        type Id = u32;
        const NOUN: &'static str = "kettle";

        fn state(&self) -> JobState {
            self.0
        }
    }

    fn poller(read: fn(&LeonardoCore, &str, &Options) -> Reading) -> Poller {
        let core = LeonardoCore::builder().bearer_auth("test").build().unwrap();
        let waited = Waited { appear_within: Duration::ZERO, ..Waited::new("wait_for_kettle", "get_kettle", read) };
        Poller::new(&core, waited, "7".into(), Options::default(), PollOptions::new(&core))
    }

    fn seen(state: JobState) -> Reading {
        Box::pin(async move { Ok(Seen::new(Kettle(state))) })
    }

    #[tokio::test(start_paused = true)]
    async fn any_record_with_a_state_can_be_waited_for() {
        static READS: AtomicU32 = AtomicU32::new(0);
        let mut poller = poller(|_, id, _| {
            assert_eq!(id, "7");
            seen(if READS.fetch_add(1, Ordering::Relaxed) == 0 { JobState::Pending } else { JobState::Complete })
        });
        let mut states = Vec::new();
        while states.last() != Some(&JobState::Complete) {
            states.push(poller.observe::<Kettle>(&7).await.unwrap().state());
        }
        assert_eq!(states, [JobState::Pending, JobState::Complete]);
        assert_eq!(READS.load(Ordering::Relaxed), 2);
        assert!(poller.elapsed() >= Duration::from_millis(750), "{:?}", poller.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn messages_call_it_by_its_noun() {
        let failed = poller(|_, _, _| seen(JobState::Failed)).observe::<Kettle>(&7).await.unwrap_err();
        assert!(matches!(failed.reason, WaitErrorReason::Failed(_)));
        assert!(failed.to_string().starts_with("kettle 7 failed: "), "{failed}");
        assert_eq!((failed.id, failed.generation_id()), (Some(7), None));

        let mut poller = poller(|_, _, _| seen(JobState::Pending));
        let late = loop {
            if let Err(error) = poller.observe::<Kettle>(&7).await {
                break error;
            }
        };
        assert!(late.to_string().starts_with("kettle 7 was not complete within 600 s. "), "{late}");
        assert!(!late.to_string().contains("generation"), "{late}");
    }
}

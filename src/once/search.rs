//! Looking for a record in the account's list, page by page, until it is there or had the time to appear.

use std::fmt;
use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::in_flight::InFlight;
use super::together::{LONGEST, List, Lists, Look, Membership, Page, Reader, Request, Seeker};
use super::wanted::{Account, Classifier, Kind, Match, Wanted};
use super::window::Sent;
use super::{SearchOptions, Workflow, normalised};
use crate::bearer::Bearer;
use crate::call::Options;
use crate::core::LeonardoCore;
use crate::core::users::Users;
use crate::error::{ApiErrorKind, Error, Refused, TimeoutError, TimeoutScope};
use crate::operation::Effect;
use crate::paging::{PAGE, Row};
use crate::poll::{BudgetedDelays, before_deadline, never_connected};
use crate::retry::RetryPolicy;
use crate::runtime::{self, Instant};
use crate::time;

/// How a search ended.
pub(crate) enum Sought<R> {
    Found(Box<R>),
    /// Not there, and it had the time to appear.
    Absent,
    /// It cannot be told.
    Unclear {
        candidates: Vec<String>,
        cause: Option<Error>,
    },
}

/// The delay before the second look, and the longest between two.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// A search for what one request has made.
pub(crate) struct Search<R: 'static> {
    pub(super) workflow: Workflow,
    pub(super) core: LeonardoCore,
    pub(super) classifier: Arc<Classifier<R>>,
    pub(super) options: SearchOptions,
    started: Instant,
    /// The key that creates are sent with, where a provider gives it: another one may be of another account.
    bearer: Option<Bearer>,
    /// Whether the server was ever reached.
    connected: AtomicBool,
    reads: Reads,
    /// Whether records that other calls of this process have ended with count, too.
    pub(super) taken_count: bool,
}

/// How often this search failed to read a page, and until when it leaves that to others.
#[derive(Default)]
struct Reads {
    /// How many pages had been shown by then.
    shown: u64,
    failures: u32,
    delays: Option<BudgetedDelays>,
    not_before: Option<Instant>,
}

impl<R: Row + Clone + Send + 'static> Search<R> {
    pub(crate) fn new(
        workflow: Workflow,
        core: LeonardoCore,
        account: &'static Account<R>,
        mut wanted: Wanted<R>,
        mut options: SearchOptions,
    ) -> Result<Self, Error> {
        if let Some(refused) = options.call.refused.take() {
            return Err(refused.into_error(workflow.info()));
        }
        if !runtime::is_running() {
            return Err(workflow.invalid("runtime", "a call must be awaited within a Tokio runtime"));
        }
        wanted.text = normalised(&wanted.text);
        let in_flight = (wanted.kind != Kind::Random).then(|| {
            let server = options.call.server.as_ref().unwrap_or(&core.inner.server);
            InFlight::begin(server.as_str(), wanted.mark, wanted.text_is_kept.then(|| wanted.text.clone()))
        });
        Ok(Self {
            workflow,
            core,
            taken_count: workflow.effect == Effect::Read || wanted.kind == Kind::Unique,
            classifier: Arc::new(Classifier { account, wanted, in_flight }),
            options,
            started: Instant::now(),
            bearer: None,
            connected: AtomicBool::new(false),
            reads: Reads::default(),
        })
    }

    /// What only one call at a time may hold that has this mark and text.
    pub(super) fn turn(&self) -> Option<Arc<tokio::sync::Mutex<()>>> {
        self.classifier.in_flight.as_ref().map(|in_flight| in_flight.turn.clone())
    }

    /// Has the key of the next requests come from the provider, if there is one.
    pub(crate) async fn ask_key(&mut self) -> Result<(), Error> {
        let limit = self.options.call.timeout.unwrap_or(self.core.inner.timeout).min(self.left());
        let asked = runtime::timeout(limit, pin!(self.core.inner.auth.bearer())).await;
        let refused = |(reason, source): (&'static str, _)| {
            Refused { source, ..Refused::new("bearer_auth_provider", reason) }.into_error(self.workflow.info())
        };
        self.bearer = match asked {
            Some(asked) => asked.map_err(refused)?,
            None => return Err(self.late()),
        };
        Ok(())
    }

    /// Looks for the record until it is there, the grace period is over, or it cannot be told.
    pub(crate) async fn run(&mut self, sent: Sent) -> Sought<R> {
        let unclear = |candidates, cause| Sought::Unclear { candidates, cause };
        let began = Instant::now();
        let grace_ends = began.checked_add(self.options.grace);
        let mut delays = self.policy().initial_backoff(FIRST_LOOK).max_backoff(LONGEST_LOOK).delays();
        let (mut looks, mut renewed, mut list) = (0, false, None);
        loop {
            looks += 1;
            let looked = self.look(sent, grace_ends, &mut list).await.map(|(look, look_began)| {
                let over = grace_ends.is_some_and(|ends| ends <= look_began);
                // What was this one's when it was shown may have become another call's before this one was polled.
                if self.is_still_so(&look) { (look, over) } else { (Look::Absent, false) }
            });
            let doubtful = match looked {
                Ok((Look::Found(record, _), _) | (Look::Likely(record, _), true)) => return Sought::Found(record),
                Ok((Look::Absent, true)) => return Sought::Absent,
                Ok((Look::Doubtful(candidates), true)) => return unclear(candidates, None),
                Ok((Look::Endless, _)) => return unclear(Vec::new(), None),
                Ok((Look::Likely(record, _), false)) => vec![record.id().to_owned()],
                Ok((Look::Doubtful(candidates), false)) => candidates,
                Ok((Look::Absent, false)) => Vec::new(),
                // A key may be replaced at any time by another one of the same account.
                Err(error) if !renewed && is_authentication(&error) && self.renew_key().await => {
                    renewed = true;
                    continue;
                }
                Err(error) => return unclear(Vec::new(), Some(error)),
            };
            // The last look is right after the grace period, not a whole delay later.
            let delay = delays.next().min(self.options.grace.saturating_sub(began.elapsed()));
            if self.left() <= delay {
                return unclear(doubtful, None);
            }
            self.options.on_retry.tell(
                self.classifier.account.page_operation,
                looks,
                Missing(self.classifier.wanted.mark),
                delay,
            );
            runtime::sleep(delay).await;
        }
    }

    /// Looks once, page by page, back to the time of sending; gives what it found and when that look began.
    async fn look(
        &mut self,
        sent: Sent,
        grace_ends: Option<Instant>,
        list: &mut Option<(Reader, Arc<List<R>>)>,
    ) -> Result<(Look<R>, Instant), Error> {
        let account = self.classifier.account;
        let user = self.user().await?;
        let reader = Reader::new(account.page_operation, user, &self.options.call, self.bearer.as_ref());
        let (reader, list) = match list {
            Some((known, list)) if *known == reader => (known, list),
            _ => {
                let shared = self.core.state(Lists::default).get(&reader);
                let (reader, shared) = list.insert((reader, shared));
                (reader, shared)
            }
        };
        let place = list.join(Seeker {
            classifier: self.classifier.clone(),
            taken_count: self.taken_count,
            sent,
            tolerance: self.options.clock_tolerance,
            grace_ends,
            started: self.started,
            limit: self.options.deadline(),
        });
        loop {
            if let Some(looked) = place.take() {
                self.connected.store(true, Ordering::Relaxed);
                return Ok(looked);
            }
            // A transport of the caller's own may respond before any timer could end it.
            if self.left().is_zero() {
                return Err(self.late());
            }
            let request = match runtime::timeout(self.left(), pin!(place.request(self.reads.not_before))).await {
                None => return Err(self.late()),
                Some(None) => continue,
                Some(Some(request)) => request,
            };
            let call = (account.page)(&self.core, reader.user(), request.offset, PAGE);
            let call = call.with_options(&self.attempt_options()).with_response();
            match place.response(call.into_future()).await {
                // It took so long that another one has read the page meanwhile.
                None => _ = self.rest(&place),
                Some(Ok(page)) => {
                    self.reads = Reads::default();
                    let server_now = time::header(&page.headers, http::header::DATE);
                    let wall_now = self.core.wall_now();
                    place.show(&request, Page { records: page.output, server_now, wall_now });
                }
                Some(Err(error)) => self.failed(&place, &request, error)?,
            }
        }
    }

    fn is_still_so(&self, look: &Look<R>) -> bool {
        match look {
            Look::Found(record, window) => {
                matches!(self.classifier.classify(record, window, self.taken_count), Match::Exact)
            }
            Look::Likely(record, window) => {
                matches!(self.classifier.classify(record, window, self.taken_count), Match::Exact | Match::Like(_))
            }
            _ => true,
        }
    }

    /// Gives an error back that ends this search.
    fn failed(&mut self, place: &Membership<'_, R>, request: &Request, error: Error) -> Result<(), Error> {
        // This search's own time is over, which says nothing of the server.
        if self.left().is_zero() || !error.may_be_retried(Effect::Read) {
            return Err(error);
        }
        let own = self.rest(place);
        place.failed(request, own, error.retry_after().unwrap_or_default());
        let delay = self.delay(&error, self.reads.failures, own);
        let Some(delay) = delay else { return Err(error) };
        self.reads.not_before = Instant::now().checked_add(delay.min(LONGEST));
        self.options.on_retry.tell(self.classifier.account.page_operation, self.reads.failures, &error, delay);
        Ok(())
    }

    /// Has this search leave reading to others for as long as its policy says, which it gives.
    fn rest(&mut self, place: &Membership<'_, R>) -> Duration {
        let (shown, reached) = place.shown();
        if reached {
            self.connected.store(true, Ordering::Relaxed);
        }
        if shown != self.reads.shown {
            // It is another page's first failure.
            self.reads = Reads { shown, ..Reads::default() };
        }
        self.reads.failures += 1;
        let policy = self.policy();
        let own = self.reads.delays.get_or_insert_with(|| BudgetedDelays::new(&self.core, &policy)).own();
        self.reads.not_before = Instant::now().checked_add(own.min(LONGEST));
        own
    }

    /// The user that the key belongs to.
    async fn user(&self) -> Result<String, Error> {
        let ask = || {
            self.read(self.classifier.account.user_operation, || {
                (self.classifier.account.user)(&self.core, &self.attempt_options())
            })
        };
        let server = self.options.call.server.as_ref();
        let users = self.core.state(Users::default);
        let user = users.find(server, self.bearer.as_ref(), self.left(), ask).await?;
        user.ok_or_else(|| self.workflow.invalid("user", "the service does not tell the id of the key's user"))
    }

    /// Asks the provider for another key, and whether it is one of the same account.
    async fn renew_key(&mut self) -> bool {
        let Some(before) = self.bearer.clone() else { return false };
        let known = self.core.state(Users::default).of(self.options.call.server.as_ref(), Some(&before));
        let Some(user) = known else { return false };
        let renewed = self.ask_key().await.is_ok() && self.bearer.as_ref().is_some_and(|key| *key != before);
        if renewed && self.user().await.is_ok_and(|now| now == user) {
            return true;
        }
        self.bearer = Some(before);
        false
    }

    /// Reads until it succeeds, is refused, or the deadline comes.
    async fn read<T, C>(&self, operation: &'static str, call: impl Fn() -> C) -> Result<T, Error>
    where
        C: IntoFuture<Output = Result<T, Error>>,
    {
        let policy = self.policy();
        let mut delays = BudgetedDelays::new(&self.core, &policy);
        let mut attempts = 0;
        loop {
            // A transport of the caller's own may respond before any timer could end it.
            if self.left().is_zero() {
                return Err(self.late());
            }
            attempts += 1;
            let error = match call().into_future().await {
                Ok(response) => {
                    self.connected.store(true, Ordering::Relaxed);
                    return Ok(response);
                }
                Err(error) => error,
            };
            if !error.may_be_retried(Effect::Read) {
                return Err(error);
            }
            let delay = self.delay(&error, attempts, delays.own());
            let Some(delay) = delay else { return Err(error) };
            self.options.on_retry.tell(operation, attempts, &error, delay);
            runtime::sleep(delay).await;
        }
    }

    /// The delay after a failure to read, if there is time for another attempt and the policy allows it.
    fn delay(&self, error: &Error, attempts: u32, own: Duration) -> Option<Duration> {
        // However long the server asks to wait, there is one more look before the deadline.
        let asked = error.retry_after().unwrap_or_default();
        let delay = before_deadline(own.max(asked), self.left(), self.options.deadline());
        let allowed = self.allows(error, attempts, own);
        delay.map(|delay| delay.max(own)).filter(|delay| allowed && *delay < self.left())
    }

    /// Whether the policy's limits, which hold as long as the server was never reached, allow another attempt.
    pub(super) fn allows(&self, error: &Error, attempts: u32, delay: Duration) -> bool {
        if !never_connected(error) {
            self.connected.store(true, Ordering::Relaxed);
        }
        self.connected.load(Ordering::Relaxed) || self.policy().allows(attempts, self.started.elapsed(), delay)
    }

    /// Those of one attempt of a call, with this search's key, in what time is left.
    pub(super) fn attempt_options(&self) -> Options {
        // Where no time is left, this ends at once in the error that says so.
        let left = self.left().max(Duration::from_millis(1));
        Options {
            deadline: Some(Some(left)),
            retry: Some(RetryPolicy::none()),
            bearer: self.bearer.clone(),
            ..self.options.call.clone()
        }
    }

    pub(super) fn policy(&self) -> RetryPolicy {
        self.options.call.retry.as_ref().unwrap_or(&self.core.inner.retry).clone()
    }

    pub(super) fn late(&self) -> Error {
        let call = self.workflow.info();
        let limit = self.options.deadline();
        Error::Timeout(Box::new(TimeoutError { call, scope: TimeoutScope::Deadline, limit, sent: false }))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn left(&self) -> Duration {
        self.options.deadline().saturating_sub(self.started.elapsed())
    }

    /// Notes that this call has ended with that record.
    pub(super) fn take(&self, id: &str) {
        if let Some(in_flight) = &self.classifier.in_flight {
            in_flight.take(id);
        }
    }
}

/// The reason for another look.
struct Missing(i64);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The generation with seed {} is not in the account's list.", self.0)
    }
}

fn is_authentication(error: &Error) -> bool {
    error.api().is_some_and(|error| error.kind == ApiErrorKind::Authentication)
}

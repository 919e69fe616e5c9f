//! Looking for a record in the account's list, page by page, until it is there or had the time to appear.

use std::fmt;
use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::in_flight::InFlight;
use super::window::{Sent, Window};
use super::{SearchOptions, Workflow, normalised};
use crate::call::{Options, Refused};
use crate::core::key::Bearer;
use crate::error::{ApiErrorKind, Error, TimeoutError, TimeoutScope};
use crate::paging::{PAGE, Pages, Read, Row};
use crate::poll::{Delays, before_deadline, never_connected};
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture, Instant};
use crate::{Call, Effect, LeonardoCore, time};

/// Reads the user of a key; none if the service does not tell.
pub(crate) type ReadUser = BoxFuture<'static, Result<Option<String>, Error>>;

/// How an account's list is read, and what its records show.
pub(crate) struct Account<R> {
    /// The operation that tells the user of a key.
    pub(crate) user_operation: &'static str,
    /// The user of the key that the options hold, or of the core's, if the service tells.
    pub(crate) user: fn(&LeonardoCore, &Options) -> ReadUser,
    /// The operation that reads a page.
    pub(crate) page_operation: &'static str,
    /// The page of a user's list, newest first, at an offset, of so many records at most.
    pub(crate) page: fn(&LeonardoCore, &str, u32, u32) -> Call<Vec<R>>,
    /// `None` if it cannot be read.
    pub(crate) mark: fn(&R) -> Option<i64>,
    pub(crate) text: fn(&R) -> &str,
}

/// What is looked for.
pub(crate) struct Wanted<R> {
    pub(crate) mark: i64,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Whether the service shows the text as it was sent, but for blanks and case.
    pub(crate) text_is_kept: bool,
    /// How much a record with this mark and text is like it in all else.
    pub(crate) likeness: Box<dyn Fn(&R) -> Likeness + Send + Sync>,
}

impl<R> Wanted<R> {
    pub(crate) fn new(mark: i64, kind: Kind, text: &str, text_is_kept: bool) -> Self {
        Self { mark, kind, text: text.to_owned(), text_is_kept, likeness: Box::new(|_| Likeness::Same) }
    }
}

/// What a mark says of a record that has it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// It was drawn for this call, so nobody else's has it; but an old one may, by chance.
    Random,
    /// The caller says that nobody else's has it.
    Unique,
    /// Others may have it.
    Chosen,
}

/// How much a record is what was asked for, apart from its mark and text.
pub(crate) enum Likeness {
    Same,
    /// The more like it, the higher.
    Differs(u8),
}

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

/// What one look at the list found.
enum Look<R> {
    Found(Box<R>),
    /// It differs in something, so another one may be still to appear.
    Likely(Box<R>),
    Absent,
    Doubtful(Vec<String>),
    /// The list did not come to an end.
    Endless,
}

/// How much a record is the one that is looked for.
enum Match {
    Exact,
    /// The more the higher.
    Like(u8),
    /// It has the mark, and may be another's.
    Doubtful,
    None,
}

/// The delay before the second look, and the longest between two.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// How many records are searched at most; far more than an account can make within the tolerance for clocks.
const MOST_RECORDS: u32 = 20_000;
/// How many pages are read for that at most. Where records are made faster than pages are read, many hold little new.
const MOST_PAGES: u32 = 1_000;

/// A search for what one request has made.
pub(crate) struct Search<R: 'static> {
    pub(super) workflow: Workflow,
    pub(super) core: LeonardoCore,
    account: &'static Account<R>,
    pub(super) wanted: Wanted<R>,
    pub(super) options: SearchOptions,
    started: Instant,
    /// The key that creates are sent with, where a provider gives it: another one may be of another account.
    bearer: Option<Bearer>,
    /// Whether the server was ever reached.
    connected: AtomicBool,
    /// None for a random mark, which no other call has.
    in_flight: Option<InFlight>,
    /// Whether records that other calls of this process have ended with count, too.
    pub(super) taken_count: bool,
}

impl<R: Row + Send + 'static> Search<R> {
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
            account,
            taken_count: workflow.effect == Effect::Read || wanted.kind == Kind::Unique,
            wanted,
            options,
            started: Instant::now(),
            bearer: None,
            connected: AtomicBool::new(false),
            in_flight,
        })
    }

    /// What only one call at a time may hold that has this mark and text.
    pub(super) fn turn(&self) -> Option<Arc<tokio::sync::Mutex<()>>> {
        self.in_flight.as_ref().map(|in_flight| in_flight.turn.clone())
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
        let mut backoff = self.policy().initial_backoff(FIRST_LOOK).max_backoff(LONGEST_LOOK).backoff();
        let (mut looks, mut renewed) = (0, false);
        loop {
            looks += 1;
            let over = began.elapsed() >= self.options.grace;
            let doubtful = match (self.look(sent).await, over) {
                (Ok(Look::Found(record)), _) | (Ok(Look::Likely(record)), true) => return Sought::Found(record),
                (Ok(Look::Absent), true) => return Sought::Absent,
                (Ok(Look::Doubtful(candidates)), true) => return unclear(candidates, None),
                (Ok(Look::Endless), _) => return unclear(Vec::new(), None),
                (Ok(Look::Likely(record)), false) => vec![record.id().to_owned()],
                (Ok(Look::Doubtful(candidates)), false) => candidates,
                (Ok(Look::Absent), false) => Vec::new(),
                // A key may be replaced at any time by another one of the same account.
                (Err(error), _) if !renewed && is_authentication(&error) && self.renew_key().await => {
                    renewed = true;
                    continue;
                }
                (Err(error), _) => return unclear(Vec::new(), Some(error)),
            };
            // The last look is right after the grace period, not a whole delay later.
            let delay = backoff.next().min(self.options.grace.saturating_sub(began.elapsed()));
            if self.left() <= delay {
                return unclear(doubtful, None);
            }
            self.options.on_retry.tell(self.account.page_operation, looks, Missing(self.wanted.mark), delay);
            runtime::sleep(delay).await;
        }
    }

    /// Looks once, page by page, back to the time of sending.
    async fn look(&self, sent: Sent) -> Result<Look<R>, Error> {
        let user = self.user().await?;
        let mut pages = Pages::default();
        let mut likely: Option<(u8, Box<R>)> = None;
        let mut doubtful = Vec::new();
        loop {
            let offset = pages.offset;
            let page = self
                .read(self.account.page_operation, || {
                    let call = (self.account.page)(&self.core, &user, offset, PAGE);
                    call.with_options(&self.attempt_options()).with_response()
                })
                .await?;
            let server_now = time::header(&page.headers, http::header::DATE);
            let window = sent.window(self.core.wall_now(), server_now, self.options.clock_tolerance);
            let ended = page.output.iter().rev().find_map(R::made_at);
            let items = match pages.read(page.output, PAGE) {
                Read::Page(items) => items,
                Read::Gap if pages.pages <= MOST_PAGES => continue,
                Read::Gap => return Ok(Look::Endless),
                Read::End => break,
                Read::Stuck => return Ok(Look::Endless),
            };
            for record in items {
                match self.classify(&record, &window) {
                    Match::Exact => return Ok(Look::Found(Box::new(record))),
                    Match::Like(likeness) if likely.as_ref().is_none_or(|(best, _)| *best < likeness) => {
                        likely = Some((likeness, Box::new(record)));
                    }
                    Match::Doubtful => doubtful.push(record.id().to_owned()),
                    Match::Like(_) | Match::None => {}
                }
            }
            if ended.is_some_and(|ended| ended < window.doubt) {
                break;
            }
            if pages.position > MOST_RECORDS || pages.pages > MOST_PAGES {
                return Ok(Look::Endless);
            }
        }
        Ok(match likely {
            Some((_, record)) => Look::Likely(record),
            None if doubtful.is_empty() => Look::Absent,
            None => Look::Doubtful(doubtful),
        })
    }

    fn classify(&self, record: &R, window: &Window) -> Match {
        // One without a time is at least not known to be old.
        let made_at = record.made_at().unwrap_or(i64::MAX);
        let text = || normalised((self.account.text)(record));
        match (self.account.mark)(record) {
            Some(mark) if mark != self.wanted.mark => return Match::None,
            // What cannot be read does not prove that it is another one.
            None if made_at < window.doubt || text() != self.wanted.text => return Match::None,
            None => return Match::Doubtful,
            Some(_) if record.id().is_empty() => return Match::Doubtful,
            Some(_) => {}
        }
        match self.wanted.kind {
            Kind::Unique => return Match::Exact,
            // What else the service shows it may have changed, and taking a record for somebody else's would mean to pay
            // for a second one.
            Kind::Random if made_at >= window.random => return Match::Exact,
            Kind::Random => return Match::Doubtful,
            Kind::Chosen => {}
        }
        if let Some(in_flight) = &self.in_flight {
            let text = text();
            if made_at < window.doubt
                || in_flight.is_anothers(&text)
                || (!self.taken_count && in_flight.is_taken(record.id()))
            {
                return Match::None;
            }
            if made_at < window.sure || in_flight.text.as_ref().is_some_and(|asked| *asked != text) {
                return Match::Doubtful;
            }
        }
        match (self.wanted.likeness)(record) {
            Likeness::Same => Match::Exact,
            Likeness::Differs(likeness) => Match::Like(likeness),
        }
    }

    /// The user that the key belongs to.
    async fn user(&self) -> Result<String, Error> {
        let ask =
            || self.read(self.account.user_operation, || (self.account.user)(&self.core, &self.attempt_options()));
        let server = self.options.call.server.as_ref();
        let user = self.core.inner.users.find(server, self.bearer.as_ref(), self.left(), ask).await?;
        user.ok_or_else(|| self.workflow.invalid("user", "the service does not tell the id of the key's user"))
    }

    /// Asks the provider for another key, and whether it is one of the same account.
    async fn renew_key(&mut self) -> bool {
        let Some(before) = self.bearer.clone() else { return false };
        let known = self.core.inner.users.of(self.options.call.server.as_ref(), Some(&before));
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
        let mut delays = Delays::new(&self.core, &policy);
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
            let own = delays.own();
            // However long the server asks to wait, there is one more look before the deadline.
            let asked = error.retry_after().unwrap_or_default();
            let delay = before_deadline(own.max(asked), self.left(), self.options.deadline());
            let allowed = self.allows(&error, attempts, own);
            let delay = delay.map(|delay| delay.max(own)).filter(|delay| allowed && *delay < self.left());
            let Some(delay) = delay else { return Err(error) };
            self.options.on_retry.tell(operation, attempts, &error, delay);
            runtime::sleep(delay).await;
        }
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
        if let Some(in_flight) = &self.in_flight {
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

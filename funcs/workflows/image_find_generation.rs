//! Looking for the generation that a create may have made.
//!
//! The API has no idempotency key, so this stands on what it does have: a generation shows the seed that it was made from
//! and when, and the account's newest generations can be listed.

#![cfg_attr(
    not(feature = "image-create-generation-once"),
    allow(dead_code, reason = "a search alone sends nothing, so nobody has to be told apart from it")
)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::IntoFuture;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::{image_get_generations_by_user_id, user_get_user_self};
use crate::core::key::Bearer;
use crate::error::{ApiErrorKind, CallInfo, Error, InvalidRequestError, TimeoutError, TimeoutScope};
use crate::models::{CreateGenerationRequest, Generation, GenerationId, GetGenerationsByUserIdRequest, UserId};
use crate::paging::{Pages, Read, Row as _};
use crate::poll::{Delays, OnRetry, before_deadline, never_connected};
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture, Instant, SystemTime};
use crate::{Call, Effect, LeonardoCore, time};

/// Looks for the generation that an earlier create of `request` has made, if it has: `GET /v1/me` (once for each key) and
/// `GET /v1/generations/user/{userId}`, page by page. Costs nothing.
///
/// `sent_after` is the earliest time at which that create can have been sent, such as the time at which a program wrote
/// down what it was about to do. The request must have a seed: without one nothing can be recognised.
///
/// A generation is recognised by its seed and its time. If the caller says that the seed is used for nothing else
/// ([`unique_seed`](FindGeneration::unique_seed)), the seed alone decides. Otherwise the prompt must be the same but for
/// blanks and case; where several have it, model and size choose. One that has the seed but another prompt is not taken,
/// and makes the result [`Unclear`](Lookup::Unclear).
///
/// It is looked for again and again until it is there or the [grace period](FindGeneration::grace), in which a
/// generation may be missing from the list, is over.
///
/// ```no_run
/// # async fn example(core: leonardo_ai::LeonardoCore, since: std::time::SystemTime) -> Result<(), leonardo_ai::Error> {
/// use leonardo_ai::funcs::{Lookup, image_find_generation};
/// use leonardo_ai::models::CreateGenerationRequest;
///
/// let request = CreateGenerationRequest { seed: Some(905_778_432), ..CreateGenerationRequest::new("a pier") };
/// match image_find_generation(&core, &request, since).await? {
///     Lookup::Found(generation) => println!("it is {}", generation.id),
///     Lookup::Absent => println!("it was never made, so it can be created"),
///     other => println!("not certain: {other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// All of [`Error`] but `OutcomeUnknown`: the list could not be read, so nothing is known.
pub fn image_find_generation(
    core: &LeonardoCore,
    request: &CreateGenerationRequest,
    sent_after: SystemTime,
) -> FindGeneration {
    FindGeneration { core: core.clone(), request: request.clone(), sent_after, options: Options::default() }
}

/// A search for a generation; made by [`image_find_generation`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read until it is awaited"]
pub struct FindGeneration {
    core: LeonardoCore,
    request: CreateGenerationRequest,
    sent_after: SystemTime,
    options: Options,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Lookup {
    /// It is there, and paid for.
    Found(Box<Generation>),
    /// It is not there, and had the time to appear: it was never made.
    Absent,
    /// It cannot be told.
    #[non_exhaustive]
    Unclear {
        /// Generations that have the seed, and differ in something else or seem to be older. None if the list did not
        /// page as it should, or the deadline came first.
        candidates: Vec<GenerationId>,
    },
}

/// What a search and a create that may need one can be told.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) grace: Duration,
    pub(super) clock_tolerance: Duration,
    pub(super) unique_seed: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Duration>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) on_retry: OnRetry,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            clock_tolerance: Duration::from_secs(60),
            unique_seed: false,
            timeout: None,
            deadline: Some(Duration::from_secs(600)),
            retry: None,
            on_retry: OnRetry::default(),
        }
    }
}

/// The setters of [`Options`], for whatever has them in a field `options`.
macro_rules! options {
    ($type:ident) => {
        impl $type {
            /// How long a generation may take to appear in the account's list. Defaults to 30 s, counted from when looking for
            /// it begins. The longer it is, the safer and the slower.
            pub fn grace(mut self, grace: Duration) -> Self {
                self.options.grace = grace;
                self
            }

            /// How much the times of generations may be off. Defaults to 60 s.
            ///
            /// The time of sending is worked out from the server's `date`, this machine's clock and the time that went by since,
            /// which no step of a clock changes; the earliest that is plausible counts. A generation with the seed that is older
            /// than that by more than this tolerance is not taken.
            pub fn clock_tolerance(mut self, tolerance: Duration) -> Self {
                self.options.clock_tolerance = tolerance;
                self
            }

            /// Says that no other request of this account has the same seed, so that the seed alone decides which generation is
            /// this one, whatever else the service shows. Defaults to `false`. Nothing need be said of a seed that this crate
            /// chooses.
            pub fn unique_seed(mut self, unique: bool) -> Self {
                self.options.unique_seed = unique;
                self
            }

            /// The longest that one attempt of any request may take. Defaults to the core's.
            pub fn timeout(mut self, timeout: Duration) -> Self {
                self.options.timeout = Some(timeout);
                self
            }

            /// The longest that all of it may take. Defaults to 10 minutes; `None` for no limit. One that is shorter than the
            /// grace period leaves no time to find out.
            pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
                self.options.deadline = deadline.into();
                self
            }

            /// The delays between attempts. Defaults to the core's. Its limits to attempts and time hold only as long as no
            /// connection to the server was made.
            pub fn retry(mut self, policy: crate::RetryPolicy) -> Self {
                self.options.retry = Some(policy);
                self
            }

            /// Calls `report` before each delay, with what failed and when the next attempt is. It must not block.
            pub fn on_retry(mut self, report: impl FnMut(&crate::Retry) + crate::MaybeSend + 'static) -> Self {
                self.options.on_retry = crate::poll::OnRetry::new(report);
                self
            }
        }
    };
}
#[cfg(feature = "image-create-generation-once")]
pub(super) use options;

options!(FindGeneration);

impl IntoFuture for FindGeneration {
    type Output = Result<Lookup, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { core, request, sent_after, options } = self;
            let name = "image_find_generation";
            let seed = seed_of(&request).and_then(|seed| seed.ok_or("without one nothing can be recognised"));
            let seed = seed.map_err(|reason| invalid(name, Effect::Read, "seed", reason))?;
            let mark = if options.unique_seed { Mark::Unique } else { Mark::Chosen };
            let mut search = Search::new(name, Effect::Read, core, request, seed, mark, options)?;
            search.ask_key().await?;
            match search.seek(Sent::earlier(sent_after)).await {
                Sought::Found(generation) => Ok(Lookup::Found(generation)),
                Sought::Absent => Ok(Lookup::Absent),
                Sought::Unclear { cause: Some(error), .. } => Err(error),
                Sought::Unclear { candidates, .. } => Ok(Lookup::Unclear { candidates }),
            }
        })
    }
}

/// The seed that the caller chose.
pub(super) fn seed_of(request: &CreateGenerationRequest) -> Result<Option<i64>, &'static str> {
    match (request.seed, request.extra.get("seed")) {
        (seed, None) => Ok(seed),
        (None, Some(extra)) => extra.as_i64().map(Some).ok_or("the one in `extra` is not a whole number"),
        (Some(_), Some(_)) => Err("it is given twice, once in `extra`"),
    }
}

pub(super) fn invalid(operation: &'static str, effect: Effect, field: &'static str, reason: &'static str) -> Error {
    Error::InvalidRequest(Box::new(InvalidRequestError {
        call: CallInfo::new(operation, effect),
        field: field.into(),
        reason: reason.into(),
        source: None,
    }))
}

/// What a seed says of a generation that has it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// It was drawn for this call, so nobody else's has it; but an old one may, by chance.
    Random,
    /// The caller says that nobody else's has it.
    Unique,
    /// Others may have it.
    Chosen,
}

/// When a create was sent, as far as it can be told.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    /// By a clock that never steps; none if an earlier process may have sent it.
    at: Option<Instant>,
    wall: SystemTime,
}

/// From when on generations count, by the service's clock, in ms since 1970.
#[derive(Debug, PartialEq)]
struct Window {
    /// One with a chosen seed is taken.
    sure: i64,
    /// One with a random seed is taken.
    random: i64,
    /// None that is older can be the one: the search ends there. What lies between cannot be told.
    doubt: i64,
}

/// How far apart readings of different clocks may be for both to be plausible, in ms.
const PLAUSIBLE: i64 = 300_000;
/// How far apart they are though they agree, in ms: a `date` has whole seconds.
const AGREE: i64 = 2_000;

impl Sent {
    pub(super) fn now(core: &LeonardoCore) -> Self {
        Self { at: Some(Instant::now()), wall: core.wall_now() }
    }

    pub(super) fn earlier(wall: SystemTime) -> Self {
        Self { at: None, wall }
    }

    /// Works out the time of sending from all clocks that there are. `server_now` is the `date` of a response that came
    /// just now.
    fn window(self, wall_now: SystemTime, server_now: Option<Duration>, tolerance: Duration) -> Window {
        let (wall, wall_now, tolerance) = (since_1970(self.wall), since_1970(wall_now), millis(tolerance));
        let server_now = server_now.map(millis);
        let wall_age = (wall_now - wall).max(0);
        let age = self.at.map_or(wall_age, |at| millis(at.elapsed()));
        let by_wall = wall_now - age;
        if self.at.is_none() && wall > wall_now {
            // By a clock that has stepped since: it may have been sent at any time.
            return Window { sure: wall, random: i64::MIN, doubt: i64::MIN };
        }
        let (sure, random, doubt) = match server_now.map(|server_now| (server_now, server_now - age)) {
            Some((server_now, sent)) if (sent - by_wall).abs() > AGREE => {
                // The server's clock is meant, but its `date` may be off too, by less: the wall clock counts if it is not
                // far before it.
                let near = [wall, by_wall].into_iter().filter(|other| (sent - PLAUSIBLE..sent).contains(other));
                let sure = near.min().unwrap_or(sent);
                // A machine that was suspended may not have counted that time.
                let random = sure.min(server_now - age.max(wall_age));
                (sure, random, random.min(sent) - PLAUSIBLE)
            }
            dated => {
                // Where the `date` says that the wall clock is right now, it was wrong if it was later before.
                let wall = if dated.is_some() && wall > wall_now { by_wall } else { wall };
                let (earliest, latest) = (wall.min(by_wall), wall.max(by_wall));
                match latest - earliest {
                    // Nothing confirms a clock that was read by an earlier process, or that is the only one.
                    ..=AGREE if self.at.is_some() && dated.is_some() => (earliest, earliest, earliest),
                    ..=PLAUSIBLE => (earliest, earliest, earliest - PLAUSIBLE),
                    _ => (latest, earliest, earliest - PLAUSIBLE),
                }
            }
        };
        Window { sure: sure - tolerance, random: random - tolerance, doubt: doubt - tolerance }
    }
}

/// How a search ended.
pub(super) enum Sought {
    Found(Box<Generation>),
    /// Not there, and it had the time to appear.
    Absent,
    /// It cannot be told.
    Unclear {
        candidates: Vec<GenerationId>,
        cause: Option<Error>,
    },
}

/// What one look at the list found.
enum Look {
    Found(Box<Generation>),
    /// It differs in model or size, so another one may be still to appear.
    Likely(Box<Generation>),
    Absent,
    Doubtful(Vec<GenerationId>),
    /// The list did not come to an end.
    Endless,
}

/// A search for the generation of one request.
pub(super) struct Search {
    name: &'static str,
    effect: Effect,
    pub(super) core: LeonardoCore,
    pub(super) request: CreateGenerationRequest,
    pub(super) seed: i64,
    mark: Mark,
    pub(super) options: Options,
    started: Instant,
    /// The key that creates are sent with, where a provider gives it: another one may be of another account.
    pub(super) bearer: Option<Bearer>,
    /// Whether the server was ever reached.
    connected: AtomicBool,
    twins: Option<Twins>,
    /// Whether generations that other calls of this process have ended with count, too.
    pub(super) taken_count: bool,
}

impl Search {
    pub(super) fn new(
        name: &'static str,
        effect: Effect,
        core: LeonardoCore,
        request: CreateGenerationRequest,
        seed: i64,
        mark: Mark,
        options: Options,
    ) -> Result<Self, Error> {
        if options.deadline == Some(Duration::ZERO) {
            return Err(invalid(name, effect, "deadline", "it is zero, so nothing could be done"));
        }
        if !runtime::is_running() {
            return Err(invalid(name, effect, "runtime", "a call must be awaited within a Tokio runtime"));
        }
        let twins = (mark != Mark::Random).then(|| Twins::of(&core, seed, &request));
        Ok(Self {
            name,
            effect,
            core,
            request,
            seed,
            mark,
            options,
            started: Instant::now(),
            bearer: None,
            connected: AtomicBool::new(false),
            twins,
            taken_count: effect == Effect::Read || mark == Mark::Unique,
        })
    }

    /// What only one call at a time may hold that has this seed and prompt.
    pub(super) fn turn(&self) -> Option<Arc<tokio::sync::Mutex<()>>> {
        self.twins.as_ref().map(|twins| twins.turn.clone())
    }

    /// Has the key of the next requests come from the provider, if there is one.
    pub(super) async fn ask_key(&mut self) -> Result<(), Error> {
        let limit = self.options.timeout.unwrap_or(self.core.inner.timeout).min(self.left());
        let asked = runtime::timeout(limit, pin!(self.core.inner.auth.bearer())).await;
        let refused = |reason: &'static str, source| {
            let (call, field) = (CallInfo::new(self.name, self.effect), "bearer_auth_provider".into());
            Error::InvalidRequest(Box::new(InvalidRequestError { call, field, reason: reason.into(), source }))
        };
        self.bearer = match asked {
            Some(asked) => asked.map_err(|(reason, source)| refused(reason, source))?,
            None => return Err(self.late()),
        };
        Ok(())
    }

    /// Looks for the generation until it is there, the grace period is over, or it cannot be told.
    pub(super) async fn seek(&mut self, sent: Sent) -> Sought {
        let unclear = |candidates, cause| Sought::Unclear { candidates, cause };
        let began = Instant::now();
        let mut backoff = self.policy().initial_backoff(FIRST_LOOK).max_backoff(LONGEST_LOOK).backoff();
        let (mut looks, mut renewed) = (0, false);
        loop {
            looks += 1;
            let over = began.elapsed() >= self.options.grace;
            let doubtful = match (self.look(sent).await, over) {
                (Ok(Look::Found(generation)), _) | (Ok(Look::Likely(generation)), true) => {
                    return Sought::Found(generation);
                }
                (Ok(Look::Absent), true) => return Sought::Absent,
                (Ok(Look::Doubtful(candidates)), true) => return unclear(candidates, None),
                (Ok(Look::Endless), _) => return unclear(Vec::new(), None),
                (Ok(Look::Likely(generation)), false) => vec![generation.id],
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
            self.options.on_retry.tell(LIST, looks, Missing(self.seed), delay);
            runtime::sleep(delay).await;
        }
    }

    /// Looks once, page by page, back to the time of sending.
    async fn look(&self, sent: Sent) -> Result<Look, Error> {
        let user = self.account().await?;
        let mut pages = Pages::default();
        let mut likely: Option<(u8, Box<Generation>)> = None;
        let mut doubtful = Vec::new();
        loop {
            let request = GetGenerationsByUserIdRequest { offset: Some(pages.offset), limit: Some(PAGE) };
            let page = self
                .persist(LIST, || {
                    self.timed(image_get_generations_by_user_id(&self.core, &user, request.clone())).with_response()
                })
                .await?;
            let server_now = time::header(&page.headers, http::header::DATE);
            let window = sent.window(self.core.wall_now(), server_now, self.options.clock_tolerance);
            let ended = page.output.iter().rev().find_map(|generation| generation.made_at());
            let items = match pages.read(page.output, PAGE) {
                Read::Page(items) => items,
                Read::Gap if pages.pages <= MOST_PAGES => continue,
                Read::Gap => return Ok(Look::Endless),
                Read::End => break,
                Read::Stuck => return Ok(Look::Endless),
            };
            for generation in items {
                match self.match_of(&generation, &window) {
                    Match::Exact => return Ok(Look::Found(Box::new(generation))),
                    Match::Like(likeness) if likely.as_ref().is_none_or(|(best, _)| *best < likeness) => {
                        likely = Some((likeness, Box::new(generation)));
                    }
                    Match::Doubtful => doubtful.push(generation.id),
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
            Some((_, generation)) => Look::Likely(generation),
            None if doubtful.is_empty() => Look::Absent,
            None => Look::Doubtful(doubtful),
        })
    }

    fn match_of(&self, generation: &Generation, window: &Window) -> Match {
        // One without a time is at least not known to be old.
        let made_at = generation.made_at().unwrap_or(i64::MAX);
        match generation.seed {
            Some(seed) if seed != self.seed => return Match::None,
            // What cannot be read does not prove that it is another one.
            None if made_at < window.doubt || normalised(&generation.prompt) != normalised(&self.request.prompt) => {
                return Match::None;
            }
            None => return Match::Doubtful,
            Some(_) if generation.id.as_str().is_empty() => return Match::Doubtful,
            Some(_) => {}
        }
        match self.mark {
            Mark::Unique => return Match::Exact,
            // What else the service shows it may have changed, and taking a generation for somebody else's would mean to
            // pay for a second one.
            Mark::Random if made_at >= window.random => return Match::Exact,
            Mark::Random => return Match::Doubtful,
            Mark::Chosen => {}
        }
        let prompt = normalised(&generation.prompt);
        if let Some(twins) = &self.twins {
            if made_at < window.doubt
                || twins.is_anothers(&prompt)
                || (!self.taken_count && twins.is_taken(&generation.id))
            {
                return Match::None;
            }
            if made_at < window.sure || twins.prompt.as_ref().is_some_and(|asked| *asked != prompt) {
                return Match::Doubtful;
            }
        }
        let request = &self.request;
        let same = |asked: Option<u32>, shown: u32| asked.is_none_or(|asked| shown == 0 || asked == shown);
        let size = same(request.width, generation.image_width) && same(request.height, generation.image_height);
        let model = match (&request.model_id, &generation.model_id) {
            (Some(asked), Some(shown)) => asked == shown,
            _ => true,
        };
        match (model, size) {
            (true, true) => Match::Exact,
            (model, size) => Match::Like(u8::from(model) * 2 + u8::from(size)),
        }
    }

    /// The user that the key belongs to.
    async fn account(&self) -> Result<UserId, Error> {
        let users = &self.core.inner.users;
        let known = || users.of(self.bearer.as_ref()).map(UserId::from);
        if let Some(user) = known() {
            return Ok(user);
        }
        // Several calls at once need not all ask; but none waits long for another one, which may be stalled.
        let _turn = runtime::timeout(OTHERS_TURN.min(self.left()), pin!(users.turn.lock())).await;
        if let Some(user) = known() {
            return Ok(user);
        }
        let details = self.persist(USER, || self.timed(user_get_user_self(&self.core))).await?;
        match details.user.map(|user| user.id) {
            Some(id) if !id.as_str().is_empty() => {
                users.remember(self.bearer.as_ref(), id.as_str());
                Ok(id)
            }
            _ => Err(invalid(self.name, self.effect, "user", "the service does not tell the id of the key's user")),
        }
    }

    /// Asks the provider for another key, and whether it is one of the same account.
    async fn renew_key(&mut self) -> bool {
        let Some(before) = self.bearer.clone() else { return false };
        let Some(user) = self.core.inner.users.of(Some(&before)) else { return false };
        let renewed = self.ask_key().await.is_ok() && self.bearer.as_ref().is_some_and(|key| *key != before);
        if renewed && self.account().await.is_ok_and(|now| now.as_str() == user) {
            return true;
        }
        self.bearer = Some(before);
        false
    }

    /// Reads until it succeeds, is refused, or the deadline comes.
    async fn persist<T, C>(&self, operation: &'static str, call: impl Fn() -> C) -> Result<T, Error>
    where
        C: IntoFuture<Output = Result<T, Error>>,
    {
        let policy = self.policy();
        let mut delays = Delays::new(&self.core, &policy);
        let mut attempts = 0;
        loop {
            // A transport of the caller's own may answer before any timer could end it.
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
            let delay = before_deadline(own.max(asked), self.left(), self.deadline()).map(|delay| delay.max(own));
            let allowed = self.allows(&error, attempts, own);
            let Some(delay) = delay.filter(|delay| allowed && *delay < self.left()) else { return Err(error) };
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

    /// One attempt of a call, with this search's key, in what time is left.
    pub(super) fn timed<T>(&self, call: Call<T>) -> Call<T> {
        // Where no time is left, this ends at once in the error that says so.
        let left = self.left().max(Duration::from_millis(1));
        let call = call.retry(RetryPolicy::none()).deadline(left).key(self.bearer.clone());
        match self.options.timeout {
            Some(timeout) => call.timeout(timeout),
            None => call,
        }
    }

    pub(super) fn policy(&self) -> RetryPolicy {
        self.options.retry.as_ref().unwrap_or(&self.core.inner.retry).clone()
    }

    pub(super) fn late(&self) -> Error {
        let call = CallInfo::new(self.name, self.effect);
        let error = TimeoutError { call, scope: TimeoutScope::Deadline, limit: self.deadline(), sent: false };
        Error::Timeout(Box::new(error))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn deadline(&self) -> Duration {
        self.options.deadline.unwrap_or(Duration::MAX)
    }

    pub(super) fn left(&self) -> Duration {
        self.deadline().saturating_sub(self.started.elapsed())
    }

    /// Notes that this call has ended with that generation.
    pub(super) fn take(&self, id: &GenerationId) {
        if let Some(twins) = &self.twins {
            twins.take(id);
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

/// How much a generation is what was asked for.
enum Match {
    Exact,
    /// The more the higher.
    Like(u8),
    /// It has the seed, and may be another's.
    Doubtful,
    None,
}

const LIST: &str = "image_get_generations_by_user_id";
const USER: &str = "user_get_user_self";

/// The delay before the second look, and the longest between two.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// How long a call waits for another one that asks for the user.
const OTHERS_TURN: Duration = Duration::from_secs(1);

/// How many records are searched at most; far more than an account can make within the tolerance for clocks.
const MOST_RECORDS: u32 = 20_000;
/// How many pages are read for that at most. Where generations are made faster than pages are read, many hold little new.
const MOST_PAGES: u32 = 1_000;

/// The size of a page. A larger one is slower to answer, a smaller one needs more of them.
const PAGE: u32 = 50;

fn is_authentication(error: &Error) -> bool {
    error.api().is_some_and(|error| error.kind == ApiErrorKind::Authentication)
}

fn millis(duration: Duration) -> i64 {
    // Far from both ends, so that sums of a few do not overflow.
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 8)
}

fn since_1970(time: SystemTime) -> i64 {
    millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// A prompt without what a service may change about it: blanks and case.
fn normalised(prompt: &str) -> String {
    let mut text = String::with_capacity(prompt.len());
    for word in prompt.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.extend(word.chars().flat_map(char::to_lowercase));
    }
    text
}

/// The calls of this process that have the same chosen seed, seen from one of them.
///
/// Of those that have the same prompt too, only one is under way at a time. Otherwise one that failed could find, and
/// take, the generation of another that is still waiting for its response. The others know one another by their prompts.
struct Twins {
    all: Arc<SameSeed>,
    number: u64,
    /// `None` if it is not known what the service makes of it.
    prompt: Option<String>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct SameSeed(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    /// When each call that is under way began, and its prompt.
    alive: BTreeMap<u64, (Instant, Option<String>)>,
    turns: HashMap<Option<String>, Weak<tokio::sync::Mutex<()>>>,
    /// What calls have ended with, and when.
    taken: Vec<(GenerationId, Instant)>,
}

/// How long after the end of a call its generation can be mistaken for that of a call that began later, at most.
const REMEMBERED: Duration = Duration::from_secs(3600);

impl Twins {
    fn of(core: &LeonardoCore, seed: i64, request: &CreateGenerationRequest) -> Self {
        static ALL: Mutex<Option<HashMap<u64, Arc<SameSeed>>>> = Mutex::new(None);
        let mut key = DefaultHasher::new();
        (core.server_url(), seed).hash(&mut key);
        let all = {
            let mut seeds = lock(&ALL);
            let seeds = seeds.get_or_insert_default();
            // A long-running process sees many seeds.
            if seeds.len() >= 64 && seeds.len().is_power_of_two() {
                seeds.retain(|_, all| Arc::strong_count(all) > 1 || !lock(&all.0).forget().is_empty());
            }
            seeds.entry(key.finish()).or_default().clone()
        };
        // Prompt enhancement replaces the prompt.
        let prompt = (request.enhance_prompt != Some(true)).then(|| normalised(&request.prompt));
        let mut state = lock(&all.0);
        let number = state.next;
        state.next += 1;
        state.alive.insert(number, (Instant::now(), prompt.clone()));
        state.turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = state.turns.get(&prompt).and_then(Weak::upgrade).unwrap_or_default();
        state.turns.insert(prompt.clone(), Arc::downgrade(&turn));
        drop(state);
        Self { all, number, prompt, turn }
    }

    /// Whether a generation with that prompt is that of another call, which is still under way.
    fn is_anothers(&self, prompt: &str) -> bool {
        self.prompt.as_deref() != Some(prompt)
            && lock(&self.all.0).alive.values().any(|(_, other)| other.as_deref() == Some(prompt))
    }

    fn is_taken(&self, id: &GenerationId) -> bool {
        lock(&self.all.0).taken.iter().any(|(taken, _)| taken == id)
    }

    fn take(&self, id: &GenerationId) {
        lock(&self.all.0).taken.push((id.clone(), Instant::now()));
    }
}

impl State {
    /// Forgets what no call can mistake for its own any more, and gives what is left.
    fn forget(&mut self) -> &[(GenerationId, Instant)] {
        let oldest = self.alive.values().map(|(began, _)| *began).min().unwrap_or_else(Instant::now);
        self.taken.retain(|(_, ended)| oldest.saturating_duration_since(*ended) < REMEMBERED);
        &self.taken
    }
}

impl Drop for Twins {
    fn drop(&mut self) {
        let mut state = lock(&self.all.0);
        state.alive.remove(&self.number);
        state.forget();
    }
}

/// What these locks guard is never left half done, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: u64 = 1_700_000_000;

    fn at(seconds: i64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(SENT.saturating_add_signed(seconds))
    }

    /// The window for a request that was sent 10 s ago, when the wall clock was `then` s ahead; it is `now` s ahead now,
    /// and the server's `date` is `dated` s ahead. In s relative to the truth, with a tolerance of 60 s.
    async fn window(then: i64, now: i64, dated: Option<i64>) -> (i64, i64, i64) {
        let sent = Sent { at: Some(Instant::now()), wall: at(then) };
        tokio::time::advance(Duration::from_secs(10)).await;
        let server_now = dated.map(|ahead| Duration::from_secs(SENT.saturating_add_signed(10 + ahead)));
        let window = sent.window(at(10 + now), server_now, Duration::from_secs(60));
        assert!(window.doubt <= window.random && window.random <= window.sure, "{window:?}");
        let relative = |time: i64| time / 1000 - i64::try_from(SENT).unwrap();
        (relative(window.sure), relative(window.random), relative(window.doubt))
    }

    #[tokio::test(start_paused = true)]
    async fn no_step_of_a_clock_makes_a_search_end_before_the_time_of_sending() {
        // All agree.
        assert_eq!(window(0, 0, Some(0)).await, (-60, -60, -60));
        assert_eq!(window(0, 0, None).await, (-60, -60, -360));
        let hours = 7200;
        // The wall clock is wrong all the time, or steps, by little or much, and is right before or after.
        for dated in [Some(0), Some(90), Some(-90), None] {
            for (then, now) in
                [(0, 120), (0, -120), (120, 0), (-120, 0), (0, hours), (0, -hours), (hours, 0), (-hours, 0)]
            {
                let (sure, random, doubt) = window(then, now, dated).await;
                assert!(random <= 0 && doubt <= 0, "{then} {now} {dated:?}: {random} {doubt}");
                // An old generation with the same seed is not taken.
                assert!((-1000..=0).contains(&sure) || dated.is_none(), "{then} {now} {dated:?}: {sure}");
            }
        }
        for ahead in [hours, -hours] {
            assert_eq!(window(ahead, ahead, Some(0)).await.0, -60);
        }
        // A `date` that is ahead of the records' times, while the wall clock is right.
        assert_eq!(window(0, 0, Some(90)).await.0, -60);
        assert_eq!(window(0, 0, Some(-90)).await.0, -150);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_still_finds_what_it_sent() {
        // The wall clock counted an hour, the other one nothing.
        let (_, random, doubt) = window(0, 3600, Some(3600)).await;
        assert!(random <= 0 && doubt <= 0, "{random} {doubt}");
    }

    #[test]
    fn the_time_that_an_earlier_process_read_is_not_believed_to_the_minute() {
        let window = |read: i64, now: i64, dated: i64| {
            let server_now = Duration::from_secs(SENT.saturating_add_signed(dated));
            Sent::earlier(at(read)).window(at(now), Some(server_now), Duration::from_secs(60))
        };
        let sent = i64::try_from(SENT).unwrap() * 1000;
        for (read, now, dated) in
            [(0, 3600, 3600), (300, 3600, 3600), (-7200, 3600, 3600), (0, 3600, 3690), (7200, 3600, 3600)]
        {
            assert!(window(read, now, dated).doubt <= sent, "{read} {now} {dated}");
        }
        assert_eq!(window(0, 3600, 3600).sure, sent - 60_000);
        // It was, and is, wrong by as much.
        assert_eq!(window(7200, 10_800, 3600).sure, sent - 60_000);
    }

    #[test]
    fn prompts_are_the_same_but_for_blanks_and_case() {
        assert_eq!(normalised("  A\tpier \n at  DUSK "), "a pier at dusk");
        assert_ne!(normalised("a pier"), normalised("a pier,"));
        assert_eq!(normalised(""), "");
    }
}

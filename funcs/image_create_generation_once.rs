//! A create that ends with exactly one generation.
//!
//! The API has no idempotency key, so this stands on what it does have: a generation shows the seed, prompt, model and
//! size that it was made from, and the account's newest generations can be listed. After an outcome that is unknown, the
//! generation is looked for before anything is created again.

use std::collections::{HashMap, HashSet};
use std::future::IntoFuture;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{image_create_generation, image_get_generations_by_user_id, user_get_user_self};
use crate::date;
use crate::error::{CallInfo, Error, InvalidRequestError, OutcomeUnknownError, TimeoutError, TimeoutScope};
use crate::models::{
    CreateGenerationRequest, Generation, GenerationId, GenerationJob, GetGenerationsByUserIdRequest, UserId,
};
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture, Instant, SystemTime};
use crate::{Call, Effect, LeonardoCore};

const NAME: &str = "image_create_generation_once";

/// Creates a generation of images exactly once: `POST /v1/generations`, and, after an outcome that is unknown,
/// `GET /v1/me` (once for each core) and `GET /v1/generations/user/{userId}`. Costs credits.
///
/// Awaiting it ends in one of three ways:
///
/// - the id of the one generation that was made;
/// - an error after which it is certain that none was made and nothing was charged;
/// - [`OutcomeUnknown`](Error::OutcomeUnknown), if the deadline came, or looking the generation up was refused, before
///   it could be told.
///
/// A request without a seed gets a random one. After a failure that does not tell whether the work was done, the
/// account's newest generations are searched for the request's seed, prompt, model and size, until the
/// [grace period](CreateOnce::grace) is over; only then is it created again. Unlike other calls, it goes on until its
/// deadline, however many attempts that takes.
///
/// # What it cannot promise
///
/// - A generation that appears in the list later than the grace period may be followed by a second one.
/// - A request with a seed of the caller's, sent twice at about the same time by *different* processes or through
///   different functions, cannot be told apart: one of them may end with the other's id after a failure. Within one
///   process such calls wait for one another.
/// - A generation that is found by looking it up comes without its cost.
///
/// # Errors
///
/// All of [`Error`].
pub fn image_create_generation_once(core: &LeonardoCore, request: CreateGenerationRequest) -> CreateOnce<'_> {
    CreateOnce {
        core,
        request,
        grace: Duration::from_secs(30),
        clock_tolerance: Duration::from_secs(60),
        timeout: None,
        deadline: Some(Duration::from_secs(600)),
        retry: None,
    }
}

/// A create that ends with exactly one generation; made by [`image_create_generation_once`].
#[derive(Clone, Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct CreateOnce<'a> {
    core: &'a LeonardoCore,
    request: CreateGenerationRequest,
    grace: Duration,
    clock_tolerance: Duration,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
}

impl CreateOnce<'_> {
    /// How long after a failure a generation may take to appear in the account's list; 30 seconds if not set. The longer
    /// it is, the safer and the slower.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How much the times of generations may be off; 60 seconds if not set.
    ///
    /// The difference between this machine's clock and the service's is known from its answers' `date` and needs no
    /// tolerance. What is left decides how far back the list is searched, and, for requests with a seed of the caller's,
    /// which of several generations from the same request are too old to be this call's.
    pub fn clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = tolerance;
        self
    }

    /// The longest that one attempt of any request may take; the core's if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The longest that all of it may take; 10 minutes if not set, `None` for no limit. A deadline shorter than the grace
    /// period leaves no time to find out.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// The pauses between attempts; the core's if not set. Its limits to attempts and time are not used here.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }
}

impl<'a> IntoFuture for CreateOnce<'a> {
    type Output = Result<GenerationJob, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

async fn run(mut call: CreateOnce<'_>) -> Result<GenerationJob, Error> {
    let seed = match seed_of(&call.request) {
        Ok(seed) => seed,
        Err(reason) => return Err(invalid("seed", reason)),
    };
    // With a random seed, no other request is like this one, in this process or in any other.
    let chosen = seed.is_some();
    let seed = seed.unwrap_or_else(|| {
        let seed = fastrand::i64(0..=LARGEST_SEED);
        call.request.seed = Some(seed);
        seed
    });
    let mut attempt = Attempts {
        started: Instant::now(),
        deadline: call.deadline.unwrap_or(Duration::MAX),
        creates: 0,
        first_sent: None,
        watch: Watch { seed, pending: false },
        call,
        seed,
        chosen,
        twins: None,
    };
    if !chosen {
        return attempt.run().await;
    }
    if !runtime::is_running() {
        return Err(invalid("runtime", "a call must be awaited within a Tokio runtime"));
    }
    let twins = Twins::of(&attempt.call);
    attempt.twins = Some(twins.clone());
    match runtime::timeout(attempt.deadline, pin!(twins.turn.lock())).await {
        Some(_turn) => attempt.run().await,
        None => Err(attempt.late()),
    }
}

fn invalid(field: &'static str, reason: &'static str) -> Error {
    let call = CallInfo::new(NAME, Effect::Billable);
    Error::InvalidRequest(Box::new(InvalidRequestError {
        call,
        field: field.into(),
        reason: reason.into(),
        source: None,
    }))
}

/// What every model takes.
const LARGEST_SEED: i64 = 2_147_483_637;

fn seed_of(request: &CreateGenerationRequest) -> Result<Option<i64>, &'static str> {
    match (request.seed, request.extra.get("seed")) {
        (seed, None) => Ok(seed),
        (None, Some(extra)) => extra.as_i64().map(Some).ok_or("the one in `extra` is not a whole number"),
        (Some(_), Some(_)) => Err("it is given twice, once in `extra`"),
    }
}

/// One create on its way to its generation.
struct Attempts<'a> {
    call: CreateOnce<'a>,
    seed: i64,
    /// Whether the seed is the caller's.
    chosen: bool,
    started: Instant,
    deadline: Duration,
    creates: u32,
    /// When the first create was sent whose outcome was not known.
    first_sent: Option<SystemTime>,
    twins: Option<Arc<Twins>>,
    watch: Watch,
}

/// How looking a generation up ended.
enum Sought {
    Found(GenerationId),
    /// Not there, and it had the time to appear.
    Absent,
    /// It cannot be told.
    Unclear(Option<Error>),
}

impl Attempts<'_> {
    async fn run(&mut self) -> Result<GenerationJob, Error> {
        let policy = self.policy();
        let mut pauses = policy.pauses();
        loop {
            self.creates += 1;
            self.watch.pending = true;
            let created = self.timed(image_create_generation(self.call.core, self.call.request.clone())).await;
            let (error, absent) = match created {
                Ok(job) => return Ok(self.done(job)),
                Err(Error::OutcomeUnknown(unknown)) => {
                    self.first_sent.get_or_insert(unknown.sent_at);
                    match self.seek().await {
                        Sought::Found(id) => {
                            return Ok(self.done(GenerationJob { generation_id: id, ..Default::default() }));
                        }
                        Sought::Absent => (unknown.cause, true),
                        Sought::Unclear(lookup) => return Err(self.unknown(unknown, lookup)),
                    }
                }
                Err(error) => (error, false),
            };
            // From here on it is certain that there is no generation.
            self.watch.pending = false;
            let pause = error.retry_after().unwrap_or_else(|| pauses.next());
            let again = absent || error.may_be_retried(Effect::Billable);
            if !again || self.left() <= pause {
                return Err(self.named(error));
            }
            runtime::sleep(pause).await;
            // A timer may be late, and without time for an answer a create would have an unknown outcome.
            if self.left().is_zero() {
                return Err(self.named(error));
            }
        }
    }

    /// Looks for the generation until it is there, the grace period is over, or it cannot be told.
    async fn seek(&self) -> Sought {
        let failed = Instant::now();
        let mut pauses = self.policy().initial_backoff(FIRST_LOOK).max_backoff(LONGEST_LOOK).pauses();
        loop {
            let asked_after = failed.elapsed();
            match self.look().await {
                Ok(Sought::Absent) if asked_after < self.call.grace => {}
                Ok(sought) => return sought,
                Err(error) => return Sought::Unclear(Some(error)),
            }
            // The last look is right after the grace period, not a whole pause later.
            let pause = pauses.next().min(self.call.grace.saturating_sub(failed.elapsed()));
            if self.left() <= pause {
                return Sought::Unclear(None);
            }
            runtime::sleep(pause).await;
        }
    }

    /// Looks once, page by page, back to the time of the first create.
    async fn look(&self) -> Result<Sought, Error> {
        let core = self.call.core;
        // A core's keys are of one account.
        let user = core.inner.user.get_or_try_init(|| self.user()).await?;
        let mut offset = 0;
        let mut seen = HashSet::new();
        let mut stale = 0;
        loop {
            let page = self
                .persist(|| {
                    let request = GetGenerationsByUserIdRequest { offset: Some(offset), limit: Some(PAGE) };
                    self.timed(image_get_generations_by_user_id(core, user, request)).with_response()
                })
                .await?;
            let since = self.since(date::header(&page.headers, http::header::DATE));
            if let Some(found) = page.output.iter().find(|generation| self.is_mine(generation, since)) {
                return Ok(Sought::Found(found.id.clone()));
            }
            // A server may give smaller pages than it was asked for, so only an empty one is the last.
            match page.output.last() {
                None => return Ok(Sought::Absent),
                Some(oldest) if made_at(oldest).is_some_and(|made| made < since) => return Ok(Sought::Absent),
                Some(_) => {}
            }
            // Records that were made meanwhile move others to the next page, so that it may hold nothing new. But a list
            // that stays so does not page, and that or one that does not end proves nothing.
            let new = page.output.iter().filter(|generation| seen.insert(generation.id.clone())).count();
            stale = if new == 0 { stale + 1 } else { 0 };
            if stale > STALE_PAGES || offset > MOST_RECORDS {
                return Ok(Sought::Unclear(None));
            }
            offset = offset.saturating_add(u32::try_from(page.output.len()).unwrap_or(PAGE));
        }
    }

    async fn user(&self) -> Result<UserId, Error> {
        let details = self.persist(|| self.timed(user_get_user_self(self.call.core))).await?;
        match details.user.map(|user| user.id) {
            Some(id) if !id.as_str().is_empty() => Ok(id),
            _ => Err(invalid("user", "the service does not tell the id of the key's user")),
        }
    }

    /// Reads until it succeeds, is refused, or the deadline comes.
    async fn persist<T, C>(&self, call: impl Fn() -> C) -> Result<T, Error>
    where
        C: IntoFuture<Output = Result<T, Error>>,
    {
        let mut pauses = self.policy().pauses();
        loop {
            // A transport of the caller's own may answer before any timer could end it.
            if self.left().is_zero() {
                return Err(self.late());
            }
            let error = match call().into_future().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = error.retry_after().unwrap_or_else(|| pauses.next());
            if !error.may_be_retried(Effect::Read) || self.left() <= pause {
                return Err(error);
            }
            runtime::sleep(pause).await;
        }
    }

    /// One attempt of a call, in what time is left.
    fn timed<'c, T>(&self, call: Call<'c, T>) -> Call<'c, T> {
        // Where no time is left, this ends at once in the error that says so.
        let call = call.retry(RetryPolicy::none()).deadline(self.left().max(Duration::from_millis(1)));
        match self.call.timeout {
            Some(timeout) => call.timeout(timeout),
            None => call,
        }
    }

    /// The earliest time, by the service's clock, at which the generation can have been made; in ms since 1970.
    fn since(&self, server_now: Option<Duration>) -> i64 {
        let now = since_1970(self.call.core.wall_now());
        let sent = self.first_sent.map_or(now, since_1970);
        // A `date` counts whole seconds, so a small difference is none.
        let ahead =
            server_now.map(|server_now| millis(server_now) - now).filter(|ahead| ahead.abs() > 2000).unwrap_or(0);
        sent + ahead - millis(self.call.clock_tolerance)
    }

    fn is_mine(&self, generation: &Generation, since: i64) -> bool {
        if generation.seed != Some(self.seed) {
            return false;
        }
        if !self.chosen {
            // A random seed is proof enough. What else the service shows it may have changed, and taking a generation
            // for somebody else's would mean to pay for a second one.
            return true;
        }
        let request = &self.call.request;
        let same = |asked: Option<u32>, shown: u32| asked.is_none_or(|asked| shown == 0 || asked == shown);
        let same_model = match (&request.model_id, &generation.model_id) {
            (Some(asked), Some(shown)) => asked == shown,
            _ => true,
        };
        // Prompt enhancement replaces the prompt.
        let same_prompt = request.enhance_prompt == Some(true) || generation.prompt.trim() == request.prompt.trim();
        let recent = made_at(generation).is_none_or(|made| made >= since);
        let taken = self.twins.as_ref().is_some_and(|twins| twins.taken().contains(&generation.id));
        same_prompt
            && same_model
            && same(request.width, generation.image_width)
            && same(request.height, generation.image_height)
            && recent
            && !taken
    }

    fn policy(&self) -> RetryPolicy {
        self.call.retry.as_ref().unwrap_or(&self.call.core.inner.retry).clone()
    }

    fn late(&self) -> Error {
        let call = CallInfo::new(NAME, Effect::Billable);
        let error = TimeoutError { call, scope: TimeoutScope::Deadline, limit: self.deadline, sent: false };
        Error::Timeout(Box::new(error))
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.started.elapsed())
    }

    fn done(&mut self, job: GenerationJob) -> GenerationJob {
        self.watch.pending = false;
        if let Some(twins) = &self.twins {
            twins.taken().push(job.generation_id.clone());
        }
        job
    }

    /// An error of one attempt, as the error of all of them.
    fn named(&self, mut error: Error) -> Error {
        error.set_call(self.creates, self.started.elapsed());
        error.set_operation(NAME);
        error
    }

    fn unknown(&mut self, mut unknown: Box<OutcomeUnknownError>, lookup: Option<Error>) -> Error {
        self.watch.pending = false;
        unknown.lookup = lookup.map(Box::new);
        if let Some(first_sent) = self.first_sent {
            unknown.sent_at = first_sent;
        }
        self.named(Error::OutcomeUnknown(unknown))
    }
}

/// The pause before the second look, and the longest between two.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// How many records are searched at most; far more than an account can make within the tolerance for clocks.
const MOST_RECORDS: u32 = 20_000;

/// How many pages in a row may hold nothing but what was seen. Where generations are made faster than pages are read,
/// many do.
const STALE_PAGES: u32 = 400;

/// The size of a page. A larger one is slower to answer, a smaller one needs more of them.
const PAGE: u32 = 50;

fn millis(duration: Duration) -> i64 {
    // Far from both ends, so that sums of a few do not overflow.
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 8)
}

fn since_1970(time: SystemTime) -> i64 {
    millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn made_at(generation: &Generation) -> Option<i64> {
    generation.created_at.as_ref()?.unix_millis()
}

/// Calls of this process that only their answers can tell apart: they have the same seed, prompt, model and size.
///
/// Only one of them is under way at a time. Otherwise one that failed could find, and take, the generation of another
/// that is still waiting for its answer.
struct Twins {
    turn: tokio::sync::Mutex<()>,
    taken: Mutex<Vec<GenerationId>>,
    /// From when on a new call cannot mistake these generations for its own.
    forget_at: Mutex<Instant>,
}

impl Twins {
    fn of(call: &CreateOnce<'_>) -> Arc<Self> {
        static ALL: Mutex<Option<HashMap<u64, Arc<Twins>>>> = Mutex::new(None);
        let CreateOnce { core, request, .. } = call;
        let mut mark = DefaultHasher::new();
        let CreateGenerationRequest { seed, prompt, model_id, width, height, .. } = request;
        (core.server_url(), seed, request.extra.get("seed").and_then(serde_json::Value::as_i64)).hash(&mut mark);
        (prompt.trim(), model_id, width, height).hash(&mut mark);

        let now = Instant::now();
        let mut all = lock(&ALL);
        let all = all.get_or_insert_default();
        // A long-running process sees many marks.
        if all.len() >= 64 && all.len().is_power_of_two() {
            all.retain(|_, twins| Arc::strong_count(twins) > 1 || *lock(&twins.forget_at) > now);
        }
        let twins = all.entry(mark.finish()).or_insert_with(|| {
            let (turn, taken) = Default::default();
            Arc::new(Twins { turn, taken, forget_at: Mutex::new(now) })
        });
        // Twice the tolerance: it counts for the generation's time and for the next call's.
        let remembered = call.deadline.unwrap_or_default().saturating_add(call.clock_tolerance.saturating_mul(2));
        let forget_at = now.checked_add(remembered).unwrap_or(now);
        let mut latest = lock(&twins.forget_at);
        *latest = forget_at.max(*latest);
        drop(latest);
        twins.clone()
    }

    fn taken(&self) -> MutexGuard<'_, Vec<GenerationId>> {
        lock(&self.taken)
    }
}

/// What these locks guard is never left half done, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reports, when it is dropped, that a create may have been sent and nobody waits for its outcome any more.
struct Watch {
    seed: i64,
    pending: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.pending {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                operation = NAME,
                seed = self.seed,
                "dropped before its outcome was known: the generation may have been made and charged"
            );
            let _ = self.seed;
        }
    }
}

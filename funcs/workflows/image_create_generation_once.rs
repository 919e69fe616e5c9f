//! A create that ends with exactly one generation.
//!
//! After an outcome that is unknown, the generation is looked for before anything is created again.

use std::future::IntoFuture;
use std::pin::pin;
use std::time::Duration;

use super::image_create_generation;
use super::image_find_generation::{Mark, Options, Search, Sent, Sought, invalid, options, seed_of};
use crate::error::{Error, OutcomeUnknownError};
use crate::models::{CreateGenerationRequest, Generation, GenerationId, GenerationJob};
use crate::poll::Delays;
use crate::runtime::{self, BoxFuture, SystemTime};
use crate::{Effect, LeonardoCore};

const NAME: &str = "image_create_generation_once";
const CREATE: &str = "image_create_generation";

/// Creates a generation of images exactly once: `POST /v1/generations`, and, after an outcome that is unknown,
/// `GET /v1/me` (once for each key) and `GET /v1/generations/user/{userId}`. Costs credits.
///
/// Awaiting it ends in one of three ways:
///
/// - the id of the one generation that was made;
/// - an error after which it is certain that none was made and nothing was charged;
/// - [`OutcomeUnknown`](Error::OutcomeUnknown), if the deadline came, looking the generation up was refused, or several
///   generations may be the one, before it could be told.
///
/// A request without a seed gets a random one, from the operating system. After a failure that does not tell whether the
/// work was done, the account's newest generations are searched, as
/// [`image_find_generation`](super::image_find_generation()) does, until the [grace period](CreateOnce::grace) is over;
/// only then is it created again. Unlike other calls, it goes on until its deadline, however many attempts that takes,
/// unless the server was never reached: then the retry policy's limits hold.
///
/// A program that may be ended at any moment chooses the seed itself, writes it down with the time, and, when it starts
/// again, has it [looked for first](CreateOnce::look_first).
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
pub fn image_create_generation_once(core: &LeonardoCore, request: CreateGenerationRequest) -> CreateOnce {
    CreateOnce { core: core.clone(), request, look_first: None, options: Options::default() }
}

/// A create that ends with exactly one generation; made by [`image_create_generation_once`].
#[derive(Clone, Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct CreateOnce {
    core: LeonardoCore,
    request: CreateGenerationRequest,
    look_first: Option<SystemTime>,
    pub(super) options: Options,
}

options!(CreateOnce);

impl CreateOnce {
    /// Looks for the generation before the first create: an earlier process, or an earlier call whose outcome was not
    /// known, may have sent the same request at `sent_after` or later. If it is there, it is what this call ends with.
    ///
    /// It is looked for in the account of the key that the core has, or that its provider gives. The request must have a
    /// seed. Where nothing is found, the create is sent once the
    /// [grace period](Self::grace), counted from now, is over.
    pub fn look_first(mut self, sent_after: SystemTime) -> Self {
        self.look_first = Some(sent_after);
        self
    }
}

#[cfg(feature = "image-generate")]
impl CreateOnce {
    /// Has the options of the workflow that it is a part of.
    pub(super) fn within(mut self, call: &crate::call::Options, on_retry: crate::poll::OnRetry) -> Self {
        self.options.timeout = call.timeout;
        self.options.deadline = call.deadline.unwrap_or(self.options.deadline);
        self.options.retry = call.retry.clone();
        self.options.on_retry = on_retry;
        self
    }
}

impl IntoFuture for CreateOnce {
    type Output = Result<GenerationJob, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

async fn run(call: CreateOnce) -> Result<GenerationJob, Error> {
    let CreateOnce { core, mut request, look_first, options } = call;
    let wrong = |field, reason| invalid(NAME, Effect::Billable, field, reason);
    let (seed, mark) = match seed_of(&request).map_err(|reason| wrong("seed", reason))? {
        Some(seed) if options.unique_seed => (seed, Mark::Unique),
        Some(seed) => (seed, Mark::Chosen),
        None if look_first.is_some() => {
            return Err(wrong("look_first", "a request without a seed cannot be looked for"));
        }
        None => {
            let seed =
                random_seed().ok_or_else(|| wrong("seed", "the system gives no random numbers to choose one"))?;
            request.seed = Some(seed);
            (seed, Mark::Random)
        }
    };
    let search = Search::new(NAME, Effect::Billable, core, request, seed, mark, options)?;
    let turn = search.turn();
    let mut attempts = Attempts { creates: 0, first_sent: None, watch: Watch { seed, pending: false }, search };
    let _turn = match &turn {
        None => None,
        Some(turn) => match runtime::timeout(attempts.search.left(), pin!(turn.lock())).await {
            Some(turn) => Some(turn),
            None => return Err(attempts.search.late()),
        },
    };
    attempts.run(look_first).await
}

/// What every model takes.
const LARGEST_SEED: u64 = 2_147_483_637;

/// A seed that nobody can guess: from a generator that a program can seed, two processes might draw the same.
fn random_seed() -> Option<i64> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes).ok()?;
    i64::try_from(u64::from_le_bytes(bytes) % (LARGEST_SEED + 1)).ok()
}

/// One create on its way to its generation.
struct Attempts {
    search: Search,
    creates: u32,
    /// When the first create was sent whose outcome was not known.
    first_sent: Option<(Sent, SystemTime)>,
    watch: Watch,
}

impl Attempts {
    async fn run(&mut self, look_first: Option<SystemTime>) -> Result<GenerationJob, Error> {
        if let Some(sent_after) = look_first {
            if let Some(found) = self.look_first(sent_after).await? {
                return Ok(found);
            }
        }
        let (core, policy) = (self.search.core.clone(), self.search.policy());
        let least = core.inner.min_time_for_billable;
        let mut delays = Delays::new(&core, &policy);
        // What was looked for first was looked for in the account of that key.
        let mut has_key = look_first.is_some();
        loop {
            self.creates += 1;
            if !std::mem::take(&mut has_key) {
                self.search.ask_key().await.map_err(|error| self.named(error))?;
            }
            self.watch.pending = true;
            let sent = Sent::now(&core);
            let create = image_create_generation(&core, self.search.request.clone());
            let (error, absent) = match self.search.timed(create).await {
                Ok(job) => return Ok(self.done(job)),
                Err(Error::OutcomeUnknown(unknown)) => match self.settle(sent, unknown).await? {
                    Ok(job) => return Ok(job),
                    Err(cause) => (cause, true),
                },
                Err(error) => (error, false),
            };
            // From here on it is certain that there is no generation.
            self.watch.pending = false;
            if !absent && !error.may_be_retried(Effect::Billable) {
                return Err(self.named(error));
            }
            let delay = delays.after(&error);
            let again =
                self.search.allows(&error, self.creates, delay) && self.search.left() > delay.saturating_add(least);
            if !again {
                return Err(self.named(error));
            }
            self.search.options.on_retry.tell(CREATE, self.creates, &error, delay);
            runtime::sleep(delay).await;
            // A timer may be late, and without time for a response a create would have an unknown outcome.
            if self.search.left() <= least {
                return Err(self.named(error));
            }
        }
    }

    async fn look_first(&mut self, sent_after: SystemTime) -> Result<Option<GenerationJob>, Error> {
        self.search.ask_key().await?;
        // What an earlier call has ended with is what is looked for.
        let taken_count = std::mem::replace(&mut self.search.taken_count, true);
        let sought = self.search.seek(Sent::earlier(sent_after)).await;
        self.search.taken_count = taken_count;
        match sought {
            Sought::Found(generation) => Ok(Some(self.done(job_of(*generation)))),
            Sought::Absent => Ok(None),
            Sought::Unclear { candidates, cause } => {
                let reason = "whether an earlier create was carried out cannot be told";
                Err(Error::OutcomeUnknown(Box::new(OutcomeUnknownError {
                    sent_at: sent_after,
                    request: serde_json::to_vec(&self.search.request).unwrap_or_default().into(),
                    id: None,
                    cause: invalid(NAME, Effect::Billable, "look_first", reason),
                    candidates: texts(candidates),
                    lookup: cause.map(Box::new),
                })))
            }
        }
    }

    /// Finds out what became of a create whose outcome is unknown: the job, or the failure if there is none.
    async fn settle(
        &mut self,
        sent: Sent,
        mut unknown: Box<OutcomeUnknownError>,
    ) -> Result<Result<GenerationJob, Error>, Error> {
        if let Some(id) = unknown.id.take() {
            // The response could not be read to its end, but far enough.
            return Ok(Ok(self.done(GenerationJob { generation_id: id.into(), ..Default::default() })));
        }
        let (sent, sent_at) = *self.first_sent.get_or_insert((sent, unknown.sent_at));
        match self.search.seek(sent).await {
            Sought::Found(generation) => Ok(Ok(self.done(job_of(*generation)))),
            Sought::Absent => Ok(Err(unknown.cause)),
            Sought::Unclear { candidates, cause } => {
                self.watch.pending = false;
                unknown.lookup = cause.map(Box::new);
                unknown.candidates = texts(candidates);
                unknown.sent_at = sent_at;
                Err(self.named(Error::OutcomeUnknown(unknown)))
            }
        }
    }

    fn done(&mut self, job: GenerationJob) -> GenerationJob {
        self.watch.pending = false;
        self.search.take(&job.generation_id);
        job
    }

    /// An error of one attempt, as the error of all of them.
    fn named(&self, mut error: Error) -> Error {
        error.set_call(self.creates, self.search.elapsed());
        error.set_operation(NAME);
        error
    }
}

fn job_of(generation: Generation) -> GenerationJob {
    GenerationJob { generation_id: generation.id, ..Default::default() }
}

fn texts(ids: Vec<GenerationId>) -> Vec<String> {
    ids.into_iter().map(GenerationId::into_string).collect()
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

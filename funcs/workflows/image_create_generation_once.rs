//! A create that ends with exactly one generation.
//!
//! After an outcome that is unknown, the generation is looked for before anything is created again.

use std::future::IntoFuture;

use super::account::GENERATIONS;
use super::image_create_generation;
use super::image_find_generation::{seed_of, wanted};
use crate::call::call_options;
use crate::error::Error;
use crate::models::{CreateGenerationRequest, GenerationJob};
use crate::once::{
    Created, Kind, LookFirst, Search, SearchOptions, Workflow, create_once, random_mark, search_options,
};
use crate::poll::on_retry_option;
use crate::runtime::{BoxFuture, SystemTime};
use crate::{Effect, LeonardoCore};

const WORKFLOW: Workflow = Workflow { name: "image_create_generation_once", effect: Effect::Billable };

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
    CreateOnce { core: core.clone(), request, look_first: None, options: SearchOptions::default() }
}

/// A create that ends with exactly one generation; made by [`image_create_generation_once`].
#[derive(Clone, Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct CreateOnce {
    core: LeonardoCore,
    request: CreateGenerationRequest,
    look_first: Option<SystemTime>,
    pub(super) options: SearchOptions,
}

search_options!(CreateOnce, options: options);
on_retry_option! { impl[] CreateOnce, options: options }
call_options! {
    impl[] CreateOnce, options: options.call, core: core,
    deadline: "The longest that all of it may take; `None` for no limit. Defaults to 10 minutes. One that is shorter than the \
               grace period leaves no time to find out.",
    retry: "The delays between attempts. Defaults to the core's. Its limits to attempts and time hold only as long as no \
            connection to the server was made."
}

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

impl IntoFuture for CreateOnce {
    type Output = Result<GenerationJob, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { core, mut request, look_first, options } = self;
            let (seed, kind) = match seed_of(&request).map_err(|reason| WORKFLOW.invalid("seed", reason))? {
                Some(seed) if options.unique_seed => (seed, Kind::Unique),
                Some(seed) => (seed, Kind::Chosen),
                None if look_first.is_some() => {
                    return Err(WORKFLOW.invalid("look_first", "a request without a seed cannot be looked for"));
                }
                None => {
                    let seed = random_mark(LARGEST_SEED)
                        .ok_or_else(|| WORKFLOW.invalid("seed", "the system gives no random numbers to choose one"))?;
                    request.seed = Some(seed);
                    (seed, Kind::Random)
                }
            };
            let look_first = look_first.map(|sent_after| LookFirst {
                sent_after,
                request: serde_json::to_vec(&request).unwrap_or_default().into(),
            });
            let wanted = wanted(&request, seed, kind);
            let search = Search::new(WORKFLOW, core.clone(), &GENERATIONS, wanted, options)?;
            let create = || image_create_generation(&core, request.clone());
            let created =
                create_once(search, look_first, "image_create_generation", create, |job| job.generation_id.as_str());
            Ok(match created.await? {
                Created::Responded(job) => job,
                Created::Id(id) => GenerationJob { generation_id: id.into(), ..Default::default() },
            })
        })
    }
}

/// What every model takes.
const LARGEST_SEED: u64 = 2_147_483_637;

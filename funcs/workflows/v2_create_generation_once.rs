//! A create of version 2 that is carried out at most once.

use crate::funcs::account::GENERATIONS;
use crate::funcs::v2_create_generation;
use crate::models::{CreateV2GenerationRequest, Generation, PromptEnhance, V2GenerationJob, V2Parameters};
use crate::once::{CreateOnce, Marked, Marking, Wanted, Workflow, seed_of};
use crate::{Effect, LeonardoCore};

/// Creates a generation of version 2 and looks it up if its response is lost: `POST /v2/generations`, and, after an outcome
/// that is unknown, `GET /v1/me` (once for each key) and `GET /v1/generations/user/{userId}`. Costs credits.
///
/// [`CreateOnce`] has its options, what it does and what it cannot promise. Two things are particular to version 2:
///
/// - **Not every model takes a seed** ([`V2Model::largest_seed`](crate::models::V2Model::largest_seed)). Without one there is
///   nothing to look for, and a lost response ends in [`OutcomeUnknown`](crate::Error::OutcomeUnknown) at once. A model that
///   this crate does not know is sent no seed but the caller's.
/// - **It is not documented that the account's list shows what version 2 makes.** What is found there is taken; what is not
///   proves nothing, unless you say that it is [listed](CreateOnce::listed).
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn v2_create_generation_once(
    core: &LeonardoCore,
    request: CreateV2GenerationRequest,
) -> CreateOnce<CreateV2GenerationRequest> {
    CreateOnce::new(core, request)
}

impl Marked for CreateV2GenerationRequest {
    type Job = V2GenerationJob;
    type Record = Generation;

    fn marking() -> &'static Marking<Self> {
        static MARKING: Marking<CreateV2GenerationRequest> = Marking {
            workflow: Workflow { name: "v2_create_generation_once", effect: Effect::Billable },
            operation: "v2_create_generation",
            create: v2_create_generation,
            id: |job| job.generation_id.as_str(),
            found: |id| V2GenerationJob { generation_id: id.into(), ..Default::default() },
            account: &GENERATIONS,
            // Some models take -1 for one that the service draws.
            mark: |request| {
                let seed = seed_of(request.parameters.seed, &request.parameters.extra)?;
                Ok(seed.filter(|seed| *seed >= 0))
            },
            set_mark: |request, seed| request.parameters.seed = Some(seed),
            largest: |request| request.model.largest_seed().map(u64::from),
            wanted: |request, seed, kind| {
                let V2Parameters { prompt, prompt_enhance, .. } = &request.parameters;
                // Several models rewrite it unless they are told not to.
                let is_kept = *prompt_enhance == Some(PromptEnhance::Off);
                Wanted::new(seed, kind, prompt.as_deref().unwrap_or_default(), is_kept)
            },
            is_listed: false,
        };
        &MARKING
    }
}

//! A create that ends with exactly one generation.
//!
//! After an outcome that is unknown, the generation is looked for before anything is created again.

use super::image_find_generation::wanted;
use crate::funcs::account::GENERATIONS;
use crate::funcs::image_create_generation;
use crate::models::{CreateGenerationRequest, Generation, GenerationJob};
use crate::once::{CreateOnce, Marked, Marking, Workflow, seed_of};
use crate::{Effect, LeonardoCore};

/// Creates a generation of images exactly once: `POST /v1/generations`, and, after an outcome that is unknown,
/// `GET /v1/me` (once for each key) and `GET /v1/generations/user/{userId}`. Costs credits.
///
/// It ends with the id of the one generation that was made, or with an error that says whether one may have been made, and
/// may have been charged: [`CreateOnce`] has its options, what it does and what it cannot promise. The generation is
/// recognised as [`image_find_generation`](super::image_find_generation()) does it.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn image_create_generation_once(
    core: &LeonardoCore,
    request: CreateGenerationRequest,
) -> CreateOnce<CreateGenerationRequest> {
    CreateOnce::new(core, request)
}

impl Marked for CreateGenerationRequest {
    type Job = GenerationJob;
    type Record = Generation;

    fn marking() -> &'static Marking<Self> {
        static MARKING: Marking<CreateGenerationRequest> = Marking {
            workflow: Workflow { name: "image_create_generation_once", effect: Effect::Billable },
            operation: "image_create_generation",
            create: image_create_generation,
            id: |job| job.generation_id.as_str(),
            found: |id| GenerationJob { generation_id: id.into(), ..Default::default() },
            account: &GENERATIONS,
            mark: |request| seed_of(request.seed, &request.extra),
            set_mark: |request, seed| request.seed = Some(seed),
            // What every model takes.
            largest: |_| Some(2_147_483_637),
            wanted,
            is_listed: true,
        };
        &MARKING
    }
}

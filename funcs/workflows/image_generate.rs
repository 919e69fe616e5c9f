//! From a request to the images, in one call.

use super::image_wait_for_generation::GENERATION;
use crate::LeonardoCore;
use crate::codec::serialize;
use crate::models::{CreateGenerationRequest, Generation, GenerationJob};
use crate::once::CreateOnceAndWait;
use crate::poll::{JobProgress, Made};

/// Creates a generation of images exactly once and waits until it is complete. Costs credits.
///
/// It stands on [`image_create_generation_once`](super::image_create_generation_once()) and
/// [`image_wait_for_generation`](super::image_wait_for_generation()), and promises what they do. Both together have one
/// deadline.
///
/// # Errors
///
/// [`GenerationError`](super::GenerationError), which has the id of the generation as soon as there is one.
pub fn image_generate(core: &LeonardoCore, request: CreateGenerationRequest) -> Generate {
    let made = Made {
        name: "image_generate",
        id: |job: &GenerationJob| job.generation_id.clone(),
        done: |job, generation| Generated { job, generation },
    };
    CreateOnceAndWait::new(core, request, made, GENERATION)
}

/// A create and a wait in one; made by [`image_generate`].
pub type Generate = CreateOnceAndWait<CreateGenerationRequest, Generated>;

/// A generation that is complete, and the job that made it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Generated {
    /// The response to the create, with the cost. Where it was lost and the generation was looked up, the cost is not
    /// known.
    pub job: GenerationJob,
    /// The generation with its images.
    pub generation: Generation,
}

serialize! { impl[] Generated { job => "job", generation => "generation" } }

/// How far [`image_generate`] is.
pub type GenerationProgress = JobProgress<GenerationJob, Generated>;

//! A create and the wait for what it made, in one.

use super::image_wait_for_generation::GENERATION;
use super::v2_create_generation;
use crate::LeonardoCore;
use crate::models::{CreateV2GenerationRequest, Generation, V2GenerationJob};
use crate::poll::CreateAndWait;

/// Creates a generation of version 2 and waits until it is complete: `POST /v2/generations`, then polls. Costs credits.
///
/// It stands on [`v2_create_generation`](super::v2_create_generation()) and
/// [`image_wait_for_generation`](super::image_wait_for_generation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn v2_generate_and_wait(
    core: &LeonardoCore,
    request: CreateV2GenerationRequest,
) -> CreateAndWait<V2GenerationJob, Generation> {
    let create = v2_create_generation(core, request);
    CreateAndWait::new(core, "v2_generate_and_wait", create, |job| job.generation_id.clone(), GENERATION)
}

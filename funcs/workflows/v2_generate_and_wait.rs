//! A create and the wait for what it made, in one.

use super::image_wait_for_generation::GENERATION;
use crate::LeonardoCore;
use crate::models::CreateV2GenerationRequest;
use crate::once::CreateOnceAndWait;

/// Creates a generation of version 2 and waits until it is complete: `POST /v2/generations`, then polls. Costs credits.
///
/// It stands on [`v2_create_generation_once`](super::v2_create_generation_once()), which looks up what it has made if its
/// response is lost and the model takes a seed, and on
/// [`image_wait_for_generation`](super::image_wait_for_generation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn v2_generate_and_wait(
    core: &LeonardoCore,
    request: CreateV2GenerationRequest,
) -> CreateOnceAndWait<CreateV2GenerationRequest> {
    CreateOnceAndWait::completed(core, "v2_generate_and_wait", request, |job| job.generation_id.clone(), GENERATION)
}

use crate::models::{CreateV2SyncGenerationRequest, V2SyncGeneration};
use crate::{Call, LeonardoCore, operations};

/// Removes the background of an image, with the result in the response: `POST /v2/generationssync`. Costs credits.
///
/// The service takes up to about 27 s for it, which the core's timeout of 60 s allows. Every response is charged, even
/// one in which the moderation withheld the result.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) it may have been charged.
pub fn v2_create_sync_generation(
    core: &LeonardoCore,
    request: CreateV2SyncGenerationRequest,
) -> Call<V2SyncGeneration> {
    Call::new(core, &operations::V2_CREATE_SYNC_GENERATION).body(&request)
}

use crate::models::{CreateV2GenerationRequest, V2GenerationJob};
use crate::{Call, LeonardoCore, operations};

/// Creates images, video, sound or a 3D model with any model of version 2: `POST /v2/generations`. Costs credits.
///
/// The response has the id and the cost; `image_get_generation_by_id` shows when the results are complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the generation may exist and
/// have been charged; after any other error it does not.
pub fn v2_create_generation(core: &LeonardoCore, request: CreateV2GenerationRequest) -> Call<V2GenerationJob> {
    Call::new(core, &operations::V2_CREATE_GENERATION).body(&request)
}

use crate::models::{CreateGenerationRequest, GenerationJob};
use crate::{Call, LeonardoCore, operations};

/// Creates a generation of images: `POST /v1/generations`. Costs credits.
///
/// Responds at once with the id and the cost; the pictures follow, and
/// `image_get_generation_by_id` shows when they are complete. At most 100 creates a minute, 10 jobs at work and 200
/// waiting, by default, for one account.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the generation may exist and
/// have been charged; after any other error it does not.
pub fn image_create_generation(core: &LeonardoCore, request: CreateGenerationRequest) -> Call<GenerationJob> {
    Call::new(core, &operations::IMAGE_CREATE_GENERATION).required("prompt", &request.prompt).body(&request)
}

use crate::models::{Generation, GenerationId};
use crate::{Call, LeonardoCore, operations};

/// Reads one generation: `GET /v1/generations/{id}`.
///
/// Its `status` is `Pending`, and `generated_images` is empty, until the pictures are complete or it has failed.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn image_get_generation_by_id(core: &LeonardoCore, id: impl Into<GenerationId>) -> Call<Generation> {
    Call::new(core, &operations::IMAGE_GET_GENERATION_BY_ID).id(id.into())
}

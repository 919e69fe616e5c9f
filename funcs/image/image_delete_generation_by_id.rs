use crate::models::{DeletedGeneration, GenerationId};
use crate::{Call, LeonardoCore, operations};

/// Deletes a generation with its images: `DELETE /v1/generations/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose response was lost, has
/// deleted.
pub fn image_delete_generation_by_id(core: &LeonardoCore, id: impl Into<GenerationId>) -> Call<DeletedGeneration> {
    Call::new(core, &operations::IMAGE_DELETE_GENERATION_BY_ID).id(id.into())
}

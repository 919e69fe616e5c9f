use crate::models::{DeletedGeneration, GenerationId};
use crate::{Call, LeonardoCore, operations};

/// Deletes a generation with its images: `DELETE /v1/generations/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose answer was lost, has
/// deleted.
pub fn image_delete_generation_by_id(core: &LeonardoCore, id: impl Into<GenerationId>) -> Call<'_, DeletedGeneration> {
    fn call(core: &LeonardoCore, id: GenerationId) -> Call<'_, DeletedGeneration> {
        Call::new(core, &operations::image_delete_generation_by_id)
            .id(id)
            .own::<DeletedGeneration>("delete_generations_by_pk")
    }
    call(core, id.into())
}

use crate::models::{DeletedTextureGeneration, TextureGenerationId};
use crate::{Call, LeonardoCore, operations};

/// Deletes textures: `DELETE /v1/generations-texture/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose response was lost, has
/// deleted.
pub fn texture_delete_texture_generation_by_id(
    core: &LeonardoCore,
    id: impl Into<TextureGenerationId>,
) -> Call<DeletedTextureGeneration> {
    Call::new(core, &operations::TEXTURE_DELETE_TEXTURE_GENERATION_BY_ID).id(id.into())
}

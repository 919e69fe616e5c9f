use crate::models::{TextureGeneration, TextureGenerationId};
use crate::{Call, LeonardoCore, operations};

/// Reads textures and how far they are: `GET /v1/generations-texture/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn texture_get_texture_generation_by_id(
    core: &LeonardoCore,
    id: impl Into<TextureGenerationId>,
) -> Call<TextureGeneration> {
    Call::new(core, &operations::TEXTURE_GET_TEXTURE_GENERATION_BY_ID).id(id.into())
}

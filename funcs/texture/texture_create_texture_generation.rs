use crate::models::{CreateTextureGenerationRequest, TextureGenerationJob};
use crate::{Call, LeonardoCore, operations};

/// Creates textures for an uploaded 3D model: `POST /v1/generations-texture`. Costs credits.
///
/// `texture_get_texture_generation_by_id` shows when they are complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the textures may be made
/// and have been charged.
pub fn texture_create_texture_generation(
    core: &LeonardoCore,
    request: CreateTextureGenerationRequest,
) -> Call<TextureGenerationJob> {
    Call::new(core, &operations::TEXTURE_CREATE_TEXTURE_GENERATION).body(&request)
}

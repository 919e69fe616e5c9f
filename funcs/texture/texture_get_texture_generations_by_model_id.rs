use crate::models::{GetTextureGenerationsByModelIdRequest, ModelAssetId, TextureGeneration};
use crate::{Call, LeonardoCore, operations};

/// Reads a page of the textures of a 3D model: `GET /v1/generations-texture/model/{modelId}`.
///
/// `request` says how many to skip and how many to read; the service takes none and 10 unless told otherwise.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn texture_get_texture_generations_by_model_id(
    core: &LeonardoCore,
    model_id: impl Into<ModelAssetId>,
    request: GetTextureGenerationsByModelIdRequest,
) -> Call<Vec<TextureGeneration>> {
    Call::new(core, &operations::TEXTURE_GET_TEXTURE_GENERATIONS_BY_MODEL_ID).id(model_id.into()).query_of(&request)
}

//! All textures of a 3D model, as a stream over the pages.

use crate::LeonardoCore;
use crate::funcs::texture_get_texture_generations_by_model_id;
use crate::models::{GetTextureGenerationsByModelIdRequest, ModelAssetId, TextureGeneration};
use crate::paging::{List, Row};

/// Lists all textures of a 3D model, newest first: `GET /v1/generations-texture/model/{modelId}`, page after page.
///
/// [`List`] tells what is handed out while the list changes, and how to go on after an error.
pub fn texture_list_texture_generations(
    core: &LeonardoCore,
    model_id: impl Into<ModelAssetId>,
) -> List<TextureGeneration> {
    List::new(core, "texture_list_texture_generations", model_id.into().into_string(), |core, model, offset, limit| {
        let request = GetTextureGenerationsByModelIdRequest { offset: Some(offset), limit: Some(limit) };
        texture_get_texture_generations_by_model_id(core, model, request)
    })
}

impl Row for TextureGeneration {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn made_at(&self) -> Option<i64> {
        self.created_at.as_ref()?.unix_millis()
    }
}

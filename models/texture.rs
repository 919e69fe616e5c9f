//! Textures for uploaded 3D models.

use serde_json::{Map, Value};

use super::{Cost, JobStatus, ModelAssetId, TextureGenerationId, TextureImageId, Timestamp};
use crate::codec::{Model, Record, open_enum};

/// Asks for textures for an uploaded 3D model.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct CreateTextureGenerationRequest {
    /// The 3D model.
    #[model(required)]
    pub model_asset_id: ModelAssetId,
    /// What its surface is to look like.
    #[model(required)]
    pub prompt: String,
    /// What to keep out of the textures.
    #[model(name = "negative_prompt")]
    pub negative_prompt: Option<String>,
    /// Whether to make a preview, which costs a fifth according to an older list of prices.
    pub preview: Option<bool>,
    /// From where a preview shows the 3D model; the values are not documented.
    #[model(name = "preview_direction")]
    pub preview_direction: Option<String>,
    /// How far its front is turned; the unit is not documented.
    #[model(name = "front_rotation_offset")]
    pub front_rotation_offset: Option<i64>,
    /// The family of base models, as text.
    #[model(name = "sd_version")]
    pub sd_version: Option<String>,
    /// Where the randomness starts: the same seed with the same settings gives similar textures.
    pub seed: Option<i64>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateTextureGenerationRequest {
    /// For a 3D model, from a prompt.
    pub fn new(model_asset: impl Into<ModelAssetId>, prompt: impl Into<String>) -> Self {
        Self { model_asset_id: model_asset.into(), prompt: prompt.into(), ..Self::empty() }
    }
}

/// The job that a create request started.
///
/// By the time this arrives the textures are paid for, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct TextureGenerationJob {
    /// What to look the textures up by.
    #[model(required)]
    pub id: TextureGenerationId,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the job is charged.
    pub cost: Option<Cost>,
}

/// Which part of the textures of a 3D model to list.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
#[model(request)]
pub struct GetTextureGenerationsByModelIdRequest {
    /// How many to list at most. The service takes 10 when this is not sent.
    pub limit: Option<u32>,
    /// How many to pass over. The service takes 0 when this is not sent.
    pub offset: Option<u32>,
}

/// A job that makes textures: what was asked for, how far it is, and the textures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct TextureGeneration {
    /// Its identifier.
    #[model(required)]
    pub id: TextureGenerationId,
    /// How far it is.
    pub status: JobStatus,
    /// The textures.
    #[model(name = "model_asset_texture_images")]
    pub model_asset_texture_images: Vec<TextureImage>,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
    /// The prompt.
    pub prompt: String,
    /// What was to be kept out of the textures.
    pub negative_prompt: Option<String>,
    /// The seed, chosen by the caller or else by the service.
    pub seed: Option<i64>,
}

impl TextureGeneration {
    /// Whether it is done, and the textures are there.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }

    /// Whether it is over, without textures.
    pub fn is_failed(&self) -> bool {
        self.status == JobStatus::Failed
    }
}

/// One texture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct TextureImage {
    /// Its identifier.
    pub id: TextureImageId,
    /// What it tells of the surface.
    #[model(name = "type")]
    pub kind: TextureType,
    /// Where it is. The link works without the API key, which must not be sent there.
    pub url: String,
}

/// A job that made textures, and that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedTextureGeneration {
    /// The identifier that it had.
    #[model(required)]
    pub id: TextureGenerationId,
}

open_enum!(
    /// What a texture tells of a surface.
    #[default(Unknown)]
    pub enum TextureType {
        /// Its colour.
        Albedo = "ALBEDO",
        /// Which way it faces.
        Normal = "NORMAL",
        /// How rough it is.
        Roughness = "ROUGHNESS",
        /// How high it is.
        Displacement = "DISPLACEMENT",
        /// Several of these, in the channels of one picture, for Unity's HDRP.
        HdrpMask = "HDRP_MASK",
    }
);

//! Models of one's own and how they are trained, and the platform's.

use serde_json::{Map, Value};

use super::{Cost, DatasetId, ImageId, JobStatus, ModelId, SdVersion, Timestamp};
use crate::codec::{Model, Record, open_enum};

mod rules;

/// Asks for the training of a model.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::model)]
pub struct CreateModelRequest {
    /// The model's name.
    #[model(required)]
    pub name: String,
    /// What the model does.
    pub description: Option<String>,
    /// The pictures to train on.
    #[model(required, length = 1..)]
    pub dataset_id: DatasetId,
    /// The word that stands for the subject in prompts, rather a rare one such as `magicdonut`.
    #[model(name = "instance_prompt", required, length = 1..)]
    pub instance_prompt: String,
    /// What the model paints; the service takes [`CustomModelType::General`] when this is not sent.
    pub model_type: Option<CustomModelType>,
    /// Whether what it paints is unsafe to show at work; the service takes false when this is not sent.
    pub nsfw: Option<bool>,
    /// The side of the pictures in pixels, 512 or 768; the service takes 512 when this is not sent.
    #[model(one_of = [512, 768])]
    pub resolution: Option<u32>,
    /// The model to begin with: [`SdVersion::V1_5`] or [`SdVersion::V2`]; the service takes the former when this is not
    /// sent.
    #[model(name = "sd_version")]
    pub sd_version: Option<SdVersion>,
    /// How strongly to train a model of [`CustomModelType::PixelArt`]; the service takes
    /// [`TrainingStrength::Medium`] when this is not sent.
    pub strength: Option<TrainingStrength>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateModelRequest {
    /// A model of the data set, with the word that stands for its subject in prompts.
    pub fn new(name: impl Into<String>, dataset: impl Into<DatasetId>, instance_prompt: impl Into<String>) -> Self {
        Self { name: name.into(), dataset_id: dataset.into(), instance_prompt: instance_prompt.into(), ..Self::empty() }
    }
}

open_enum!(
    /// What a model paints.
    #[default(Unknown)]
    pub enum CustomModelType {
        /// Anything.
        General = "GENERAL",
        /// Buildings.
        Buildings = "BUILDINGS",
        /// Characters.
        Characters = "CHARACTERS",
        /// Landscapes and places.
        Environments = "ENVIRONMENTS",
        /// Fashion.
        Fashion = "FASHION",
        /// Illustrations.
        Illustrations = "ILLUSTRATIONS",
        /// Things of games.
        GameItems = "GAME_ITEMS",
        /// Parts of graphics.
        GraphicalElements = "GRAPHICAL_ELEMENTS",
        /// Photographs.
        Photography = "PHOTOGRAPHY",
        /// Pictures of visible pixels.
        PixelArt = "PIXEL_ART",
        /// Designs of products.
        ProductDesign = "PRODUCT_DESIGN",
        /// Textures.
        Textures = "TEXTURES",
        /// Parts of user interfaces.
        UiElements = "UI_ELEMENTS",
        /// Vector graphics.
        Vector = "VECTOR",
    }
);

open_enum!(
    /// How strongly a model is trained.
    pub enum TrainingStrength {
        /// Least.
        VeryLow = "VERY_LOW",
        /// Little.
        Low = "LOW",
        /// Medium.
        Medium = "MEDIUM",
        /// Most.
        High = "HIGH",
    }
);

/// The job that trains a model.
///
/// By the time this arrives it is paid for, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct ModelTrainingJob {
    /// The model's identifier.
    #[model(required)]
    pub custom_model_id: ModelId,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the training is charged.
    pub cost: Option<Cost>,
}

/// A model of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct CustomModel {
    /// The model's identifier.
    #[model(required)]
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// How far the training is.
    pub status: JobStatus,
    /// What it paints.
    pub r#type: CustomModelType,
    /// The word that stands for the subject in prompts.
    pub instance_prompt: Option<String>,
    /// The width that it was trained with, in pixels.
    pub model_width: Option<u32>,
    /// The height that it was trained with, in pixels.
    pub model_height: Option<u32>,
    /// The model that it began with.
    pub sd_version: Option<SdVersion>,
    /// Whether everyone can use it.
    pub public: bool,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
    /// When the model last changed, in UTC.
    pub updated_at: Option<Timestamp>,
}

impl CustomModel {
    /// Whether it is trained, and can be used.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }

    /// Whether the training is over, without a model.
    pub fn is_failed(&self) -> bool {
        self.status == JobStatus::Failed
    }
}

/// A model of one's own that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedModel {
    /// The identifier that it had.
    #[model(required)]
    pub id: ModelId,
}

/// A model of the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct PlatformModel {
    /// The model's identifier.
    #[model(required)]
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// Whether what it paints is unsafe to show at work.
    pub nsfw: bool,
    /// Whether the platform puts it forward.
    pub featured: bool,
    /// A picture that it has painted.
    #[model(name = "generated_image")]
    pub generated_image: Option<PlatformModelImage>,
}

/// A picture that a model of the platform has painted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct PlatformModelImage {
    /// The picture's identifier.
    pub id: ImageId,
    /// Where it is. The link works without the API key, which must not be sent there.
    pub url: String,
}

//! What webhooks tell of a generation. It is written differently from what is read by its id, so these are types of their
//! own.

use super::{
    CustomModelType, GenerationId, ImageId, InitImageId, InitImageType, JobStatus, ModelId, PresetStyle, Scheduler,
    SdVersion, Timestamp, TrainingStrength, UserId, VariationId,
};
use crate::codec::Model;

/// A generation as a webhook tells of it.
///
/// This is not a `Generation`: the images stand under another name, and some fields are there only here. The API key and
/// the callback key, which the service puts into it, are not read.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct WebhookGeneration {
    /// The generation's identifier.
    #[model(required)]
    pub id: GenerationId,
    /// How far it is.
    pub status: JobStatus,
    /// The images.
    pub images: Vec<WebhookImage>,
    /// When the request was accepted, in UTC.
    pub created_at: Option<Timestamp>,
    /// When the generation last changed, in UTC.
    pub updated_at: Option<Timestamp>,
    /// Whose it is.
    pub user_id: Option<UserId>,
    /// The prompt.
    pub prompt: String,
    /// What was to be kept out of the images.
    pub negative_prompt: Option<String>,
    /// What style was to be kept out of the images.
    pub negative_style_prompt: Option<String>,
    /// How many images were asked for.
    pub quantity: Option<u32>,
    /// Width asked for, in pixels.
    pub image_width: u32,
    /// Height asked for, in pixels.
    pub image_height: u32,
    /// The proportions of the images.
    pub image_aspect_ratio: Option<String>,
    /// The seed, chosen by the caller or else by the service.
    pub seed: Option<i64>,
    /// The model.
    pub model_id: Option<ModelId>,
    /// More about the model.
    pub model: Option<WebhookModel>,
    /// The family of the model.
    pub sd_version: Option<SdVersion>,
    /// The kind of the model, such as `SD`.
    pub core_model: Option<String>,
    /// Steps of the sampler.
    pub inference_steps: Option<u32>,
    /// How closely the prompt was followed.
    pub guidance_scale: Option<f64>,
    /// The sampler.
    pub scheduler: Option<Scheduler>,
    /// The look.
    pub preset_style: Option<PresetStyle>,
    /// The uploaded image that it began with.
    pub init_image_id: Option<InitImageId>,
    /// The generated image that it began with.
    pub init_generated_image_id: Option<ImageId>,
    /// The variation that it began with.
    pub init_upscaled_image_id: Option<VariationId>,
    /// Where the image that it began with comes from.
    pub init_type: Option<InitImageType>,
    /// How much of the starting image was kept.
    pub init_strength: Option<f64>,
    /// Whether it began with an image.
    pub image_to_image: Option<bool>,
    /// Whether controlnets were used.
    pub controlnets_used: Option<bool>,
    /// How much image prompts counted.
    pub image_prompt_strength: Option<f64>,
    /// Whether a pose was taken from an image.
    #[model(name = "poseImage2Image")]
    pub pose_image_to_image: Option<bool>,
    /// What was taken from that image.
    #[model(name = "poseImage2ImageType")]
    pub pose_image_to_image_type: Option<String>,
    /// How much that counted.
    #[model(name = "poseImage2ImageWeight")]
    pub pose_image_to_image_weight: Option<f64>,
    /// Whether it is of the Canvas Editor.
    pub canvas_request: Option<bool>,
    /// The image that the Canvas Editor worked on.
    pub canvas_init_image_id: Option<InitImageId>,
    /// The mask that told the Canvas Editor where to work.
    pub canvas_mask_image_id: Option<InitImageId>,
    /// Whether it is a zoom out.
    pub unzoom: Option<bool>,
    /// How far it zooms out.
    pub unzoom_amount: Option<f64>,
    /// Whether alchemy was used.
    pub alchemy: Option<bool>,
    /// How much contrast alchemy gave.
    pub contrast_ratio: Option<f64>,
    /// Whether contrast was raised.
    pub high_contrast: Option<bool>,
    /// Whether the images were made at a higher resolution.
    pub high_resolution: Option<bool>,
    /// Whether the expanded domain of alchemy was used.
    pub expanded_domain: Option<bool>,
    /// Whether PhotoReal was used.
    pub photo_real: Option<bool>,
    /// Depth of field of PhotoReal: 0.55 (low), 0.5 (medium) or 0.45 (high).
    pub photo_real_strength: Option<f64>,
    /// Whether prompt magic was used.
    pub prompt_magic: Option<bool>,
    /// The version of prompt magic.
    pub prompt_magic_version: Option<String>,
    /// How strong prompt magic was.
    pub prompt_magic_strength: Option<f64>,
    /// Whether the images can be laid side by side without a seam.
    pub tiling: Option<bool>,
    /// A category, where there is one.
    pub category: Option<String>,
    /// Whether the images are shown to everyone.
    pub public: bool,
    /// Whether the service takes the prompt for unsafe to show at work.
    pub nsfw: bool,
    /// Whether the service has marked it for inspection.
    pub flagged: Option<bool>,
    /// Whether it was asked for through the API.
    pub api: Option<bool>,
    /// Which key it was asked for with: the key's identifier, not the key.
    pub api_key_id: Option<String>,
    /// What it was charged in API tokens; 0 where it is charged in another way.
    pub token_cost: Option<f64>,
    /// What it was charged, with every digit that the service sent. The unit is not documented.
    pub api_dollar_cost: Option<String>,
}

impl WebhookGeneration {
    /// Whether it is done, and its images are there.
    pub fn is_complete(&self) -> bool {
        self.status == JobStatus::Complete
    }
}

/// An image as a webhook tells of it.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct WebhookImage {
    /// The image's identifier.
    pub id: ImageId,
    /// Where the image is. The link lasts, and works without the API key, which must not be sent there.
    pub url: String,
    /// The generation that made it.
    pub generation_id: Option<GenerationId>,
    /// When it was made, in UTC.
    pub created_at: Option<Timestamp>,
    /// When it last changed, in UTC.
    pub updated_at: Option<Timestamp>,
    /// Whose it is.
    pub user_id: Option<UserId>,
    /// The same image without its background, where there is one.
    pub nobg_id: Option<VariationId>,
    /// Whether the service takes the image for unsafe to show at work.
    pub nsfw: bool,
    /// How many people like it.
    pub like_count: i64,
    /// How popular it is at present.
    pub trending_score: Option<f64>,
    /// Whether it is shown to everyone.
    pub public: bool,
}

/// The model of a generation, as a webhook tells of it.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct WebhookModel {
    /// The model's identifier.
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// Whether everyone can use it.
    pub public: bool,
    /// Whether it is one of the platform's.
    pub official: Option<bool>,
    /// How far its training is.
    pub status: JobStatus,
    /// The family that it belongs to.
    pub sd_version: Option<SdVersion>,
    /// What it paints.
    pub r#type: Option<CustomModelType>,
    /// The kind of model, such as `SD`.
    pub core_model: Option<String>,
    /// The width that it was trained with, in pixels.
    pub model_width: Option<u32>,
    /// The height that it was trained with, in pixels.
    pub model_height: Option<u32>,
    /// The words for the class of its subject.
    pub class_prompt: Option<String>,
    /// The data set that it was trained with.
    pub init_dataset_id: Option<super::DatasetId>,
    /// How often the training went through the data set.
    pub training_epoch: Option<f64>,
    /// Steps of the training.
    pub training_steps: Option<f64>,
    /// How many pictures a step of the training took.
    pub batch_size: Option<f64>,
    /// How fast it learned.
    pub learning_rate: Option<f64>,
    /// How strongly it was trained.
    pub training_strength: Option<TrainingStrength>,
    /// Whether the platform puts it forward.
    pub featured: Option<bool>,
    /// The picture that it is put forward with.
    pub featured_image_id: Option<ImageId>,
    /// Its place among those that are put forward.
    pub featured_position: Option<f64>,
    /// How many people like it.
    pub favourite_count: Option<i64>,
    /// How many images it has made.
    pub image_count: Option<i64>,
    /// Whether its prompts are moderated more strictly.
    pub enhanced_moderation: Option<bool>,
    /// What its training was charged in API tokens.
    pub token_cost: Option<f64>,
    /// What its training was charged, with every digit that the service sent. The unit is not documented.
    pub api_dollar_cost: Option<String>,
    /// Which key it was trained with: the key's identifier, not the key.
    pub api_key_id: Option<String>,
    /// The name under which the service keeps it.
    #[model(name = "modelLRN")]
    pub model_lrn: Option<String>,
}

//! Motion: videos out of pictures and prompts.

use serde_json::{Map, Value};

use super::{
    Cost, ElementInput, GenerationId, ImageId, InitImageId, InitImageType, SourceImageId, VariationId, VideoResolution,
};
use crate::codec::{Model, Record, open_enum};

mod rules;

/// Asks for a video that begins with an image.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::image_to_video)]
pub struct CreateImageToVideoGenerationRequest {
    /// What happens in the video.
    #[model(required, length = 1..)]
    pub prompt: String,
    /// The image: an [`InitImageId`] when uploaded, an [`ImageId`] when generated.
    #[model(required, length = 1..)]
    pub image_id: SourceImageId,
    /// Which of the two it is.
    #[model(required)]
    pub image_type: InitImageType,
    /// The image that the video ends with. Needs [`MotionModel::Kling2_1`] or [`MotionModel::Kling2_5`].
    pub end_frame_image: Option<EndFrameImageInput>,
    /// How large the video is; which there are depends on the model.
    pub resolution: Option<VideoResolution>,
    /// The model; the service takes [`MotionModel::Motion2`] when this is not sent.
    pub model: Option<MotionModel>,
    /// Whether frames are added in between, for a smoother motion.
    pub frame_interpolation: Option<bool>,
    /// Whether the video appears in the community's feed.
    pub is_public: Option<bool>,
    /// Where the randomness starts. At most 2147483637 for Motion 2.0.
    pub seed: Option<i64>,
    /// What to keep out of the video.
    pub negative_prompt: Option<String>,
    /// Whether the service adds detail to the prompt first.
    pub prompt_enhance: Option<bool>,
    /// How to change the prompt, such as `make it autumn`; needs [`prompt_enhance`](field@Self::prompt_enhance).
    pub prompt_enhance_instruction: Option<String>,
    /// The length in seconds: 5 or 10 for Kling 2.5, where 5 is taken when this is not sent. Motion 2.0 takes none.
    pub duration: Option<u32>,
    /// The identifiers of styles that the prompt is enhanced with.
    pub style_ids: Option<Vec<String>>,
    /// Elements (LoRAs) of the platform, applied in their order; for Motion 2.0 alone.
    pub elements: Option<Vec<ElementInput>>,
    /// Height in pixels; which there are depends on the model.
    pub height: Option<u32>,
    /// Width in pixels; which there are depends on the model.
    pub width: Option<u32>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateImageToVideoGenerationRequest {
    /// Begins with a generated image.
    pub fn generated(prompt: impl Into<String>, image: impl Into<ImageId>) -> Self {
        Self::of(prompt.into(), image.into().into(), InitImageType::Generated)
    }

    /// Begins with an uploaded image.
    pub fn uploaded(prompt: impl Into<String>, image: impl Into<InitImageId>) -> Self {
        Self::of(prompt.into(), image.into().into(), InitImageType::Uploaded)
    }

    fn of(prompt: String, image_id: SourceImageId, image_type: InitImageType) -> Self {
        Self { prompt, image_id, image_type, ..Self::empty() }
    }
}

/// The image that a video ends with.
///
/// Reading one from JSON refuses fields that it does not have.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct EndFrameImageInput {
    /// The image: an [`InitImageId`] when uploaded, an [`ImageId`] when generated.
    #[model(required)]
    pub id: SourceImageId,
    /// Which of the two it is.
    #[model(required)]
    pub r#type: InitImageType,
}

impl EndFrameImageInput {
    /// A generated image.
    pub fn generated(image: impl Into<ImageId>) -> Self {
        Self { id: image.into().into(), r#type: InitImageType::Generated }
    }

    /// An uploaded image.
    pub fn uploaded(image: impl Into<InitImageId>) -> Self {
        Self { id: image.into().into(), r#type: InitImageType::Uploaded }
    }
}

/// Asks for a video out of a prompt alone.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::text_to_video)]
pub struct CreateTextToVideoGenerationRequest {
    /// What happens in the video.
    #[model(required, length = 1..)]
    pub prompt: String,
    /// How large the video is; which there are depends on the model.
    pub resolution: Option<VideoResolution>,
    /// The model; the service takes [`MotionModel::Motion2`] when this is not sent.
    pub model: Option<MotionModel>,
    /// Whether frames are added in between, for a smoother motion.
    pub frame_interpolation: Option<bool>,
    /// Whether the video appears in the community's feed.
    pub is_public: Option<bool>,
    /// Where the randomness starts. At most 2147483637 for Motion 2.0.
    pub seed: Option<i64>,
    /// What to keep out of the video.
    pub negative_prompt: Option<String>,
    /// Whether the service adds detail to the prompt first.
    pub prompt_enhance: Option<bool>,
    /// How to change the prompt, such as `make it autumn`; needs [`prompt_enhance`](field@Self::prompt_enhance).
    pub prompt_enhance_instruction: Option<String>,
    /// The identifiers of styles that the prompt is enhanced with.
    pub style_ids: Option<Vec<String>>,
    /// Height in pixels; which there are depends on the model.
    pub height: Option<u32>,
    /// Width in pixels; which there are depends on the model.
    pub width: Option<u32>,
    /// The length in seconds: 4, 6 or 8 for Veo 3, which the service has retired. Motion 2.0 takes none.
    pub duration: Option<u32>,
    /// Elements (LoRAs) of the platform, applied in their order; for Motion 2.0 alone.
    pub elements: Option<Vec<ElementInput>>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateTextToVideoGenerationRequest {
    /// A video of what the prompt says.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::empty() }
    }
}

/// Asks for a video with Motion 1.0 (SVD), which the service retired on 17 June 2026.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::svd)]
pub struct CreateSvdMotionGenerationRequest {
    /// The image: generated, uploaded, or a variation.
    #[model(required, length = 1..)]
    pub image_id: SourceImageId,
    /// Whether the image was uploaded.
    pub is_init_image: Option<bool>,
    /// Whether the image is a variation.
    pub is_variation: Option<bool>,
    /// Whether the video appears in the community's feed.
    pub is_public: Option<bool>,
    /// How much it moves.
    pub motion_strength: Option<u32>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateSvdMotionGenerationRequest {
    /// Sets a generated image in motion.
    pub fn generated(image: impl Into<ImageId>) -> Self {
        Self { image_id: image.into().into(), ..Self::empty() }
    }

    /// Sets an uploaded image in motion.
    pub fn uploaded(image: impl Into<InitImageId>) -> Self {
        Self { image_id: image.into().into(), is_init_image: Some(true), ..Self::empty() }
    }

    /// Sets a variation in motion.
    pub fn of_variation(variation: impl Into<VariationId>) -> Self {
        Self { image_id: variation.into().into_string().into(), is_variation: Some(true), ..Self::empty() }
    }
}

/// Asks for a larger video.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked = rules::video_upscale)]
pub struct CreateVideoUpscaleRequest {
    /// The generation that made the video.
    #[model(required, length = 1..)]
    pub source_generation_id: GenerationId,
    /// How large the video becomes: [`VideoResolution::P720`] is the only one so far.
    #[model(required)]
    pub resolution: VideoResolution,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl CreateVideoUpscaleRequest {
    /// Makes a generation's video that large.
    pub fn new(generation: impl Into<GenerationId>, resolution: impl Into<VideoResolution>) -> Self {
        Self { source_generation_id: generation.into(), resolution: resolution.into(), extra: Map::new() }
    }
}

open_enum!(
    /// A model that makes videos. The newer ones are models of version 2 of the API.
    pub enum MotionModel {
        /// Motion 2.0.
        Motion2 = "MOTION2",
        /// Motion 2.0, the fast variety.
        Motion2Fast = "MOTION2FAST",
        /// Veo 3, which the service retired on 29 June 2026.
        Veo3 = "VEO3",
        /// Veo 3, the fast variety, which was retired with it.
        Veo3Fast = "VEO3FAST",
        /// Kling 2.1.
        Kling2_1 = "KLING2_1",
        /// Kling 2.5: 1920 × 1080, 1080 × 1920 or 1440 × 1440 pixels, with [`VideoResolution::P1080`].
        Kling2_5 = "KLING2_5",
    }
);

impl MotionModel {
    /// The largest seed that a model takes; `None` if it takes none, or if that is not known. Without a model in the request
    /// the service takes Motion 2.0.
    #[must_use]
    pub fn largest_seed(model: Option<&Self>) -> Option<u32> {
        matches!(model, None | Some(Self::Motion2 | Self::Motion2Fast)).then_some(2_147_483_637)
    }
}

/// The job that makes a video.
///
/// By the time this arrives it is paid for, so nothing but the identifier is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct MotionGenerationJob {
    /// What to look the video up by.
    #[model(required)]
    pub generation_id: GenerationId,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the job is charged.
    pub cost: Option<Cost>,
}

/// The job that makes a video larger.
///
/// By the time this arrives it is paid for, so nothing but the identifier of the variation is insisted on.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct VideoUpscaleJob {
    /// What to look the larger video up by.
    #[model(required)]
    pub variation_id: VariationId,
    /// The generation that the variation belongs to.
    pub generation_id: Option<GenerationId>,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the job is charged.
    pub cost: Option<Cost>,
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn images_are_sent_with_their_kind_and_nothing_that_is_not_set() {
        let sent = |request| to_value::<CreateImageToVideoGenerationRequest>(request).unwrap();
        let generated = CreateImageToVideoGenerationRequest::generated("waves", "i");
        assert_eq!(sent(generated), json!({"prompt": "waves", "imageId": "i", "imageType": "GENERATED"}));
        let uploaded = CreateImageToVideoGenerationRequest::uploaded("waves", "i")
            .end_frame_image(EndFrameImageInput::generated("e"));
        assert_eq!(
            sent(uploaded),
            json!({
                "prompt": "waves", "imageId": "i", "imageType": "UPLOADED",
                "endFrameImage": {"id": "e", "type": "GENERATED"},
            })
        );
        assert_eq!(to_value(EndFrameImageInput::uploaded("e")).unwrap(), json!({"id": "e", "type": "UPLOADED"}));
        assert_eq!(to_value(CreateTextToVideoGenerationRequest::new("waves")).unwrap(), json!({"prompt": "waves"}));

        let sent = |request| to_value::<CreateSvdMotionGenerationRequest>(request).unwrap();
        assert_eq!(sent(CreateSvdMotionGenerationRequest::generated("i")), json!({"imageId": "i"}));
        let uploaded = CreateSvdMotionGenerationRequest::uploaded("i");
        assert_eq!(sent(uploaded), json!({"imageId": "i", "isInitImage": true}));
        let variation = CreateSvdMotionGenerationRequest::of_variation("v");
        assert_eq!(sent(variation), json!({"imageId": "v", "isVariation": true}));

        let upscale = CreateVideoUpscaleRequest::new("g", VideoResolution::P720);
        assert_eq!(to_value(upscale).unwrap(), json!({"sourceGenerationId": "g", "resolution": "RESOLUTION_720"}));
    }
}

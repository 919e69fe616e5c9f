//! What services cost.

use serde_json::{Map, Value};

use super::{SdVersion, VideoResolution};
use crate::codec::{Model, Record, open_enum};

/// Asks what a service costs.
///
/// ```
/// # #[cfg(feature = "models")] {
/// use leonardo_ai::models::{PricingCalculatorRequest, UniversalUpscalerPricing};
///
/// let request = PricingCalculatorRequest::universal_upscaler(UniversalUpscalerPricing::new(8));
/// let json = serde_json::json!({
///     "service": "UNIVERSAL_UPSCALER",
///     "serviceParams": { "UNIVERSAL_UPSCALER": { "megapixel": 8 } },
/// });
/// assert_eq!(serde_json::to_value(request).unwrap(), json);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct PricingCalculatorRequest {
    /// The service.
    pub service: Option<PricingService>,
    /// What is asked of the service, under its name.
    pub service_params: Option<PricingParams>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl PricingCalculatorRequest {
    /// What images cost.
    pub fn image_generation(params: ImageGenerationPricing) -> Self {
        Self::of(PricingService::ImageGeneration, PricingParams::default().image_generation(params))
    }

    /// What fantasy avatars cost.
    pub fn fantasy_avatar_generation(params: FantasyAvatarPricing) -> Self {
        Self::of(PricingService::FantasyAvatarGeneration, PricingParams::default().fantasy_avatar_generation(params))
    }

    /// What a video with Motion 1.0 costs.
    pub fn motion_svd_generation() -> Self {
        Self::of(PricingService::MotionSvdGeneration, PricingParams::default().motion_svd_generation(Map::new()))
    }

    /// What a video with Motion 2.0 costs.
    pub fn motion_video_generation(params: MotionVideoPricing) -> Self {
        Self::of(PricingService::MotionVideoGeneration, PricingParams::default().motion_video_generation(params))
    }

    /// What a video with Veo 3 costs.
    pub fn veo3_motion_video_generation(params: Veo3MotionVideoPricing) -> Self {
        let params = PricingParams::default().veo3_motion_video_generation(params);
        Self::of(PricingService::Veo3MotionVideoGeneration, params)
    }

    /// What a picture of the realtime canvas costs.
    pub fn lcm_generation(params: LcmPricing) -> Self {
        Self::of(PricingService::LcmGeneration, PricingParams::default().lcm_generation(params))
    }

    /// What the training of a model or an element costs.
    pub fn model_training(params: ModelTrainingPricing) -> Self {
        Self::of(PricingService::ModelTraining, PricingParams::default().model_training(params))
    }

    /// What textures cost.
    pub fn texture_generation(params: TexturePricing) -> Self {
        Self::of(PricingService::TextureGeneration, PricingParams::default().texture_generation(params))
    }

    /// What the universal upscaler costs, the first way.
    pub fn universal_upscaler(params: UniversalUpscalerPricing) -> Self {
        Self::of(PricingService::UniversalUpscaler, PricingParams::default().universal_upscaler(params))
    }

    /// What the universal upscaler costs, the second way, ultra.
    pub fn universal_upscaler_ultra(params: UniversalUpscalerUltraPricing) -> Self {
        Self::of(PricingService::UniversalUpscalerUltra, PricingParams::default().universal_upscaler_ultra(params))
    }

    fn of(service: PricingService, params: PricingParams) -> Self {
        Self { service: Some(service), service_params: Some(params), extra: Map::new() }
    }
}

open_enum!(
    /// A service that has a price. Models of version 2 of the API are not among them.
    pub enum PricingService {
        /// Images.
        ImageGeneration = "IMAGE_GENERATION",
        /// Fantasy avatars.
        FantasyAvatarGeneration = "FANTASY_AVATAR_GENERATION",
        /// Videos with Motion 1.0.
        MotionSvdGeneration = "MOTION_SVD_GENERATION",
        /// Videos with Motion 2.0.
        MotionVideoGeneration = "MOTION_VIDEO_GENERATION",
        /// Videos with Veo 3.
        Veo3MotionVideoGeneration = "VEO3_MOTION_VIDEO_GENERATION",
        /// Pictures of the realtime canvas.
        LcmGeneration = "LCM_GENERATION",
        /// Training of models and elements.
        ModelTraining = "MODEL_TRAINING",
        /// Textures.
        TextureGeneration = "TEXTURE_GENERATION",
        /// The universal upscaler, the first way.
        UniversalUpscaler = "UNIVERSAL_UPSCALER",
        /// The universal upscaler, the second way, ultra.
        UniversalUpscalerUltra = "UNIVERSAL_UPSCALER_ULTRA",
    }
);

/// What is asked of a service: of these, the one of the service's name is set.
///
/// Reading it from JSON refuses fields that it does not have. To send such a field, leave
/// [`service_params`](field@PricingCalculatorRequest::service_params) out and put all of it into
/// [`extra`](field@PricingCalculatorRequest::extra).
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct PricingParams {
    /// Images.
    #[model(name = "IMAGE_GENERATION")]
    pub image_generation: Option<ImageGenerationPricing>,
    /// Fantasy avatars.
    #[model(name = "FANTASY_AVATAR_GENERATION")]
    pub fantasy_avatar_generation: Option<FantasyAvatarPricing>,
    /// Videos with Motion 1.0, of which nothing is asked.
    #[model(name = "MOTION_SVD_GENERATION")]
    pub motion_svd_generation: Option<Map<String, Value>>,
    /// Videos with Motion 2.0.
    #[model(name = "MOTION_VIDEO_GENERATION")]
    pub motion_video_generation: Option<MotionVideoPricing>,
    /// Videos with Veo 3.
    #[model(name = "VEO3_MOTION_VIDEO_GENERATION")]
    pub veo3_motion_video_generation: Option<Veo3MotionVideoPricing>,
    /// Pictures of the realtime canvas.
    #[model(name = "LCM_GENERATION")]
    pub lcm_generation: Option<LcmPricing>,
    /// Training of models and elements.
    #[model(name = "MODEL_TRAINING")]
    pub model_training: Option<ModelTrainingPricing>,
    /// Textures.
    #[model(name = "TEXTURE_GENERATION")]
    pub texture_generation: Option<TexturePricing>,
    /// The universal upscaler, the first way.
    #[model(name = "UNIVERSAL_UPSCALER")]
    pub universal_upscaler: Option<UniversalUpscalerPricing>,
    /// The universal upscaler, the second way, ultra.
    #[model(name = "UNIVERSAL_UPSCALER_ULTRA")]
    pub universal_upscaler_ultra: Option<UniversalUpscalerUltraPricing>,
}

/// Images whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct ImageGenerationPricing {
    /// Width in pixels, before any upscaling: 32 to 1024 in steps of 8, and more for some models.
    #[model(required)]
    pub image_width: u32,
    /// Height in pixels, likewise.
    #[model(required)]
    pub image_height: u32,
    /// How many images: 1 to 8, or 1 to 4 when a side is longer than 768 pixels.
    #[model(required)]
    pub num_images: u32,
    /// Steps of the sampler, 10 to 60.
    #[model(required)]
    pub inference_steps: u32,
    /// Whether alchemy is used.
    #[model(required)]
    pub alchemy_mode: bool,
    /// Whether high resolution is used.
    #[model(required)]
    pub high_resolution: bool,
    /// Whether prompt magic is used.
    pub prompt_magic: Option<bool>,
    /// How strong prompt magic is, 0.1 to 1.
    pub prompt_magic_strength: Option<f64>,
    /// The version of prompt magic, `v2` or `v3`; needs [`prompt_magic`](field@Self::prompt_magic).
    pub prompt_magic_version: Option<String>,
    /// Whether PhotoReal is used; needs [`alchemy_mode`](field@Self::alchemy_mode).
    pub photo_real_mode: Option<bool>,
    /// Depth of field of PhotoReal: 0.55 (low), 0.5 (medium) or 0.45 (high); the service takes 0.55 when this is not
    /// sent.
    pub photo_real_strength: Option<f64>,
    /// The version of PhotoReal, `v1` or `v2`.
    pub photo_real_version: Option<String>,
    /// How many elements are applied.
    pub lora_count: Option<u32>,
    /// Whether the model is one's own.
    pub is_model_custom: Option<bool>,
    /// What the controlnets cost together, which the caller has to know.
    pub controlnets_cost: Option<i64>,
    /// Whether the model is Phoenix.
    pub is_phoenix: Option<bool>,
    /// Whether the model is of the SDXL family.
    #[model(name = "isSDXL")]
    pub is_sdxl: Option<bool>,
    /// Whether the model is SDXL Lightning.
    #[model(name = "isSDXLLightning")]
    pub is_sdxl_lightning: Option<bool>,
    /// Whether ultra mode is used.
    pub is_ultra: Option<bool>,
    /// Whether the model is Flux Schnell.
    pub is_flux_schnell: Option<bool>,
    /// Whether the model is Flux Dev.
    pub is_flux_dev: Option<bool>,
    /// Whether the model is Flux Kontext.
    pub is_flux_kontext: Option<bool>,
}

impl ImageGenerationPricing {
    /// So many images of that size in so many steps, without alchemy and high resolution, which the service insists on
    /// being told.
    pub fn new(width: u32, height: u32, num_images: u32, inference_steps: u32) -> Self {
        Self { image_width: width, image_height: height, num_images, inference_steps, ..Self::empty() }
    }
}

/// Fantasy avatars whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct FantasyAvatarPricing {
    /// Width in pixels, before any upscaling: 32 to 1024 in steps of 8.
    #[model(required)]
    pub image_width: u32,
    /// Height in pixels, likewise.
    #[model(required)]
    pub image_height: u32,
    /// How many images: 1 to 8, or 1 to 4 when a side is longer than 768 pixels.
    #[model(required)]
    pub num_images: u32,
}

impl FantasyAvatarPricing {
    /// So many images of that size.
    pub fn new(width: u32, height: u32, num_images: u32) -> Self {
        Self { image_width: width, image_height: height, num_images }
    }
}

/// A video with Motion 2.0 whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct MotionVideoPricing {
    /// How large it is: [`VideoResolution::P480`] or [`VideoResolution::P720`].
    #[model(required)]
    pub resolution: VideoResolution,
}

impl MotionVideoPricing {
    /// A video that large.
    pub fn new(resolution: impl Into<VideoResolution>) -> Self {
        Self { resolution: resolution.into() }
    }
}

/// A video with Veo 3 whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct Veo3MotionVideoPricing {
    /// How large it is: [`VideoResolution::P720`] is the only one.
    #[model(required)]
    pub resolution: VideoResolution,
}

impl Veo3MotionVideoPricing {
    /// A video that large.
    pub fn new(resolution: impl Into<VideoResolution>) -> Self {
        Self { resolution: resolution.into() }
    }
}

/// A picture of the realtime canvas whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct LcmPricing {
    /// Width in pixels: 512, 640 or 1024.
    pub width: Option<u32>,
    /// Height in pixels: 512, 640 or 1024.
    pub height: Option<u32>,
    /// Whether it is refined by `realtime_canvas_perform_instant_refine`.
    pub instant_refine: Option<bool>,
    /// Whether it is upscaled by `realtime_canvas_perform_alchemy_upscale_lcm`.
    pub refine: Option<bool>,
}

/// A training whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct ModelTrainingPricing {
    /// The side of the pictures in pixels: 512, 768 or 1024.
    #[model(required)]
    pub resolution: u32,
    /// [`SdVersion::FluxDev`] for an element of Flux Dev, which has a price of its own; nothing for others.
    #[model(name = "sd_version")]
    pub sd_version: Option<SdVersion>,
    /// How many pictures there are, 1 to 50, for Flux Dev.
    pub dataset_image_count: Option<u32>,
}

impl ModelTrainingPricing {
    /// With pictures that large.
    pub fn new(resolution: u32) -> Self {
        Self { resolution, ..Self::empty() }
    }
}

/// Textures whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct TexturePricing {
    /// Whether it is a preview, which costs less.
    #[model(required)]
    pub preview: bool,
}

impl TexturePricing {
    /// Textures, or a preview of them.
    pub fn new(preview: bool) -> Self {
        Self { preview }
    }
}

/// An image of the universal upscaler, made the first way, whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UniversalUpscalerPricing {
    /// How large the result is, in megapixels: at most 20.
    #[model(required)]
    pub megapixel: u32,
}

impl UniversalUpscalerPricing {
    /// A result of that many megapixels.
    pub fn new(megapixel: u32) -> Self {
        Self { megapixel }
    }
}

/// An image of the universal upscaler, made the second way, whose price is asked for.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UniversalUpscalerUltraPricing {
    /// The width before, in pixels.
    #[model(required)]
    pub input_width: u32,
    /// The height before, in pixels.
    #[model(required)]
    pub input_height: u32,
    /// How many times larger each side becomes, 1 to 2.
    #[model(required)]
    pub upscale_multiplier: f64,
}

impl UniversalUpscalerUltraPricing {
    /// An image of that size, made so many times larger.
    pub fn new(width: u32, height: u32, upscale_multiplier: f64) -> Self {
        Self { input_width: width, input_height: height, upscale_multiplier }
    }
}

/// What a service costs.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct CalculatedCost {
    /// The cost in API credits.
    pub cost: Option<f64>,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn what_is_asked_stands_under_the_name_of_the_service() {
        type Request = PricingCalculatorRequest;
        let requests = [
            Request::image_generation(ImageGenerationPricing::new(512, 512, 1, 10)),
            Request::fantasy_avatar_generation(FantasyAvatarPricing::new(512, 512, 1)),
            Request::motion_svd_generation(),
            Request::motion_video_generation(MotionVideoPricing::new(VideoResolution::P480)),
            Request::veo3_motion_video_generation(Veo3MotionVideoPricing::new(VideoResolution::P720)),
            Request::lcm_generation(LcmPricing::default().width(512)),
            Request::model_training(ModelTrainingPricing::new(512)),
            Request::texture_generation(TexturePricing::new(true)),
            Request::universal_upscaler(UniversalUpscalerPricing::new(5)),
            Request::universal_upscaler_ultra(UniversalUpscalerUltraPricing::new(512, 512, 1.5)),
        ];
        assert_eq!(requests.len(), PricingService::VALUES.len());
        for (request, service) in requests.into_iter().zip(PricingService::VALUES) {
            let sent = to_value(&request).unwrap();
            assert_eq!(sent["service"], *service);
            let params = sent["serviceParams"].as_object().unwrap();
            assert_eq!(params.keys().collect::<Vec<_>>(), [service]);
            assert_eq!(from_value::<Request>(sent).unwrap(), request);
        }
        assert_eq!(
            to_value(ImageGenerationPricing::new(1472, 832, 4, 10)).unwrap(),
            json!({
                "imageWidth": 1472, "imageHeight": 832, "numImages": 4, "inferenceSteps": 10, "alchemyMode": false,
                "highResolution": false,
            })
        );
    }
}

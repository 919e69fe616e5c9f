//! What the price calculator is asked of each kind of request.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::pricing_calculator_pricing_calculator;
use crate::call::Priced;
use crate::models::PricingCalculatorRequest;
#[cfg_attr(not(feature = "full"), allow(unused_imports, reason = "not every operation has a price"))]
use crate::models::*;
use crate::spending::credits;

/// What is asked of the price calculator for a request; or why it cannot be asked.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has a price"))]
pub(super) type Pricing = Result<PricingCalculatorRequest, &'static str>;

/// The price of a call with this body, if it can be asked for.
#[cfg_attr(not(feature = "full"), allow(unused_variables, reason = "not every operation has a price"))]
pub(super) fn of_call(operation: &'static str, body: &Bytes) -> Option<Priced> {
    match operation {
        #[cfg(feature = "image-create-generation")]
        "image_create_generation" => read(body, image),
        #[cfg(feature = "motion-create-image-to-video-generation")]
        "motion_create_image_to_video_generation" => read(body, image_to_video),
        #[cfg(feature = "motion-create-text-to-video-generation")]
        "motion_create_text_to_video_generation" => read(body, text_to_video),
        #[cfg(feature = "motion-create-svd-motion-generation")]
        "motion_create_svd_motion_generation" => Some(priced(PricingCalculatorRequest::motion_svd_generation())),
        #[cfg(feature = "realtime-canvas-create-lcm-generation")]
        "realtime_canvas_create_lcm_generation" => read(body, canvas),
        #[cfg(feature = "texture-create-texture-generation")]
        "texture_create_texture_generation" => read(body, texture),
        _ => None,
    }
}

#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has a price"))]
fn read<Q: DeserializeOwned>(body: &Bytes, pricing: fn(&Q) -> Pricing) -> Option<Priced> {
    pricing(&serde_json::from_slice(body).ok()?).ok().map(priced)
}

/// Asks the price calculator.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has a price"))]
pub(super) fn priced(request: PricingCalculatorRequest) -> Priced {
    Priced {
        key: serde_json::to_string(&request).unwrap_or_default(),
        ask: Box::new(move |core, options| {
            let call = pricing_calculator_pricing_calculator(core, request.clone()).with_options(options);
            Box::pin(async move { Ok(call.await?.cost.and_then(credits)) })
        }),
    }
}

#[cfg(feature = "image-create-generation")]
pub(super) fn image(request: &CreateGenerationRequest) -> Pricing {
    const SDXL: [&str; 5] =
        [ModelId::KINO_XL, ModelId::ANIME_XL, ModelId::DIFFUSION_XL, ModelId::VISION_XL, ModelId::ALBEDO_BASE_XL];
    // What the service takes where these are not sent.
    let (width, height) = (request.width.unwrap_or(1024), request.height.unwrap_or(768));
    let (count, steps) = (request.num_images.unwrap_or(4), request.num_inference_steps.unwrap_or(15));
    if request.fantasy_avatar == Some(true) {
        return Ok(PricingCalculatorRequest::fantasy_avatar_generation(FantasyAvatarPricing::new(
            width, height, count,
        )));
    }
    let has_guidance = request.controlnets.as_ref().is_some_and(|controlnets| !controlnets.is_empty());
    if has_guidance || request.control_net == Some(true) {
        return Err("what controlnets cost has to be told the price calculator, and is not known here");
    }
    let model = request.model_id.as_ref().map(ModelId::as_str);
    let is = |id: &str| (model == Some(id)).then_some(true);
    let loras = request.elements.as_ref().map_or(0, Vec::len) + request.user_elements.as_ref().map_or(0, Vec::len);
    Ok(PricingCalculatorRequest::image_generation(ImageGenerationPricing {
        alchemy_mode: request.alchemy.unwrap_or(true),
        high_resolution: request.high_resolution.unwrap_or(false),
        prompt_magic: request.prompt_magic,
        prompt_magic_strength: request.prompt_magic_strength,
        prompt_magic_version: request.prompt_magic_version.clone(),
        photo_real_mode: request.photo_real,
        photo_real_strength: request.photo_real_strength,
        photo_real_version: request.photo_real_version.clone(),
        lora_count: u32::try_from(loras).ok().filter(|count| *count > 0),
        is_phoenix: is(ModelId::PHOENIX_1_0).or(is(ModelId::PHOENIX_0_9)),
        is_sdxl: SDXL.into_iter().find_map(is),
        is_sdxl_lightning: is(ModelId::LIGHTNING_XL),
        is_ultra: request.ultra,
        is_flux_schnell: is(ModelId::FLUX_SCHNELL),
        is_flux_dev: is(ModelId::FLUX_DEV),
        is_flux_kontext: is(ModelId::FLUX_KONTEXT),
        ..ImageGenerationPricing::new(width, height, count, steps)
    }))
}

#[cfg(feature = "motion-create-image-to-video-generation")]
pub(super) fn image_to_video(request: &CreateImageToVideoGenerationRequest) -> Pricing {
    video(request.model.as_ref(), request.resolution.as_ref())
}

#[cfg(feature = "motion-create-text-to-video-generation")]
pub(super) fn text_to_video(request: &CreateTextToVideoGenerationRequest) -> Pricing {
    video(request.model.as_ref(), request.resolution.as_ref())
}

#[cfg(any(feature = "motion-create-image-to-video-generation", feature = "motion-create-text-to-video-generation"))]
fn video(model: Option<&MotionModel>, resolution: Option<&VideoResolution>) -> Pricing {
    let resolution = resolution.ok_or("without a resolution there is no price to ask for")?.clone();
    match model {
        None | Some(MotionModel::Motion2) => {
            Ok(PricingCalculatorRequest::motion_video_generation(MotionVideoPricing::new(resolution)))
        }
        Some(MotionModel::Veo3) => {
            Ok(PricingCalculatorRequest::veo3_motion_video_generation(Veo3MotionVideoPricing::new(resolution)))
        }
        Some(_) => Err("the price calculator knows Motion 2.0 and Veo 3 alone"),
    }
}

#[cfg(feature = "realtime-canvas-create-lcm-generation")]
pub(super) fn canvas(request: &CreateLcmGenerationRequest) -> Pricing {
    Ok(PricingCalculatorRequest::lcm_generation(LcmPricing {
        width: request.width,
        height: request.height,
        ..LcmPricing::default()
    }))
}

#[cfg(feature = "texture-create-texture-generation")]
pub(super) fn texture(request: &CreateTextureGenerationRequest) -> Pricing {
    Ok(PricingCalculatorRequest::texture_generation(TexturePricing::new(request.preview.unwrap_or(false))))
}

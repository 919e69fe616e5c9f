//! Requests by the names of their operations.

use leonardo_ai::models::*;
use serde_json::Value;

macro_rules! requests {
    ($($operation:ident $request:ident)*) => {
        /// The operations whose requests can be checked.
        pub const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];

        /// Checks a request that is given as JSON.
        pub fn check(operation: &str, request: Value) -> Result<(), Violations> {
            match operation {
                $(stringify!($operation) => {
                    let read = serde_json::from_value::<$request>(request.clone());
                    read.unwrap_or_else(|error| panic!("{operation}: {error}: {request}")).check()
                })*
                _ => panic!("the request of {operation} cannot be checked"),
            }
        }
    };
}

requests! {
    blueprints_execute_blueprint ExecuteBlueprintRequest
    elements_create_element CreateElementRequest
    image_create_generation CreateGenerationRequest
    models_create_model CreateModelRequest
    motion_create_image_to_video_generation CreateImageToVideoGenerationRequest
    motion_create_svd_motion_generation CreateSvdMotionGenerationRequest
    motion_create_text_to_video_generation CreateTextToVideoGenerationRequest
    motion_create_video_upscale CreateVideoUpscaleRequest
    prompt_prompt_improve PromptImproveRequest
    realtime_canvas_create_lcm_generation CreateLcmGenerationRequest
    realtime_canvas_perform_alchemy_upscale_lcm PerformAlchemyUpscaleLcmRequest
    realtime_canvas_perform_inpainting_lcm PerformInpaintingLcmRequest
    realtime_canvas_perform_instant_refine PerformInstantRefineRequest
    texture_create_texture_generation CreateTextureGenerationRequest
    variation_create_universal_upscaler_job CreateUniversalUpscalerJobRequest
    variation_create_variation_no_bg CreateVariationNoBgRequest
    variation_create_variation_unzoom CreateVariationUnzoomRequest
    variation_create_variation_upscale CreateVariationUpscaleRequest
}

/// The fields of what was found.
pub fn fields(checked: &Result<(), Violations>) -> Vec<String> {
    let found = checked.as_ref().err().map(Violations::as_slice).unwrap_or_default();
    found.iter().map(|violation| violation.field.to_string()).collect()
}

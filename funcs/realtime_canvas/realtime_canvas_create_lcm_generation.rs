use crate::models::{CreateLcmGenerationRequest, LcmGeneration};
use crate::{Call, LeonardoCore, operations};

/// Paints a picture out of a sketch: `POST /v1/generations-lcm`. Costs credits.
///
/// The picture comes in the response and is nowhere else: with a response that is lost, the picture is.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn realtime_canvas_create_lcm_generation(
    core: &LeonardoCore,
    request: CreateLcmGenerationRequest,
) -> Call<LcmGeneration> {
    Call::new(core, &operations::REALTIME_CANVAS_CREATE_LCM_GENERATION)
        .required("imageDataUrl", request.image_data_url.as_str())
        .required("prompt", &request.prompt)
        .body(&request)
}

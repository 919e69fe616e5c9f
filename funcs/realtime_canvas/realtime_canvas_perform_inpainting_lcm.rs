use crate::models::{LcmGeneration, PerformInpaintingLcmRequest};
use crate::{Call, LeonardoCore, operations};

/// Paints a part of a picture anew: `POST /v1/lcm-inpainting`. Costs credits.
///
/// The picture comes in the response and is nowhere else: with a response that is lost, the picture is.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn realtime_canvas_perform_inpainting_lcm(
    core: &LeonardoCore,
    request: PerformInpaintingLcmRequest,
) -> Call<LcmGeneration> {
    Call::new(core, &operations::REALTIME_CANVAS_PERFORM_INPAINTING_LCM)
        .required("imageDataUrl", request.image_data_url.as_str())
        .required("maskDataUrl", request.mask_data_url.as_str())
        .required("prompt", &request.prompt)
        .body(&request)
}

use crate::models::{LcmUpscale, PerformAlchemyUpscaleLcmRequest};
use crate::{Call, LeonardoCore, operations};

/// Makes a picture larger: `POST /v1/lcm-upscale`. Costs credits.
///
/// The picture comes in the response, and the service keeps it too.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn realtime_canvas_perform_alchemy_upscale_lcm(
    core: &LeonardoCore,
    request: PerformAlchemyUpscaleLcmRequest,
) -> Call<LcmUpscale> {
    Call::new(core, &operations::REALTIME_CANVAS_PERFORM_ALCHEMY_UPSCALE_LCM)
        .required("imageDataUrl", request.image_data_url.as_str())
        .required("prompt", &request.prompt)
        .body(&request)
}

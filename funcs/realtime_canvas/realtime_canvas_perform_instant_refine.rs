use crate::models::{LcmGeneration, PerformInstantRefineRequest};
use crate::{Call, LeonardoCore, operations};

/// Refines a picture: `POST /v1/lcm-instant-refine`. Costs credits.
///
/// The picture comes in the response and is nowhere else: with a response that is lost, the picture is.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn realtime_canvas_perform_instant_refine(
    core: &LeonardoCore,
    request: PerformInstantRefineRequest,
) -> Call<LcmGeneration> {
    Call::new(core, &operations::REALTIME_CANVAS_PERFORM_INSTANT_REFINE)
        .required("imageDataUrl", request.image_data_url.as_str())
        .required("prompt", &request.prompt)
        .body(&request)
}

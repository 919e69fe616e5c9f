use crate::models::{CreateSvdMotionGenerationRequest, MotionGenerationJob};
use crate::{Call, LeonardoCore, operations};

/// Makes a video with Motion 1.0: `POST /v1/generations-motion-svd`. Costs credits.
///
/// The service retired that model on 17 June 2026. Responds at once with the id.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn motion_create_svd_motion_generation(
    core: &LeonardoCore,
    request: CreateSvdMotionGenerationRequest,
) -> Call<MotionGenerationJob> {
    Call::new(core, &operations::MOTION_CREATE_SVD_MOTION_GENERATION)
        .required("imageId", request.image_id.as_str())
        .body(&request)
}

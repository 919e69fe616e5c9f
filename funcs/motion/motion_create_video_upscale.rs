use crate::models::{CreateVideoUpscaleRequest, VideoUpscaleJob};
use crate::{Call, LeonardoCore, operations};

/// Makes a video larger: `POST /v1/generations-video-upscale`. Costs credits.
///
/// Responds at once with the id of a variation; `variation_get_motion_variation_by_id` shows when it is
/// complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn motion_create_video_upscale(core: &LeonardoCore, request: CreateVideoUpscaleRequest) -> Call<VideoUpscaleJob> {
    Call::new(core, &operations::MOTION_CREATE_VIDEO_UPSCALE)
        .required("sourceGenerationId", request.source_generation_id.as_str())
        .body(&request)
}

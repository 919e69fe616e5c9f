use crate::models::{CreateVideoUpscaleRequest, VideoUpscaleJob};
use crate::{Call, LeonardoCore, operations};

/// Makes a video larger: `POST /v1/generations-video-upscale`. Costs credits.
///
/// Answers at once; `variation_get_motion_variation_by_id`, with the id of the variation, shows when the video is complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn motion_create_video_upscale(core: &LeonardoCore, request: CreateVideoUpscaleRequest) -> Call<VideoUpscaleJob> {
    Call::new(core, &operations::MOTION_CREATE_VIDEO_UPSCALE)
        .required("sourceGenerationId", request.source_generation_id.as_str())
        .body(&request)
}

use crate::models::{CreateTextToVideoGenerationRequest, MotionGenerationJob};
use crate::{Call, LeonardoCore, operations};

/// Makes a video out of a prompt: `POST /v1/generations-text-to-video`. Costs credits.
///
/// Responds at once with the id; `image_get_generation_by_id` shows when the video is complete, and where it is.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn motion_create_text_to_video_generation(
    core: &LeonardoCore,
    request: CreateTextToVideoGenerationRequest,
) -> Call<MotionGenerationJob> {
    Call::new(core, &operations::MOTION_CREATE_TEXT_TO_VIDEO_GENERATION)
        .required("prompt", &request.prompt)
        .body(&request)
}

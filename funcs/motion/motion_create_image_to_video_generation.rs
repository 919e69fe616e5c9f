use crate::models::{CreateImageToVideoGenerationRequest, MotionGenerationJob};
use crate::{Call, LeonardoCore, operations};

/// Makes a video that begins with an image: `POST /v1/generations-image-to-video`. Costs credits.
///
/// Responds at once with the id; `image_get_generation_by_id` shows when the video is complete, and where it is.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn motion_create_image_to_video_generation(
    core: &LeonardoCore,
    request: CreateImageToVideoGenerationRequest,
) -> Call<MotionGenerationJob> {
    Call::new(core, &operations::MOTION_CREATE_IMAGE_TO_VIDEO_GENERATION)
        .required("prompt", &request.prompt)
        .required("imageId", request.image_id.as_str())
        .body(&request)
}

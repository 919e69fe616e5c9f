//! A create and the wait for what it made, in one.

use super::image_wait_for_generation::GENERATION;
use crate::LeonardoCore;
use crate::models::CreateImageToVideoGenerationRequest;
use crate::once::CreateOnceAndWait;

/// Makes a video out of a picture and waits until it is complete: `POST /v1/generations-image-to-video`, then polls. Costs credits.
///
/// It stands on
/// [`motion_create_image_to_video_generation_once`](super::motion_create_image_to_video_generation_once()), which looks up what
/// it has made if its response is lost and the model takes a seed, and on
/// [`image_wait_for_generation`](super::image_wait_for_generation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn motion_image_to_video_and_wait(
    core: &LeonardoCore,
    request: CreateImageToVideoGenerationRequest,
) -> CreateOnceAndWait<CreateImageToVideoGenerationRequest> {
    CreateOnceAndWait::completed(
        core,
        "motion_image_to_video_and_wait",
        request,
        |job| job.generation_id.clone(),
        GENERATION,
    )
}

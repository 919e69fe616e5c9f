//! A create and the wait for what it made, in one.

use super::image_wait_for_generation::GENERATION;
use super::motion_create_text_to_video_generation;
use crate::LeonardoCore;
use crate::models::{CreateTextToVideoGenerationRequest, Generation, MotionGenerationJob};
use crate::poll::CreateAndWait;

/// Makes a video out of a prompt and waits until it is complete: `POST /v1/generations-text-to-video`, then polls.
/// Costs credits.
///
/// It stands on [`motion_create_text_to_video_generation`](super::motion_create_text_to_video_generation()) and
/// [`image_wait_for_generation`](super::image_wait_for_generation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn motion_text_to_video_and_wait(
    core: &LeonardoCore,
    request: CreateTextToVideoGenerationRequest,
) -> CreateAndWait<MotionGenerationJob, Generation> {
    let create = motion_create_text_to_video_generation(core, request);
    CreateAndWait::new(core, "motion_text_to_video_and_wait", create, |job| job.generation_id.clone(), GENERATION)
}

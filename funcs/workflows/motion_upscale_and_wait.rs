//! A create and the wait for what it made, in one.

use super::variation_wait_for_motion_variation::MOTION_VARIATION;
use crate::LeonardoCore;
use crate::funcs::motion_create_video_upscale;
use crate::models::{CreateVideoUpscaleRequest, MotionVariation, VideoUpscaleJob};
use crate::poll::CreateAndWait;

/// Enlarges a video and waits until that is complete: `POST /v1/generations-video-upscale`, then polls. Costs credits.
///
/// It stands on [`motion_create_video_upscale`](crate::funcs::motion_create_video_upscale()) and
/// [`variation_wait_for_motion_variation`](super::variation_wait_for_motion_variation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn motion_upscale_and_wait(
    core: &LeonardoCore,
    request: CreateVideoUpscaleRequest,
) -> CreateAndWait<VideoUpscaleJob, MotionVariation> {
    let create = motion_create_video_upscale(core, request);
    CreateAndWait::new(core, "motion_upscale_and_wait", create, |job| job.variation_id.clone(), MOTION_VARIATION)
}

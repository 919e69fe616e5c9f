//! A create and the wait for what it made, in one.

use super::image_wait_for_generation::GENERATION;
use crate::LeonardoCore;
use crate::funcs::motion_create_svd_motion_generation;
use crate::models::{CreateSvdMotionGenerationRequest, Generation, MotionGenerationJob};
use crate::poll::CreateAndWait;

/// Moves an image with Motion SVD and waits until that is complete: `POST /v1/generations-motion-svd`, then polls.
/// Costs credits.
///
/// It stands on [`motion_create_svd_motion_generation`](crate::funcs::motion_create_svd_motion_generation()) and
/// [`image_wait_for_generation`](super::image_wait_for_generation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn motion_svd_and_wait(
    core: &LeonardoCore,
    request: CreateSvdMotionGenerationRequest,
) -> CreateAndWait<MotionGenerationJob, Generation> {
    let create = motion_create_svd_motion_generation(core, request);
    CreateAndWait::new(core, "motion_svd_and_wait", create, |job| job.generation_id.clone(), GENERATION)
}

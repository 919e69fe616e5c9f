//! Waiting until a variation of a video, such as an upscale, is complete.

use crate::LeonardoCore;
use crate::funcs::variation_get_motion_variation_by_id;
use crate::models::{MotionVariation, VariationId};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until a variation of a video, such as an upscale, is complete: `GET /v1/motion-variations/{id}`, again and
/// again.
///
/// The service responds to an unknown id with an empty list, which is an error of kind `NotFound` here as well: a
/// variation that was just created may take [`appear_within`](Wait::appear_within) to be there. How often it polls, and
/// what it survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the variation failed, the deadline came, or reading it was
/// refused.
pub fn variation_wait_for_motion_variation(core: &LeonardoCore, id: impl Into<VariationId>) -> Wait<MotionVariation> {
    Wait::new(core, MOTION_VARIATION, id.into())
}

impl Job for MotionVariation {
    type Id = VariationId;
    const NOUN: &'static str = "motion variation";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
pub(super) const MOTION_VARIATION: Waited =
    Waited::new("variation_wait_for_motion_variation", "variation_get_motion_variation_by_id", |core, id, options| {
        reading(variation_get_motion_variation_by_id(core, id), options)
    });

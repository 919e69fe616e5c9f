//! Waiting until a variation of an image is complete.

use crate::LeonardoCore;
use crate::funcs::variation_get_variation_by_id;
use crate::models::{Variation, VariationId};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until a variation of an image is complete: `GET /v1/variations/{id}`, again and again.
///
/// The service responds to an unknown id with an empty list, which is an error of kind `NotFound` here as well: a
/// variation that was just created may take [`appear_within`](Wait::appear_within) to be there. How often it polls, and
/// what it survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the variation failed, the deadline came, or reading it was
/// refused.
pub fn variation_wait_for_variation(core: &LeonardoCore, id: impl Into<VariationId>) -> Wait<Variation> {
    Wait::new(core, VARIATION, id.into())
}

impl Job for Variation {
    type Id = VariationId;
    const NOUN: &'static str = "variation";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
pub(super) const VARIATION: Waited =
    Waited::new("variation_wait_for_variation", "variation_get_variation_by_id", |core, id, options| {
        reading(variation_get_variation_by_id(core, id), options)
    });

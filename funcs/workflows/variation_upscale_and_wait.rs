//! A create and the wait for what it made, in one.

use super::variation_wait_for_variation::VARIATION;
use crate::LeonardoCore;
use crate::funcs::variation_create_variation_upscale;
use crate::models::{CreateVariationUpscaleRequest, Variation, VariationJob};
use crate::poll::CreateAndWait;

/// Enlarges an image and waits until that is complete: `POST /v1/variations/upscale`, then polls. Costs credits.
///
/// It stands on [`variation_create_variation_upscale`](crate::funcs::variation_create_variation_upscale()) and
/// [`variation_wait_for_variation`](super::variation_wait_for_variation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn variation_upscale_and_wait(
    core: &LeonardoCore,
    request: CreateVariationUpscaleRequest,
) -> CreateAndWait<VariationJob, Variation> {
    let create = variation_create_variation_upscale(core, request);
    CreateAndWait::new(core, "variation_upscale_and_wait", create, |job| job.id.clone(), VARIATION)
}

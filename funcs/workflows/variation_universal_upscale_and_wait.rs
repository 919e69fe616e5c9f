//! A create and the wait for what it made, in one.

use super::variation_wait_for_variation::VARIATION;
use crate::LeonardoCore;
use crate::funcs::variation_create_universal_upscaler_job;
use crate::models::{CreateUniversalUpscalerJobRequest, Variation, VariationJob};
use crate::poll::CreateAndWait;

/// Enlarges an image, adds detail, and waits until that is complete: `POST /v1/variations/universal-upscaler`, then
/// polls. Costs credits.
///
/// It stands on [`variation_create_universal_upscaler_job`](crate::funcs::variation_create_universal_upscaler_job()) and
/// [`variation_wait_for_variation`](super::variation_wait_for_variation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn variation_universal_upscale_and_wait(
    core: &LeonardoCore,
    request: CreateUniversalUpscalerJobRequest,
) -> CreateAndWait<VariationJob, Variation> {
    let create = variation_create_universal_upscaler_job(core, request);
    CreateAndWait::new(core, "variation_universal_upscale_and_wait", create, |job| job.id.clone(), VARIATION)
}

//! A create and the wait for what it made, in one.

use super::variation_wait_for_variation::VARIATION;
use crate::LeonardoCore;
use crate::funcs::variation_create_variation_unzoom;
use crate::models::{CreateVariationUnzoomRequest, Variation, VariationJob};
use crate::poll::CreateAndWait;

/// Zooms out of an image and waits until that is complete: `POST /v1/variations/unzoom`, then polls. Costs credits.
///
/// It stands on [`variation_create_variation_unzoom`](crate::funcs::variation_create_variation_unzoom()) and
/// [`variation_wait_for_variation`](super::variation_wait_for_variation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn variation_unzoom_and_wait(
    core: &LeonardoCore,
    request: CreateVariationUnzoomRequest,
) -> CreateAndWait<VariationJob, Variation> {
    let create = variation_create_variation_unzoom(core, request);
    CreateAndWait::new(core, "variation_unzoom_and_wait", create, |job| job.id.clone(), VARIATION)
}

//! A create and the wait for what it made, in one.

use super::elements_wait_for_element::ELEMENT;
use crate::LeonardoCore;
use crate::funcs::elements_create_element;
use crate::models::{CreateElementRequest, CustomElement, ElementTrainingJob};
use crate::poll::CreateAndWait;

/// Trains an element and waits until that is complete: `POST /v1/elements`, then polls. Costs credits.
///
/// It stands on [`elements_create_element`](crate::funcs::elements_create_element()) and
/// [`elements_wait_for_element`](super::elements_wait_for_element()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn elements_create_and_wait(
    core: &LeonardoCore,
    request: CreateElementRequest,
) -> CreateAndWait<ElementTrainingJob, CustomElement> {
    let create = elements_create_element(core, request);
    CreateAndWait::new(core, "elements_create_and_wait", create, |job| job.user_lora_id, ELEMENT)
}

//! A create and the wait for what it made, in one.

use super::models_wait_for_model::MODEL;
use crate::LeonardoCore;
use crate::funcs::models_create_model;
use crate::models::{CreateModelRequest, CustomModel, ModelTrainingJob};
use crate::poll::CreateAndWait;

/// Trains a model and waits until that is complete: `POST /v1/models`, then polls. Costs credits.
///
/// It stands on [`models_create_model`](crate::funcs::models_create_model()) and
/// [`models_wait_for_model`](super::models_wait_for_model()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn models_create_and_wait(
    core: &LeonardoCore,
    request: CreateModelRequest,
) -> CreateAndWait<ModelTrainingJob, CustomModel> {
    let create = models_create_model(core, request);
    CreateAndWait::new(core, "models_create_and_wait", create, |job| job.custom_model_id.clone(), MODEL)
}

//! Waiting until the training of a model is complete.

use std::time::Duration;

use crate::LeonardoCore;
use crate::funcs::models_get_model_by_id;
use crate::models::{CustomModel, ModelId};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until the training of a model is complete: `GET /v1/models/{id}`, again and again.
///
/// A training takes minutes to hours; the deadline is 3 hours unless it is set. How often it polls, and what
/// it survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the training failed, the deadline came, or reading it was
/// refused.
pub fn models_wait_for_model(core: &LeonardoCore, id: impl Into<ModelId>) -> Wait<CustomModel> {
    Wait::new(core, MODEL, id.into())
}

impl Job for CustomModel {
    type Id = ModelId;
    const NOUN: &'static str = "model";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
pub(super) const MODEL: Waited = Waited {
    deadline: Duration::from_secs(3 * 60 * 60),
    ..Waited::new("models_wait_for_model", "models_get_model_by_id", |core, id, options| {
        reading(models_get_model_by_id(core, id), options)
    })
};

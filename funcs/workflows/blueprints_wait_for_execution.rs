//! Waiting until a run of a blueprint is complete.

use crate::LeonardoCore;
use crate::funcs::blueprints_get_blueprint_execution;
use crate::models::{BlueprintExecution, BlueprintExecutionId};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until a run of a blueprint is complete: `GET /v1/blueprint-executions/{id}`, again and again.
///
/// What it made is read with `blueprints_get_blueprint_execution_generations`. How often it polls, and what it
/// survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the run failed, the deadline came, or reading it was refused.
pub fn blueprints_wait_for_execution(
    core: &LeonardoCore,
    id: impl Into<BlueprintExecutionId>,
) -> Wait<BlueprintExecution> {
    Wait::new(core, EXECUTION, id.into())
}

impl Job for BlueprintExecution {
    type Id = BlueprintExecutionId;
    const NOUN: &'static str = "blueprint execution";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
pub(super) const EXECUTION: Waited =
    Waited::new("blueprints_wait_for_execution", "blueprints_get_blueprint_execution", |core, id, options| {
        reading(blueprints_get_blueprint_execution(core, id), options)
    });

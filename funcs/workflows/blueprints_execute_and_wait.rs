//! A create and the wait for what it made, in one.

use super::blueprints_wait_for_execution::EXECUTION;
use crate::LeonardoCore;
use crate::funcs::blueprints_execute_blueprint;
use crate::models::{BlueprintExecution, BlueprintExecutionJob, ExecuteBlueprintRequest};
use crate::poll::CreateAndWait;

/// Runs a blueprint and waits until that is complete: `POST /v1/blueprint-executions`, then polls. Costs credits.
///
/// It stands on [`blueprints_execute_blueprint`](crate::funcs::blueprints_execute_blueprint()) and
/// [`blueprints_wait_for_execution`](super::blueprints_wait_for_execution()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn blueprints_execute_and_wait(
    core: &LeonardoCore,
    request: ExecuteBlueprintRequest,
) -> CreateAndWait<BlueprintExecutionJob, BlueprintExecution> {
    let create = blueprints_execute_blueprint(core, request);
    CreateAndWait::new(core, "blueprints_execute_and_wait", create, |job| job.ak_uuid.clone(), EXECUTION)
}

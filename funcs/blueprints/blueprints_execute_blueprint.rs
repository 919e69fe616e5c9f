use crate::models::{BlueprintExecutionJob, ExecuteBlueprintRequest};
use crate::{Call, LeonardoCore, operations};

/// Runs a version of a blueprint: `POST /v1/blueprint-executions`. Costs credits.
///
/// `blueprints_get_blueprint_execution_generations` shows what comes of it. At most 100 runs a minute, 10 at work and 10
/// waiting, by default, for one account.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the run may exist and have been
/// charged; after any other error it does not.
pub fn blueprints_execute_blueprint(
    core: &LeonardoCore,
    request: ExecuteBlueprintRequest,
) -> Call<BlueprintExecutionJob> {
    Call::new(core, &operations::BLUEPRINTS_EXECUTE_BLUEPRINT).body(&request)
}

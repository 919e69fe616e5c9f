use crate::models::{BlueprintExecution, BlueprintExecutionId};
use crate::{Call, LeonardoCore, operations};

/// Reads a run of a blueprint, and how far it is: `GET /v1/blueprint-executions/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn blueprints_get_blueprint_execution(
    core: &LeonardoCore,
    id: impl Into<BlueprintExecutionId>,
) -> Call<BlueprintExecution> {
    Call::new(core, &operations::BLUEPRINTS_GET_BLUEPRINT_EXECUTION).id(id.into())
}

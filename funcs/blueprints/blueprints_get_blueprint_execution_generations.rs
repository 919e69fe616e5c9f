use crate::models::{BlueprintExecutionGenerations, BlueprintExecutionId, GetBlueprintExecutionGenerationsRequest};
use crate::{Call, LeonardoCore, operations};

/// Reads a page of the generations of a run: `GET /v1/blueprint-executions/{id}/generations`.
///
/// An id that does not exist gives an empty page.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn blueprints_get_blueprint_execution_generations(
    core: &LeonardoCore,
    id: impl Into<BlueprintExecutionId>,
    request: GetBlueprintExecutionGenerationsRequest,
) -> Call<BlueprintExecutionGenerations> {
    Call::new(core, &operations::BLUEPRINTS_GET_BLUEPRINT_EXECUTION_GENERATIONS).id(id.into()).query_of(&request)
}

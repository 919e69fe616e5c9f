use crate::models::{BlueprintId, BlueprintVersions};
use crate::{Call, LeonardoCore, operations};

/// Reads the versions of a blueprint, with what they take and cost: `GET /v1/blueprints/{id}/versions`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn blueprints_get_blueprint_versions_by_blueprint_id(
    core: &LeonardoCore,
    id: impl Into<BlueprintId>,
) -> Call<BlueprintVersions> {
    Call::new(core, &operations::BLUEPRINTS_GET_BLUEPRINT_VERSIONS_BY_BLUEPRINT_ID).id(id.into())
}

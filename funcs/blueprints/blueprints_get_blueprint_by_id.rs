use crate::models::{Blueprint, BlueprintId};
use crate::{Call, LeonardoCore, operations};

/// Reads a blueprint: `GET /v1/blueprints/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn blueprints_get_blueprint_by_id(core: &LeonardoCore, id: impl Into<BlueprintId>) -> Call<Blueprint> {
    Call::new(core, &operations::BLUEPRINTS_GET_BLUEPRINT_BY_ID).id(id.into())
}

use crate::models::{CustomModel, ModelId};
use crate::{Call, LeonardoCore, operations};

/// Reads a model of one's own: `GET /v1/models/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn models_get_model_by_id(core: &LeonardoCore, id: impl Into<ModelId>) -> Call<CustomModel> {
    Call::new(core, &operations::MODELS_GET_MODEL_BY_ID).id(id.into())
}

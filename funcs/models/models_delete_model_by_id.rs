use crate::models::{DeletedModel, ModelId};
use crate::{Call, LeonardoCore, operations};

/// Deletes a model of one's own: `DELETE /v1/models/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn models_delete_model_by_id(core: &LeonardoCore, id: impl Into<ModelId>) -> Call<DeletedModel> {
    Call::new(core, &operations::MODELS_DELETE_MODEL_BY_ID).id(id.into())
}

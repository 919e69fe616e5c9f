use crate::models::{ModelAsset, ModelAssetId};
use crate::{Call, LeonardoCore, operations};

/// Reads an uploaded 3D model: `GET /v1/models-3d/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn three_d_model_assets_get_3d_model_by_id(core: &LeonardoCore, id: impl Into<ModelAssetId>) -> Call<ModelAsset> {
    Call::new(core, &operations::THREE_D_MODEL_ASSETS_GET_3D_MODEL_BY_ID).id(id.into())
}

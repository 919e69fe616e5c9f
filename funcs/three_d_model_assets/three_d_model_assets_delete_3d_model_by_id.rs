use crate::models::{DeletedModelAsset, ModelAssetId};
use crate::{Call, LeonardoCore, operations};

/// Deletes an uploaded 3D model: `DELETE /v1/models-3d/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose response was lost, has
/// deleted.
pub fn three_d_model_assets_delete_3d_model_by_id(
    core: &LeonardoCore,
    id: impl Into<ModelAssetId>,
) -> Call<DeletedModelAsset> {
    Call::new(core, &operations::THREE_D_MODEL_ASSETS_DELETE_3D_MODEL_BY_ID).id(id.into())
}

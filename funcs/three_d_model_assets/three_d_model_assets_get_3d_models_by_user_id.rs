use crate::models::{Get3dModelsByUserIdRequest, ModelAsset, UserId};
use crate::{Call, LeonardoCore, operations};

/// Reads a page of a user's 3D models: `GET /v1/models-3d/user/{userId}`.
///
/// `request` says how many to skip and how many to read; the service takes none and 10 unless told otherwise.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn three_d_model_assets_get_3d_models_by_user_id(
    core: &LeonardoCore,
    user_id: impl Into<UserId>,
    request: Get3dModelsByUserIdRequest,
) -> Call<Vec<ModelAsset>> {
    Call::new(core, &operations::THREE_D_MODEL_ASSETS_GET_3D_MODELS_BY_USER_ID).id(user_id.into()).query_of(&request)
}

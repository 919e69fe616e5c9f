use crate::models::{ModelAssetUpload, UploadModelAssetRequest};
use crate::{Call, LeonardoCore, operations};

/// Asks for a place to upload a 3D model to: `POST /v1/models-3d/upload`.
///
/// The response has the id and a presigned form; nothing is uploaded yet. The place shows among the user's 3D models from
/// then on.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the list may have a 3D
/// model that was never uploaded, which its name tells.
pub fn three_d_model_assets_upload_model_asset(
    core: &LeonardoCore,
    request: UploadModelAssetRequest,
) -> Call<ModelAssetUpload> {
    Call::new(core, &operations::THREE_D_MODEL_ASSETS_UPLOAD_MODEL_ASSET).body(&request)
}

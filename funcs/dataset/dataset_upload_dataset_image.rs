use crate::models::{DatasetId, DatasetImageUpload, UploadDatasetImageRequest};
use crate::{Call, LeonardoCore, operations};

/// Asks for a place to upload a picture of a data set to: `POST /v1/datasets/{datasetId}/upload`.
///
/// The response has the picture's id and a presigned form; nothing is uploaded yet. The data set has the place from then
/// on, so leave none unused.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the data set may have a
/// picture that was never uploaded.
pub fn dataset_upload_dataset_image(
    core: &LeonardoCore,
    dataset_id: impl Into<DatasetId>,
    request: UploadDatasetImageRequest,
) -> Call<DatasetImageUpload> {
    Call::new(core, &operations::DATASET_UPLOAD_DATASET_IMAGE).id(dataset_id.into()).body(&request)
}

use crate::models::{AddedDatasetImage, DatasetId, UploadDatasetImageFromGenRequest};
use crate::{Call, LeonardoCore, operations};

/// Adds a generated image to a data set: `POST /v1/datasets/{datasetId}/upload/gen`.
///
/// A second call adds it a second time; `dataset_get_dataset_by_id` tells what is there.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the data set may have the
/// image.
pub fn dataset_upload_dataset_image_from_gen(
    core: &LeonardoCore,
    dataset_id: impl Into<DatasetId>,
    request: UploadDatasetImageFromGenRequest,
) -> Call<AddedDatasetImage> {
    Call::new(core, &operations::DATASET_UPLOAD_DATASET_IMAGE_FROM_GEN).id(dataset_id.into()).body(&request)
}

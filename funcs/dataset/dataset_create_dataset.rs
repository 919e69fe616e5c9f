use crate::models::{CreateDatasetRequest, CreatedDataset};
use crate::{Call, LeonardoCore, operations};

/// Creates a data set without pictures: `POST /v1/datasets`.
///
/// There is no list of data sets, so keep the id.
///
/// # Errors
///
/// All of [`Error`](crate::Error). After [`OutcomeUnknown`](crate::Error::OutcomeUnknown) the data set may exist.
pub fn dataset_create_dataset(core: &LeonardoCore, request: CreateDatasetRequest) -> Call<CreatedDataset> {
    Call::new(core, &operations::DATASET_CREATE_DATASET).body(&request)
}

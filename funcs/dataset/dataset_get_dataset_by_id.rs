use crate::models::{Dataset, DatasetId};
use crate::{Call, LeonardoCore, operations};

/// Reads a data set with all of its pictures: `GET /v1/datasets/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn dataset_get_dataset_by_id(core: &LeonardoCore, id: impl Into<DatasetId>) -> Call<Dataset> {
    Call::new(core, &operations::DATASET_GET_DATASET_BY_ID).id(id.into())
}

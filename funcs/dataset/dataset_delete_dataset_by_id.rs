use crate::models::{DatasetId, DeletedDataset};
use crate::{Call, LeonardoCore, operations};

/// Deletes a data set with its pictures: `DELETE /v1/datasets/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose response was lost, has
/// deleted.
pub fn dataset_delete_dataset_by_id(core: &LeonardoCore, id: impl Into<DatasetId>) -> Call<DeletedDataset> {
    Call::new(core, &operations::DATASET_DELETE_DATASET_BY_ID).id(id.into())
}

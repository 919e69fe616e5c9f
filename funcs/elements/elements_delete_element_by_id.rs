use crate::models::{DeletedElement, UserElementId};
use crate::{Call, LeonardoCore, operations};

/// Deletes an element of one's own: `DELETE /v1/elements/{userLoraId}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn elements_delete_element_by_id(core: &LeonardoCore, id: impl Into<UserElementId>) -> Call<DeletedElement> {
    Call::new(core, &operations::ELEMENTS_DELETE_ELEMENT_BY_ID).id(id.into().to_string())
}

use crate::models::{CustomElement, UserElementId};
use crate::{Call, LeonardoCore, operations};

/// Reads an element of one's own: `GET /v1/elements/{userLoraId}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn elements_get_element_by_id(core: &LeonardoCore, id: impl Into<UserElementId>) -> Call<CustomElement> {
    Call::new(core, &operations::ELEMENTS_GET_ELEMENT_BY_ID).id(id.into().to_string())
}

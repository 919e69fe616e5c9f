use crate::models::{Variation, VariationId};
use crate::{Call, LeonardoCore, operations};

/// Reads what was made out of an image: `GET /v1/variations/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn variation_get_variation_by_id(core: &LeonardoCore, id: impl Into<VariationId>) -> Call<Variation> {
    Call::new(core, &operations::VARIATION_GET_VARIATION_BY_ID).id(id.into())
}

use crate::models::{MotionVariation, VariationId};
use crate::{Call, LeonardoCore, operations};

/// Reads what was made out of a video: `GET /v1/motion-variations/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn variation_get_motion_variation_by_id(core: &LeonardoCore, id: impl Into<VariationId>) -> Call<MotionVariation> {
    Call::new(core, &operations::VARIATION_GET_MOTION_VARIATION_BY_ID).id(id.into())
}

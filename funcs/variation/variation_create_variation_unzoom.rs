use crate::models::{CreateVariationUnzoomRequest, VariationJob};
use crate::{Call, LeonardoCore, operations};

/// Zooms out of a generated image: `POST /v1/variations/unzoom`. Costs credits.
///
/// Responds at once with the variation's id; `variation_get_variation_by_id` shows when it is complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn variation_create_variation_unzoom(
    core: &LeonardoCore,
    request: CreateVariationUnzoomRequest,
) -> Call<VariationJob> {
    Call::new(core, &operations::VARIATION_CREATE_VARIATION_UNZOOM).required("id", request.id.as_str()).body(&request)
}

use crate::models::{CreateVariationNoBgRequest, VariationJob};
use crate::{Call, LeonardoCore, operations};

/// Removes the background of a generated image: `POST /v1/variations/nobg`. Costs credits.
///
/// Responds at once with the variation's id; `variation_get_variation_by_id` shows when it is complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn variation_create_variation_no_bg(
    core: &LeonardoCore,
    request: CreateVariationNoBgRequest,
) -> Call<VariationJob> {
    Call::new(core, &operations::VARIATION_CREATE_VARIATION_NO_BG).required("id", request.id.as_str()).body(&request)
}

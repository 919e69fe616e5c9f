use crate::models::{CreateVariationUpscaleRequest, VariationJob};
use crate::{Call, LeonardoCore, operations};

/// Enlarges a generated image: `POST /v1/variations/upscale`. Costs credits.
///
/// Responds at once with the variation's id; `variation_get_variation_by_id` shows when it is complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn variation_create_variation_upscale(
    core: &LeonardoCore,
    request: CreateVariationUpscaleRequest,
) -> Call<VariationJob> {
    Call::new(core, &operations::VARIATION_CREATE_VARIATION_UPSCALE).required("id", request.id.as_str()).body(&request)
}

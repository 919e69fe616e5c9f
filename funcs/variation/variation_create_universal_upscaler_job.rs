use crate::models::{CreateUniversalUpscalerJobRequest, VariationJob};
use crate::{Call, LeonardoCore, operations};

/// Enlarges an image and adds detail, up to 20 megapixels: `POST /v1/variations/universal-upscaler`. Costs credits.
///
/// Responds at once with the variation's id; `variation_get_variation_by_id` shows when it is complete.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn variation_create_universal_upscaler_job(
    core: &LeonardoCore,
    request: CreateUniversalUpscalerJobRequest,
) -> Call<VariationJob> {
    Call::new(core, &operations::VARIATION_CREATE_UNIVERSAL_UPSCALER_JOB).body(&request)
}

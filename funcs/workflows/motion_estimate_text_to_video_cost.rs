//! What a video will cost.

use crate::funcs::prices;
use crate::models::CreateTextToVideoGenerationRequest;
use crate::{EstimateCost, LeonardoCore};

/// Asks what a video will cost: `POST /v1/pricing-calculator`, once for equal requests. Costs nothing.
///
/// The fields of the request that the price depends on are taken from it. The calculator has prices for Motion 2.0 and Veo 3 with a resolution.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`; `InvalidRequest` for `request` if its price cannot be asked for.
pub fn motion_estimate_text_to_video_cost(
    core: &LeonardoCore,
    request: &CreateTextToVideoGenerationRequest,
) -> EstimateCost {
    EstimateCost::new(core, "motion_estimate_text_to_video_cost", prices::text_to_video(request).map(prices::priced))
}

//! What a picture of the realtime canvas will cost.

use crate::funcs::prices;
use crate::models::CreateLcmGenerationRequest;
use crate::{EstimateCost, LeonardoCore};

/// Asks what a picture of the realtime canvas will cost: `POST /v1/pricing-calculator`, once for equal requests. Costs nothing.
///
/// The fields of the request that the price depends on are taken from it.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`; `InvalidRequest` for `request` if its price cannot be asked for.
pub fn realtime_canvas_estimate_cost(core: &LeonardoCore, request: &CreateLcmGenerationRequest) -> EstimateCost {
    EstimateCost::new(core, "realtime_canvas_estimate_cost", prices::canvas(request).map(prices::priced))
}

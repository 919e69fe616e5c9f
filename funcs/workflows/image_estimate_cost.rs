//! What images will cost.

use crate::funcs::prices;
use crate::models::CreateGenerationRequest;
use crate::{EstimateCost, LeonardoCore};

/// Asks what images will cost: `POST /v1/pricing-calculator`, once for equal requests. Costs nothing.
///
/// The fields of the request that the price depends on are taken from it. Where it has controlnets it gives no price: what they cost has to be told the price calculator.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`; `InvalidRequest` for `request` if its price cannot be asked for.
pub fn image_estimate_cost(core: &LeonardoCore, request: &CreateGenerationRequest) -> EstimateCost {
    EstimateCost::new(core, "image_estimate_cost", prices::image(request).map(prices::priced))
}

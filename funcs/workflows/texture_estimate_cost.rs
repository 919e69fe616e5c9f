//! What textures will cost.

use crate::funcs::prices;
use crate::models::CreateTextureGenerationRequest;
use crate::{EstimateCost, LeonardoCore};

/// Asks what textures will cost: `POST /v1/pricing-calculator`, once for equal requests. Costs nothing.
///
/// The fields of the request that the price depends on are taken from it.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`; `InvalidRequest` for `request` if its price cannot be asked for.
pub fn texture_estimate_cost(core: &LeonardoCore, request: &CreateTextureGenerationRequest) -> EstimateCost {
    EstimateCost::new(core, "texture_estimate_cost", prices::texture(request).map(prices::priced))
}

use crate::models::{CalculatedCost, PricingCalculatorRequest};
use crate::{Call, LeonardoCore, operations};

/// Calculates what a service costs: `POST /v1/pricing-calculator`.
///
/// Nothing is made and nothing is charged, so that it is retried as any reading is.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn pricing_calculator_pricing_calculator(
    core: &LeonardoCore,
    request: PricingCalculatorRequest,
) -> Call<CalculatedCost> {
    Call::new(core, &operations::PRICING_CALCULATOR_PRICING_CALCULATOR).body(&request)
}

//! What work costs, before it is sent, and the limit that the user sets.

use leonardo_ai::funcs::{
    image_estimate_cost, motion_estimate_image_to_video_cost, motion_estimate_text_to_video_cost,
    pricing_calculator_pricing_calculator,
};
use leonardo_ai::models::{CalculatedCost, ModelTrainingPricing, PricingCalculatorRequest};
use leonardo_ai::{Error, EstimateCost, LeonardoCore};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::work::{Create, Task};

/// What the service asked for one background, in dollars, when this was written. Only the response tells what it charges.
pub const REMOVE_BG_DOLLARS: f64 = 0.1047;

/// Refuses work that is estimated to cost more than the limit, or whose price cannot be told. The one place that knows how
/// a limit is kept.
pub async fn hold(core: &LeonardoCore, tasks: &[Task], limit: Option<f64>) -> Result<(), Failure> {
    let Some(limit) = limit else { return Ok(()) };
    let mut sum = 0.0;
    for task in tasks {
        match price(core, task).await? {
            Some(price) => sum += price,
            None => {
                return Err(Failure::usage(format!(
                    "--spend-at-most cannot be kept: the service tells no price of this beforehand ({}). Nothing was \
                     sent.",
                    task.name
                )));
            }
        }
    }
    if sum > limit {
        let sum = format!("{sum:.4}");
        let sum = sum.trim_end_matches('0').trim_end_matches('.');
        return Err(Failure::usage(format!(
            "it is estimated to cost {sum}, and --spend-at-most is {limit}. Nothing was sent."
        )));
    }
    Ok(())
}

/// What the service's calculator says of a task; `None` if it does not know it.
async fn price(core: &LeonardoCore, task: &Task) -> Result<Option<f64>, Failure> {
    match task.create {
        Create::Image => told(image_estimate_cost(core, &read(&task.request)?)).await,
        Create::ImageToVideo => told(motion_estimate_image_to_video_cost(core, &read(&task.request)?)).await,
        Create::TextToVideo => told(motion_estimate_text_to_video_cost(core, &read(&task.request)?)).await,
        Create::Element => {
            let side = task.request.get("resolution").and_then(Value::as_u64).and_then(|side| side.try_into().ok());
            let count = task.inputs.iter().filter(|input| matches!(input, crate::work::Input::Picture { .. })).count();
            let params = ModelTrainingPricing {
                dataset_image_count: u32::try_from(count).ok(),
                ..ModelTrainingPricing::new(side.unwrap_or(1024))
            };
            Ok(ask(core, PricingCalculatorRequest::model_training(params)).await?.cost)
        }
        // The calculator does not know it, but it is published, in dollars.
        Create::RemoveBg => Ok(Some(REMOVE_BG_DOLLARS)),
        _ => Ok(None),
    }
}

/// What images will cost, in credits; `None` if the service does not tell.
pub async fn images(core: &LeonardoCore, request: &Value) -> Result<Option<f64>, Failure> {
    told(image_estimate_cost(core, &read(request)?)).await
}

async fn told(estimate: EstimateCost) -> Result<Option<f64>, Failure> {
    match estimate.await {
        Ok(cost) => Ok(cost.and_then(|cost| cost.amount_f64())),
        // There is something in it whose price cannot be asked for.
        Err(Error::InvalidRequest(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read<Q: DeserializeOwned>(request: &Value) -> Result<Q, Failure> {
    serde_json::from_value(request.clone()).map_err(|error| Failure::usage(error.to_string()))
}

pub async fn ask(core: &LeonardoCore, request: PricingCalculatorRequest) -> Result<CalculatedCost, Failure> {
    Ok(pricing_calculator_pricing_calculator(core, request).await?)
}

//! What work costs, before it is sent, and the limit that the user sets.

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::pricing_calculator_pricing_calculator;
use leonardo_ai::models::{
    CalculatedCost, ImageGenerationPricing, ModelTrainingPricing, MotionVideoPricing, PricingCalculatorRequest,
    VideoResolution,
};
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
    let request = match task.create {
        Create::Image => PricingCalculatorRequest::image_generation(images(&task.request)),
        Create::ImageToVideo | Create::TextToVideo => match task.request.get("resolution").and_then(Value::as_str) {
            Some(resolution) => PricingCalculatorRequest::motion_video_generation(MotionVideoPricing::new(
                VideoResolution::from(resolution),
            )),
            None => return Ok(None),
        },
        Create::Element => {
            let side = task.request.get("resolution").and_then(Value::as_u64).and_then(|side| side.try_into().ok());
            let count = task.inputs.iter().filter(|input| matches!(input, crate::work::Input::Picture { .. })).count();
            let params = ModelTrainingPricing {
                dataset_image_count: u32::try_from(count).ok(),
                ..ModelTrainingPricing::new(side.unwrap_or(1024))
            };
            PricingCalculatorRequest::model_training(params)
        }
        // The calculator does not know it, but it is published, in dollars.
        Create::RemoveBg => return Ok(Some(REMOVE_BG_DOLLARS)),
        _ => return Ok(None),
    };
    Ok(ask(core, request).await?.cost)
}

pub async fn ask(core: &LeonardoCore, request: PricingCalculatorRequest) -> Result<CalculatedCost, Failure> {
    Ok(pricing_calculator_pricing_calculator(core, request).await?)
}

/// What a request for images means to the calculator.
pub fn images(request: &Value) -> ImageGenerationPricing {
    let number = |name: &str, default: u32| {
        request.get(name).and_then(Value::as_u64).and_then(|number| number.try_into().ok()).unwrap_or(default)
    };
    let flag = |name: &str, default: bool| request.get(name).and_then(Value::as_bool).unwrap_or(default);
    let elements = ["elements", "userElements"];
    let elements = elements.iter().filter_map(|name| request.get(*name)?.as_array()).map(Vec::len).sum::<usize>();
    ImageGenerationPricing {
        prompt_magic: request.get("promptMagic").and_then(Value::as_bool),
        photo_real_mode: request.get("photoReal").and_then(Value::as_bool),
        is_ultra: request.get("ultra").and_then(Value::as_bool),
        lora_count: u32::try_from(elements).ok().filter(|count| *count > 0),
        alchemy_mode: flag("alchemy", true),
        high_resolution: flag("highResolution", false),
        ..ImageGenerationPricing::new(
            number("width", 1024),
            number("height", 768),
            number("num_images", 4),
            number("num_inference_steps", 15),
        )
    }
}

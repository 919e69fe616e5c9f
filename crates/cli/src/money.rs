//! What work costs, before it is sent, and the limit that the user sets. The core counts, and refuses what is too much.

use std::sync::{Mutex, PoisonError};

use leonardo_ai::funcs::{
    image_estimate_cost, motion_estimate_image_to_video_cost, motion_estimate_text_to_video_cost,
    pricing_calculator_pricing_calculator,
};
use leonardo_ai::models::{CalculatedCost, Cost, CostUnit, ModelTrainingPricing, PricingCalculatorRequest};
use leonardo_ai::{Error, EstimateCost, LeonardoCore, SpendingLimit, SpendingReason};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::args::Spending;
use crate::failure::Failure;
use crate::task::{Create, Input, Task};

/// What the service asked for one background, in dollars, when this was written. Only the response tells what it charges.
pub const REMOVE_BG_DOLLARS: f64 = 0.1047;

/// What may be spent.
#[derive(Debug)]
pub struct Money {
    limit: Cost,
    /// What one may cost of which nobody tells a price beforehand.
    each: Option<Cost>,
    /// The most that a background did cost, in dollars.
    background: Mutex<f64>,
}

impl Money {
    /// `None` without a limit.
    pub fn of(spending: &Spending) -> Result<Option<Self>, Failure> {
        let Spending { spend_at_most, each_at_most } = spending.clone();
        let Some(limit) = spend_at_most else { return Ok(None) };
        if each_at_most.as_ref().is_some_and(|each| each.unit != limit.unit) {
            return Err(Failure::usage("--spend-at-most and --each-at-most must be in the same unit"));
        }
        Ok(Some(Self { limit, each: each_at_most, background: Mutex::new(REMOVE_BG_DOLLARS) }))
    }

    pub fn limit(&self) -> &Cost {
        &self.limit
    }

    /// What the core keeps to.
    pub fn spending_limit(&self) -> SpendingLimit {
        match self.limit.amount.parse() {
            Ok(credits) if self.limit.unit == CostUnit::Credits => SpendingLimit::credits(credits),
            _ => SpendingLimit::dollars(&self.limit.amount),
        }
    }

    /// Refuses work whose price nobody tells, or of which nothing fits into the limit, before anything is sent. Says what
    /// all of it is expected to cost if that is too much.
    pub async fn look_at(&self, core: &LeonardoCore, tasks: &[Task]) -> Result<Option<String>, Failure> {
        let limit = self.limit.amount_f64().unwrap_or_default();
        let (mut sum, mut least) = (0.0, f64::INFINITY);
        for task in tasks {
            let is_of_use = |price: &Cost| price.unit == self.limit.unit;
            let price = match self.price(core, task).await?.filter(is_of_use) {
                Some(price) => Some(price),
                None => self.allowed(core, task).await?.filter(is_of_use),
            };
            let Some(price) = price.and_then(|price| price.amount_f64()) else {
                return Err(Failure::usage(format!(
                    "--spend-at-most cannot be kept: the service tells no price of this in {} beforehand ({}). Say what \
                     each may cost with --each-at-most. Nothing was sent.",
                    unit(&self.limit.unit),
                    task.name
                )));
            };
            sum += price;
            least = least.min(price);
        }
        let number = |sum: f64| format!("{sum:.4}").trim_end_matches('0').trim_end_matches('.').to_owned();
        if tasks.is_empty() || sum <= limit {
            return Ok(None);
        }
        let Self { limit: most, .. } = self;
        if least > limit {
            let least = number(least);
            let least = if tasks.len() == 1 { least } else { format!("{least} or more each") };
            return Err(Failure::usage(format!(
                "it is estimated to cost {least}, and --spend-at-most is {most}. Nothing was sent."
            )));
        }
        let sum = number(sum);
        Ok(Some(format!("All of it is estimated to cost {sum}, and --spend-at-most is {most}: what fits is sent.")))
    }

    /// What a task may cost, where the core cannot ask for its price.
    pub async fn allowed(&self, core: &LeonardoCore, task: &Task) -> Result<Option<Cost>, Failure> {
        if self.each.is_some() {
            return Ok(self.each.clone());
        }
        match (task.create, &self.limit.unit) {
            // The price is not told beforehand, but it is published.
            (Create::RemoveBg, CostUnit::Dollars) => {
                let background = *self.background.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(Some(Cost::dollars(background.to_string())))
            }
            (Create::Element, CostUnit::Credits) => self.price(core, task).await,
            _ => Ok(None),
        }
    }

    /// Takes note of what one did cost; tells if that is more than the user allows, or cannot be held to the limit.
    pub fn exceeded(&self, create: Create, cost: &Cost) -> Option<String> {
        if cost.unit != self.limit.unit {
            let limit = &self.limit;
            return Some(format!(
                "it did cost {cost}, which --spend-at-most {limit} cannot count: nothing more is sent"
            ));
        }
        let amount = cost.amount_f64()?;
        if create == Create::RemoveBg && cost.unit == CostUnit::Dollars {
            let mut background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
            *background = background.max(amount);
        }
        let each = self.each.as_ref().filter(|each| each.unit == cost.unit)?;
        let is_more = each.amount_f64().is_some_and(|each| amount > each);
        is_more.then(|| format!("it did cost {cost}, and --each-at-most is {each}: nothing more is sent"))
    }

    /// What the service's calculator says of a task; `None` if it does not know it.
    async fn price(&self, core: &LeonardoCore, task: &Task) -> Result<Option<Cost>, Failure> {
        match task.create {
            Create::Image => told(image_estimate_cost(core, &read(&task.request)?)).await,
            Create::ImageToVideo => told(motion_estimate_image_to_video_cost(core, &read(&task.request)?)).await,
            Create::TextToVideo => told(motion_estimate_text_to_video_cost(core, &read(&task.request)?)).await,
            // What is uploaded already is not known any more.
            Create::Element if matches!(task.inputs.first(), Some(Input::Dataset { .. })) => {
                let side = task.request.get("resolution").and_then(Value::as_u64).and_then(|side| side.try_into().ok());
                let params = ModelTrainingPricing {
                    dataset_image_count: u32::try_from(task.inputs.len() - 1).ok(),
                    ..ModelTrainingPricing::new(side.unwrap_or(1024))
                };
                let cost = ask(core, PricingCalculatorRequest::model_training(params)).await?.cost;
                // Credits are counted whole.
                Ok(cost.map(|cost| Cost::credits(cost.ceil() as u64)))
            }
            _ => Ok(None),
        }
    }
}

/// Why the core has refused something, in the words of this program.
pub fn refused(reason: &SpendingReason) -> String {
    match reason {
        SpendingReason::Limit { needed, limit, reserved, settled, .. } => format!(
            "it would cost {needed}, and of --spend-at-most {limit}, {} are spent and {} set aside. It was not sent.",
            settled.amount, reserved.amount
        ),
        SpendingReason::CallLimit { estimate, at_most, .. } => {
            format!("it would cost {estimate}, and --each-at-most is {at_most}. It was not sent.")
        }
        _ => "what it costs is not known beforehand: say what it may cost with --each-at-most. It was not sent.".into(),
    }
}

fn unit(unit: &CostUnit) -> &'static str {
    if *unit == CostUnit::Dollars { "dollars" } else { "credits" }
}

/// What images will cost, in credits; `None` if the service does not tell.
pub async fn images(core: &LeonardoCore, request: &Value) -> Result<Option<f64>, Failure> {
    Ok(told(image_estimate_cost(core, &read(request)?)).await?.and_then(|cost| cost.amount_f64()))
}

async fn told(estimate: EstimateCost) -> Result<Option<Cost>, Failure> {
    match estimate.await {
        Ok(cost) => Ok(cost),
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

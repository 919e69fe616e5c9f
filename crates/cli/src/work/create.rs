//! Sends a create: exactly once where it has a mark, and at most once where it has none.

use std::time::{Duration, SystemTime};

use leonardo_ai::funcs::{
    blueprints_execute_blueprint, elements_create_element, image_create_generation_once,
    motion_create_image_to_video_generation_once, motion_create_text_to_video_generation_once, remove_background,
    v2_create_generation_once, variation_create_universal_upscaler_job, variation_create_variation_no_bg,
    variation_create_variation_unzoom, variation_create_variation_upscale,
};
use leonardo_ai::models::{Cost, CreateV2GenerationRequest, MotionModel};
use leonardo_ai::{Call, CreateOnce, Error, LeonardoCore, Marked, Retry};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::journal::{Made, Mark, random};
use crate::task::{Create, CutOut, parameters, read};

/// What is known about an attempt.
pub struct Attempt {
    pub mark: Mark,
    /// When an earlier run may have sent it.
    pub since: Option<SystemTime>,
    pub grace: Duration,
    /// What it may cost, if that must be said.
    pub at_most: Option<Cost>,
    /// Says what is attempted again.
    pub told: Box<dyn FnMut(&Retry) + Send>,
}

/// The mark of a request: its own seed, or one that is drawn and put into it, where the model takes one.
pub fn mark(create: Create, request: &mut Value) -> Result<Mark, Failure> {
    let (place, largest) = match create {
        // What every model takes.
        Create::Image => ("/seed", Some(2_147_483_637)),
        Create::V2 => {
            let typed: CreateV2GenerationRequest = read(request.clone())?;
            ("/parameters/seed", typed.model.largest_seed())
        }
        Create::ImageToVideo | Create::TextToVideo => {
            let model = request.get("model").and_then(Value::as_str).map(MotionModel::from);
            ("/seed", MotionModel::largest_seed(model.as_ref()))
        }
        _ => return Ok(Mark::None),
    };
    if let Some(seed) = request.pointer(place).and_then(Value::as_i64).filter(|seed| *seed >= 0) {
        return Ok(Mark::Given(seed));
    }
    let Some(largest) = largest else { return Ok(Mark::None) };
    let seed = i64::try_from(random()? % (u64::from(largest) + 1)).unwrap_or_default();
    match place {
        "/seed" => request["seed"] = seed.into(),
        _ => request["parameters"]["seed"] = seed.into(),
    }
    // Among few marks, another request may have the same.
    Ok(if largest >= 1 << 30 { Mark::Drawn(seed) } else { Mark::Given(seed) })
}

/// Sends it, and gives what is known then.
pub async fn create(core: &LeonardoCore, create: Create, request: Value, attempt: Attempt) -> Result<Made, Failure> {
    let made = |id: String, cost: Option<Cost>| Made { id, cost, link: None };
    Ok(match create {
        Create::Image => {
            let job = once(image_create_generation_once, core, request, attempt).await?;
            made(job.generation_id.to_string(), job.cost)
        }
        Create::V2 => {
            let job = once(v2_create_generation_once, core, request, attempt).await?;
            made(job.generation_id.to_string(), job.cost)
        }
        Create::ImageToVideo => {
            let job = once(motion_create_image_to_video_generation_once, core, request, attempt).await?;
            made(job.generation_id.to_string(), job.cost)
        }
        Create::TextToVideo => {
            let job = once(motion_create_text_to_video_generation_once, core, request, attempt).await?;
            made(job.generation_id.to_string(), job.cost)
        }
        Create::Upscale => {
            let job = capped(variation_create_variation_upscale(core, read(request)?), attempt).await?;
            made(job.id.to_string(), job.cost)
        }
        Create::UniversalUpscale => {
            let job = capped(variation_create_universal_upscaler_job(core, read(request)?), attempt).await?;
            made(job.id.to_string(), job.cost)
        }
        Create::Unzoom => {
            let job = capped(variation_create_variation_unzoom(core, read(request)?), attempt).await?;
            made(job.id.to_string(), job.cost)
        }
        Create::NoBg => {
            let job = capped(variation_create_variation_no_bg(core, read(request)?), attempt).await?;
            made(job.id.to_string(), job.cost)
        }
        Create::Element => {
            let job = capped(elements_create_element(core, read(request)?), attempt).await?;
            made(job.user_lora_id.to_string(), job.cost)
        }
        Create::Blueprint => {
            made(capped(blueprints_execute_blueprint(core, read(request)?), attempt).await?.ak_uuid.to_string(), None)
        }
        Create::RemoveBg => cut_out(core, read(request)?, attempt).await?,
    })
}

/// A call, which may cost no more than is said of the attempt.
fn capped<T>(call: Call<T>, attempt: Attempt) -> Call<T> {
    match attempt.at_most {
        Some(cost) => call.cost_at_most(cost),
        None => call,
    }
}

async fn cut_out(core: &LeonardoCore, cut: CutOut, attempt: Attempt) -> Result<Made, Failure> {
    let parameters = parameters(&cut)?;
    let mut remove = remove_background(core, cut.image.source()).with(|_| parameters);
    if let Some(background) = &cut.background {
        remove = remove.background(background.source());
    }
    if let Some(cost) = attempt.at_most {
        remove = remove.cost_at_most(cost);
    }
    let done = remove.await.map_err(Error::from)?;
    let link = done.results.into_iter().next().and_then(|result| result.url);
    Ok(Made { id: done.id.to_string(), cost: done.cost, link })
}

async fn once<Q: Marked + DeserializeOwned>(
    create: fn(&LeonardoCore, Q) -> CreateOnce<Q>,
    core: &LeonardoCore,
    request: Value,
    attempt: Attempt,
) -> Result<Q::Job, Failure> {
    let Attempt { mark, since, grace, at_most, told } = attempt;
    let create = create(core, read(request)?).grace(grace).unique_seed(matches!(mark, Mark::Drawn(_))).on_retry(told);
    let create = match at_most {
        Some(cost) => create.cost_at_most(cost),
        None => create,
    };
    let create = match since {
        Some(since) => create.look_first(since),
        None => create,
    };
    Ok(create.await?)
}

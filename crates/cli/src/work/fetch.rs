//! Waits for what was created, and saves its results.

use std::path::{Path, PathBuf};
use std::time::Duration;

use leonardo_ai::funcs::{
    blueprints_list_outputs, blueprints_wait_for_execution, elements_wait_for_element, image_download,
    image_wait_for_generation, variation_wait_for_variation,
};
use leonardo_ai::models::Generation;
use leonardo_ai::{Error, Job, LeonardoCore, Retry, Wait, WaitError, WaitErrorReason};
use serde_json::{Value, json};

use super::save;
use crate::call::printable;
use crate::failure::Failure;
use crate::journal::Made;
use crate::task::{Create, Save};

/// The results of a job.
#[derive(Debug, Default)]
pub struct Fetched {
    pub files: Vec<PathBuf>,
    /// What else there is to tell, such as the seed.
    pub more: Value,
}

/// Why there are none.
#[derive(Debug)]
pub enum Missing {
    /// The service gave it up: it will never be there.
    Failed(String),
    /// It can be fetched later.
    Later(Failure),
}

impl From<Failure> for Missing {
    fn from(failure: Failure) -> Self {
        Self::Later(failure)
    }
}

impl<J: Job> From<WaitError<J>> for Missing {
    fn from(error: WaitError<J>) -> Self {
        match &error.reason {
            WaitErrorReason::Failed(_) => Self::Failed(error.to_string()),
            _ => Self::Later(Error::from(error).into()),
        }
    }
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Later(error.into())
    }
}

/// Says what is attempted again.
pub type Told = Box<dyn FnMut(&Retry) + Send>;

/// Waits for it and saves it. What was saved before is replaced.
pub async fn fetch(
    core: &LeonardoCore,
    create: Create,
    made: &Made,
    to: &Save,
    told: Told,
) -> Result<Fetched, Missing> {
    let id = made.id.clone();
    match create {
        Create::Image | Create::V2 | Create::ImageToVideo | Create::TextToVideo => {
            let generation = complete(image_wait_for_generation(core, id), told).await?;
            let files = save_generation(core, &generation, to).await?;
            if files.is_empty() {
                return Err(Missing::Failed(format!("generation {} has no images", generation.id)));
            }
            let images: Vec<_> = generation.generated_images.iter().map(|image| &image.id).collect();
            Ok(Fetched { files, more: json!({ "seed": generation.seed, "images": images }) })
        }
        Create::Upscale | Create::UniversalUpscale | Create::Unzoom | Create::NoBg => {
            let variation = complete(variation_wait_for_variation(core, id), told).await?;
            let url = variation.url.as_deref();
            let url = url.ok_or_else(|| Failure::other(format!("variation {} has no link", variation.id)))?;
            Ok(Fetched { files: vec![save_link(core, url, variation.id.as_str(), to).await?], more: json!({}) })
        }
        Create::RemoveBg => {
            let url = made.link.as_deref();
            let url = url.ok_or_else(|| Missing::Failed(format!("the response {id} has no link to a result")))?;
            Ok(Fetched { files: vec![save_link(core, url, &id, to).await?], more: json!({}) })
        }
        Create::Element => {
            let id: i64 = id.parse().map_err(|_| Failure::other(format!("{id:?} is no id of an element")))?;
            let element = complete(elements_wait_for_element(core, id), told).await?;
            Ok(Fetched { files: Vec::new(), more: json!({ "element": printable(element)? }) })
        }
        Create::Blueprint => blueprint(core, id, to, told).await,
    }
}

/// The outputs of a run. Those that failed are told, and the others saved.
async fn blueprint(core: &LeonardoCore, id: String, to: &Save, told: Told) -> Result<Fetched, Missing> {
    let execution = complete(blueprints_wait_for_execution(core, id), told).await?;
    let mut outputs = blueprints_list_outputs(core, execution.ak_uuid.clone());
    let (mut files, mut failed) = (Vec::new(), Vec::new());
    while let Some(output) = outputs.next().await {
        let output = output?;
        match (output.generation_id, output.failed_reason) {
            (Some(generation), None) => {
                let generation = image_wait_for_generation(core, generation).await?;
                files.extend(save_generation(core, &generation, to).await?);
            }
            (_, reason) => failed.push(reason.map_or_else(|| output.status.to_string(), |reason| reason.message)),
        }
    }
    if files.is_empty() {
        return Err(Missing::Failed(format!("the run has no outputs: {}", failed.join("; "))));
    }
    Ok(Fetched { files, more: json!({ "failedOutputs": failed }) })
}

async fn complete<J: Job>(wait: Wait<J>, told: Told) -> Result<J, WaitError<J>> {
    wait.first_delay(Duration::from_millis(500)).on_retry(told).await
}

/// Saves the images of a generation, or its videos, as `ID-INDEX.EXTENSION`.
async fn save_generation(core: &LeonardoCore, generation: &Generation, to: &Save) -> Result<Vec<PathBuf>, Failure> {
    match to {
        Save::Directory(directory) => save::all(core, generation, directory, false).await,
        Save::File(_) | Save::Nothing => Ok(Vec::new()),
    }
}

async fn save_link(core: &LeonardoCore, url: &str, id: &str, to: &Save) -> Result<PathBuf, Failure> {
    match to {
        Save::Directory(directory) => {
            save::make(directory)?;
            save::one(core, url, &directory.join(save::plain(id)), false).await
        }
        Save::File(path) => {
            save::make(path.parent().unwrap_or(Path::new(".")))?;
            image_download(core, url).to_file(path).await?;
            Ok(path.clone())
        }
        Save::Nothing => Err(Failure::other("there is no place for the result")),
    }
}

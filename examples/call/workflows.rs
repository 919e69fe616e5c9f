//! The workflows: what each takes as a JSON object, and what it prints. Those that take a request have its fields beside
//! their own.

use leonardo_ai::{Error, LeonardoCore, funcs, models};
use serde_json::{Value, json};

use crate::fields::{Fields, Usage};
use crate::{Failure, printable};

/// The workflows that are compiled in.
pub const NAMES: &[&str] = &[
    #[cfg(feature = "image-create-generation-once")]
    "image-create-generation-once",
    #[cfg(feature = "image-download")]
    "image-download",
    #[cfg(feature = "image-download-all")]
    "image-download-all",
    #[cfg(feature = "image-find-generation")]
    "image-find-generation",
    #[cfg(feature = "image-generate")]
    "image-generate",
    #[cfg(feature = "image-list-generations")]
    "image-list-generations",
    #[cfg(feature = "image-wait-for-generation")]
    "image-wait-for-generation",
    #[cfg(feature = "init-images-upload-file")]
    "init-images-upload-file",
];

pub async fn dispatch(core: &LeonardoCore, name: &str, fields: Fields) -> Result<Value, Failure> {
    match name {
        #[cfg(feature = "image-create-generation-once")]
        "image-create-generation-once" => create_once(core, fields).await,
        #[cfg(feature = "image-download")]
        "image-download" => download(core, fields).await,
        #[cfg(feature = "image-download-all")]
        "image-download-all" => download_all(core, fields).await,
        #[cfg(feature = "image-find-generation")]
        "image-find-generation" => find(core, fields).await,
        #[cfg(feature = "image-generate")]
        "image-generate" => generate(core, fields).await,
        #[cfg(feature = "image-list-generations")]
        "image-list-generations" => list(core, fields).await,
        #[cfg(feature = "image-wait-for-generation")]
        "image-wait-for-generation" => wait(core, fields).await,
        #[cfg(feature = "init-images-upload-file")]
        "init-images-upload-file" => upload(core, fields).await,
        _ => Err(Usage(format!("there is no workflow {name:?}")).into()),
    }
}

/// A request: the job.
#[cfg(feature = "image-create-generation-once")]
async fn create_once(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let request = fields.request()?;
    printable(funcs::image_create_generation_once(core, request).await?)
}

/// A request: the job and the generation.
#[cfg(feature = "image-generate")]
async fn generate(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let request = fields.request()?;
    let made = funcs::image_generate(core, request).await.map_err(Error::from)?;
    Ok(json!({ "job": printable(made.job)?, "generation": printable(made.generation)? }))
}

/// A request with a seed, and `sentAfter`, a time such as `2026-10-08T12:00:00Z`: whether it was found, and what.
#[cfg(feature = "image-find-generation")]
async fn find(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let after = fields.text("sentAfter")?;
    let after = models::Timestamp::from(after).to_system_time();
    let after = after.ok_or_else(|| Usage("the field \"sentAfter\" is no time".into()))?;
    let request = fields.request()?;
    Ok(match funcs::image_find_generation(core, &request, after).await? {
        funcs::Lookup::Found(generation) => json!({ "lookup": "found", "generation": printable(generation)? }),
        funcs::Lookup::Absent => json!({ "lookup": "absent" }),
        funcs::Lookup::Unclear { candidates, .. } => json!({ "lookup": "unclear", "candidates": candidates }),
        other => json!({ "lookup": format!("{other:?}") }),
    })
}

/// `id`: the generation, once it is complete.
#[cfg(feature = "image-wait-for-generation")]
async fn wait(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let id = fields.text("id")?;
    fields.finish()?;
    printable(funcs::image_wait_for_generation(core, id).await.map_err(Error::from)?)
}

/// `userId`, `offset` (0) and `limit` (none): the generations.
#[cfg(feature = "image-list-generations")]
async fn list(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (user, offset, limit) = (fields.text("userId")?, fields.count("offset")?, fields.count("limit")?);
    fields.finish()?;
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let mut list = funcs::image_list_generations(core, user).offset(offset.unwrap_or(0));
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(generation) = list.next().await else { break };
        found.push(printable(generation?)?);
    }
    Ok(found.into())
}

/// `url` and `path`: the path, and the length and the type of what was downloaded.
#[cfg(feature = "image-download")]
async fn download(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (url, path) = (fields.text("url")?, fields.text("path")?);
    fields.finish()?;
    let done = funcs::image_download(core, url).to_file(&path).await.map_err(Error::from)?;
    Ok(json!({ "path": path, "bytes": done.bytes, "contentType": done.content_type }))
}

/// `id` of a generation and `directory`: the paths.
#[cfg(feature = "image-download-all")]
async fn download_all(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (id, directory) = (fields.text("id")?, fields.text("directory")?);
    fields.finish()?;
    let generation = funcs::image_get_generation_by_id(core, id).await?;
    let paths = funcs::image_download_all(core, &generation, directory).await.map_err(Error::from)?;
    Ok(json!({ "paths": paths }))
}

/// `path`: the image's id.
#[cfg(feature = "init-images-upload-file")]
async fn upload(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let path = fields.text("path")?;
    fields.finish()?;
    Ok(json!({ "id": funcs::init_images_upload_file(core, path).await.map_err(Error::from)? }))
}

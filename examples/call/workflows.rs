//! The workflows: what each takes as a JSON object, and what it prints. Those that take a request have its fields beside
//! their own.

use leonardo_ai::{Error, LeonardoCore, funcs, models};
use serde_json::{Value, json};

use crate::fields::{Fields, Usage};
use crate::{Failure, printable};

/// Makes of the lines the list of workflows that are compiled in, and what calls one by its name.
macro_rules! workflows {
    ($core:ident, $fields:ident: $($feature:literal => $run:expr;)+) => {
        pub const NAMES: &[&str] = &[$(#[cfg(feature = $feature)] $feature),+];

        pub async fn dispatch($core: &LeonardoCore, name: &str, mut $fields: Fields) -> Result<Value, Failure> {
            match name {
                $(#[cfg(feature = $feature)] $feature => $run,)+
                _ => Err(Usage(format!("there is no workflow {name:?}")).into()),
            }
        }
    };
}

workflows! { core, fields:
    "image-create-generation-once" => create_once(core, fields).await;
    "image-download" => download(core, fields).await;
    "image-download-all" => download_all(core, fields).await;
    "image-find-generation" => find(core, fields).await;
    "image-generate" => generate(core, fields).await;
    "image-list-generations" => list(core, fields).await;
    "image-wait-for-generation" => waited(funcs::image_wait_for_generation(core, id(fields)?)).await;
    "variation-wait-for-variation" => waited(funcs::variation_wait_for_variation(core, id(fields)?)).await;
    "variation-wait-for-motion-variation" => waited(funcs::variation_wait_for_motion_variation(core, id(fields)?)).await;
    "elements-wait-for-element" => waited(funcs::elements_wait_for_element(core, number(fields)?)).await;
    "models-wait-for-model" => waited(funcs::models_wait_for_model(core, id(fields)?)).await;
    "texture-wait-for-texture-generation" => waited(funcs::texture_wait_for_texture_generation(core, id(fields)?)).await;
    "blueprints-wait-for-execution" => waited(funcs::blueprints_wait_for_execution(core, id(fields)?)).await;
    "media-wait-for-media" => waited(funcs::media_wait_for_media(core, id(fields)?)).await;
    "variation-upscale-and-wait" => made(funcs::variation_upscale_and_wait(core, fields.request()?)).await;
    "variation-unzoom-and-wait" => made(funcs::variation_unzoom_and_wait(core, fields.request()?)).await;
    "variation-no-bg-and-wait" => made(funcs::variation_no_bg_and_wait(core, fields.request()?)).await;
    "variation-universal-upscale-and-wait" => made(funcs::variation_universal_upscale_and_wait(core, fields.request()?)).await;
    "motion-image-to-video-and-wait" => made(funcs::motion_image_to_video_and_wait(core, fields.request()?)).await;
    "motion-text-to-video-and-wait" => made(funcs::motion_text_to_video_and_wait(core, fields.request()?)).await;
    "motion-svd-and-wait" => made(funcs::motion_svd_and_wait(core, fields.request()?)).await;
    "motion-upscale-and-wait" => made(funcs::motion_upscale_and_wait(core, fields.request()?)).await;
    "elements-create-and-wait" => made(funcs::elements_create_and_wait(core, fields.request()?)).await;
    "models-create-and-wait" => made(funcs::models_create_and_wait(core, fields.request()?)).await;
    "texture-create-and-wait" => made(funcs::texture_create_and_wait(core, fields.request()?)).await;
    "blueprints-execute-and-wait" => made(funcs::blueprints_execute_and_wait(core, fields.request()?)).await;
    "v2-generate-and-wait" => made(funcs::v2_generate_and_wait(core, fields.request()?)).await;
    "init-images-upload-file" => uploaded(funcs::init_images_upload_file(core, path(fields)?)).await;
    "init-images-upload-canvas-files" => upload_canvas(core, fields).await;
    "dataset-upload-file" => upload_picture(core, fields).await;
    "media-upload-file" => uploaded(funcs::media_upload_file(core, path(fields)?)).await;
    "three-d-model-assets-upload-file" => uploaded(funcs::three_d_model_assets_upload_file(core, path(fields)?)).await;
}

/// `id`, and nothing else.
fn id(mut fields: Fields) -> Result<String, Usage> {
    let id = fields.text("id")?;
    fields.finish()?;
    Ok(id)
}

/// `id`, a number, and nothing else.
fn number(mut fields: Fields) -> Result<i64, Usage> {
    let number = fields.number("id")?;
    fields.finish()?;
    Ok(number)
}

/// `path`, and nothing else.
fn path(mut fields: Fields) -> Result<String, Usage> {
    let path = fields.text("path")?;
    fields.finish()?;
    Ok(path)
}

/// The record, once it is complete.
#[cfg(feature = "polling")]
async fn waited<J: leonardo_ai::Job + serde::Serialize>(wait: leonardo_ai::Wait<J>) -> Result<Value, Failure> {
    printable(wait.await.map_err(Error::from)?)
}

/// The job and the complete record.
#[cfg(feature = "creating")]
async fn made<C, J>(made: leonardo_ai::CreateAndWait<C, J>) -> Result<Value, Failure>
where
    C: Clone + Send + serde::Serialize + 'static,
    J: leonardo_ai::Job + serde::Serialize,
{
    let made = made.await.map_err(Error::from)?;
    Ok(json!({ "job": printable(made.job)?, "record": printable(made.record)? }))
}

/// The id of what was uploaded.
#[cfg(feature = "uploading")]
async fn uploaded<T: serde::Serialize + Send + 'static>(upload: leonardo_ai::Upload<T>) -> Result<Value, Failure> {
    Ok(json!({ "id": upload.await.map_err(Error::from)? }))
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

/// `image` and `mask`, two paths: their ids.
#[cfg(feature = "init-images-upload-canvas-files")]
async fn upload_canvas(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (image, mask) = (fields.text("image")?, fields.text("mask")?);
    fields.finish()?;
    let canvas = funcs::init_images_upload_canvas_files(core, image, mask).await.map_err(Error::from)?;
    Ok(json!({ "initImageId": canvas.init_image_id, "maskImageId": canvas.mask_image_id }))
}

/// `datasetId` and `path`: the picture's id.
#[cfg(feature = "dataset-upload-file")]
async fn upload_picture(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (dataset, path) = (fields.text("datasetId")?, fields.text("path")?);
    fields.finish()?;
    uploaded(funcs::dataset_upload_file(core, dataset, path)).await
}

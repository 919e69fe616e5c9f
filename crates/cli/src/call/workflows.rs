//! The workflows: what each takes as a JSON object, and what it prints. Those that take a request have its fields beside
//! their own.

use leonardo_ai::{LeonardoCore, funcs, models};
use serde_json::{Value, json};

use super::{Fields, printable};
use crate::failure::Failure;

/// Makes of the lines the list of workflows that are compiled in, and what calls one by its name.
macro_rules! workflows {
    ($core:ident, $fields:ident: $($feature:literal => $run:expr;)+) => {
        pub const NAMES: &[&str] = &[$($feature),+];

        pub async fn dispatch($core: &LeonardoCore, name: &str, mut $fields: Fields) -> Result<Value, Failure> {
            match name {
                $($feature => $run,)+
                _ => Err(Failure::usage(format!("there is no workflow {name:?}"))),
            }
        }
    };
}

workflows! { core, fields:
    "image-create-generation-once" => create_once(funcs::image_create_generation_once, core, fields).await;
    "motion-create-image-to-video-generation-once" => create_once(funcs::motion_create_image_to_video_generation_once, core, fields).await;
    "motion-create-text-to-video-generation-once" => create_once(funcs::motion_create_text_to_video_generation_once, core, fields).await;
    "v2-create-generation-once" => create_once(funcs::v2_create_generation_once, core, fields).await;
    "image-estimate-cost" => estimated(funcs::image_estimate_cost(core, &fields.request()?)).await;
    "motion-estimate-image-to-video-cost" => estimated(funcs::motion_estimate_image_to_video_cost(core, &fields.request()?)).await;
    "motion-estimate-text-to-video-cost" => estimated(funcs::motion_estimate_text_to_video_cost(core, &fields.request()?)).await;
    "realtime-canvas-estimate-cost" => estimated(funcs::realtime_canvas_estimate_cost(core, &fields.request()?)).await;
    "texture-estimate-cost" => estimated(funcs::texture_estimate_cost(core, &fields.request()?)).await;
    "image-download" => download(core, fields).await;
    "image-download-all" => download_all(core, fields).await;
    "image-find-generation" => find(core, fields).await;
    "image-generate" => generate(core, fields).await;
    "image-list-generations" => list(funcs::image_list_generations, "userId", core, fields).await;
    "texture-list-texture-generations" => list(funcs::texture_list_texture_generations, "modelId", core, fields).await;
    "three-d-model-assets-list-3d-models" => list(funcs::three_d_model_assets_list_3d_models, "userId", core, fields).await;
    "blueprints-list-all" => all(funcs::blueprints_list_all(core, fields.request()?)).await;
    "blueprints-list-outputs" => all(funcs::blueprints_list_outputs(core, id(fields)?)).await;
    "realtime-canvas-image-from-file" => image_from_file(fields).await;
    "realtime-canvas-image-to-file" => image_to_file(fields).await;
    "remove-background" => remove_background(core, fields).await;
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
fn id(mut fields: Fields) -> Result<String, Failure> {
    let id = fields.text("id")?;
    fields.finish()?;
    Ok(id)
}

/// `id`, a number, and nothing else.
fn number(mut fields: Fields) -> Result<i64, Failure> {
    let number = fields.number("id")?;
    fields.finish()?;
    Ok(number)
}

/// `path`, and nothing else.
fn path(mut fields: Fields) -> Result<String, Failure> {
    let path = fields.text("path")?;
    fields.finish()?;
    Ok(path)
}

/// The cost, or `null`.
async fn estimated(estimate: leonardo_ai::EstimateCost) -> Result<Value, Failure> {
    printable(estimate.await?)
}

/// The record, once it is complete.
async fn waited<J: leonardo_ai::Job + serde::Serialize>(wait: leonardo_ai::Wait<J>) -> Result<Value, Failure> {
    printable(wait.await?)
}

/// The job and the complete record.
async fn made<C, J, M>(made: M) -> Result<Value, Failure>
where
    C: serde::Serialize,
    J: leonardo_ai::Job + serde::Serialize,
    M: IntoFuture<Output = Result<leonardo_ai::Completed<C, J>, leonardo_ai::WaitError<J>>>,
{
    printable(made.await?)
}

/// The id of what was uploaded.
async fn uploaded<T: serde::Serialize + Send + 'static>(upload: leonardo_ai::Upload<T>) -> Result<Value, Failure> {
    Ok(json!({ "id": upload.await? }))
}

/// A request, and whether it is `listed`: the job.
async fn create_once<Q>(
    once: fn(&LeonardoCore, Q) -> leonardo_ai::CreateOnce<Q>,
    core: &LeonardoCore,
    mut fields: Fields,
) -> Result<Value, Failure>
where
    Q: leonardo_ai::Marked<Job: serde::Serialize> + serde::de::DeserializeOwned,
{
    let listed = fields.flag("listed")?;
    let once = once(core, fields.request()?);
    printable(
        match listed {
            Some(listed) => once.listed(listed),
            None => once,
        }
        .await?,
    )
}

/// A request: the job and the generation.
async fn generate(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let request = fields.request()?;
    printable(funcs::image_generate(core, request).await?)
}

/// A request with a seed, and `sentAfter`, a time such as `2026-10-08T12:00:00Z`: whether it was found, and what.
async fn find(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let after = fields.text("sentAfter")?;
    let after = models::Timestamp::from(after).to_system_time();
    let after = after.ok_or_else(|| Failure::usage("the field \"sentAfter\" is no time"))?;
    let request = fields.request()?;
    printable(funcs::image_find_generation(core, &request, after).await?)
}

/// What the list belongs to, `offset` (0) and `limit` (none): the records.
async fn list<R: leonardo_ai::Row + serde::Serialize + 'static>(
    list: fn(&LeonardoCore, String) -> leonardo_ai::List<R>,
    owner: &'static str,
    core: &LeonardoCore,
    mut fields: Fields,
) -> Result<Value, Failure> {
    let (owner, offset, limit) = (fields.text(owner)?, fields.count("offset")?, fields.count("limit")?);
    fields.finish()?;
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let mut list = list(core, owner).offset(offset.unwrap_or(0));
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(record) = list.next().await else { break };
        found.push(printable(record?)?);
    }
    Ok(found.into())
}

/// All records.
async fn all<R: serde::Serialize>(mut list: leonardo_ai::CursorList<R>) -> Result<Value, Failure> {
    let mut found = Vec::new();
    while let Some(record) = list.next().await {
        found.push(printable(record?)?);
    }
    Ok(found.into())
}

/// `path` of a JPEG: its `dataUrl`.
async fn image_from_file(fields: Fields) -> Result<Value, Failure> {
    let image = funcs::realtime_canvas_image_from_file(path(fields)?).await?;
    Ok(json!({ "dataUrl": image }))
}

/// `dataUrl` and `path`: the path.
async fn image_to_file(mut fields: Fields) -> Result<Value, Failure> {
    let (image, path) = (models::DataUrl::from(fields.text("dataUrl")?), fields.text("path")?);
    fields.finish()?;
    funcs::realtime_canvas_image_to_file(&image, &path).await?;
    Ok(json!({ "path": path }))
}

/// `image`, the path of a file, and `path`, that of the result: the response.
async fn remove_background(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (image, path) = (fields.text("image")?, fields.text("path")?);
    fields.finish()?;
    let image = funcs::ImageSource::file(image);
    printable(funcs::remove_background(core, image).to_file(path).await?)
}

/// `url` and `path`: the path, and the length and the type of what was downloaded.
async fn download(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (url, path) = (fields.text("url")?, fields.text("path")?);
    fields.finish()?;
    let done = funcs::image_download(core, url).to_file(&path).await?;
    Ok(json!({ "path": path, "bytes": done.bytes, "contentType": done.content_type }))
}

/// `id` of a generation and `directory`: the paths.
async fn download_all(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (id, directory) = (fields.text("id")?, fields.text("directory")?);
    fields.finish()?;
    let generation = funcs::image_get_generation_by_id(core, id).await?;
    let paths = funcs::image_download_all(core, &generation, directory).await?;
    Ok(json!({ "paths": paths }))
}

/// `image` and `mask`, two paths: their ids.
async fn upload_canvas(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (image, mask) = (fields.text("image")?, fields.text("mask")?);
    fields.finish()?;
    printable(funcs::init_images_upload_canvas_files(core, image, mask).await?)
}

/// `datasetId` and `path`: the picture's id.
async fn upload_picture(core: &LeonardoCore, mut fields: Fields) -> Result<Value, Failure> {
    let (dataset, path) = (fields.text("datasetId")?, fields.text("path")?);
    fields.finish()?;
    uploaded(funcs::dataset_upload_file(core, dataset, path)).await
}

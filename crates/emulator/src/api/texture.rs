//! The group `texture`: pictures of the surfaces of 3D models.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::app::{App, Outcome};
use super::fields::{
    Kind, MAX_SEED, checked, chosen_seed, flag, in_range, int, last_id, missing, not_uuid, page, text,
};
use super::moderation::check_prompt;
use crate::http::response::{ApiError, ok};
use crate::state::account::{Bill, Made};
use crate::state::files::is_as_announced;
use crate::state::life::Status;
use crate::state::limits::Lane;
use crate::state::picture::Map;
use crate::state::prices::Work;
use crate::state::subject::Subject;
use crate::state::texture::Texture;
use crate::state::{State, ids};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/generations-texture", post(create))
        .route("/v1/generations-texture/{id}", get(read).delete(delete))
        .route("/v1/generations-texture/model/{id}", get(of_model))
}

/// The values of `preview_direction`, `front_rotation_offset` and `sd_version` are not documented, so any are taken.
const FIELDS: &[(&str, Kind)] = &[
    ("modelAssetId", Kind::Text),
    ("prompt", Kind::Text),
    ("negative_prompt", Kind::Text),
    ("preview", Kind::Bool),
    ("preview_direction", Kind::Text),
    ("front_rotation_offset", Kind::Int),
    ("sd_version", Kind::Text),
    ("seed", Kind::BigInt),
];

/// The side of the pictures of a preview, and of all others. Invented.
const SIDES: (u32, u32) = (512, 1024);

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createTextureGeneration";
    app.count(OPERATION)?;
    let fields = checked(&body, FIELDS)?;
    let asset = text(&fields, "modelAssetId").ok_or_else(|| missing("modelAssetId"))?;
    let asset = ids::parse(asset).ok_or_else(|| not_uuid(asset))?;
    let prompt: Arc<str> = text(&fields, "prompt").ok_or_else(|| missing("prompt"))?.into();
    check_prompt(&prompt)?;
    let seed = int(&fields, "seed");
    in_range("seed", seed.map(|seed| seed as f64), 0.0, MAX_SEED as f64)?;
    let seed = seed.unwrap_or_else(chosen_seed);
    let preview = flag(&fields, "preview").unwrap_or(false);
    let side = if preview { SIDES.0 } else { SIDES.1 };
    let price = app.price(Work::Texture { preview });
    let id = ids::random();
    {
        let account = &mut *lock(&app.state.account);
        let mut textures = lock(&app.state.textures);
        let mesh = mesh(&app.state, asset)?;
        let mut life = app.begin(account, Lane::ThreeD, &prompt)?;
        life.fails |= !mesh.is_obj;
        account.charge(Bill {
            operation: OPERATION,
            made: Made::Uuid(id),
            prompt: Arc::clone(&prompt),
            seed,
            num_images: 0,
            price,
            at: life.created,
        });
        let subject = Subject { index: mesh.crc32, ..Subject::plain(prompt, seed, side, side) };
        let negative_prompt = text(&fields, "negative_prompt").map(Into::into);
        textures.add(Texture { id, life, asset, negative_prompt, subject });
    }
    Ok(ok(&app.receipt("textureGenerationJob", json!({"id": id.to_string()}), price)))
}

/// The uploaded file of a 3D model.
struct Mesh {
    /// Models of other content look different with the same prompt and seed.
    crc32: u32,
    is_obj: bool,
}

fn mesh(state: &State, asset: Uuid) -> Result<Mesh, ApiError> {
    let uploads = lock(&state.uploads);
    let upload = uploads.model_asset(asset).ok_or_else(|| ApiError::bad("failed to find the model asset"))?;
    let file = upload.file.as_ref().ok_or_else(|| ApiError::bad("couldn't access the model asset"))?;
    Ok(Mesh { crc32: file.crc32, is_obj: is_as_announced(&upload.extension, file.content_type) })
}

fn show(state: &State, texture: &Texture, now: Instant) -> Value {
    let status = texture.life.status(now);
    let image = |map: Map| {
        json!({
            "id": texture.image_id(map).to_string(),
            "type": map.as_str(),
            "url": state.urls.texture(texture, map),
        })
    };
    let images: Vec<Value> = match status {
        Status::Complete => Map::ALL.into_iter().map(image).collect(),
        Status::Pending | Status::Failed => Vec::new(),
    };
    json!({
        "createdAt": state.shown(texture.life.created),
        "id": texture.id.to_string(),
        "model_asset_texture_images": images,
        "negativePrompt": texture.negative_prompt,
        "prompt": &*texture.subject.prompt,
        "seed": texture.subject.seed,
        "status": status.as_str(),
    })
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    // The route takes them, though there is one record at most.
    page(&uri)?;
    let now = Instant::now();
    let found = lock(&state.textures).get(id).filter(|texture| texture.life.is_visible(now)).cloned();
    let shown = found.map(|texture| show(&state, &texture, now));
    Ok(ok(&json!({"model_asset_texture_generations_by_pk": shown})))
}

async fn of_model(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let asset = last_id(&uri)?;
    let (offset, limit) = page(&uri)?;
    let now = Instant::now();
    // The lock is not held while the response is made, which may be long.
    let page: Vec<_> = {
        let textures = lock(&state.textures);
        let visible = textures.newest_first(asset).filter(|texture| texture.life.is_visible(now));
        visible.skip(offset).take(limit).cloned().collect()
    };
    let shown: Vec<Value> = page.iter().map(|texture| show(&state, texture, now)).collect();
    Ok(ok(&json!({"model_asset_texture_generations": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let mut textures = lock(&state.textures);
    let visible = textures.get(id).is_some_and(|texture| texture.life.is_visible(Instant::now()));
    let removed = if visible { textures.remove(id) } else { None };
    let deleted = removed.map(|texture| json!({"id": texture.id.to_string()}));
    Ok(ok(&json!({"delete_model_asset_texture_generations_by_pk": deleted})))
}

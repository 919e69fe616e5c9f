//! The group `three_d_model_assets`: 3D models, which textures are made for.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::app::{App, Outcome};
use super::fields::{Kind, checked, last_id, page, text};
use crate::http::response::{ApiError, ok};
use crate::state::uploads::PresignedUpload;
use crate::state::{State, files};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/models-3d/upload", post(upload))
        .route("/v1/models-3d/{id}", get(read).delete(delete))
        .route("/v1/models-3d/user/{id}", get(of_user))
}

async fn upload(Extract(App { state, .. }): Extract<App>, body: Bytes) -> Outcome {
    // Neither a body nor a field of it is marked as required.
    let known = &[("modelExtension", Kind::Text), ("name", Kind::Text)];
    let fields = if body.is_empty() { Map::new() } else { checked(&body, known)? };
    let extension = text(&fields, "modelExtension").unwrap_or("obj");
    if extension != "obj" {
        return Err(ApiError::bad("invalid file extension"));
    }
    // It shows at once, whether or not a file follows.
    let kind = files::Kind::ModelAsset { name: text(&fields, "name").map(Into::into) };
    let place = lock(&state.uploads).hand_out(kind, extension);
    Ok(ok(&json!({
        "uploadModelAsset": {
            "modelId": place.id.to_string(), "modelUrl": place.url, "modelKey": place.key, "modelFields": place.fields,
        },
    })))
}

fn show(state: &State, id: Uuid, upload: &PresignedUpload) -> Value {
    let name = match &upload.kind {
        files::Kind::ModelAsset { name } => name.as_deref(),
        _ => None,
    };
    let updated = upload.file.as_ref().map_or(upload.created, |file| file.stored);
    json!({
        "createdAt": state.shown(upload.created),
        "id": id.to_string(),
        "meshUrl": state.urls.upload(&upload.kind, id, &upload.extension),
        "name": name,
        "updatedAt": state.shown(updated),
        "userId": state.config.user.to_string(),
    })
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    // The route takes them, though there is one record at most.
    page(&uri)?;
    let shown = lock(&state.uploads).model_asset(id).map(|upload| show(&state, id, upload));
    Ok(ok(&json!({"model_assets_by_pk": shown})))
}

async fn of_user(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    let own = app.is_own(last_id(&uri)?);
    let (offset, limit) = page(&uri)?;
    let limit = if own { limit } else { 0 };
    let state = &app.state;
    let uploads = lock(&state.uploads);
    let page = uploads.model_assets().skip(offset).take(limit);
    let shown: Vec<Value> = page.map(|(id, upload)| show(state, id, upload)).collect();
    Ok(ok(&json!({"model_assets": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let mut textures = lock(&state.textures);
    let mut uploads = lock(&state.uploads);
    let deleted = uploads.model_asset(id).is_some() && uploads.remove(id);
    if deleted {
        textures.remove_of(id);
    }
    Ok(ok(&json!({"delete_model_assets_by_pk": deleted.then(|| json!({"id": id.to_string()}))})))
}

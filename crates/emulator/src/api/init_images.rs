//! The group `init_images`: uploads of images that generations start from.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::json;

use super::app::{App, Outcome};
use super::fields::{last_id, required_texts};
use crate::http::response::{ApiError, ok};
use crate::state::files::Kind;
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/init-image", post(upload))
        .route("/v1/init-image/{id}", get(read).delete(delete))
        .route("/v1/canvas-init-image", post(upload_canvas))
}

pub(super) fn check_extension(extension: &str) -> Result<(), ApiError> {
    if ["png", "jpg", "jpeg", "webp"].contains(&extension) {
        Ok(())
    } else {
        Err(ApiError::bad("invalid file extension"))
    }
}

async fn upload(Extract(App { state, .. }): Extract<App>, body: Bytes) -> Outcome {
    let [extension] = required_texts(&body, ["extension"])?;
    check_extension(&extension)?;
    let place = lock(&state.uploads).hand_out(Kind::InitImage, &extension);
    Ok(ok(&json!({
        "uploadInitImage": {
            "id": place.id.to_string(), "url": place.url, "key": place.key, "fields": place.fields,
        },
    })))
}

async fn upload_canvas(Extract(App { state, .. }): Extract<App>, body: Bytes) -> Outcome {
    let [init, mask] = required_texts(&body, ["initExtension", "maskExtension"])?;
    check_extension(&mask)?;
    check_extension(&init)?;
    let (init, mask) = {
        let mut uploads = lock(&state.uploads);
        (uploads.hand_out(Kind::InitImage, &init), uploads.hand_out(Kind::InitImage, &mask))
    };
    Ok(ok(&json!({
        "uploadCanvasInitImage": {
            "initImageId": init.id.to_string(), "initUrl": init.url, "initKey": init.key, "initFields": init.fields,
            "maskImageId": mask.id.to_string(), "maskUrl": mask.url, "maskKey": mask.key, "maskFields": mask.fields,
        },
    })))
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let shown = lock(&state.uploads).init_image(id).map(|upload| {
        json!({
            "createdAt": state.shown(upload.created),
            "id": id.to_string(),
            "url": state.urls.upload(&upload.kind, id, &upload.extension),
        })
    });
    Ok(ok(&json!({"init_images_by_pk": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let mut uploads = lock(&state.uploads);
    let deleted = (uploads.init_image(id).is_some() && uploads.remove(id)).then(|| json!({"id": id.to_string()}));
    Ok(ok(&json!({"delete_init_images_by_pk": deleted})))
}

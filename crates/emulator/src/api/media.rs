//! The group `media`: uploads of videos and sounds, and what became of them.

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::app::{App, Outcome};
use super::fields::{Kind, checked, last_id, missing, not_uuid, text};
use crate::http::response::{ApiError, number, ok};
use crate::state::files::is_as_announced;
use crate::state::life::{self, Status};
use crate::state::media::Details;
use crate::state::uploads::PresignedUpload;
use crate::state::{State, files, ids};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/media", post(upload)).route("/v1/media/{id}", get(read).delete(delete))
}

const FIELDS: &[(&str, Kind)] = &[("extension", Kind::Text), ("originalFilename", Kind::Text), ("teamId", Kind::Text)];

/// Whether the extension is one of a sound, if it is one at all.
fn is_sound(extension: &str) -> Option<bool> {
    match extension {
        "mp4" | "mov" => Some(false),
        "mp3" | "wav" => Some(true),
        _ => None,
    }
}

async fn upload(Extract(App { state, .. }): Extract<App>, body: Bytes) -> Outcome {
    let fields = checked(&body, FIELDS)?;
    let extension = text(&fields, "extension").ok_or_else(|| missing("extension"))?;
    let sound = is_sound(extension).ok_or_else(|| ApiError::bad("invalid file extension"))?;
    let name = text(&fields, "originalFilename");
    if sound && name.is_none_or(str::is_empty) {
        return Err(ApiError::bad("originalFilename is required for mp3 and wav"));
    }
    // The account has no teams, so any will do.
    if let Some(team) = text(&fields, "teamId") {
        ids::parse(team).ok_or_else(|| not_uuid(team))?;
    }
    let place = lock(&state.uploads).hand_out(files::Kind::Media { name: name.map(Into::into) }, extension);
    Ok(ok(&json!({
        "uploadMedia": {"uploadId": place.id.to_string(), "url": place.url, "fields": place.fields},
    })))
}

/// What the service has found out about a file.
enum Found {
    /// It was not uploaded, or not looked at yet.
    Nothing,
    Usable(Details),
    Unusable(String),
}

/// A file is looked at for as long as a generation takes. Its name can say how long, and that it cannot be used.
fn look(state: &State, upload: &PresignedUpload, now: Instant) -> Found {
    let Some(file) = &upload.file else { return Found::Nothing };
    let name = match &upload.kind {
        files::Kind::Media { name: Some(name) } => name,
        _ => "",
    };
    let words = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if now.duration_since(file.arrived) < life::takes(words).unwrap_or(state.config.generation_time) {
        Found::Nothing
    } else if life::fails(words) {
        Found::Unusable("The file could not be processed".to_owned())
    } else if !is_as_announced(&upload.extension, file.content_type) {
        Found::Unusable(format!("The file is not a valid {}", upload.extension))
    } else {
        Found::Usable(file.details)
    }
}

/// The words of status and type and the texts of failures are invented, as the service does not document its own.
fn show(state: &State, id: Uuid, upload: &PresignedUpload, now: Instant) -> Value {
    let (status, reason, details) = match look(state, upload, now) {
        Found::Nothing => (Status::Pending, None, None),
        Found::Usable(details) => (Status::Complete, None, Some(details)),
        Found::Unusable(reason) => (Status::Failed, Some(reason), None),
    };
    let url = details.map(|_| state.urls.upload(&upload.kind, id, &upload.extension));
    let details = details.unwrap_or_default();
    json!({
        "id": id.to_string(),
        "createdAt": state.shown(upload.created),
        "url": url,
        // There are no smaller pictures of videos here.
        "thumbnailUrl": null,
        "status": status.as_str(),
        "statusReason": reason,
        "mediaType": if is_sound(&upload.extension) == Some(true) { "AUDIO" } else { "VIDEO" },
        "duration": details.duration.map(number),
        "width": details.size.map(|(width, _)| width),
        "height": details.size.map(|(_, height)| height),
        "video_fps": details.frames_per_second.map(number),
    })
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let shown = lock(&state.uploads).media(id).map(|upload| show(&state, id, upload, Instant::now()));
    Ok(ok(&json!({"uploaded_media_by_pk": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let mut uploads = lock(&state.uploads);
    let deleted = (uploads.media(id).is_some() && uploads.remove(id)).then(|| json!({"id": id.to_string()}));
    Ok(ok(&json!({"delete_uploaded_media_by_pk": deleted})))
}

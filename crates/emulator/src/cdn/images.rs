//! The images of generations, and those that were uploaded.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use tokio::time::Instant;

use super::drawing::Subject;
use super::pictures::Pictures;
use crate::http::ranges;
use crate::http::response::{ApiError, no_such_file};
use crate::state::State;
use crate::state::generation::Status;
use crate::state::ids;
use crate::sync::lock;

#[derive(Clone)]
struct Images {
    state: Arc<State>,
    pictures: Arc<Pictures>,
}

pub(super) fn routes(state: Arc<State>) -> Router {
    Router::new()
        .route("/cdn/users/{user}/generations/{id}/{file}", get(generated))
        .route("/cdn/users/{user}/initImages/{file}", get(uploaded))
        .with_state(Images { state, pictures: Arc::default() })
}

async fn generated(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let Some(subject) = find(&images.state, uri.path()) else {
        return no_such_file().await;
    };
    let etag = format!("\"{:016x}\"", subject.fingerprint());
    let content_type = if subject.transparent { "image/png" } else { "image/jpeg" };
    match images.pictures.get(subject).await {
        Ok(bytes) => serve(&headers, content_type, &etag, bytes),
        Err(error) => failed(&error),
    }
}

/// What the picture of this path is to show, if it exists.
fn find(state: &State, path: &str) -> Option<Subject> {
    let id = ids::parse(path.rsplit('/').nth(1)?)?;
    let generation = lock(&state.account).get(id).cloned()?;
    let create = &generation.create;
    let index = (0..create.num_images).find(|index| state.places.image_path(&generation, *index) == path)?;
    (generation.status(Instant::now()) == Status::Complete).then(|| Subject {
        prompt: Arc::clone(&create.prompt),
        seed: create.seed,
        index,
        width: create.width,
        height: create.height,
        transparent: create.transparent,
    })
}

/// Serves an uploaded image, if all of it is still there.
async fn uploaded(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let found = {
        let uploads = lock(&images.state.uploads);
        uri.path().rsplit('/').next().and_then(|name| {
            let (id, extension) = name.split_once('.')?;
            let slot = uploads.slot(ids::parse(id)?).filter(|slot| slot.extension == extension)?;
            let file = slot.file.as_ref().filter(|file| file.is_whole())?;
            Some((file.content_type.unwrap_or("binary/octet-stream"), file.crc32, file.head.clone()))
        })
    };
    match found {
        Some((content_type, crc32, bytes)) => serve(&headers, content_type, &format!("\"{crc32:08x}\""), bytes),
        None => no_such_file().await,
    }
}

fn serve(headers: &HeaderMap, content_type: &'static str, etag: &str, bytes: Bytes) -> Response<Body> {
    ranges::respond(headers, content_type, etag, bytes.len() as u64, |first, end| {
        let at = |place| usize::try_from(place).unwrap_or(usize::MAX);
        Body::from(bytes.slice(at(first)..at(end)))
    })
}

fn failed(error: &io::Error) -> Response<Body> {
    let error = format!("Service Error: {error}");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error, "unexpected").into_response()
}

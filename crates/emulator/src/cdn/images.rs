//! The files of generations, variations, data sets and textures, and those that were uploaded.

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
use uuid::Uuid;

use super::pictures::Pictures;
use crate::http::ranges;
use crate::http::response::{ApiError, no_such_file};
use crate::state::State;
use crate::state::files::{Kind, announced};
use crate::state::life::Status;
use crate::state::picture::{Drawing, Map};
use crate::state::training::Content;
use crate::state::{ids, platform};
use crate::sync::lock;

#[derive(Clone)]
struct Images {
    state: Arc<State>,
    pictures: Arc<Pictures>,
}

pub(super) fn routes(state: Arc<State>, pictures: Arc<Pictures>) -> Router {
    Router::new()
        .route("/cdn/users/{user}/generations/{id}/{file}", get(generated))
        .route("/cdn/users/{user}/generations/{id}/variations/{file}", get(varied))
        .route("/cdn/users/{user}/initImages/{file}", get(uploaded))
        .route("/cdn/users/{user}/uploads/{file}", get(uploaded))
        .route("/cdn/users/{user}/modelAssets/{file}", get(uploaded))
        .route("/cdn/users/{user}/textures/{id}/{file}", get(of_texture))
        .route("/cdn/users/{user}/datasets/{id}/{file}", get(of_dataset))
        .route("/cdn/ephemeral/{file}", get(ephemeral))
        .route("/cdn/samples/{file}", get(sample))
        .with_state(Images { state, pictures })
}

async fn generated(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let drawing = find(&images.state, uri.path());
    images.serve(&headers, drawing).await
}

async fn varied(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let drawing = find_variation(&images.state, uri.path());
    images.serve(&headers, drawing).await
}

async fn of_dataset(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let Some(dataset) = uri.path().rsplit('/').nth(1).and_then(ids::parse) else {
        return no_such_file().await;
    };
    let Some(drawing) = find_in_dataset(&images.state, dataset, uri.path()) else {
        return stored(&images.state, &uri, &headers).await;
    };
    images.serve(&headers, Some(drawing)).await
}

async fn sample(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let id = uri.path().rsplit('/').next().and_then(|file| ids::parse(file.strip_suffix(".jpg")?));
    images.serve(&headers, id.and_then(platform::sample).map(Drawing::Picture)).await
}

async fn ephemeral(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let drawing = find_ephemeral(&images.state, uri.path());
    images.serve(&headers, drawing).await
}

fn find_ephemeral(state: &State, path: &str) -> Option<Drawing> {
    let (id, extension) = path.rsplit('/').next()?.split_once('.')?;
    let drawing = lock(&state.ephemeral).get(ids::parse(id)?, Instant::now());
    drawing.filter(|drawing| drawing.extension() == extension)
}

impl Images {
    async fn serve(&self, headers: &HeaderMap, drawing: Option<Drawing>) -> Response<Body> {
        let Some(drawing) = drawing else {
            return no_such_file().await;
        };
        let etag = format!("\"{:016x}\"", drawing.fingerprint());
        let content_type = drawing.content_type();
        match self.pictures.get(drawing).await {
            Ok(bytes) => serve(headers, content_type, &etag, bytes),
            // The file that it is made of was forgotten.
            Err(error) if error.kind() == io::ErrorKind::NotFound => no_such_file().await,
            Err(error) => failed(&error),
        }
    }
}

/// What the file of this path is to show, if it exists.
fn find(state: &State, path: &str) -> Option<Drawing> {
    let id = ids::parse(path.rsplit('/').nth(1)?)?;
    let generation = lock(&state.account).get(id).cloned()?;
    let mut files = generation.files();
    let (_, drawing) = files.find(|(file, _)| state.urls.file_path(&generation, file) == path)?;
    (generation.status(Instant::now()) == Status::Complete).then_some(drawing)
}

fn find_variation(state: &State, path: &str) -> Option<Drawing> {
    let id = ids::parse(path.rsplit_once('_')?.1.split_once('.')?.0)?;
    let variation = lock(&state.account).variation(id).cloned()?;
    let complete = variation.life.status(Instant::now()) == Status::Complete;
    (complete && state.urls.variation_path(&variation) == path).then(|| variation.drawing.clone())
}

/// A picture of a data set that was not uploaded but made.
fn find_in_dataset(state: &State, dataset: Uuid, path: &str) -> Option<Drawing> {
    let datasets = lock(&state.datasets);
    let image = datasets.get(&dataset)?.images.iter().find(|image| {
        let key = state.urls.upload_key(&Kind::DatasetImage(dataset), image.id, image.extension());
        path.strip_prefix("/cdn/") == Some(&key)
    })?;
    match &image.content {
        Content::Uploaded { .. } => None,
        Content::Generated(subject) => Some(Drawing::Picture(subject.clone())),
    }
}

async fn of_texture(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let drawing = find_in_texture(&images.state, uri.path());
    images.serve(&headers, drawing).await
}

fn find_in_texture(state: &State, path: &str) -> Option<Drawing> {
    let id = ids::parse(path.rsplit('/').nth(1)?)?;
    let texture = lock(&state.textures).get(id).cloned()?;
    let map = Map::ALL.into_iter().find(|map| state.urls.texture_path(&texture, *map) == path)?;
    let complete = texture.life.status(Instant::now()) == Status::Complete;
    complete.then(|| Drawing::Texture(texture.subject.clone(), map))
}

async fn uploaded(Extract(images): Extract<Images>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    stored(&images.state, &uri, &headers).await
}

/// Serves an uploaded file, if all of it is still there.
async fn stored(state: &State, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
    match find_stored(state, uri.path()) {
        Some((content_type, crc32, bytes)) => serve(headers, content_type, &format!("\"{crc32:08x}\""), bytes),
        None => no_such_file().await,
    }
}

/// The content type of an uploaded file, which is the one announced for it, its checksum and its bytes.
fn find_stored(state: &State, path: &str) -> Option<(&'static str, u32, Bytes)> {
    let key = path.strip_prefix("/cdn/")?;
    let id = ids::parse(key.rsplit('/').next()?.split_once('.')?.0)?;
    let uploads = lock(&state.uploads);
    let upload = uploads.get(id).filter(|upload| state.urls.upload_key(&upload.kind, id, &upload.extension) == key)?;
    let file = upload.file.as_ref().filter(|file| file.is_whole())?;
    Some((announced(&upload.extension), file.crc32, file.head.clone()))
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

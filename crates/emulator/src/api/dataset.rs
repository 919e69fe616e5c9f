//! The group `dataset`: sets of pictures that elements and models are trained on.

use std::time::SystemTime;

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::app::{App, Outcome};
use super::fields::{Kind, checked, last_id, missing, not_uuid, required_texts, text};
use super::init_images::check_extension;
use super::sources::no_access;
use crate::http::response::{ApiError, ok};
use crate::state::training::{Content, Dataset, DatasetImage};
use crate::state::{files, ids};
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/datasets", post(create))
        .route("/v1/datasets/{id}", get(read).delete(delete))
        .route("/v1/datasets/{id}/upload", post(upload))
        .route("/v1/datasets/{id}/upload/gen", post(upload_generated))
}

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    let fields = checked(&body, &[("name", Kind::Text), ("description", Kind::Text)])?;
    let now = SystemTime::now();
    let id = ids::random();
    let dataset = Dataset {
        name: text(&fields, "name").ok_or_else(|| missing("name"))?.to_owned(),
        description: text(&fields, "description").map(str::to_owned),
        created: now,
        updated: now,
        images: Vec::new(),
    };
    lock(&app.state.datasets).insert(id, dataset);
    Ok(ok(&json!({"insert_datasets_one": {"id": id.to_string()}})))
}

async fn read(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let shown = lock(&state.datasets).get(&id).map(|dataset| {
        let show = |image: &DatasetImage| {
            json!({
                "createdAt": state.shown(image.created),
                "id": image.id.to_string(),
                "url": state.urls.dataset_image(id, image),
            })
        };
        json!({
            "createdAt": state.shown(dataset.created),
            "dataset_images": dataset.images.iter().map(show).collect::<Vec<Value>>(),
            "description": dataset.description,
            "id": id.to_string(),
            "name": dataset.name,
            "updatedAt": state.shown(dataset.updated),
        })
    });
    Ok(ok(&json!({"datasets_by_pk": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let removed = lock(&state.datasets).remove(&id);
    let mut uploads = lock(&state.uploads);
    for image in removed.iter().flat_map(|dataset| &dataset.images) {
        uploads.remove(image.id);
    }
    Ok(ok(&json!({"delete_datasets_by_pk": removed.map(|_| json!({"id": id.to_string()}))})))
}

async fn upload(Extract(App { state, .. }): Extract<App>, uri: Uri, body: Bytes) -> Outcome {
    let id = dataset_id(&uri)?;
    let [extension] = required_texts(&body, ["extension"])?;
    check_extension(&extension)?;
    let mut datasets = lock(&state.datasets);
    let dataset = datasets.get_mut(&id).ok_or_else(unknown)?;
    let place = lock(&state.uploads).hand_out(files::Kind::DatasetImage(id), &extension);
    // It shows at once, whether or not a file follows.
    dataset.add(place.id, Content::Uploaded { extension });
    Ok(ok(&json!({
        "uploadDatasetImage": {
            "id": place.id.to_string(), "url": place.url, "key": place.key, "fields": place.fields,
        },
    })))
}

async fn upload_generated(Extract(app): Extract<App>, uri: Uri, body: Bytes) -> Outcome {
    let id = dataset_id(&uri)?;
    let [image] = required_texts(&body, ["generatedImageId"])?;
    let subject = app.generated(&image, Instant::now()).ok_or_else(no_access)?.subject;
    let mut datasets = lock(&app.state.datasets);
    let dataset = datasets.get_mut(&id).ok_or_else(unknown)?;
    let added = ids::random();
    dataset.add(added, Content::Generated(subject));
    Ok(ok(&json!({"uploadDatasetImageFromGen": {"id": added.to_string()}})))
}

/// The id in the middle of a path, after `datasets`.
fn dataset_id(uri: &Uri) -> Result<Uuid, ApiError> {
    let named = uri.path().split('/').skip_while(|part| *part != "datasets").nth(1).unwrap_or_default();
    ids::parse(named).ok_or_else(|| not_uuid(named))
}

fn unknown() -> ApiError {
    ApiError::bad("failed to find the data set")
}

impl Dataset {
    fn add(&mut self, id: Uuid, content: Content) {
        let created = SystemTime::now();
        self.updated = created;
        self.images.push(DatasetImage { id, created, content });
    }
}

impl App {
    /// How many pictures the data set has that a training names.
    pub(super) fn pictures_of(&self, dataset: &str) -> Result<u32, ApiError> {
        let id = ids::parse(dataset).ok_or_else(|| not_uuid(dataset))?;
        let count = lock(&self.state.datasets).get(&id).map(|dataset| dataset.images.len());
        Ok(u32::try_from(count.ok_or_else(unknown)?).unwrap_or(u32::MAX))
    }
}

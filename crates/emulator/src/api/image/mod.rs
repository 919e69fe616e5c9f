//! The group `image`: generations of images.

mod create;
mod show;

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Extract;
use axum::http::Uri;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::app::{App, Outcome};
use super::fields::{last_id, page};
use crate::http::response::{ApiError, ok};
use crate::state::account::Account;
use crate::state::generation::Generation;
use crate::state::ids;
use crate::state::limits::Lane;
use crate::state::prices::Work;
use crate::state::uploads::{Known, Uploads};
use crate::sync::lock;
use create::{Reference, Source};
use show::show;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/generations", post(create))
        .route("/v1/generations/{id}", get(read).delete(delete))
        .route("/v1/generations/user/{id}", get(list))
}

async fn create(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "createGeneration";
    let state = &app.state;
    let now = app.count(OPERATION)?;
    let (create, references) = create::parse(&body)?;
    let price = app.price(Work::Images {
        width: create.width,
        height: create.height,
        number: create.num_images,
        alchemy: create.alchemy,
        ultra: create.ultra == Some(true),
    });
    let generation = {
        let mut account = lock(&state.account);
        check(&references, &account, &lock(&state.uploads), now)?;
        let life = app.begin(&mut account, Lane::Generations, &create.prompt)?;
        account.add(OPERATION, Generation { id: ids::random(), life, price, create })
    };
    app.webhooks.announce(state, &generation);
    Ok(ok(&app.receipt("sdGenerationJob", json!({"generationId": generation.id.to_string()}), price)))
}

/// Whether every image that a create request names exists.
fn check(references: &[Reference], account: &Account, uploads: &Uploads, now: Instant) -> Result<(), ApiError> {
    let generated = |id: &str| {
        if ids::parse(id).is_some_and(|id| account.image(id, now).is_some()) { Known::Yes } else { Known::No }
    };
    for Reference { source, id, refusal } in references {
        let known = match source {
            Source::Uploaded => uploads.known(id),
            Source::Generated => generated(id),
            Source::Any => match generated(id) {
                Known::No => uploads.known(id),
                known => known,
            },
        };
        match known {
            Known::Yes => {}
            Known::No => return Err(ApiError::bad(*refusal)),
            Known::Empty => return Err(ApiError::bad("couldn't access image")),
        }
    }
    Ok(())
}

async fn read(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let now = Instant::now();
    let found = lock(&app.state.account).get(id).filter(|generation| generation.life.is_visible(now)).cloned();
    let shown = found.map(|generation| show(&app, &generation, now));
    Ok(ok(&json!({"generations_by_pk": shown})))
}

async fn delete(Extract(App { state, .. }): Extract<App>, uri: Uri) -> Outcome {
    let id = last_id(&uri)?;
    let mut account = lock(&state.account);
    let visible = account.get(id).is_some_and(|generation| generation.life.is_visible(Instant::now()));
    let removed = if visible { account.remove(id) } else { None };
    let deleted = removed.map(|generation| json!({"id": generation.id.to_string()}));
    Ok(ok(&json!({"delete_generations_by_pk": deleted})))
}

async fn list(Extract(app): Extract<App>, uri: Uri) -> Outcome {
    let user = last_id(&uri)?;
    let (offset, limit) = page(&uri)?;
    let limit = if app.is_own(user) { limit } else { 0 };
    let (now, config) = (Instant::now(), &app.state.config);
    // The lock is not held while the response is made, which may be long.
    let page: Vec<_> = {
        let account = lock(&app.state.account);
        let listed =
            |one: &&Arc<Generation>| one.life.is_visible(now) && (config.v2_in_lists || one.create.version2.is_none());
        account.newest_first().filter(listed).skip(offset).take(limit).cloned().collect()
    };
    let shown: Vec<Value> = page.iter().map(|one| show(&app, one, now)).collect();
    Ok(ok(&json!({"generations": shown})))
}

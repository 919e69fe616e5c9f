//! The routes of the API and of the pictures.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::blob;
use crate::control;
use crate::create;
use crate::ids::Uuid;
use crate::lock;
use crate::money;
use crate::picture::Subject;
use crate::ranges;
use crate::reply::{self, ApiError, number};
use crate::shared::Shared;
use crate::store::{Generation, Status};
use crate::uploads;
use crate::webhook;

type App = State<Arc<Shared>>;
type Answer = Result<Response<Body>, ApiError>;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let router = Router::new()
        .route("/api/rest/v1/generations", post(create_generation))
        .route("/api/rest/v1/generations/{id}", get(read_generation).delete(delete_generation))
        .route("/api/rest/v1/generations/user/{id}", get(list_generations))
        .route("/api/rest/v1/me", get(me))
        .route("/cdn/users/{user}/generations/{id}/{file}", get(picture))
        .route("/api/rest/v1/init-image", post(uploads::init_image))
        .route("/api/rest/v1/init-image/{id}", get(uploads::read_init_image).delete(uploads::delete_init_image))
        .route("/api/rest/v1/canvas-init-image", post(uploads::canvas_init_image))
        .route("/storage/uploads", post(uploads::receive))
        .route("/cdn/users/{user}/initImages/{file}", get(uploads::uploaded))
        .route("/cdn/blob/{bytes}", get(blob::blob));
    let router = if shared.config.control { router.merge(control::routes()) } else { router };
    router.fallback(elsewhere).method_not_allowed_fallback(elsewhere).with_state(shared)
}

async fn elsewhere(uri: Uri) -> Response<Body> {
    let path = uri.path();
    if path == "/api/rest" || path.starts_with("/api/rest/") {
        ApiError::no_endpoint().into_response()
    } else if path.starts_with("/cdn/") {
        no_such_file()
    } else if path.starts_with("/storage/") {
        reply::xml(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )
    } else {
        reply::html(StatusCode::FORBIDDEN, "403 Forbidden")
    }
}

async fn create_generation(State(shared): App, body: Bytes) -> Answer {
    let now = Instant::now();
    lock(&shared.usage).create(&shared.config.limits, now)?;
    let (create, references) = create::parse(&body)?;
    let config = &shared.config;
    let takes = create.takes().unwrap_or(config.generation_time);
    let mut store = lock(&shared.store);
    store.check(&references, &lock(&shared.uploads), now)?;
    let ready = lock(&shared.usage).job(&config.limits, now, takes)?;
    let unlucky = config.fail_every.is_some_and(|every| (store.count() + 1) % every == 0);
    let price =
        money::price(create.width, create.height, create.num_images, create.alchemy, create.ultra == Some(true));
    let generation = store.add(Generation {
        id: Uuid::random(),
        created: SystemTime::now(),
        ready,
        visible: now + config.record_delay,
        fails: unlucky || create.fails(),
        price,
        create,
    });
    drop(store);
    if config.webhook.is_some() {
        shared.spawn(webhook::deliver(Arc::clone(&shared), Arc::clone(&generation)));
    }
    Ok(reply::ok(&json!({
        "sdGenerationJob": {
            "generationId": generation.id.to_string(),
            "apiCreditCost": null,
            "cost": {"amount": money::decimal(price), "unit": "DOLLARS"},
        }
    })))
}

async fn read_generation(State(shared): App, uri: Uri) -> Answer {
    let id = last_segment_id(&uri)?;
    let now = Instant::now();
    let found = lock(&shared.store).get(id).filter(|generation| generation.visible <= now).cloned();
    let shown = found.map(|generation| shared.place().show(&generation, now));
    Ok(reply::ok(&json!({"generations_by_pk": shown})))
}

async fn delete_generation(State(shared): App, uri: Uri) -> Answer {
    let id = last_segment_id(&uri)?;
    let mut store = lock(&shared.store);
    let visible = store.get(id).is_some_and(|generation| generation.visible <= Instant::now());
    let removed = if visible { store.remove(id) } else { None };
    let deleted = removed.map(|generation| json!({"id": generation.id.to_string()}));
    Ok(reply::ok(&json!({"delete_generations_by_pk": deleted})))
}

async fn list_generations(State(shared): App, uri: Uri) -> Answer {
    let user = last_segment_id(&uri)?;
    let (mut offset, mut limit) = (0, 10);
    for (name, value) in query(&uri) {
        let place = match name.as_str() {
            "offset" => &mut offset,
            "limit" => &mut limit,
            _ => return Err(ApiError::bad(format!("Unexpected variable {name}"))),
        };
        *place = match value.parse::<i32>() {
            Ok(number) => usize::try_from(number)
                .map_err(|_| ApiError::bad(format!("unexpected negative value for {name}: {number}")))?,
            Err(_) => {
                return Err(ApiError::shape("expected a 32-bit integer for type 'Int', but found a string"));
            }
        };
    }
    // Of other users a key sees nothing.
    let limit = if user == shared.config.user { limit } else { 0 };
    let now = Instant::now();
    // The lock is not held while the answer is made, which may be long.
    let page: Vec<_> =
        lock(&shared.store).newest_first().filter(|one| one.visible <= now).skip(offset).take(limit).cloned().collect();
    let place = shared.place();
    let shown: Vec<Value> = page.iter().map(|one| place.show(one, now)).collect();
    Ok(reply::ok(&json!({"generations": shown})))
}

async fn me(State(shared): App) -> Answer {
    let left = shared.config.balance - lock(&shared.store).spent();
    let left = number(money::dollars(left));
    Ok(reply::ok(&json!({
        "user_details": [{
            "user": {"id": shared.config.user.to_string(), "username": "emulator"},
            "tokenRenewalDate": null,
            "paidTokens": left,
            "subscriptionTokens": 0,
            "subscriptionGptTokens": 0,
            "subscriptionModelTokens": 0,
            "apiConcurrencySlots": shared.config.limits.concurrent_jobs.unwrap_or(10),
            "apiSubscriptionTokens": 0,
            "apiPaidTokens": left,
            "apiPlanTokenRenewalDate": null,
        }]
    })))
}

async fn picture(State(shared): App, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let Some(subject) = find_picture(&shared, uri.path()) else {
        return no_such_file();
    };
    let etag = format!("\"{:016x}\"", subject.fingerprint());
    let content_type = if subject.transparent { "image/png" } else { "image/jpeg" };
    match shared.pictures.get(subject).await {
        Ok(bytes) => ranges::answer(&headers, content_type, &etag, bytes.len() as u64, |first, end| {
            let at = |place| usize::try_from(place).unwrap_or(usize::MAX);
            Body::from(bytes.slice(at(first)..at(end)))
        }),
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("Service Error: {error}"), "unexpected")
            .into_response(),
    }
}

fn find_picture(shared: &Shared, path: &str) -> Option<Subject> {
    let mut segments = path.rsplit('/');
    let file = segments.next()?;
    let id = Uuid::parse(segments.next()?)?;
    let generation = lock(&shared.store).get(id).cloned()?;
    let create = &generation.create;
    let index = (0..create.num_images).find(|index| {
        shared.place().image_url(&generation, *index).ends_with(path) && generation.file(*index) == file
    })?;
    (generation.status(Instant::now()) == Status::Complete).then(|| Subject {
        prompt: Arc::clone(&create.prompt),
        seed: create.seed,
        index,
        width: create.width,
        height: create.height,
        transparent: create.transparent,
    })
}

pub(crate) fn no_such_file() -> Response<Body> {
    reply::xml(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
}

/// The id that a path ends in.
pub(crate) fn last_segment_id(uri: &Uri) -> Result<Uuid, ApiError> {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    let text = decode(last);
    Uuid::parse(&text).ok_or_else(|| ApiError::not_uuid(&text))
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    uri.query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let plain = |text: &str| decode(&text.replace('+', " "));
            (plain(name), plain(value))
        })
        .collect()
}

/// Undoes percent-encoding; what is no escape stays, and bytes that are not UTF-8 are replaced.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digit = |place: usize| {
            let digit = char::from(*bytes.get(place)?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high * 16 + low);
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding() {
        assert_eq!(decode("a%2Fb%20c%zz%4"), "a/b c%zz%4");
        let uri: Uri = "/generations/user/%37?limit=%31&x=a+b&y".parse().unwrap();
        assert_eq!(
            query(&uri),
            [("limit".into(), "1".into()), ("x".into(), "a b".into()), ("y".into(), String::new())]
        );
    }
}

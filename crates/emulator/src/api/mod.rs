//! The API: one module for each group of operations.

mod app;
mod blueprints;
mod dataset;
mod elements;
mod fields;
mod image;
mod init_images;
mod media;
mod models;
mod moderation;
mod motion;
mod pricing_calculator;
mod prompt;
mod realtime_canvas;
mod sources;
mod texture;
mod three_d_model_assets;
mod training;
mod user;
mod v2;
mod variation;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State as Extract};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::time::Instant;

use crate::cdn::pictures::Pictures;
use crate::http::response::ApiError;
use crate::state::{State, ids};
use crate::sync::lock;
use crate::webhook::Webhooks;
use app::{App, refused};

/// The groups; each gives its paths below `/api/rest`.
const GROUPS: &[fn() -> Router<App>] = &[
    blueprints::routes,
    dataset::routes,
    elements::routes,
    image::routes,
    init_images::routes,
    media::routes,
    models::routes,
    motion::routes,
    pricing_calculator::routes,
    prompt::routes,
    realtime_canvas::routes,
    texture::routes,
    three_d_model_assets::routes,
    user::routes,
    v2::routes,
    variation::routes,
];

/// All below `/api/rest`.
pub(crate) fn router(state: Arc<State>, webhooks: Arc<Webhooks>, pictures: Arc<Pictures>) -> Router {
    let app = App { state, webhooks, pictures };
    let groups = GROUPS.iter().fold(Router::new(), |all, group| all.merge(group()));
    Router::new()
        .nest("/api/rest", groups)
        .fallback(no_endpoint)
        .method_not_allowed_fallback(no_endpoint)
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .with_state(app)
}

async fn no_endpoint() -> ApiError {
    ApiError::no_endpoint()
}

/// Lets in who has the key and does not ask too often.
async fn admit(Extract(app): Extract<App>, request: Request, next: Next) -> Result<Response, ApiError> {
    let config = &app.state.config;
    authorize(&config.key, request.headers())?;
    lock(&app.state.usage).request(&config.limits, Instant::now()).map_err(refused)?;
    Ok(next.run(request).await)
}

fn authorize(key: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(ApiError::unauthorized());
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    match token {
        Some(token) if token == key => Ok(()),
        Some(token) if ids::parse(token).is_some() => Err(ApiError::unauthorized()),
        _ => Err(ApiError::malformed_key()),
    }
}

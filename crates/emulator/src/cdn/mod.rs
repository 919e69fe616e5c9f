//! The files that the emulator serves, and the storage that takes some.

mod blob;
mod drawing;
mod images;
pub(crate) mod pictures;
pub(crate) mod storage;

pub(crate) use drawing::light_of;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use axum::middleware::{self, Next};

use crate::http::response;
use crate::state::State;
use pictures::Pictures;

/// All below `/cdn/`.
pub(crate) fn router(state: Arc<State>, pictures: Arc<Pictures>) -> Router {
    Router::new()
        .merge(images::routes(state, pictures))
        .merge(blob::routes())
        .fallback(response::no_such_file)
        .method_not_allowed_fallback(response::no_such_file)
        .layer(middleware::from_fn(without_key))
}

/// A key has no business here, and a client that leaks it should find out.
async fn without_key(request: Request, next: Next) -> Response<Body> {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return response::xml(StatusCode::FORBIDDEN, "AccessDenied", "An Authorization header is not accepted here");
    }
    next.run(request).await
}

//! From a request to its answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;
use tower_service::Service;

use crate::faults;
use crate::ids::Uuid;
use crate::lock;
use crate::reply::{self, ApiError};
use crate::shared::Shared;
use crate::uploads::LogNumber;
use crate::wire::{End, Wire};

/// The longest body the JSON routes take.
const MOST_BODY: usize = 1024 * 1024;

pub(crate) async fn serve(
    shared: &Arc<Shared>,
    router: Router,
    wire: &Arc<Wire>,
    request: Request<Incoming>,
) -> Response<Body> {
    if shared.door.refusing() {
        wire.end(End::Close);
        return std::future::pending().await;
    }
    let (mut parts, mut body) = request.into_parts();
    if shared.config.control && parts.uri.path().starts_with("/control/") {
        // What tests arrange is neither counted nor spoilt.
        return work(shared, router, Request::from_parts(parts, Body::new(body))).await;
    }
    let number = lock(&shared.log).head(&parts);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let (fault, drip) = shared.faults.next(parts.method.as_str(), path);
    let to_storage = parts.uri.path().starts_with("/storage/");
    let body = if to_storage && fault.does_the_work() {
        parts.extensions.insert(LogNumber(number));
        Body::new(body)
    } else if to_storage {
        // Read, so that the fault is not met earlier than by other requests, and not kept, since it may be large.
        while let Some(Ok(_)) = body.frame().await {}
        Body::empty()
    } else {
        match collect(shared, number, body).await {
            Ok(body) => Body::from(body),
            Err(response) => return response,
        }
    };
    if !fault.does_the_work() {
        return faults::before(&fault, wire).await;
    }
    let method = parts.method.clone();
    let response = work(shared, router, Request::from_parts(parts, body)).await;
    faults::after(&fault, drip, wire, &method, response).await
}

async fn collect(shared: &Shared, number: u64, mut body: Incoming) -> Result<Bytes, Response<Body>> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // Nobody is left to read this, or the framing was wrong; either way the connection ends.
            return Err(ApiError::bad("the request body ended early").into_response());
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        lock(&shared.log).body(number, &data);
        if bytes.len() + data.len() > MOST_BODY {
            return Err(
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large", "bad-request").into_response()
            );
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// What the real service does with the request.
async fn work(shared: &Shared, mut router: Router, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path();
    let of_api = path == "/api/rest" || path.starts_with("/api/rest/");
    if of_api {
        let admitted = authorize(&shared.config.key, request.headers())
            .and_then(|()| lock(&shared.usage).request(&shared.config.limits, Instant::now()));
        if let Err(refusal) = admitted {
            return refusal.into_response();
        }
    } else if path.starts_with("/cdn/") && request.headers().contains_key(header::AUTHORIZATION) {
        // A key has no business here, and a client that leaks it should find out.
        return reply::xml(StatusCode::FORBIDDEN, "AccessDenied", "An Authorization header is not accepted here");
    }
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
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
        Some(token) if Uuid::parse(token).is_some() => Err(ApiError::unauthorized()),
        _ => Err(ApiError::malformed_key()),
    }
}

//! From a request to its response: the log, the faults, and the part of the service that it is for.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tower_service::Service as _;

use crate::cors;
use crate::faults::{Faults, spoil};
use crate::http::response::{self, ApiError};
use crate::http::server::Handler;
use crate::http::wire::Wire;
use crate::state::State;
use crate::state::log::Entry;
use crate::sync::lock;
use crate::under_way::UnderWay;

/// The longest body the JSON routes take.
const MOST_BODY: usize = 1024 * 1024;
/// The longest body of those of them that pictures come to within the JSON.
const MOST_BODY_WITH_PICTURES: usize = 16 * 1024 * 1024;

pub(crate) struct Service {
    pub(crate) state: Arc<State>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) api: Router,
    pub(crate) cdn: Router,
    pub(crate) storage: Router,
    /// Unless it is closed.
    pub(crate) control: Option<Router>,
    /// Whether pages of every origin may call it.
    pub(crate) cors: bool,
    /// How long a response takes beyond what its work does.
    pub(crate) latency: Duration,
}

impl Handler for Service {
    async fn handle(&self, wire: &Arc<Wire>, request: Request<Incoming>) -> Response<Body> {
        if !self.cors {
            return self.respond(wire, request).await;
        }
        let mut response = match cors::preflight(&request) {
            Some(allowed) => allowed,
            None => self.respond(wire, request).await,
        };
        cors::readable(response.headers_mut());
        response
    }
}

impl Service {
    async fn respond(&self, wire: &Arc<Wire>, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        if let Some(control) = self.control.as_ref().filter(|_| parts.uri.path().starts_with("/control/")) {
            // What tests arrange is neither counted nor spoilt.
            return call(control, Request::from_parts(parts, Body::new(body))).await;
        }
        let entry = lock(&self.state.log).head(&parts);
        let under_way = UnderWay::new(Arc::clone(&self.state), Arc::clone(wire), entry);
        let method = parts.method.clone();
        let response = self.recorded(wire, entry, parts, body).await;
        under_way.until_read(&method, response)
    }

    async fn recorded(&self, wire: &Wire, entry: Entry, mut parts: Parts, mut body: Incoming) -> Response<Body> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let (fault, drip) = self.faults.next(parts.method.as_str(), path);
        let to_storage = parts.uri.path().starts_with("/storage/");
        let body = if to_storage && fault.does_the_work() {
            parts.extensions.insert(entry);
            Body::new(body)
        } else if to_storage {
            // Read, so that the fault is not met earlier than by other requests, and not kept, since it may be large.
            while let Some(Ok(_)) = body.frame().await {}
            Body::empty()
        } else {
            let most = if path.contains("lcm") || path.contains("/v2/") { MOST_BODY_WITH_PICTURES } else { MOST_BODY };
            match self.collect(entry, body, most).await {
                Ok(body) => Body::from(body),
                Err(refusal) => return refusal.into_response(),
            }
        };
        if !fault.does_the_work() {
            return spoil::before(&fault, wire).await;
        }
        let method = parts.method.clone();
        let response = self.work(Request::from_parts(parts, body)).await;
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        spoil::after(&fault, drip, wire, &method, response).await
    }

    async fn collect(&self, entry: Entry, mut body: Incoming, most: usize) -> Result<Bytes, ApiError> {
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            // Nobody is left to read this, or the framing was wrong; either way the connection ends.
            let frame = frame.map_err(|_| ApiError::bad("the request body ended early"))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            lock(&self.state.log).body(entry, &data);
            if bytes.len() + data.len() > most {
                return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "request entity too large", "bad-request"));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.freeze())
    }

    /// What the real service does with the request.
    async fn work(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path();
        let part = if path == "/api/rest" || path.starts_with("/api/rest/") {
            &self.api
        } else if path.starts_with("/cdn/") {
            &self.cdn
        } else if path.starts_with("/storage/") {
            &self.storage
        } else {
            return response::html(StatusCode::FORBIDDEN, "403 Forbidden");
        };
        call(part, request).await
    }
}

async fn call(router: &Router, request: Request<Body>) -> Response<Body> {
    match router.clone().call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

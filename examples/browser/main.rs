//! A page that makes pictures, and the server that keeps the key out of it: `browser [--listen ADDRESS]`.
//!
//! The page in `page/` makes its calls with this crate, compiled to WebAssembly. They go to this server, which forwards two
//! operations with the key, and nothing else. `docs/anywhere.md` has the commands that build the page. Without
//! `LEONARDO_API_KEY` it uses the emulator, which draws the pictures itself.

use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{LeonardoCore, RetryPolicy};
use once::{Creates, Reply, reply};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

#[path = "../common/mod.rs"]
mod common;
mod once;
#[path = "../common/options.rs"]
mod options;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/browser/page/site");
/// Pictures come from the service's own servers, and those of the emulator from this machine.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                      img-src data: https: http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Service = State<(LeonardoCore, Creates)>;

async fn create(
    State((core, creates)): Service,
    headers: HeaderMap,
    Json(request): Json<CreateGenerationRequest>,
) -> Reply {
    creates.once(&headers, image_create_generation(&core, request).retry(RetryPolicy::none()).raw()).await
}

async fn read(State((core, _)): Service, Path(id): Path<String>) -> Reply {
    let read = image_get_generation_by_id(&core, id).retry(RetryPolicy::none()).raw();
    reply(read.await, StatusCode::BAD_GATEWAY)
}

/// Refuses requests by the name of another site that leads here.
async fn guard(State(hosts): State<[String; 2]>, request: Request, next: Next) -> Response {
    match request.headers().get(header::HOST) {
        Some(host) if hosts.iter().any(|own| host == own) => next.run(request).await,
        _ => (StatusCode::FORBIDDEN, "only for the page of this server").into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [listen] = options::options([("--listen", "127.0.0.1:3000")])?;
    if !std::path::Path::new(PAGE).join("pkg/page.js").exists() {
        return Err("the page is not built; docs/anywhere.md has the commands".into());
    }
    let (core, _emulator) = common::service().await?;
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let hosts = [address.to_string(), format!("localhost:{}", address.port())];
    let header = |name: HeaderName, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let routes = Router::new()
        .route("/api/rest/v1/generations", post(create).layer(DefaultBodyLimit::max(16 * 1024)))
        .route("/api/rest/v1/generations/{id}", get(read))
        .with_state((core, Creates::default()))
        .fallback_service(ServeDir::new(PAGE))
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(from_fn_with_state(hosts, guard));
    println!("Open http://{address}");
    Ok(axum::serve(listener, routes).with_graceful_shutdown(options::told_to_stop()).await?)
}

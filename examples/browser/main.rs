//! A page that makes pictures, and the server that keeps the key out of it: `browser [--listen ADDRESS]`.
//!
//! The page in `page/` makes its calls with this crate, compiled to WebAssembly. They go to this server, which forwards two
//! operations with the key, and nothing else. `docs/anywhere.md` has the commands that build the page. Without
//! `LEONARDO_API_KEY` it uses the emulator, which draws the pictures itself.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{Error, LeonardoCore, RetryPolicy};
use tokio::sync::{Mutex, OnceCell};

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/options.rs"]
mod options;

const FILES: [(&str, &str, &str); 5] = [
    ("/", "index.html", "text/html; charset=utf-8"),
    ("/page.css", "page.css", "text/css"),
    ("/page.js", "page.js", "text/javascript"),
    ("/pkg/page.js", "pkg/page.js", "text/javascript"),
    ("/pkg/page_bg.wasm", "pkg/page_bg.wasm", "application/wasm"),
];
const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
/// Pictures come from the service's own servers, and those of the emulator from this machine.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                      img-src data: https: http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// How many creates are known: a repeat comes within seconds.
const KNOWN: usize = 500;

/// What the page gets: JSON, as the API gives it.
type Reply = (StatusCode, [(HeaderName, &'static str); 1], Bytes);

struct Proxy {
    core: LeonardoCore,
    /// What the pages of this server call it.
    hosts: [String; 2],
    creates: Mutex<VecDeque<(HeaderValue, Arc<OnceCell<Reply>>)>>,
}

/// Creates once for each request id. Chromium by itself sends a request again whose connection broke off, and so does the page
/// after a reload, which marks it as a repeat. Another site cannot send one: a page may not set these headers for another.
async fn create(
    State(proxy): State<Arc<Proxy>>,
    headers: HeaderMap,
    Json(request): Json<CreateGenerationRequest>,
) -> Reply {
    let Some(id) = headers.get("x-request-id").filter(|id| id.len() == 36) else {
        return error(StatusCode::BAD_REQUEST, "x-request-id must be a UUID");
    };
    let mut creates = proxy.creates.lock().await;
    let known = creates.iter().find(|(known, _)| known == id).map(|(_, cell)| cell.clone());
    if known.is_none() && headers.contains_key("x-repeat") {
        return error(StatusCode::BAD_GATEWAY, "what came of this create is not known any more");
    }
    let cell = known.unwrap_or_else(|| {
        creates.push_front((id.clone(), Arc::default()));
        creates.truncate(KNOWN);
        creates[0].1.clone()
    });
    drop(creates);
    // A task goes on when the browser gives the connection up, and the repeat waits for what comes of it.
    let work = tokio::spawn(async move {
        let sent = cell.get_or_try_init(|| async {
            match image_create_generation(&proxy.core, request).retry(RetryPolicy::none()).raw().await {
                // Nothing was done, so that it may be tried again.
                Err(error) if !error.may_have_been_charged() => Err(reply(Err(error), StatusCode::FAILED_DEPENDENCY)),
                done => Ok(reply(done, StatusCode::BAD_GATEWAY)),
            }
        });
        sent.await.cloned().unwrap_or_else(|refused| refused)
    });
    work.await.unwrap_or_else(|panic| error(StatusCode::BAD_GATEWAY, &panic.to_string()))
}

async fn read(State(proxy): State<Arc<Proxy>>, Path(id): Path<String>) -> Reply {
    let read = image_get_generation_by_id(&proxy.core, id).retry(RetryPolicy::none()).raw();
    reply(read.await, StatusCode::BAD_GATEWAY)
}

/// What the API responded, with its status, or with this one what failed on the way to it.
fn reply(outcome: Result<Bytes, Error>, otherwise: StatusCode) -> Reply {
    match outcome {
        Ok(body) => (StatusCode::OK, JSON, body),
        Err(failed) => match failed.api() {
            Some(api) => (api.status, JSON, api.body.clone()),
            None => error(otherwise, &failed.to_string()),
        },
    }
}

fn error(status: StatusCode, text: &str) -> Reply {
    (status, JSON, serde_json::json!({ "error": text }).to_string().into())
}

/// Refuses requests by the name of another site that leads here, and says what the page may do.
async fn guard(State(proxy): State<Arc<Proxy>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let is_own = host.is_some_and(|host| proxy.hosts.iter().any(|own| host == own));
    let refused = || error(StatusCode::FORBIDDEN, "only for the page of this server").into_response();
    let mut response = if is_own { next.run(request).await } else { refused() };
    for (name, value) in [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [listen] = options::options([("--listen", "127.0.0.1:3000")])?;
    let (core, _emulator) = common::service().await?;
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let hosts = [address.to_string(), format!("localhost:{}", address.port())];
    let proxy = Arc::new(Proxy { core, hosts, creates: Mutex::default() });
    let mut routes = Router::new()
        .route("/api/rest/v1/generations", post(create).layer(DefaultBodyLimit::max(16 * 1024)))
        .route("/api/rest/v1/generations/{id}", get(read));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/browser/page");
    for (path, file, kind) in FILES {
        let file = folder.join(file);
        let content =
            std::fs::read(&file).map_err(|error| format!("{}: {error}; see docs/anywhere.md", file.display()))?;
        let served = ([(header::CONTENT_TYPE, kind)], Bytes::from(content));
        routes = routes.route(path, get(move || async move { served }));
    }
    println!("Open http://{address}");
    let server = axum::serve(listener, routes.layer(from_fn_with_state(proxy.clone(), guard)).with_state(proxy));
    Ok(server.with_graceful_shutdown(options::told_to_stop()).await?)
}

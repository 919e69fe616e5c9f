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
use axum::middleware::{Next, from_fn_with_state, map_response};
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

/// A response to the page: JSON, as the API gives it.
type Response = (StatusCode, [(HeaderName, &'static str); 1], Bytes);

struct Proxy {
    core: LeonardoCore,
    /// What the pages of this server call it.
    hosts: [String; 2],
    creates: Mutex<VecDeque<(HeaderValue, Arc<OnceCell<Response>>)>>,
}

/// Creates once for each request id. Chromium by itself sends a request again whose connection broke off, and so does the page
/// after a reload, which marks it as a repeat.
async fn create(
    State(proxy): State<Arc<Proxy>>,
    headers: HeaderMap,
    Json(request): Json<CreateGenerationRequest>,
) -> Response {
    let Some(id) = headers.get("x-request-id").filter(|id| id.len() == 36) else {
        return error(StatusCode::BAD_REQUEST, "x-request-id must be a UUID");
    };
    let Some(cell) = proxy.cell(id, headers.contains_key("x-repeat")).await else {
        return error(StatusCode::BAD_GATEWAY, "what came of this create is not known any more");
    };
    // A task goes on when the browser gives the connection up, and the repeat waits for what comes of it.
    let work = tokio::spawn(async move {
        let sent = cell.get_or_try_init(|| async {
            match image_create_generation(&proxy.core, request).retry(RetryPolicy::none()).raw().await {
                // Nothing was done, so that it may be tried again.
                Err(error) if !error.may_have_been_charged() => {
                    Err(response(Err(error), StatusCode::FAILED_DEPENDENCY))
                }
                done => Ok(response(done, StatusCode::BAD_GATEWAY)),
            }
        });
        sent.await.cloned().unwrap_or_else(|refused| refused)
    });
    work.await.unwrap_or_else(|panic| error(StatusCode::BAD_GATEWAY, &panic.to_string()))
}

async fn read(State(proxy): State<Arc<Proxy>>, Path(id): Path<String>) -> Response {
    let read = image_get_generation_by_id(&proxy.core, id).retry(RetryPolicy::none()).raw();
    response(read.await, StatusCode::BAD_GATEWAY)
}

/// What the API responded, with its status, or with this one what failed on the way to it.
fn response(outcome: Result<Bytes, Error>, otherwise: StatusCode) -> Response {
    match outcome {
        Ok(body) => (StatusCode::OK, JSON, body),
        Err(failed) => match failed.api() {
            Some(api) => (api.status, JSON, api.body.clone()),
            None => error(otherwise, &failed.to_string()),
        },
    }
}

fn error(status: StatusCode, text: &str) -> Response {
    (status, JSON, serde_json::json!({ "error": text }).to_string().into())
}

impl Proxy {
    /// Where the response to this create is kept. None for a repeat of one that is not known.
    async fn cell(&self, id: &HeaderValue, is_repeat: bool) -> Option<Arc<OnceCell<Response>>> {
        let mut creates = self.creates.lock().await;
        let known = creates.iter().find(|(known, _)| known == id).map(|(_, cell)| cell.clone());
        if known.is_some() || is_repeat {
            return known;
        }
        if creates.len() == KNOWN {
            creates.pop_front();
        }
        let cell = Arc::<OnceCell<Response>>::default();
        creates.push_back((id.clone(), cell.clone()));
        Some(cell)
    }

    /// Whether a page of this server sent it, and not one of another site, also if that has led a name of its own here.
    fn is_for_own_page(&self, headers: &HeaderMap) -> bool {
        let header = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
        let Some(host) = self.hosts.iter().map(String::as_bytes).find(|host| header("host") == Some(host)) else {
            return false;
        };
        header("origin").is_none_or(|origin| origin.strip_prefix(b"http://") == Some(host))
            && header("sec-fetch-site").is_none_or(|site| site == b"same-origin" || site == b"none")
    }
}

/// Refuses requests of other sites' pages.
async fn guard(State(proxy): State<Arc<Proxy>>, request: Request, next: Next) -> Response {
    if proxy.is_for_own_page(request.headers()) {
        return next.run(request).await;
    }
    error(StatusCode::FORBIDDEN, "only for the page of this server").into_response()
}

async fn secured(mut response: Response) -> Response {
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
        .route("/api/rest/v1/generations", post(create))
        .route("/api/rest/v1/generations/{id}", get(read))
        .layer(from_fn_with_state(proxy.clone(), guard))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(proxy);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/browser/page");
    for (path, file, kind) in FILES {
        let file = folder.join(file);
        let content = std::fs::read(&file);
        let content =
            content.map_err(|error| format!("{}: {error}; docs/anywhere.md has how to build it", file.display()))?;
        let served = ([(header::CONTENT_TYPE, kind)], Bytes::from(content));
        routes = routes.route(path, get(move || async move { served }));
    }
    println!("Open http://{address}");
    let server = axum::serve(listener, routes.layer(map_response(secured)));
    Ok(server.with_graceful_shutdown(options::told_to_stop()).await?)
}

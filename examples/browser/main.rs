//! A page that makes pictures, and the server that keeps the key out of it: `browser [--listen ADDRESS]`.
//!
//! The page in `page/` makes its calls with this crate, compiled to WebAssembly. They go to this server, which forwards two
//! operations with the key, and nothing else. `docs/anywhere.md` has the commands that build the page. Without
//! `LEONARDO_API_KEY` it uses the emulator, which draws the pictures itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{Error, LeonardoCore, RetryPolicy};
use tokio::sync::OnceCell;

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
/// Pictures come from the service's own servers, and those of the emulator from this machine.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
                      img-src data: https: http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A repeat comes within seconds, so that older creates can be forgotten.
const REMEMBERED: usize = 500;

/// What a page is told, as the API told it.
type Answer = (StatusCode, HeaderMap, Bytes);

struct Proxy {
    core: LeonardoCore,
    /// What this server is called by the pages that it serves.
    hosts: [String; 2],
    creates: Mutex<VecDeque<(HeaderValue, Arc<OnceCell<Answer>>)>>,
}

/// Creates once for each request id: Chromium itself sends a request again whose connection broke off, and so does the page
/// after a reload, which marks it as a repeat.
async fn create(State(proxy): State<Arc<Proxy>>, headers: HeaderMap, body: Bytes) -> Result<Answer, Answer> {
    let id = headers.get("x-request-id").filter(|id| id.len() == 36);
    let id = id.ok_or_else(|| said(StatusCode::BAD_REQUEST, "x-request-id must be a UUID"))?;
    let request: CreateGenerationRequest =
        serde_json::from_slice(&body).map_err(|error| said(StatusCode::BAD_REQUEST, &error.to_string()))?;
    let cell = proxy.cell(id, headers.contains_key("x-repeat"));
    let cell = cell.ok_or_else(|| said(StatusCode::BAD_GATEWAY, "what came of this create is not known any more"))?;
    // A task goes on where the browser gives the connection up, and the repeat waits for what comes of it.
    let work = tokio::spawn(async move {
        let sent = cell.get_or_try_init(|| async {
            match image_create_generation(&proxy.core, request).retry(RetryPolicy::none()).raw().await {
                // Nothing was done, so that the page may try again.
                Err(error) if !error.may_have_been_charged() => Err(told(Err(error), StatusCode::FAILED_DEPENDENCY)),
                done => Ok(told(done, StatusCode::BAD_GATEWAY)),
            }
        });
        sent.await.cloned()
    });
    work.await.unwrap_or_else(|error| Err(said(StatusCode::BAD_GATEWAY, &error.to_string())))
}

async fn read(State(proxy): State<Arc<Proxy>>, Path(id): Path<String>) -> Answer {
    let read = image_get_generation_by_id(&proxy.core, id).retry(RetryPolicy::none()).raw();
    told(read.await, StatusCode::BAD_GATEWAY)
}

impl Proxy {
    /// Where the response to this create is kept. None for a repeat of what is not known.
    fn cell(&self, id: &HeaderValue, is_repeat: bool) -> Option<Arc<OnceCell<Answer>>> {
        let mut creates = self.creates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = creates.iter().find(|(known, _)| known == id) {
            return Some(cell.clone());
        }
        if is_repeat {
            return None;
        }
        if creates.len() == REMEMBERED {
            creates.pop_front();
        }
        creates.push_back((id.clone(), Arc::default()));
        creates.back().map(|(_, cell)| cell.clone())
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

/// The API's own response, with status and body, or else what failed on the way to it, with this status.
fn told(outcome: Result<Bytes, Error>, otherwise: StatusCode) -> Answer {
    let error = match outcome {
        Ok(body) => return (StatusCode::OK, json(), body),
        Err(error) => error,
    };
    let Some(api) = error.api() else { return said(otherwise, &error.to_string()) };
    let mut headers = json();
    if let Some(value) = api.headers.get(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, value.clone());
    }
    (api.status, headers, api.body.clone())
}

/// An error in the API's form.
fn said(status: StatusCode, error: &str) -> Answer {
    (status, json(), serde_json::json!({ "error": error }).to_string().into())
}

fn json() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

/// Refuses requests of other sites' pages.
async fn guard(State(proxy): State<Arc<Proxy>>, request: Request, next: Next) -> Response {
    if proxy.is_for_own_page(request.headers()) {
        return next.run(request).await;
    }
    said(StatusCode::FORBIDDEN, "only for the page of this server").into_response()
}

async fn secured(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert::<HeaderName>(name, HeaderValue::from_static(value));
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

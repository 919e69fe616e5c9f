//! Leaks: the key is in nothing that prints, whatever fails and whatever a server sends back, with everything logged; and
//! it goes to no server but the one that is called.
#![cfg(all(feature = "full", feature = "tracing"))]

mod common;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::{self, Debug, Write as _};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};
use std::time::Duration;

use common::{ID, LONG, Received, Refusing, Reply, SHORT, Server, chunked_head, everything, quick};
use leonardo_ai::funcs::{
    image_create_generation, image_create_generation_once, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::Method;
use leonardo_ai::models::{CreateGenerationRequest, GetGenerationsByUserIdRequest};
use leonardo_ai::{
    BoxFuture, Call, Effect, Error, LeonardoCore, LeonardoCoreBuilder, Limits, Operation, RetryPolicy, Transport,
    TransportError, TransportErrorKind, TransportRequest, TransportResponse, reqwest,
};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// A key in the form of a real one, with letters, so that their case matters.
const KEY: &str = "c0ffee5a-1dea-4bad-9cab-decafbadf00d";

/// As long as it takes to see that nothing comes.
const BRIEF: Duration = Duration::from_millis(30);

/// The key is looked for in pieces of this length, so whatever shows half of it is found.
const PIECE: usize = 9;

// ---------------------------------------------------------------------------------------------------------------------
// The log
// ---------------------------------------------------------------------------------------------------------------------

/// Everything that was logged, as a program's log file would have it, by the thread: each test has its own.
static LOG: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
/// Every span that was closed, and every event, by their fields.
static RECORDS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

#[derive(Clone, Debug)]
struct Entry {
    /// Of a span its name, of an event its message.
    name: String,
    level: Level,
    target: &'static str,
    /// The span that an event belongs to.
    parent: Option<String>,
    /// The fields that a span declares.
    declared: Vec<&'static str>,
    fields: Fields,
}

#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

/// Keeps what the formatted log has in a form that tests can ask about.
struct Recorder;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).expect("a span").extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).expect("a span");
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let span = context.event_span(event);
        let parent = span.as_ref().and_then(|span| span.extensions().get::<Fields>()?.0.get("operation").cloned());
        let name = fields.0.remove("message").unwrap_or_default();
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        RECORDS.lock().unwrap().push(Entry { name, level, target, parent, declared: Vec::new(), fields });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).expect("a span");
        let metadata = span.metadata();
        let fields = span.extensions_mut().remove::<Fields>().unwrap_or_default();
        RECORDS.lock().unwrap().push(Entry {
            name: metadata.name().to_owned(),
            level: *metadata.level(),
            target: metadata.target(),
            parent: None,
            declared: metadata.fields().iter().map(|field| field.name()).collect(),
            fields,
        });
    }
}

struct ToLog;

impl io::Write for ToLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().entry(thread()).or_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Turns the log on, with everything in it: spans and events of every crate, and what comes by way of `log`.
fn log_everything() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let format =
            tracing_subscriber::fmt::layer().with_ansi(false).with_span_events(FmtSpan::FULL).with_writer(|| ToLog);
        tracing_subscriber::registry().with(format).with(Recorder).init();
    });
}

fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

/// What this test has logged so far.
fn logged() -> String {
    let log = LOG.lock().unwrap().get(&thread()).cloned().unwrap_or_default();
    assert!(!log.is_empty(), "nothing was logged");
    String::from_utf8_lossy(&log).into_owned()
}

/// The spans and events that belong to calls of one operation.
fn records_of(operation: &str) -> Vec<Entry> {
    let all = RECORDS.lock().unwrap();
    let belongs = |entry: &&Entry| {
        entry.parent.as_deref() == Some(operation) || entry.fields.0.get("operation").is_some_and(|op| op == operation)
    };
    all.iter().filter(belongs).cloned().collect()
}

// ---------------------------------------------------------------------------------------------------------------------
// The search
// ---------------------------------------------------------------------------------------------------------------------

/// Every piece of `key` in every form in which a program might print it, in lower case.
fn needles(key: &str) -> Vec<String> {
    let mut needles = Vec::new();
    // The numbers of the bytes differ between the cases of a letter.
    for key in [key.to_ascii_lowercase(), key.to_ascii_uppercase()] {
        for piece in key.as_bytes().chunks(PIECE) {
            let text = String::from_utf8_lossy(piece).to_ascii_lowercase();
            needles.push(text.replace('-', "%2d"));
            needles.push(text.replace('-', "\\u002d"));
            needles.push(text);
            let forms: [fn(u8) -> String; 5] = [
                |byte| format!("%{byte:02x}"),
                |byte| format!("{byte:02x}"),
                |byte| format!("\\u{byte:04x}"),
                |byte| format!("\\x{byte:02x}"),
                |byte| format!(", {byte}"),
            ];
            needles.extend(forms.map(|form| piece.iter().map(|&byte| form(byte)).collect()));
        }
    }
    let bare = key.to_ascii_lowercase().replace('-', "");
    needles.extend(bare.as_bytes().chunks_exact(PIECE).map(|piece| String::from_utf8_lossy(piece).into_owned()));
    needles.sort();
    needles.dedup();
    needles
}

/// The piece of the key that `text` shows.
fn shown(text: &str) -> Option<&'static str> {
    static NEEDLES: OnceLock<Vec<String>> = OnceLock::new();
    let text = text.to_ascii_lowercase();
    NEEDLES.get_or_init(|| needles(KEY)).iter().map(|needle| &**needle).find(|needle| text.contains(needle))
}

#[track_caller]
fn assert_hidden(text: &str, context: &dyn Debug) {
    if let Some(part) = shown(text) {
        let at = text.to_ascii_lowercase().find(part).unwrap_or_default();
        let around: String = text.chars().skip(at.saturating_sub(200)).take(500).collect();
        panic!("{context:?} shows {part:?}: {around}");
    }
}

#[track_caller]
fn assert_error_hidden(error: &Error, context: &dyn Debug) {
    for text in everything(error) {
        assert_hidden(&text, context);
    }
}

#[track_caller]
fn assert_log_hidden(context: &dyn Debug) {
    assert_hidden(&logged(), context);
}

#[test]
fn the_search_finds_what_it_should() {
    for text in [
        KEY.to_owned(),
        KEY.to_ascii_uppercase(),
        KEY.replace('-', ""),
        KEY.replace('-', "%2D"),
        format!("x{}x", &KEY[5..23]),
        format!("x{}", &KEY[18..]),
        format!("{}x", &KEY[..18]),
        format!("{:?}", KEY.as_bytes()),
        format!("{:?}", KEY.to_ascii_uppercase().as_bytes()),
        format!("{:?}", leonardo_ai::bytes::Bytes::from_static(KEY.as_bytes())),
        KEY.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "%{byte:02X}");
            text
        }),
    ] {
        assert!(shown(&text).is_some(), "{text}");
    }
    for text in ["", "[key]", "c0ffee", &KEY[..PIECE - 1], "decafbad", ID] {
        assert!(shown(text).is_none(), "{text}");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// What fails
// ---------------------------------------------------------------------------------------------------------------------

/// Sends with a client and keeps what the requests and the responses' errors print.
struct Spy {
    client: reqwest::Client,
    seen: Arc<Mutex<String>>,
}

impl Transport for Spy {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async {
            let _ = write!(self.seen.lock().unwrap(), "{request:?} {request:#?}");
            let result = exchange(&self.client, request).await;
            if let Err(error) = &result {
                let _ = write!(self.seen.lock().unwrap(), "{error} {error:?} {error:#?}");
            }
            result
        })
    }
}

/// What a transport of the caller's own may do.
async fn exchange(client: &reqwest::Client, request: TransportRequest) -> Result<TransportResponse, TransportError> {
    let builder = client.request(request.method, request.url).headers(request.headers);
    let sent = builder.body(request.body.unwrap_or_default()).send().await;
    let mut response = sent.map_err(|error| TransportError::new(TransportErrorKind::Exchange, error.without_url()))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let broken = |kind, error: &str| Err(TransportError::new(kind, error).with_status(status));
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(TransportResponse::new(status, headers, body)),
            Err(error) => return broken(TransportErrorKind::Body, &error.without_url().to_string()),
        }
        if body.len() > request.max_response_bytes {
            return broken(TransportErrorKind::TooLarge, "too large");
        }
    }
}

/// Builders that differ in where the key comes from and in what sends it.
fn builders(url: &str, seen: &Arc<Mutex<String>>) -> [LeonardoCoreBuilder; 3] {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    // Connections belong to the runtime of one test, so none is kept.
    let client = || {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client")
    };
    let client = CLIENT.get_or_init(client);
    let spy = || Spy { client: client.clone(), seen: seen.clone() };
    let builder =
        || LeonardoCore::builder().server_url(url).deadline(None).min_time_for_billable(Duration::from_millis(1));
    let provider = || async { Ok::<_, Infallible>(KEY.to_owned()) };
    [
        builder().bearer_auth(KEY),
        builder().bearer_auth(KEY).transport(spy()).default_header("x-copy", KEY),
        builder().bearer_auth_provider(provider).transport(spy()).user_agent("a test"),
    ]
}

/// Makes every call, each of which must fail, and looks at everything that prints. How often each of them is attempted
/// is up to `retry`.
async fn assert_all_hidden(url: &str, retry: &RetryPolicy, timeout: Duration, context: &str) {
    log_everything();
    let seen = Arc::new(Mutex::new(String::new()));
    for builder in builders(url, &seen) {
        let builder = builder.retry(retry.clone()).timeout(timeout);
        assert_hidden(&format!("{builder:?} {builder:#?}"), &context);
        let core = builder.build().expect("a good configuration");
        assert_hidden(&format!("{core:?} {core:#?}"), &context);

        let request = CreateGenerationRequest::default();
        let call = image_create_generation(&core, request.clone()).header("x-copy", KEY);
        assert_hidden(&format!("{call:?} {call:#?}"), &context);
        let with_response = image_get_generation_by_id(&core, ID).with_response();
        assert_hidden(&format!("{with_response:?} {with_response:#?}"), &context);
        let once = image_create_generation_once(&core, request.clone()).grace(Duration::ZERO).deadline(BRIEF);
        assert_hidden(&format!("{once:?} {once:#?}"), &context);

        let page = GetGenerationsByUserIdRequest::default();
        let results = [
            image_create_generation(&core, request).await.map(drop),
            image_get_generation_by_id(&core, ID).await.map(drop),
            with_response.await.map(drop),
            image_delete_generation_by_id(&core, ID).await.map(drop),
            image_get_generations_by_user_id(&core, "u", page).await.map(drop),
            user_get_user_self(&core).await.map(drop),
            once.await.map(drop),
        ];
        for (number, result) in results.into_iter().enumerate() {
            let Err(error) = result else { panic!("{context}: call {number} succeeded") };
            assert_error_hidden(&error, &(context, number));
        }
    }
    // The header that the caller gave is the caller's.
    let seen = seen.lock().unwrap().replace(&format!("\"x-copy\": \"{KEY}\""), "");
    assert!(seen.contains("authorization"), "the spy saw nothing: {seen}");
    assert_hidden(&seen, &context);
}

/// The key that a request carries: a server echoes what it was sent.
fn key_of(request: &Received) -> &str {
    request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).expect("a key")
}

type Echo = fn(&str) -> Reply;

fn raw(text: String) -> Reply {
    Reply::Close(text.into_bytes())
}

fn api_errors() -> Vec<(&'static str, Echo)> {
    vec![
        ("wrong key", |key| {
            let error = format!("Authentication hook unauthorized this request: Bearer {key}");
            Reply::json(401, json!({"error": error, "path": key, "code": "access-denied"}).to_string())
        }),
        ("malformed key", |key| {
            let error = format!("Invalid response from authorization hook for {key}");
            Reply::json(500, json!({"error": error, "path": "$", "code": "unexpected"}).to_string())
        }),
        ("key as code", |key| {
            Reply::json(400, json!({"error": format!("{key}{key}"), "path": key, "code": key}).to_string())
        }),
        ("key as a field", |key| Reply::json(404, json!({ key: key, "error": { key: [key] } }).to_string())),
        ("errors with success", |key| {
            let error = json!({"message": key, "extensions": {"code": key, "path": key, "statusCode": 400}});
            Reply::json(200, json!({ "errors": [error] }).to_string())
        }),
        ("errors without a message", |key| Reply::json(200, json!({"errors": [{ key: key }]}).to_string())),
        ("errors of text", |key| Reply::json(500, json!({ "errors": [key, key] }).to_string())),
        ("page of a proxy", |key| Reply::json(403, format!("<html><a href='?k={key}'>{key}</a></html>"))),
        ("page of a gateway", |key| Reply::json(502, format!("<html>{}{key}</html>", " ".repeat(200)))),
        ("text at a cut", |key| Reply::json(503, format!("{}{key}{key}", "x".repeat(220)))),
        ("long body", |key| Reply::json(500, format!("{}{key}", "x".repeat(64 * 1024 - 20)))),
        ("invalid UTF-8", |key| Reply::json(500, [b"\xff\xfe", key.as_bytes(), b"\xff"].concat())),
        ("headers", |key| {
            let bearer = format!("Bearer {key}");
            let headers = ["x-key", "set-cookie", "www-authenticate", "authorization", "retry-after", "date", "via"];
            Reply::with(401, &headers.map(|name| (name, &*bearer)), "{}")
        }),
        ("limit", |key| Reply::with(429, &[("x-key", key)], key)),
        ("redirect", |key| {
            let location = format!("http://127.0.0.1:1/{key}?key={key}#{key}");
            Reply::with(302, &[("location", &*location), ("refresh", &*location)], &location)
        }),
        ("redirect for good", |key| Reply::with(308, &[("location", &*format!("/{key}"))], "")),
        ("not modified", |key| Reply::with(304, &[("etag", key)], "")),
    ]
}

fn undecodable_answers() -> Vec<(&'static str, Echo)> {
    // The field that each function looks for, all at once.
    fn all(value: &str) -> Reply {
        let fields =
            ["sdGenerationJob", "generations_by_pk", "delete_generations_by_pk", "generations", "user_details"];
        // A list in place of a list can be read, whatever is in it.
        let of = |name: &str| match name {
            "generations" | "user_details" if value.starts_with('[') => format!(r#"{{"a":{value}}}"#),
            _ => value.to_owned(),
        };
        let fields: Vec<String> = fields.iter().map(|name| format!(r#""{name}":{}"#, of(name))).collect();
        Reply::json(200, format!("{{{}}}", fields.join(",")))
    }
    vec![
        ("text in place of a record", |key| all(&format!(r#""{key}""#))),
        ("list in place of a record", |key| all(&format!(r#"[["{key}"],"{key}"]"#))),
        ("text in place of a number", |key| {
            let odd = format!(r#"{{"id":1,"seed":"{key}","paidTokens":"{key}","generationId":["{key}"]}}"#);
            all(&format!("[{odd}]"))
        }),
        ("key in the place of a value", |key| all(key)),
        ("key in the place of a name", |key| all(&format!("{{{key}:1}}"))),
        ("key behind the value", |key| Reply::json(200, format!(r#"{{"errors":[]}}{key}"#))),
        ("key alone", |key| Reply::json(200, key)),
        ("key as text", |key| Reply::json(200, format!("\"{key}\""))),
        ("missing field", |key| Reply::json(200, json!({ key: key }).to_string())),
        ("blank id", |key| all(&format!(r#"{{"id":"","generationId":"","seed":"{key}","paidTokens":"{key}"}}"#))),
        ("page as success", |key| Reply::json(200, format!("<!DOCTYPE html><title>{key}</title>"))),
        ("invalid UTF-8", |key| Reply::json(200, [b"{\"a\":\"", key.as_bytes(), b"\xff\"}"].concat())),
        ("unfinished text", |key| Reply::json(200, format!("{{\"a\":\"{key}"))),
        ("bad escape", |key| Reply::json(200, format!("{{\"a\":\"{key}\\x{key}\"}}"))),
        ("many lines", |key| Reply::json(200, format!("{{\n\n\"a\":\n{key}\n}}"))),
        ("at a cut", |key| Reply::json(200, format!("{{\"a\":\"{}{key}{}\" oops", "x".repeat(90), "y".repeat(100)))),
        ("empty with headers", |key| Reply::with(200, &[("x-key", key)], "")),
    ]
}

fn broken_exchanges() -> Vec<(&'static str, Echo)> {
    vec![
        ("reset", |_| Reply::Reset),
        ("closed", |_| Reply::Close(Vec::new())),
        ("cut", |key| Reply::cut(200, key)),
        ("cut error", |key| Reply::cut(401, &format!(r#"{{"error":"{key}""#))),
        ("cut chunk", |key| Reply::cut_chunked(200, key)),
        ("bad chunk", |key| raw(format!("{}{key}\r\n{key}", chunked_head(200)))),
        ("bad trailer", |key| raw(format!("{}0\r\n{key}\r\n\r\n", chunked_head(500)))),
        ("not HTTP", |key| raw(format!("{key}\r\n\r\n"))),
        ("bad version", |key| raw(format!("HTTP/9.{key} 200 {key}\r\n\r\n"))),
        ("bad status", |key| raw(format!("HTTP/1.1 {key} {key}\r\n\r\n"))),
        ("reason", |key| raw(format!("HTTP/1.1 500 {key}\r\ncontent-length: 0\r\n\r\n"))),
        ("bad header", |key| raw(format!("HTTP/1.1 200 X\r\n{key}\r\n{key} {key}: {key}\r\n\r\n"))),
        ("bad length", |key| raw(format!("HTTP/1.1 200 X\r\ncontent-length: {key}\r\n\r\n{key}"))),
        ("two lengths", |key| {
            raw(format!("HTTP/1.1 200 X\r\ncontent-length: 1\r\ncontent-length: 2\r\nx: {key}\r\n\r\n{key}"))
        }),
        ("unfinished head", |key| raw(format!("HTTP/1.1 200 X\r\nx-key: {key}"))),
        ("switched protocol", |key| raw(format!("HTTP/1.1 101 X\r\nupgrade: {key}\r\n\r\n{key}"))),
    ]
}

#[tokio::test]
async fn errors_of_the_api_do_not_show_the_key() {
    for (context, echo) in api_errors() {
        let server = Server::start(move |_, request| echo(key_of(request))).await;
        assert_all_hidden(&server.url(), &RetryPolicy::none(), LONG, context).await;
    }
    assert_log_hidden(&"errors of the API");
}

#[tokio::test]
async fn answers_that_cannot_be_read_do_not_show_the_key() {
    for (context, echo) in undecodable_answers() {
        let server = Server::start(move |_, request| echo(key_of(request))).await;
        assert_all_hidden(&server.url(), &RetryPolicy::none(), LONG, context).await;
    }
    assert_log_hidden(&"responses that cannot be read");
}

#[tokio::test]
async fn exchanges_that_break_off_do_not_show_the_key() {
    for (context, echo) in broken_exchanges() {
        let server = Server::start(move |_, request| echo(key_of(request))).await;
        assert_all_hidden(&server.url(), &RetryPolicy::none(), LONG, context).await;
    }
    let refusing = Refusing::new();
    assert_all_hidden(&refusing.url(), &RetryPolicy::none(), LONG, "refused connection").await;
    assert_all_hidden("https://host.invalid:1/x", &RetryPolicy::none(), LONG, "unknown host").await;
    let tls = Server::start(|_, request| Reply::json(200, key_of(request))).await;
    let url = tls.url().replace("http:", "https:");
    assert_all_hidden(&url, &RetryPolicy::none(), BRIEF, "TLS with a server that has none").await;
    assert_log_hidden(&"exchanges that break off");
}

#[tokio::test]
async fn limits_do_not_show_the_key() {
    let server = Server::start(|_, request| {
        let key = key_of(request);
        Reply::Stall(format!("HTTP/1.1 401 X\r\nx-key: {key}\r\ncontent-length: 500\r\n\r\n{key}").into_bytes())
    })
    .await;
    assert_all_hidden(&server.url(), &RetryPolicy::none(), BRIEF, "timeout").await;

    let server = Server::start(|_, request| Reply::json(200, key_of(request).repeat(10))).await;
    for limit in [1, 20, 300] {
        let core = server.builder().bearer_auth(KEY).max_response_bytes(limit).retry(RetryPolicy::none());
        let core = core.build().unwrap();
        for result in [
            image_get_generation_by_id(&core, ID).await.map(drop),
            image_create_generation(&core, CreateGenerationRequest::default()).await.map(drop),
        ] {
            assert_error_hidden(&result.unwrap_err(), &("too large", limit));
        }
    }
    let core = server.builder().bearer_auth(KEY).build().unwrap();
    let error = image_get_generation_by_id(&core, ID).deadline(Duration::from_nanos(1)).await.unwrap_err();
    assert_error_hidden(&error, &"deadline");
    assert_log_hidden(&"limits");
}

#[tokio::test]
async fn keys_of_earlier_attempts_are_not_shown() {
    log_everything();
    // Every attempt has a key of its own, and every response echoes all keys so far.
    let keys = Arc::new(Mutex::new(String::new()));
    let server = {
        let keys = keys.clone();
        Server::start(move |number, request| {
            let mut keys = keys.lock().unwrap();
            keys.push_str(&format!(" {}", key_of(request)));
            let body = json!({"error": *keys, "code": *keys}).to_string();
            Reply::with(if number % 3 == 2 { 401 } else { 503 }, &[("x-keys", &keys)], body)
        })
        .await
    };
    let asked = AtomicUsize::new(0);
    let core =
        LeonardoCore::builder()
            .bearer_auth_provider(move || {
                let first = asked.fetch_add(1, Ordering::SeqCst) % 3 == 0;
                async move {
                    Ok::<_, Infallible>(if first { KEY } else { "0ddba11a-feed-4bee-8fad-5ca1ab1eb0a7" }.to_owned())
                }
            })
            .server_url(server.url())
            .retry(quick())
            .build()
            .unwrap();
    let error = image_get_generation_by_id(&core, ID).await.unwrap_err();
    assert_eq!(error.call().unwrap().attempts, 3, "{error:?}");
    assert_error_hidden(&error, &"keys of earlier attempts");
    assert_log_hidden(&"keys of earlier attempts");
}

#[tokio::test]
async fn retries_do_not_show_the_key() {
    let server = Server::start(|_, request| Reply::json(503, key_of(request))).await;
    assert_all_hidden(&server.url(), &quick().max_attempts(3), LONG, "retries").await;
    let refusing = Refusing::new();
    assert_all_hidden(&refusing.url(), &quick().max_attempts(3), LONG, "retries without a connection").await;
    assert_log_hidden(&"retries");
}

#[tokio::test]
async fn a_create_that_is_made_once_does_not_show_the_key() {
    log_everything();
    // The create is open, and looking it up fails in one way or another.
    for (what, lookup) in api_errors().into_iter().chain(undecodable_answers()) {
        let server = Server::start(move |_, request| match &*request.method {
            "POST" => Reply::json(500, json!({"error": format!("Service Error {}", key_of(request))}).to_string()),
            _ => lookup(key_of(request)),
        })
        .await;
        let core = server.builder().bearer_auth(KEY).min_time_for_billable(Duration::from_millis(1)).build().unwrap();
        let call = image_create_generation_once(&core, CreateGenerationRequest::default());
        let error = call.deadline(BRIEF).await.unwrap_err();
        assert_error_hidden(&error, &what);
        assert!(error.may_have_been_charged(), "{what}: {error}");
    }
    // Dropped before its end.
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let core = server.builder().bearer_auth(KEY).build().unwrap();
    let call = image_create_generation_once(&core, CreateGenerationRequest::default());
    tokio::time::timeout(SHORT, call.into_future()).await.unwrap_err();
    // Nobody else will ever tell that it may have been charged.
    let told = records_of("image_create_generation_once");
    let dropped = told.iter().find(|entry| entry.name.contains("dropped before its outcome was known"));
    let seed = dropped.and_then(|entry| entry.fields.0.get("seed")).expect("the warning has the seed");
    let sent = server.received()[0].json();
    assert_eq!(*seed, sent["seed"].to_string());
    assert_log_hidden(&"a create that is made once");
}

#[tokio::test]
async fn what_is_left_empty_is_reported_without_the_key() {
    log_everything();
    let server = Server::start(|_, request| {
        let key = key_of(request);
        let odd = json!({"id": "g", "generationId": "g", "public": key, "seed": [key], "cost": key, "paidTokens": key,
            "imageWidth": {key: key}, "generated_images": [key, {"likeCount": key}]});
        let all =
            json!({"sdGenerationJob": odd, "generations_by_pk": odd, "generations": [odd, key], "user_details": [odd]});
        Reply::json(200, all.to_string())
    })
    .await;
    let core = server.core();
    image_create_generation(&core, CreateGenerationRequest::default()).await.unwrap();
    image_get_generation_by_id(&core, ID).await.unwrap();
    assert_eq!(image_get_generations_by_user_id(&core, "u", Default::default()).await.unwrap().len(), 1);
    user_get_user_self(&core).await.unwrap();
    for field in ["public", "seed", "cost", "paidTokens", "imageWidth", "generated_images", "generations"] {
        assert!(logged().contains(&format!("field=\"{field}\"")), "{field}");
    }
    assert_log_hidden(&"what is left empty");
}

#[tokio::test]
async fn a_key_that_comes_back_in_another_case_is_not_shown() {
    log_everything();
    let echoes: [(&str, Echo); 4] = [
        ("text", |key| Reply::json(401, json!({"error": format!("no {key}"), "code": key, "path": key}).to_string())),
        ("header", |key| Reply::with(401, &[("x-key", key)], "")),
        ("page", |key| Reply::json(502, format!("<html>{key}"))),
        ("value", |key| Reply::json(200, format!(r#"{{"generations_by_pk":{{"id":[],"seed":"{key}"}}}}"#))),
    ];
    for (what, echo) in echoes {
        for change in [str::to_ascii_uppercase, str::to_ascii_lowercase] {
            let server = Server::start(move |_, request| echo(&change(key_of(request)))).await;
            for key in [KEY.to_owned(), KEY.to_ascii_uppercase()] {
                let core = server.builder().bearer_auth(key).retry(RetryPolicy::none()).build().unwrap();
                let error = image_get_generation_by_id(&core, ID).await.unwrap_err();
                assert_error_hidden(&error, &what);
            }
        }
    }
    assert_log_hidden(&"another case");
}

// ---------------------------------------------------------------------------------------------------------------------
// What is configured wrongly
// ---------------------------------------------------------------------------------------------------------------------

/// Keys that cannot be sent, with a good one in them.
fn bad_keys() -> Vec<String> {
    let around = ["{}\n", "{}\r\nx-injected: 1", " {}", "{} ", "Bearer {}", "{}\0", "{}ä", "\u{feff}{}", "{}\t{}"];
    around.iter().map(|text| text.replace("{}", KEY)).collect()
}

#[tokio::test]
async fn a_bad_key_is_not_shown() {
    log_everything();
    for key in bad_keys() {
        let builder = LeonardoCore::builder().bearer_auth(&*key);
        assert_hidden(&format!("{builder:?} {builder:#?}"), &key);
        assert_error_hidden(&builder.build().unwrap_err(), &key);
        assert_error_hidden(&LeonardoCore::new(&*key).unwrap_err(), &key);

        let server = Server::always(Reply::json(200, "{}")).await;
        let given = key.clone();
        let core = LeonardoCore::builder().server_url(server.url()).bearer_auth_provider(move || {
            let given = given.clone();
            async { Ok::<_, Infallible>(given) }
        });
        assert_hidden(&format!("{core:?} {core:#?}"), &key);
        let core = core.build().unwrap();
        assert_hidden(&format!("{core:?} {core:#?}"), &key);
        for result in [
            user_get_user_self(&core).await.map(drop),
            image_create_generation(&core, CreateGenerationRequest::default()).await.map(drop),
            image_create_generation_once(&core, CreateGenerationRequest::default()).await.map(drop),
        ] {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
            assert_error_hidden(&error, &key);
        }
        assert_eq!(server.count(), 0);
    }
    assert_log_hidden(&"bad keys");
}

#[tokio::test]
async fn a_key_in_a_place_where_it_does_not_belong_is_not_shown() {
    log_everything();
    let core = LeonardoCore::builder().bearer_auth(KEY).build().unwrap();
    let bearer = format!("Bearer {KEY}");
    for (name, value) in [
        ("authorization", &*bearer),
        ("Authorization", &*bearer),
        ("x-key", &format!("{KEY}\n")),
        ("x-key", &format!("{KEY}\0")),
        ("content-type", KEY),
        ("x key", KEY),
        ("", KEY),
        // The parts of a header, swapped or in one.
        (&bearer, "authorization"),
        (&format!("authorization: {bearer}"), ""),
        (&format!("{KEY}\n"), ""),
    ] {
        let builder = LeonardoCore::builder().bearer_auth(KEY).default_header(name, value);
        assert_hidden(&format!("{builder:?} {builder:#?}"), &(name, value));
        assert_error_hidden(&builder.build().unwrap_err(), &(name, value));
        let call = image_get_generation_by_id(&core, ID).header(name, value);
        assert_hidden(&format!("{call:?} {call:#?}"), &(name, value));
        assert_error_hidden(&call.await.unwrap_err(), &(name, value));
    }
    let agent = LeonardoCore::builder().bearer_auth(KEY).user_agent(format!("{KEY}\n")).build().unwrap_err();
    assert_error_hidden(&agent, &"user agent");
    for url in [
        KEY.to_owned(),
        format!("{KEY}:"),
        format!("{KEY}://h"),
        format!("https://{KEY}@h"),
        format!("https://key:{KEY}@h"),
        format!("https://h/?key={KEY}"),
        format!("https://h/#{KEY}"),
        format!("https://{KEY}:x"),
        format!("https://{KEY}%"),
        format!("https://[{KEY}]"),
    ] {
        let builder = LeonardoCore::builder().bearer_auth(KEY).server_url(&*url);
        assert_hidden(&format!("{builder:?} {builder:#?}"), &url);
        assert_error_hidden(&builder.build().unwrap_err(), &url);
        let call = image_get_generation_by_id(&core, ID).server_url(&url);
        assert_hidden(&format!("{call:?} {call:#?}"), &url);
        assert_error_hidden(&call.await.unwrap_err(), &url);
    }
    let call = image_get_generation_by_id(&core, format!("{KEY}\n"));
    assert_error_hidden(&call.await.unwrap_err(), &"id");
    assert_log_hidden(&"places where the key does not belong");
}

#[tokio::test]
async fn a_response_does_not_show_a_key_that_the_server_repeats_in_a_header() {
    log_everything();
    let other = "0ddba11a-feed-4bee-8fad-5ca1ab1eb0a7";
    let server = Server::start(|number, request| {
        if number % 2 == 0 {
            return Reply::json(503, "{}");
        }
        let (key, shouted) = (key_of(request), KEY.to_uppercase());
        let many = format!("a={KEY}; b={key}");
        let named = format!("x-{}-x", KEY.to_uppercase());
        let headers = [
            ("x-key", key),
            ("x-key", &shouted),
            ("set-cookie", &many),
            ("x-plain", "plain"),
            (&named, "named"),
            (&named, "again"),
        ];
        Reply::with(200, &headers, common::GENERATION)
    })
    .await;
    let asked = AtomicUsize::new(0);
    let provider = move || {
        let first = asked.fetch_add(1, Ordering::SeqCst) % 2 == 0;
        async move { Ok::<_, Infallible>(if first { KEY } else { other }.to_owned()) }
    };
    for builder in [server.builder().bearer_auth(KEY), server.builder().bearer_auth_provider(provider)] {
        let core = builder.build().unwrap();
        let response = image_get_generation_by_id(&core, ID).with_response().await.unwrap();
        assert_eq!(response.attempts, 2);
        let shown = format!("{response:?} {response:#?}");
        assert_hidden(&shown, &"headers of a response");
        assert!(!shown.contains(&other[..PIECE]), "{shown}");
        assert!(shown.contains("Sensitive") && shown.contains("x-plain"), "{shown}");
        // Nothing is missing but the header of that name.
        assert_eq!(response.headers.get_all("x-key").iter().count(), 2);
        assert!(response.headers["set-cookie"].as_bytes().starts_with(b"a=c0ffee5a"));
        assert!(response.headers.keys().all(|name| !name.as_str().contains(KEY)));
        assert!(!response.headers["x-plain"].is_sensitive());
    }
    assert_log_hidden(&"headers of a response");
}

// ---------------------------------------------------------------------------------------------------------------------
// Where the key goes
// ---------------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_key_does_not_go_to_the_target_of_a_redirect() {
    log_everything();
    let elsewhere = Server::always(Reply::json(200, common::GENERATION)).await;
    for status in [301, 302, 303, 307, 308] {
        for target in [elsewhere.url(), elsewhere.url().replace("http:", ""), format!("{}?a=b#c", elsewhere.url())] {
            let server = Server::always(Reply::with(status, &[("location", &*target)], "")).await;
            let core = server.builder().bearer_auth(KEY).build().unwrap();
            for result in [
                image_get_generation_by_id(&core, ID).await.map(drop),
                image_delete_generation_by_id(&core, ID).await.map(drop),
                image_create_generation(&core, CreateGenerationRequest::default()).await.map(drop),
            ] {
                let error = result.unwrap_err();
                assert_eq!(error.api().unwrap().status, status, "{error}");
                assert_error_hidden(&error, &status);
            }
            server.expect(3).await;
        }
    }
    assert_eq!((elsewhere.count(), elsewhere.connections()), (0, 0));

    // A client of the caller's own that follows redirects goes there, but leaves the key behind.
    let following = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(5)).build().unwrap();
    for status in [302, 307, 308] {
        let server = Server::always(Reply::with(status, &[("location", &*elsewhere.url())], "")).await;
        let core = server.builder().bearer_auth(KEY).retry(RetryPolicy::none());
        let core = core.client_guaranteed_not_to_redirect_or_retry(following.clone()).build().unwrap();
        for result in [
            image_get_generation_by_id(&core, ID).await.map(drop),
            image_create_generation(&core, CreateGenerationRequest::default()).await.map(drop),
        ] {
            let error = result.unwrap_err();
            assert!(error.to_string().contains("followed a redirect"), "{error}");
            assert_error_hidden(&error, &status);
        }
    }
    let received = elsewhere.expect(6).await;
    assert_hidden(&format!("{received:?}"), &"the target of a redirect");
    assert!(received.iter().all(|request| request.header("authorization").is_none()), "{received:?}");
    assert_log_hidden(&"redirects");
}

#[tokio::test]
async fn the_key_is_in_one_header_and_nowhere_else_in_a_request() {
    log_everything();
    let server = Server::always(Reply::json(404, "{}")).await;
    let core = server.builder().bearer_auth(KEY).build().unwrap();
    let page = GetGenerationsByUserIdRequest::default();
    let _ = image_get_generation_by_id(&core, ID).await;
    let _ = image_delete_generation_by_id(&core, ID).await;
    let _ = image_create_generation(&core, CreateGenerationRequest::default()).await;
    let _ = image_get_generations_by_user_id(&core, "u", page).await;
    let _ = user_get_user_self(&core).await;
    for mut request in server.expect(5).await {
        assert_eq!(key_of(&request), KEY);
        request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        assert_hidden(&format!("{request:?} {}", String::from_utf8_lossy(&request.body)), &"request");
    }
    assert_log_hidden(&"requests");
}

// ---------------------------------------------------------------------------------------------------------------------
// What is logged
// ---------------------------------------------------------------------------------------------------------------------

/// The names are documented, and programs search for them.
const FIELDS: [&str; 6] = ["operation", "effect", "attempts", "status", "elapsed_ms", "error"];

#[track_caller]
fn only<'a>(records: &'a [Entry], name: &str) -> &'a Entry {
    let mut found = records.iter().filter(|entry| entry.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no {name:?} in {records:#?}"));
    assert!(found.next().is_none(), "more than one {name:?} in {records:#?}");
    assert!(first.target.starts_with("leonardo_ai"), "{first:?}");
    first
}

fn number(entry: &Entry, field: &str) -> u64 {
    entry.fields.0.get(field).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {entry:?}"))
}

fn retries(records: &[Entry]) -> Vec<&Entry> {
    records.iter().filter(|entry| entry.fields.0.contains_key("retry_reason")).collect()
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.level, self.name, self.fields.0)
    }
}

#[tokio::test]
async fn a_call_that_succeeds_has_a_span_and_an_event_for_each_retry() {
    static OPERATION: Operation = Operation::new("logged_success", Method::GET, "/v1/x", Effect::Idempotent);
    log_everything();
    let replies = vec![Reply::json(503, "{}"), Reply::with(429, &[("retry-after", "0")], "{}"), Reply::json(201, "{}")];
    let server = Server::script(replies).await;
    let core = server.builder().bearer_auth(KEY).build().unwrap();
    Call::new(&core, &OPERATION).await.unwrap();

    let records = records_of(OPERATION.info.name);
    let span = only(&records, "leonardo_ai.call");
    assert_eq!((span.level, &span.declared[..]), (Level::INFO, &FIELDS[..]));
    assert_eq!((&*span.fields.0["operation"], &*span.fields.0["effect"]), ("logged_success", "Idempotent"));
    assert_eq!((number(span, "attempts"), number(span, "status")), (3, 201));
    number(span, "elapsed_ms");
    assert!(!span.fields.0.contains_key("error"), "{span}");

    let retried = retries(&records);
    let [first, second] = retried[..] else { panic!("{records:#?}") };
    for (event, attempt, status) in [(first, 1, 503), (second, 2, 429)] {
        assert_eq!(event.level, Level::WARN, "{event}");
        assert_eq!((number(event, "attempt"), number(event, "status")), (attempt, status));
        let s = if attempt == 1 { "" } else { "s" };
        let reason = &event.fields.0["retry_reason"];
        assert!(reason.starts_with(&format!("logged_success failed after {attempt} attempt{s} in ")), "{reason}");
        assert!(number(event, "delay_ms") < 1000, "{event}");
        let mut names: Vec<_> = event.fields.0.keys().copied().filter(|name| !name.starts_with("log.")).collect();
        names.sort_unstable();
        assert_eq!(names, ["attempt", "delay_ms", "retry_reason", "status"]);
    }
    let ended = only(&records, "call succeeded");
    assert_eq!((ended.level, number(ended, "attempts"), number(ended, "status")), (Level::DEBUG, 3, 201));
    assert_eq!(records.iter().filter(|entry| entry.name == "attempt begins").count(), 3);

    // The same in a log file.
    let log = logged();
    let line = |with: &str| log.lines().find(|line| line.contains("logged_success") && line.contains(with)).is_some();
    assert!(line(r#"leonardo_ai.call{operation="logged_success" effect=Idempotent"#));
    for field in ["attempt=1", "status=503", "retry_reason=", "delay_ms=", "attempts=3", "status=201", "elapsed_ms="] {
        assert!(line(field), "{field}");
    }
    // The crates below are heard as well, or the search would prove little.
    assert!(log.contains("reqwest") || log.contains("hyper"), "nothing of other crates is in the log");
    assert_log_hidden(&"success");
}

#[tokio::test]
async fn a_call_that_waits_for_its_turn_tells_which_limit_it_waits_for() {
    static OPERATION: Operation = Operation::new("logged_turn", Method::GET, "/v1/x", Effect::Read);
    log_everything();
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let core = server.builder().bearer_auth(KEY).limits(Limits::default().requests_per_minute(1)).build().unwrap();
    Call::new(&core, &OPERATION).await.unwrap();
    assert!(records_of(OPERATION.info.name).iter().all(|entry| entry.name != "waits for its turn"));
    Call::new(&core, &OPERATION).deadline(BRIEF).await.unwrap_err();

    let records = records_of(OPERATION.info.name);
    let event = only(&records, "waits for its turn");
    assert_eq!((event.level, &*event.fields.0["limit"]), (Level::INFO, "Requests"));
    assert_eq!(server.count(), 1);
    assert_log_hidden(&"turn");
}

#[tokio::test]
async fn a_call_that_fails_has_its_error_in_its_span() {
    static FAILING: Operation = Operation::new("logged_failure", Method::GET, "/v1/x", Effect::Read);
    static REFUSED: Operation = Operation::new("logged_refusal", Method::POST, "/v1/x", Effect::Billable);
    static OPEN: Operation = Operation::new("logged_open", Method::POST, "/v1/x", Effect::Billable);
    static UNSENT: Operation = Operation::new("logged_unsent", Method::GET, "/v1/{id}", Effect::Read);
    log_everything();
    let server = Server::start(|_, request| Reply::json(503, key_of(request))).await;
    let core = server.builder().bearer_auth(KEY).retry(quick().max_attempts(2)).build().unwrap();
    let refusing = Refusing::new();
    for (call, attempts, status) in [
        (Call::new(&core, &FAILING), 2, Some(503)),
        (Call::new(&core, &REFUSED).server_url(refusing.url()), 2, None),
        (Call::new(&core, &OPEN), 1, Some(503)),
        (Call::new(&core, &UNSENT), 0, None),
    ] {
        let error = call.await.unwrap_err();
        let operation = error.call().unwrap().operation;
        let records = records_of(operation);
        let span = only(&records, "leonardo_ai.call");
        assert_eq!(span.declared, FIELDS);
        assert_eq!(number(span, "attempts"), attempts, "{span}");
        assert_eq!(span.fields.0.get("status"), status.map(|status: u16| status.to_string()).as_ref(), "{span}");
        assert_eq!(span.fields.0["error"], error.to_string());
        number(span, "elapsed_ms");
        let retried = retries(&records);
        assert_eq!(retried.len() as u64, attempts.saturating_sub(1), "{records:#?}");
        assert!(retried.iter().all(|event| event.fields.0.get("status") == span.fields.0.get("status")));
        let failed = only(&records, "call failed");
        assert_eq!((failed.level, &failed.fields.0["error"]), (Level::WARN, &error.to_string()));
    }
    assert_log_hidden(&"failure");
}

//! What the fuzz targets do with their input. Each function panics if something does not hold.

use std::cell::RefCell;
use std::error::Error as _;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use leonardo_ai::models::{
    ApiErrorBody, Cost, CreateGenerationRequest, DeletedGeneration, GeneratedImage, Generation, GenerationJob,
    GetGenerationsByUserIdRequest, Timestamp, UserDetails,
};
use leonardo_ai::url::Url;
use leonardo_ai::{
    ApiErrorKind, BoxFuture, Error, LeonardoCore, RetryPolicy, Transport, TransportError, TransportRequest,
    TransportResponse,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const KEY: &str = "c0ffee5a-1dea-4bad-9cab-decafbadf00d";
const ID: &str = "75925cd2-fb65-4e8c-84c0-6cc010a528e3";

/// Waits with a clock that jumps over every delay.
fn wait<F: IntoFuture>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: RefCell<Runtime> =
            RefCell::new(Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime"));
    }
    RUNTIME.with_borrow(|runtime| runtime.block_on(async { future.await }))
}

/// Gives its responses in order, the last one again and again, and keeps the requests.
#[derive(Clone)]
struct Canned(Arc<State>);

struct State {
    responses: Vec<TransportResponse>,
    requests: Mutex<Vec<TransportRequest>>,
}

impl Canned {
    fn new(responses: Vec<TransportResponse>) -> Self {
        Self(Arc::new(State { responses, requests: Mutex::default() }))
    }

    fn requests(&self) -> Vec<TransportRequest> {
        self.0.requests.lock().expect("no panic").clone()
    }
}

impl Transport for Canned {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let _ = format!("{request:?}");
        let State { responses, requests } = &*self.0;
        let mut requests = requests.lock().expect("no panic");
        requests.push(request);
        let response = responses[requests.len().min(responses.len()) - 1].clone();
        Box::pin(async { Ok(response) })
    }
}

/// Bytes as every type that responses are made of, and as the response to every function.
pub fn decode(input: &[u8]) {
    fn as_type<T: serde::de::DeserializeOwned + serde::Serialize + PartialEq + Debug>(input: &[u8]) -> Option<T> {
        let found: T = serde_json::from_slice(input).ok()?;
        let _ = format!("{found:?}");
        let encoded = serde_json::to_value(&found).expect("what was decoded encodes");
        assert_eq!(serde_json::from_value::<T>(encoded).expect("what was encoded decodes"), found);
        Some(found)
    }
    as_type::<GenerationJob>(input);
    as_type::<Generation>(input);
    as_type::<Vec<Generation>>(input);
    as_type::<GeneratedImage>(input);
    as_type::<UserDetails>(input);
    as_type::<DeletedGeneration>(input);
    as_type::<ApiErrorBody>(input);
    let _ = serde_json::from_slice::<CreateGenerationRequest>(input).map(|request| serde_json::to_vec(&request));
    if let Some(cost) = as_type::<Cost>(input) {
        assert!(cost.amount_f64().is_none_or(f64::is_finite));
    }
    if let Some(time) = as_type::<Timestamp>(input) {
        time.unix_millis();
    }
    if let Ok(text) = std::str::from_utf8(input) {
        Timestamp::from(text).unix_millis();
    }
    call_everything(StatusCode::OK, &HeaderMap::new(), input);
    // The same as a record in its wrapping.
    for field in ["sdGenerationJob", "generations_by_pk", "delete_generations_by_pk", "generations", "user_details"] {
        let wrapped = [format!("{{\"{field}\":").as_bytes(), input, b"}"].concat();
        call_everything(StatusCode::OK, &HeaderMap::new(), &wrapped);
    }
}

/// A response as text: the status, a line for each header, an empty line, the body.
pub fn error_body(input: &[u8]) {
    let at = input.windows(2).position(|window| window == b"\n\n").unwrap_or(input.len());
    let (head, body) = (&input[..at], input.get(at + 2..).unwrap_or_default());
    let mut lines = head.split(|&byte| byte == b'\n');
    let status = lines.next().and_then(|line| StatusCode::from_bytes(line).ok());
    let Some(status) = status.filter(|status| status.as_u16() < 600) else { return };
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    call_everything(status, &headers, body);
}

/// Calls every function, each of which gets the same response.
fn call_everything(status: StatusCode, headers: &HeaderMap, body: &[u8]) {
    let canned = Canned::new(vec![TransportResponse::new(status, headers.clone(), body.to_vec())]);
    let core = LeonardoCore::builder().bearer_auth(KEY).transport(canned).retry(RetryPolicy::none()).build();
    let core = core.expect("a good configuration");
    let page = GetGenerationsByUserIdRequest::default();
    wait(async {
        let created = image_create_generation(&core, CreateGenerationRequest::default()).await;
        check_create(created, status, body);
        check(image_get_generation_by_id(&core, ID).await, "image_get_generation_by_id", status);
        check(image_delete_generation_by_id(&core, ID).await, "image_delete_generation_by_id", status);
        check(image_get_generations_by_user_id(&core, ID, page).await, "image_get_generations_by_user_id", status);
        check(user_get_user_self(&core).await, "user_get_user_self", status);
    });
}

fn check<T>(result: Result<T, Error>, operation: &str, status: StatusCode) {
    match result {
        Ok(_) => assert!(status.is_success()),
        Err(error) => {
            assert!(!error.may_have_been_charged());
            check_error(&error, operation);
        }
    }
}

fn check_error(error: &Error, operation: &str) {
    let call = error.call().expect("an error of a call");
    assert_eq!((call.operation, call.attempts), (operation, 1));
    let text = error.to_string();
    assert!(text.starts_with(&format!("{operation} failed after 1 attempt in ")), "{text}");
    let mut texts = format!("{text} {error:?} {error:#?}");
    let mut next = error.source();
    while let Some(source) = next {
        texts.push_str(&format!("{source} {source:?}"));
        next = source.source();
    }
    assert!(!texts.to_ascii_lowercase().contains(KEY), "the key is shown: {texts}");
    assert!(!text.contains(char::is_control), "not one line: {text:?}");
}

fn check_create(result: Result<GenerationJob, Error>, status: StatusCode, body: &[u8]) {
    let json = serde_json::from_slice::<Value>(body).ok();
    let job = json.as_ref().map(|json| &json["sdGenerationJob"]);
    let error = match result {
        Ok(job) => {
            assert!(status.is_success() && !job.generation_id.as_str().trim().is_empty());
            return;
        }
        Err(error) => error,
    };
    check_error(&error, "image_create_generation");
    let charged = error.may_have_been_charged();
    if !charged {
        let kind = error.api().expect("only the API's own word is proof").kind;
        assert_ne!(kind, ApiErrorKind::Server);
    }
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    // In escapes, anything may be said.
    let refused = text.contains('\\')
        || ["hook", "denied", "moderation", "inappropriate", "unauth", "jwt"].iter().any(|word| text.contains(word));
    match status.as_u16() {
        // An error in the place of the record may be the API's word; beside a record it is none.
        200..=299 => assert!(charged || job.is_some_and(Value::is_null), "{error}"),
        400..=499 if status != 408 => assert!(!charged, "{error}"),
        _ => assert!(charged || refused, "{error}"),
    }
}

/// `Retry-After`, and on a second line `Date`: how long the delay is, and whether it is made.
pub fn retry_after(input: &[u8]) {
    let mut lines = input.splitn(2, |&byte| byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in ["retry-after", "date"] {
        if let Some(Ok(value)) = lines.next().map(HeaderValue::from_bytes) {
            headers.insert(name, value);
        }
    }
    let limit = TransportResponse::new(StatusCode::TOO_MANY_REQUESTS, headers.clone(), "{}");
    let deleted = format!(r#"{{"delete_generations_by_pk":{{"id":"{ID}"}}}}"#);
    let deleted = TransportResponse::new(StatusCode::OK, HeaderMap::new(), deleted);
    let core = |responses| {
        let canned = Canned::new(responses);
        let policy = RetryPolicy::default().max_elapsed(Duration::from_secs(60)).max_attempts(2).jitter(0.0);
        let core = LeonardoCore::builder().bearer_auth(KEY).transport(canned.clone()).retry(policy).build();
        (core.expect("a good configuration"), canned)
    };
    let (failing, _) = core(vec![limit.clone()]);
    let error = wait(image_delete_generation_by_id(&failing, ID).retry(RetryPolicy::none())).expect_err("429");
    let asked = error.api().expect("a response").retry_after;
    let _ = format!("{error} {error:?}");

    let text = headers.get("retry-after").and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        assert_eq!(asked, Some(Duration::from_secs(seconds)));
    } else if asked.is_some() {
        assert!(text.contains(':'), "neither a number nor a date: {text:?}");
    }

    let (core, canned) = core(vec![limit, deleted]);
    let (result, passed) = wait(async {
        let started = tokio::time::Instant::now();
        let result = image_delete_generation_by_id(&core, ID).await;
        (result, started.elapsed())
    });
    // The clock of the delays is not the one of `max_elapsed`, and goes in steps of a millisecond.
    let delay = asked.unwrap_or(Duration::from_millis(500));
    match result {
        Ok(_) => {
            assert!(canned.requests().len() == 2 && delay <= Duration::from_secs(60));
            assert!(delay <= passed && passed <= delay + Duration::from_millis(2), "{delay:?} {passed:?}");
        }
        Err(_) => assert!(canned.requests().len() == 1 && delay >= Duration::from_secs(59), "{delay:?}"),
    }
}

/// A line with a server's URL, one with an id, and the key.
pub fn server_url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.splitn(3, '\n');
    let (url, id, key) = (lines.next().unwrap_or_default(), lines.next().unwrap_or(ID), lines.next().unwrap_or(KEY));
    let canned = Canned::new(vec![TransportResponse::new(StatusCode::OK, HeaderMap::new(), "{}")]);
    let builder = LeonardoCore::builder().bearer_auth(key).server_url(url).allow_http(true).transport(canned.clone());
    let _ = format!("{builder:?}");
    let core = match builder.retry(RetryPolicy::none()).build() {
        Ok(core) => core,
        Err(error) => {
            assert!(matches!(error, Error::Config(_)));
            let _ = format!("{error} {error:?}");
            return;
        }
    };
    let _ = format!("{core:?}");
    assert!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()));
    let given = Url::parse(url).expect("what was accepted is a URL");
    assert!(matches!(given.scheme(), "http" | "https"));
    assert!(given.as_str().starts_with(core.server_url()));
    let error = wait(image_get_generation_by_id(&core, id)).expect_err("an empty object is no record");
    let refusable = id.is_empty() || id == "." || id == ".." || id.contains(char::is_control);
    let requests = canned.requests();
    assert_eq!((requests.is_empty(), matches!(error, Error::InvalidRequest(_))), (refusable, refusable));
    let Some(request) = requests.first() else { return };

    let sent = &request.url;
    assert_eq!(sent.origin(), given.origin());
    assert_eq!((sent.username(), sent.password(), sent.query(), sent.fragment()), ("", None, None, None));
    assert_eq!(Url::parse(sent.as_str()).as_ref(), Ok(sent), "it is not what it looks like");
    let base = given.path().trim_end_matches('/');
    let base = base.strip_suffix("/v1").or_else(|| base.strip_suffix("/v2")).unwrap_or(base).trim_end_matches('/');
    let segment = sent.path().strip_prefix(base).and_then(|rest| rest.strip_prefix("/v1/generations/"));
    let segment = segment.unwrap_or_else(|| panic!("{sent} is not below {given}"));
    assert!(!segment.contains('/'));
    assert_eq!(percent_decoded(segment), id.as_bytes());
    assert_eq!(request.headers["authorization"].as_bytes(), format!("Bearer {key}").as_bytes());
}

fn percent_decoded(mut rest: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(byte) = rest.bytes().next() {
        let (byte, length) = match byte {
            b'%' => (u8::from_str_radix(&rest[1..3], 16).expect("two digits"), 3),
            byte => (byte, 1),
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_targets_hold_for_what_is_known() {
        for sample in [
            include_str!("../../tests/fixtures/create-payg.json"),
            include_str!("../../tests/fixtures/errors-in-200.json"),
            include_str!("../../tests/fixtures/generation-complete.json"),
            include_str!("../../tests/fixtures/me-payg.json"),
            "",
            "\"2023-11-09T00:42:22.707\"",
            "{\"id\":\"g\"}",
        ] {
            super::decode(sample.as_bytes());
            for head in ["200", "400\nretry-after: 3", "500\ndate: Thu, 09 Nov 2023 00:42:22 GMT", "302\nlocation: /"] {
                super::error_body(format!("{head}\n\n{sample}").as_bytes());
            }
        }
        let date = "Thu, 09 Nov 2023 00:42:22 GMT";
        for text in ["", "0", "7", "61", "99999999999999999999", "1.5", "soon", date, &format!("{date}\n{date}"), "\n0"]
        {
            super::retry_after(text.as_bytes());
        }
        for text in [
            "",
            "https://h",
            "http://[::1]:1/api/rest/v1/",
            "https://h/a/../b\na/b ä%",
            "https://h\n..",
            "https://h\n\n",
        ] {
            super::server_url(text.as_bytes());
        }
    }
}

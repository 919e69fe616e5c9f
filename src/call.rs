//! A call: a value until it is awaited, then attempts and pauses until there is an answer or an error.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{Auth, Bearer};
use crate::core::{self, LeonardoCore};
use crate::decode::{self, Unwrapped};
use crate::error::{
    self, CallInfo, ConnectionError, DecodeError, DecodeReason, Error, InvalidRequestError, OutcomeUnknownError,
    Redactor, TimeoutError, TimeoutScope,
};
use crate::operation::{Effect, Operation};
use crate::retry::{Pauses, RetryPolicy};
use crate::runtime::{self, BoxFuture, Instant, MaybeSend, SystemTime};
use crate::server_url::{self, ServerUrl};
use crate::trace::CallSpan;
use crate::transport::{TransportError, TransportErrorKind, TransportRequest, TransportResponse};

/// A call of one operation. Nothing is sent until it is awaited.
///
/// Every function of [`funcs`](crate::funcs) returns one. Await it for the operation's output, or set options of this
/// one call first:
///
/// ```no_run
/// # #[cfg(feature = "image-get-generation-by-id")]
/// # async fn example(core: leonardo_ai::LeonardoCore) -> Result<(), leonardo_ai::Error> {
/// use std::time::Duration;
/// use leonardo_ai::funcs::image_get_generation_by_id;
///
/// let generation = image_get_generation_by_id(&core, "75925cd2-fb65-4e8c-84c0-6cc010a528e3")
///     .timeout(Duration::from_secs(5))
///     .header("x-request-source", "nightly batch")
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// Whatever is wrong with an argument or an option is an error of the await. Dropping the future ends the call at once;
/// whether a request that is under way is still carried out, and charged, is up to the server. To limit a call's time, set
/// its deadline: then it ends in an error that says whether money may have been spent.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'a, T = Bytes> {
    request: Request<'a>,
    /// The field that holds the record; empty if the body is wanted as it is.
    field: &'static str,
    read: fn(&'static str, &Body<'_>) -> serde_json::Result<Unwrapped<T>>,
}

/// A body of an answer, as it came and, where it is to be decoded, as text.
struct Body<'a> {
    bytes: &'a Bytes,
    text: &'a str,
}

/// Everything of a call but the type of its output, so that it is compiled once.
struct Request<'a> {
    core: &'a LeonardoCore,
    operation: &'static Operation,
    path: String,
    /// What of the operation's path follows the ids that were given.
    path_rest: &'static str,
    query: String,
    body: Option<Bytes>,
    /// Most calls have none, and a call is moved several times until it is awaited.
    options: Option<Box<Options>>,
    /// The first thing that was wrong.
    refused: Option<Box<Refused>>,
}

#[derive(Default)]
struct Options {
    headers: HeaderMap,
    timeout: Option<Duration>,
    deadline: Option<Option<Duration>>,
    retry: Option<RetryPolicy>,
    server: Option<ServerUrl>,
}

struct Refused {
    field: Cow<'static, str>,
    reason: Cow<'static, str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// An answer: the operation's output, and what came with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// How many attempts it took.
    pub attempts: u32,
    /// What the operation returns.
    pub output: T,
}

impl<'a> Call<'a, Bytes> {
    /// A call of `operation` that returns the body as it is.
    ///
    /// The functions in [`funcs`](crate::funcs) do this; it is for operations of your own.
    pub fn new(core: &'a LeonardoCore, operation: &'static Operation) -> Self {
        let (path_start, path_rest) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        // Room for an id, which is a UUID.
        let mut path = String::with_capacity(operation.path.len() + 40);
        path.push_str(path_start);
        let request = Request {
            core,
            operation,
            path,
            path_rest,
            query: String::new(),
            body: None,
            options: None,
            refused: None,
        };
        Self { request, field: "", read: as_it_is }
    }

    /// The operation's output is the record under `field`; `null` there means that there is no such record.
    pub fn record<T: DeserializeOwned>(self, field: &'static str) -> Call<'a, T> {
        Call { request: self.request, field, read: |field, body| decode::read(field, body.text) }
    }

    /// The operation's output is the list under `field`.
    pub fn list<T: DeserializeOwned>(self, field: &'static str) -> Call<'a, Vec<T>> {
        Call { request: self.request, field, read: |field, body| decode::read_list(field, body.text) }
    }

    /// The operation's output is the only element of the list under `field`.
    pub fn first<T: DeserializeOwned>(self, field: &'static str) -> Call<'a, T> {
        Call { request: self.request, field, read: |field, body| decode::read_first(field, body.text) }
    }
}

fn as_it_is(_: &'static str, body: &Body<'_>) -> serde_json::Result<Unwrapped<Bytes>> {
    Ok(Unwrapped { record: Some(Some(body.bytes.clone())), errors: false })
}

impl<'a, T> Call<'a, T> {
    /// The path's next id, which stays one segment whatever it holds. An empty id, `.`, `..` and control characters are
    /// errors.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        self.request.id(id.as_ref());
        self
    }

    /// The query, from the fields of a struct; those that are `None` are not sent.
    pub fn query(mut self, query: &impl Serialize) -> Self {
        self.request.query(serde_json::to_value(query));
        self
    }

    /// The body, as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Self {
        // Room for most requests.
        let mut json = Vec::with_capacity(512);
        let written = serde_json::to_writer(&mut json, body);
        self.request.body(written.map(|()| json));
        self
    }

    /// Adds a header to this call, in place of the core's of the same name.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        match core::header(name.as_ref(), value.as_ref()) {
            Ok((name, value)) => _ = self.request.options().headers.insert(name, value),
            Err(reason) => self.request.refuse("header", reason, None),
        }
        self
    }

    /// The longest that one attempt of this call may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if timeout.is_zero() {
            self.request.refuse("timeout", "it is zero, so the call could not succeed", None);
        }
        self.request.options().timeout = Some(timeout);
        self
    }

    /// The longest that this call may take with all attempts and pauses, from when it is awaited; `None` for no limit.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        let deadline = deadline.into();
        if deadline == Some(Duration::ZERO) {
            self.request.refuse("deadline", "it is zero, so the call could not succeed", None);
        }
        self.request.options().deadline = Some(deadline);
        self
    }

    /// How failed attempts of this call are repeated; [`RetryPolicy::none`] turns it off.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.request.options().retry = Some(policy);
        self
    }

    /// Sends this call to another server, with the same key.
    pub fn server_url(mut self, url: impl AsRef<str>) -> Self {
        match ServerUrl::parse(url.as_ref()) {
            Ok(server) => self.request.options().server = Some(server),
            Err(reason) => self.request.refuse("server_url", reason, None),
        }
        self
    }

    /// The body as the server sent it, instead of the output. An error status is still an error, but what a body of
    /// status 2xx says is not looked at.
    pub fn raw(self) -> Call<'a, Bytes> {
        Call { request: self.request, field: "", read: as_it_is }
    }

    /// The output together with status, headers and the number of attempts.
    pub fn with_response(self) -> WithResponse<'a, T> {
        WithResponse(self)
    }
}

impl<T> fmt::Debug for Call<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.request.operation.name).finish_non_exhaustive()
    }
}

impl<'a, T: MaybeSend + 'a> IntoFuture for Call<'a, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { run(&mut self).await.map(|(_, output)| output) })
    }
}

/// A call that gives a [`Response`]; made by [`Call::with_response`].
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct WithResponse<'a, T>(Call<'a, T>);

impl<'a, T: MaybeSend + 'a> IntoFuture for WithResponse<'a, T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let (Answer { status, headers, attempts }, output) = run(&mut self.0).await?;
            Ok(Response { status, headers, attempts, output })
        })
    }
}

/// The thin generic shell around [`Request::execute`].
///
/// It takes the call by reference, so that the future holds it once.
async fn run<T: MaybeSend>(call: &mut Call<'_, T>) -> Result<(Answer, T), Error> {
    let Call { request, field, read } = call;
    let field = *field;
    let mut output = None;
    let answer = request
        .execute(field, &mut |body| {
            let Unwrapped { record, errors } = read(field, body)?;
            let found = match record {
                None => Found::Nothing,
                Some(None) => Found::Null,
                Some(Some(record)) => {
                    output = Some(record);
                    Found::Record
                }
            };
            Ok((found, errors))
        })
        .await?;
    match output {
        Some(output) => Ok((answer, output)),
        // `execute` succeeds only with a record.
        None => Err(request.undecodable(answer.status, DecodeReason::NoRecord(field), String::new())),
    }
}

/// What a decoder found where the record should be.
enum Found {
    Record,
    Null,
    Nothing,
}

#[cfg(not(target_arch = "wasm32"))]
type Decoder<'a> = dyn FnMut(&Body<'_>) -> serde_json::Result<(Found, bool)> + Send + 'a;
#[cfg(target_arch = "wasm32")]
type Decoder<'a> = dyn FnMut(&Body<'_>) -> serde_json::Result<(Found, bool)> + 'a;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
}

/// What is known of an attempt even if its time ran out.
#[derive(Default)]
struct Trail {
    /// Every key that a provider gave for the call, since a server may show an earlier one.
    given: Vec<Bearer>,
    sent_at: Option<SystemTime>,
}

impl Trail {
    fn redactor<'a>(&'a self, auth: &'a Auth) -> Redactor<'a> {
        match auth {
            Auth::Fixed(bearer) => Redactor(vec![bearer.secret()]),
            Auth::Asked(_) => Redactor(self.given.iter().map(Bearer::secret).collect()),
        }
    }
}

impl Request<'_> {
    fn refuse(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    ) {
        let refused = || Box::new(Refused { field: field.into(), reason: reason.into(), source });
        self.refused.get_or_insert_with(refused);
    }

    fn options(&mut self) -> &mut Options {
        self.options.get_or_insert_default()
    }

    fn option<T>(&self, of: impl FnOnce(&Options) -> Option<T>) -> Option<T> {
        self.options.as_deref().and_then(of)
    }

    fn id(&mut self, id: &str) {
        let Some((name, rest)) = self.path_rest.split_once('}') else {
            return self.refuse("id", "the operation's path takes no further id", None);
        };
        if let Err(reason) = server_url::push_segment(&mut self.path, id) {
            self.refuse(name, reason, None);
        }
        let (literal, rest) = rest.split_once('{').unwrap_or((rest, ""));
        self.path.push_str(literal);
        self.path_rest = rest;
    }

    fn query(&mut self, query: serde_json::Result<serde_json::Value>) {
        use serde_json::Value;
        let fields = match query {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return self.refuse("query", "it is not a struct or a map", None),
            Err(error) => return self.refuse("query", error.to_string(), Some(Box::new(error))),
        };
        let mut pairs = url::form_urlencoded::Serializer::new(std::mem::take(&mut self.query));
        for (name, value) in &fields {
            match value {
                Value::Null => {}
                Value::String(text) => _ = pairs.append_pair(name, text),
                other => _ = pairs.append_pair(name, &other.to_string()),
            }
        }
        self.query = pairs.finish();
    }

    fn body(&mut self, body: serde_json::Result<Vec<u8>>) {
        match body {
            Ok(body) => self.body = Some(body.into()),
            Err(error) => self.refuse("body", error.to_string(), Some(Box::new(error))),
        }
    }

    fn info(&self) -> CallInfo {
        CallInfo::new(self.operation.name, self.operation.effect)
    }

    fn invalid(&self, refused: Refused) -> Error {
        let Refused { field, reason, source } = refused;
        Error::InvalidRequest(Box::new(InvalidRequestError { call: self.info(), field, reason, source }))
    }

    fn undecodable(&self, status: StatusCode, reason: DecodeReason, excerpt: String) -> Error {
        Error::Decode(Box::new(DecodeError { call: self.info(), status, reason, excerpt }))
    }

    fn server(&self) -> &ServerUrl {
        self.options.as_deref().and_then(|options| options.server.as_ref()).unwrap_or(&self.core.inner.server)
    }

    /// [`attempts`](Self::attempts), in a span of its own.
    async fn execute(&mut self, field: &'static str, decode: &mut Decoder<'_>) -> Result<Answer, Error> {
        let span = CallSpan::new(self.operation);
        let started = Instant::now();
        let result = span.around(self.attempts(field, decode, started, &span)).await;
        match &result {
            Ok(answer) => {
                self.core.inner.budget.give_back(answer.attempts);
                span.ended(answer.attempts, started, Ok(answer.status.as_u16()));
            }
            Err(error) => {
                span.ended(error.call().map_or(0, |call| call.attempts), started, Err(error));
            }
        }
        result
    }

    /// The whole life of a call: attempts and pauses until there is a record or an error that stays.
    async fn attempts(
        &mut self,
        field: &'static str,
        decode: &mut Decoder<'_>,
        started: Instant,
        span: &CallSpan,
    ) -> Result<Answer, Error> {
        if let Some(refused) = self.refused.take() {
            return Err(self.invalid(*refused));
        }
        if !self.path_rest.is_empty() {
            return Err(self.invalid(Refused { field: "id".into(), reason: "an id is missing".into(), source: None }));
        }
        if !runtime::is_running() {
            let reason = "a call must be awaited within a Tokio runtime";
            return Err(self.invalid(Refused { field: "runtime".into(), reason: reason.into(), source: None }));
        }
        let core = &*self.core.inner;
        let effect = self.operation.effect;
        let policy = self.options.as_deref().and_then(|options| options.retry.as_ref()).unwrap_or(&core.retry);
        let deadline = self.option(|options| options.deadline).unwrap_or(core.deadline).unwrap_or(Duration::MAX);
        let mut pauses: Option<Box<Pauses>> = None;
        let mut attempts = 0;
        let mut trail = Trail::default();
        loop {
            attempts += 1;
            span.attempt(attempts);
            trail.sent_at = None;
            let left = if attempts == 1 { deadline } else { deadline.saturating_sub(started.elapsed()) };
            let result = match self.attempt(left, deadline, &mut trail).await {
                Ok(response) => self.judge(response, field, decode, &trail),
                Err(error) => Err(error),
            };
            let mut error = match result {
                Ok((status, headers)) => return Ok(Answer { status, headers, attempts }),
                Err(error) => error,
            };
            let elapsed = started.elapsed();
            error.set_call(attempts, elapsed);
            if error.may_be_retried(effect) {
                let pause = error
                    .retry_after()
                    .unwrap_or_else(|| pauses.get_or_insert_with(|| Box::new(policy.pauses())).next());
                if policy.allows(attempts, elapsed, pause) && elapsed.saturating_add(pause) < deadline {
                    if core.budget.take() {
                        span.repeated(attempts, &error, pause);
                        runtime::sleep(pause).await;
                        // A timer may be late, and an attempt without time could only make things worse.
                        if started.elapsed() < deadline {
                            continue;
                        }
                    } else {
                        error.set_out_of_budget();
                    }
                }
            }
            return Err(match trail.sent_at {
                Some(sent_at) if effect == Effect::Billable && !error.proves_nothing_done() => {
                    let request = self.body.clone().unwrap_or_default();
                    Error::OutcomeUnknown(Box::new(OutcomeUnknownError {
                        sent_at,
                        request,
                        cause: error,
                        lookup: None,
                    }))
                }
                _ => error,
            });
        }
    }

    /// One attempt within its time.
    async fn attempt(&self, left: Duration, deadline: Duration, trail: &mut Trail) -> Result<TransportResponse, Error> {
        let timeout = self.option(|options| options.timeout).unwrap_or(self.core.inner.timeout);
        let (limit, scope) =
            if left < timeout { (deadline, TimeoutScope::Deadline) } else { (timeout, TimeoutScope::Attempt) };
        match runtime::timeout(timeout.min(left), self.exchange(trail)).await {
            Ok(result) => result,
            Err(_) => {
                let sent = trail.sent_at.is_some();
                Err(Error::Timeout(Box::new(TimeoutError { call: self.info(), scope, limit, sent })))
            }
        }
    }

    /// Asks for the key, sends, and reads the answer.
    async fn exchange(&self, trail: &mut Trail) -> Result<TransportResponse, Error> {
        let core = &*self.core.inner;
        let bearer = match &core.auth {
            Auth::Fixed(_) => None,
            Auth::Asked(provider) => {
                let refused = |reason: &'static str, source| {
                    self.invalid(Refused { field: "bearer_auth_provider".into(), reason: reason.into(), source })
                };
                let key = provider.key().await.map_err(|error| refused("it gave no key", Some(error)))?;
                Some(Bearer::new(&key).map_err(|reason| refused(reason, None))?)
            }
        };
        let request = self.prepared(bearer.as_ref());
        trail.given.extend(bearer);
        trail.sent_at = Some(SystemTime::now());
        core.transport.send(request).await.map_err(|error| self.broken(error))
    }

    /// What is sent, with a key that is not among the core's headers.
    ///
    /// Not a part of [`exchange`](Self::exchange), whose future would hold its parts for as long as it lives.
    fn prepared(&self, bearer: Option<&Bearer>) -> TransportRequest {
        let core = &*self.core.inner;
        let mut url = self.server().join(&self.path);
        if !self.query.is_empty() {
            url.set_query(Some(&self.query));
        }
        let mut request = TransportRequest::new(self.operation.method.clone(), url, core.max_response_bytes);
        request.headers = if self.body.is_some() { &core.headers_with_body } else { &core.headers }.clone();
        if let Some(bearer) = bearer {
            request.headers.insert(AUTHORIZATION, bearer.header().clone());
        }
        for (name, value) in self.options.iter().flat_map(|options| &options.headers) {
            request.headers.insert(name, value.clone());
        }
        request.body = self.body.clone();
        request
    }

    fn broken(&self, error: TransportError) -> Error {
        match (error.kind(), error.status()) {
            (TransportErrorKind::TooLarge, status) => {
                let limit = self.core.inner.max_response_bytes;
                self.undecodable(status.unwrap_or_default(), DecodeReason::TooLarge { limit }, String::new())
            }
            _ => {
                let server = self.server().origin();
                Error::Connection(Box::new(ConnectionError { call: self.info(), server, source: error }))
            }
        }
    }

    /// Whether an answer is what was asked for.
    fn judge(
        &self,
        response: TransportResponse,
        field: &'static str,
        decode: &mut Decoder<'_>,
        trail: &Trail,
    ) -> Result<(StatusCode, HeaderMap), Error> {
        let TransportResponse { status, headers, body } = response;
        let refusal = |headers, body| {
            let error = error::api_error(self.info(), status, headers, body, &trail.redactor(&self.core.inner.auth));
            Err(Error::Api(Box::new(error)))
        };
        if !status.is_success() {
            return refusal(headers, body);
        }
        if body.is_empty() && !field.is_empty() {
            return Err(self.undecodable(status, DecodeReason::Empty, String::new()));
        }
        let billable = self.operation.effect == Effect::Billable;
        // A body that is wanted as it is may be anything.
        let text = if field.is_empty() { Ok("") } else { std::str::from_utf8(&body) };
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                let (reason, excerpt) = error::not_text(error, body, &trail.redactor(&self.core.inner.auth));
                return Err(self.undecodable(status, reason, excerpt));
            }
        };
        match decode(&Body { bytes: &body, text }) {
            // The id of something paid for is handed over even if an error stands beside it.
            Ok((Found::Record, errors)) if billable || !errors => Ok((status, headers)),
            Ok((_, true)) => refusal(headers, body),
            // Without a record, an error may stand in its place. A record that cannot be read is still a sign that
            // something was done.
            Ok((Found::Nothing, _)) if error::tells_error(&body) => refusal(headers, body),
            Err(_) if !billable && error::tells_error(&body) => refusal(headers, body),
            Ok((Found::Null, _)) if !billable => {
                let error =
                    error::not_found(self.info(), status, headers, body, &trail.redactor(&self.core.inner.auth));
                Err(Error::Api(Box::new(error)))
            }
            Ok((Found::Nothing, _)) => {
                let clean = trail.redactor(&self.core.inner.auth).whole(body);
                Err(self.undecodable(status, DecodeReason::MissingField(field), error::excerpt(&clean, 0)))
            }
            Ok(_) => Err(self.undecodable(status, DecodeReason::NoRecord(field), String::new())),
            Err(error) => {
                let (reason, excerpt) = error::unreadable(&error, body, &trail.redactor(&self.core.inner.auth));
                Err(self.undecodable(status, reason, excerpt))
            }
        }
    }
}

//! A call: a value until it is awaited, then attempts and pauses until there is an answer or an error.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::decode::{self, Found, Unwrapped};
use crate::codec::{Budget, Place};
use crate::core::key::{Auth, Bearer};
use crate::core::server_url::{self, ServerUrl};
use crate::core::{self, LeonardoCore};
use crate::error::{
    self, CallInfo, ConnectionError, DecodeError, DecodeReason, Error, InvalidRequestError, OutcomeUnknownError,
    Redactor, TimeoutError, TimeoutScope,
};
use crate::operation::{Effect, Operation, OperationInfo};
use crate::retry::{Pauses, RetryPolicy};
use crate::runtime::{self, BoxFuture, Instant, MaybeSend, SystemTime};
use crate::trace::CallSpan;
use crate::transport::{self, TransportError, TransportErrorKind, TransportRequest, TransportResponse};

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
pub struct Call<T = Bytes> {
    /// In a box, since a call is moved several times until it is awaited.
    request: Box<Request>,
    /// Invariant, since the output is found again by its type.
    output: PhantomData<fn(T) -> T>,
}

/// One lifetime for another would be another type when the output is found again by its type.
///
/// ```
/// fn same(call: leonardo_ai::Call<&'static str>) -> leonardo_ai::Call<&'static str> {
///     call
/// }
/// ```
///
/// ```compile_fail
/// fn shorter<'a>(call: leonardo_ai::Call<&'static str>) -> leonardo_ai::Call<&'a str> {
///     call
/// }
/// ```
#[cfg(doctest)]
struct OutputIsInvariant;

/// An output whose type only the call knows.
#[cfg(not(target_arch = "wasm32"))]
type Output = Box<dyn Any + Send>;
#[cfg(target_arch = "wasm32")]
type Output = Box<dyn Any>;

/// What is made of the body of an answer.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// Nothing: it is wanted as it is.
    Raw,
    /// A record of this crate's.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "without operations there are no records"))]
    Own(fn() -> Box<dyn Own>),
    /// A record of the caller's.
    Theirs(fn(&'static str, &str) -> serde_json::Result<Unwrapped<Output>>),
}

/// Everything of a call but the type of its output, so that it is compiled once.
struct Request {
    core: LeonardoCore,
    operation: &'static OperationInfo,
    /// The field that holds the record.
    field: &'static str,
    reader: Reader,
    path: String,
    /// What of the operation's path follows the ids that were given.
    path_rest: &'static str,
    query: String,
    body: Option<Bytes>,
    options: Options,
    /// Whether the headers of the response are handed over.
    with_response: bool,
    /// The first thing that was wrong.
    refused: Option<Refused>,
}

#[derive(Default)]
struct Options {
    headers: HeaderMap,
    timeout: Option<Duration>,
    deadline: Option<Option<Duration>>,
    retry: Option<RetryPolicy>,
    server: Option<ServerUrl>,
    /// In place of what the provider gives.
    bearer: Option<Bearer>,
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

/// How the output of an operation is made of the body of a response.
#[derive(Debug)]
pub(crate) struct Decoder<T> {
    reader: Reader,
    output: PhantomData<fn(T) -> T>,
}

impl Decoder<Bytes> {
    /// The body as it is.
    pub(crate) const BODY: Self = Self { reader: Reader::Raw, output: PhantomData };
}

/// A record of this crate's.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has one record"))]
pub(crate) const fn record<T: Place + Default + MaybeSend + 'static>() -> Decoder<T> {
    Decoder { reader: Reader::Own(|| Box::<T>::default()), output: PhantomData }
}

/// A list of records; one that is `null` is empty.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation lists records"))]
pub(crate) const fn list<T: Place + Default + MaybeSend + 'static>() -> Decoder<Vec<T>> {
    Decoder { reader: Reader::Own(|| Box::<Listed<T>>::default()), output: PhantomData }
}

/// The first record of a list that is not `null`; without one, as if the list were `null`.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has one record in a list"))]
pub(crate) const fn first<T: Place + Default + MaybeSend + 'static>() -> Decoder<T> {
    Decoder { reader: Reader::Own(|| Box::<First<T>>::default()), output: PhantomData }
}

impl<T> Call<T> {
    /// A call of `operation`.
    ///
    /// The functions in [`funcs`](crate::funcs) do this; it is for operations of your own.
    pub fn new(core: &LeonardoCore, operation: &'static Operation<T>) -> Self {
        let request = Request::new(core, &operation.info, operation.decoder.reader);
        Self { request: Box::new(request), output: PhantomData }
    }
}

impl Call<Bytes> {
    /// The operation's output is the record under `field`; `null` there means that there is no such record.
    pub fn record<T: DeserializeOwned + MaybeSend + 'static>(self, field: &'static str) -> Call<T> {
        self.with(field, Reader::Theirs(|field, text| decode::read::<T>(field, text).map(untyped)))
    }

    /// The operation's output is the list under `field`, which is empty if it is `null`.
    pub fn list<T: DeserializeOwned + MaybeSend + 'static>(self, field: &'static str) -> Call<Vec<T>> {
        self.with(field, Reader::Theirs(|field, text| decode::read_list::<T>(field, text).map(untyped)))
    }

    /// The operation's output is the only element of the list under `field`.
    pub fn first<T: DeserializeOwned + MaybeSend + 'static>(self, field: &'static str) -> Call<T> {
        fn first<T>(list: Option<Vec<T>>) -> Option<T> {
            list?.into_iter().next()
        }
        self.with(field, Reader::Theirs(|field, text| Ok(untyped(decode::read_list::<T>(field, text)?.map(first)))))
    }
}

/// Takes the type away from what was read.
fn untyped<T: MaybeSend + 'static>(record: Unwrapped<T>) -> Unwrapped<Output> {
    record.map(|record| record.map(|record| Box::new(record) as Output))
}

/// A place for a record of this crate's, or for some. All that is compiled for each type.
pub(crate) trait Own: MaybeSend + 'static {
    fn slot(&mut self) -> &mut dyn Place;

    /// What is there after reading, given whether it was anything but `null`.
    fn output(self: Box<Self>, taken: bool) -> Option<Output>;
}

impl<T: Place + MaybeSend + 'static> Own for T {
    fn slot(&mut self) -> &mut dyn Place {
        self
    }

    fn output(self: Box<Self>, taken: bool) -> Option<Output> {
        taken.then_some(self)
    }
}

#[derive(Default)]
struct Listed<T>(Vec<T>);

impl<T: Place + Default + MaybeSend + 'static> Own for Listed<T> {
    fn slot(&mut self) -> &mut dyn Place {
        &mut self.0
    }

    fn output(self: Box<Self>, _: bool) -> Option<Output> {
        Some(Box::new(self.0))
    }
}

#[derive(Default)]
struct First<T>(Vec<T>);

impl<T: Place + Default + MaybeSend + 'static> Own for First<T> {
    fn slot(&mut self) -> &mut dyn Place {
        &mut self.0
    }

    fn output(self: Box<Self>, _: bool) -> Option<Output> {
        Some(Box::new(self.0.into_iter().next()?))
    }
}

impl<T> Call<T> {
    fn with<U>(mut self, field: &'static str, reader: Reader) -> Call<U> {
        self.request.field = field;
        self.request.reader = reader;
        Call { request: self.request, output: PhantomData }
    }

    /// The path's next id, which stays one segment whatever it holds. An empty id, `.`, `..` and control characters are
    /// errors.
    pub fn id(mut self, id: impl AsRef<str>) -> Self {
        self.request.id(id.as_ref());
        self
    }

    /// The query, from the fields of a struct, which must be texts, numbers or booleans; those that are `None` are not
    /// sent.
    pub fn query(mut self, query: &impl Serialize) -> Self {
        self.request.query(serde_json::to_string(query));
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
            Ok((name, value)) => core::set(&mut self.request.options.headers, name, value),
            Err(reason) => self.request.refuse("header", reason, None),
        }
        self
    }

    /// The longest that one attempt of this call may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if timeout.is_zero() {
            self.request.refuse("timeout", "it is zero, so the call could not succeed", None);
        }
        self.request.options.timeout = Some(timeout);
        self
    }

    /// The longest that this call may take with all attempts and pauses, from when it is awaited; `None` for no limit.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        let deadline = deadline.into();
        if deadline == Some(Duration::ZERO) {
            self.request.refuse("deadline", "it is zero, so the call could not succeed", None);
        }
        self.request.options.deadline = Some(deadline);
        self
    }

    /// How failed attempts of this call are repeated; [`RetryPolicy::none`] turns it off.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.request.options.retry = Some(policy);
        self
    }

    /// Sends this call with that key, instead of asking the provider for one.
    #[cfg(feature = "image-find-generation")]
    pub(crate) fn key(mut self, bearer: Option<Bearer>) -> Self {
        self.request.options.bearer = bearer;
        self
    }

    /// Sends this call to another server, with the same key; what is refused of the core's URL is refused here too.
    pub fn server_url(mut self, url: impl AsRef<str>) -> Self {
        let allow_http = self.request.core.inner.allow_http;
        match ServerUrl::parse(url.as_ref()).and_then(|server| server.permitted(allow_http)) {
            Ok(server) => self.request.options.server = Some(server),
            Err(reason) => self.request.refuse("server_url", reason, None),
        }
        self
    }

    /// The body as the server sent it, instead of the output. An error status is still an error, but what a body of
    /// status 2xx says is not looked at.
    pub fn raw(self) -> Call<Bytes> {
        self.with("", Reader::Raw)
    }

    /// The output together with status, headers and the number of attempts.
    ///
    /// A header whose value repeats the key is marked as sensitive, so that `Debug` does not show it; one whose name does
    /// is left out.
    pub fn with_response(mut self) -> WithResponse<T> {
        self.request.with_response = true;
        WithResponse(self)
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.request.operation.name).finish_non_exhaustive()
    }
}

impl<T: 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Sending<T>;

    fn into_future(self) -> Self::IntoFuture {
        Sending { work: Work(start(self.request)), output: PhantomData }
    }
}

/// A call under way.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sending<T> {
    work: Work,
    output: PhantomData<fn(T) -> T>,
}

impl<T: 'static> Future for Sending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.work.output(context).map_ok(known)
    }
}

/// A call that gives a [`Response`]; made by [`Call::with_response`].
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct WithResponse<T>(Call<T>);

impl<T: 'static> IntoFuture for WithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = SendingWithResponse<T>;

    fn into_future(self) -> Self::IntoFuture {
        SendingWithResponse { work: Work(start(self.0.request)), output: PhantomData }
    }
}

/// A call under way that gives a [`Response`].
#[must_use = "futures do nothing unless they are polled"]
pub struct SendingWithResponse<T> {
    work: Work,
    output: PhantomData<fn(T) -> T>,
}

impl<T: 'static> Future for SendingWithResponse<T> {
    type Output = Result<Response<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.work.0.as_mut().poll(context).map_ok(|Answer { status, mut headers, attempts, output }| {
            transport::detach(&mut headers);
            let output = known(output);
            Response { status, headers, attempts, output }
        })
    }
}

/// What a call does, whatever the type of its output, so that it is compiled once.
struct Work(BoxFuture<'static, Result<Answer, Error>>);

impl Work {
    fn output(&mut self, context: &mut Context<'_>) -> Poll<Result<Output, Error>> {
        self.0.as_mut().poll(context).map_ok(|answer| answer.output)
    }
}

fn start(mut request: Box<Request>) -> BoxFuture<'static, Result<Answer, Error>> {
    Box::pin(async move { request.execute().await })
}

/// The output as what it was read as.
fn known<T: 'static>(output: Output) -> T {
    *output.downcast().expect("a call is read as the type that it is awaited as")
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
    output: Output,
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

impl Request {
    fn new(core: &LeonardoCore, operation: &'static OperationInfo, reader: Reader) -> Self {
        let (path_start, path_rest) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        // Room for an id, which is a UUID.
        let mut path = String::with_capacity(operation.path.len() + 40);
        path.push_str(path_start);
        Self {
            core: core.clone(),
            operation,
            field: operation.field,
            reader,
            path,
            path_rest,
            query: String::new(),
            body: None,
            options: Options::default(),
            with_response: false,
            refused: None,
        }
    }

    fn refuse(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    ) {
        self.refused.get_or_insert_with(|| Refused { field: field.into(), reason: reason.into(), source });
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

    /// From JSON, which requests are encoded as anyway; its numbers are sent as they are written.
    fn query(&mut self, query: serde_json::Result<String>) {
        let query = match query {
            Ok(query) => query,
            Err(error) => return self.refuse("query", error.to_string(), Some(Box::new(error))),
        };
        let Some(fields) = pairs(&query) else {
            return self.refuse("query", "it is not a struct or a map", None);
        };
        let mut pairs = url::form_urlencoded::Serializer::new(std::mem::take(&mut self.query));
        for (name, value) in &fields {
            match value.as_bytes() {
                b"null" => {}
                [b'"', ..] => {
                    let text: String = serde_json::from_str(value).unwrap_or_default();
                    pairs.append_pair(name, &text);
                }
                [] => {
                    let reason = format!("`{name}` is neither a text, nor a number, nor a boolean");
                    return self.refuse("query", reason, None);
                }
                _ => _ = pairs.append_pair(name, value),
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
        Error::Decode(Box::new(DecodeError { call: self.info(), status, reason, excerpt, id: None }))
    }

    fn server(&self) -> &ServerUrl {
        self.options.server.as_ref().unwrap_or(&self.core.inner.server)
    }

    /// [`attempts`](Self::attempts), in a span of its own.
    async fn execute(&mut self) -> Result<Answer, Error> {
        let span = CallSpan::new(self.operation);
        let started = Instant::now();
        let result = span.around(self.attempts(started, &span)).await;
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
    async fn attempts(&mut self, started: Instant, span: &CallSpan) -> Result<Answer, Error> {
        if let Some(refused) = self.refused.take() {
            return Err(self.invalid(refused));
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
        let policy = self.options.retry.as_ref().unwrap_or(&core.retry);
        let deadline = self.options.deadline.unwrap_or(core.deadline).unwrap_or(Duration::MAX);
        // An attempt that is cut short would make an outcome unknown that is certain without it.
        let least = if effect == Effect::Billable { core.min_time_for_billable } else { Duration::ZERO };
        if deadline < least {
            let (left, least) = (deadline.as_secs_f64(), least.as_secs_f64());
            let reason = format!(
                "it leaves {left} s, and a call that costs credits needs {least} s to begin; allow more time, or change \
                 min_time_for_billable of the core"
            );
            return Err(self.invalid(Refused { field: "deadline".into(), reason: reason.into(), source: None }));
        }
        let in_time = |at: Duration| at.saturating_add(least) < deadline;
        let mut pauses: Option<Box<Pauses>> = None;
        let mut attempts = 0;
        let mut trail = Trail::default();
        loop {
            attempts += 1;
            span.attempt(attempts);
            trail.sent_at = None;
            let left = if attempts == 1 { deadline } else { deadline.saturating_sub(started.elapsed()) };
            let result = match self.attempt(left, deadline, &mut trail).await {
                Ok(response) => self.judge(response, &trail),
                Err(error) => Err(error),
            };
            let mut error = match result {
                Ok((status, headers, output)) => return Ok(Answer { status, headers, attempts, output }),
                Err(error) => error,
            };
            let elapsed = started.elapsed();
            error.set_call(attempts, elapsed);
            if error.may_be_retried(effect) {
                // A server may ask for more, but not for so little that the policy means nothing.
                let own = pauses.get_or_insert_with(|| Box::new(policy.pauses())).next();
                let pause = error.retry_after().map_or(own, |asked| asked.max(own));
                if policy.allows(attempts, elapsed, pause) && in_time(elapsed.saturating_add(pause)) {
                    if core.budget.take() {
                        span.repeated(attempts, &error, pause);
                        runtime::sleep(pause).await;
                        // A timer may be late, and an attempt without time could only make things worse.
                        if in_time(started.elapsed()) {
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
                        id: error.take_id(),
                        cause: error,
                        candidates: Vec::new(),
                        lookup: None,
                    }))
                }
                _ => error,
            });
        }
    }

    /// One attempt within its time.
    async fn attempt(&self, left: Duration, deadline: Duration, trail: &mut Trail) -> Result<TransportResponse, Error> {
        let timeout = self.options.timeout.unwrap_or(self.core.inner.timeout);
        let (limit, scope) =
            if left < timeout { (deadline, TimeoutScope::Deadline) } else { (timeout, TimeoutScope::Attempt) };
        let result = runtime::timeout(timeout.min(left), std::pin::pin!(self.exchange(trail))).await;
        match result {
            Some(result) => result,
            None => {
                let sent = trail.sent_at.is_some();
                Err(Error::Timeout(Box::new(TimeoutError { call: self.info(), scope, limit, sent })))
            }
        }
    }

    /// Asks for the key, sends, and reads the answer.
    async fn exchange(&self, trail: &mut Trail) -> Result<TransportResponse, Error> {
        let core = &*self.core.inner;
        let bearer = match &self.options.bearer {
            Some(bearer) => Some(bearer.clone()),
            None => core.auth.bearer().await.map_err(|(reason, source)| {
                self.invalid(Refused { field: "bearer_auth_provider".into(), reason: reason.into(), source })
            })?,
        };
        let request = self.prepared(bearer.as_ref());
        trail.given.extend(bearer);
        trail.sent_at = Some(core.wall_now());
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
            core::set(&mut request.headers, AUTHORIZATION, bearer.header().clone());
        }
        for (name, value) in &self.options.headers {
            core::set(&mut request.headers, name.clone(), value.clone());
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
    fn judge(&self, response: TransportResponse, trail: &Trail) -> Result<(StatusCode, HeaderMap, Output), Error> {
        match self.verdict(response.status, &response.body) {
            Ok(output) => {
                let mut headers = response.headers;
                if self.with_response {
                    hide_keys(&mut headers, &trail.redactor(&self.core.inner.auth));
                }
                Ok((response.status, headers, output))
            }
            Err(fault) => Err(self.fault(fault, response, trail)),
        }
    }

    fn verdict(&self, status: StatusCode, body: &Bytes) -> Result<Output, Fault> {
        if !status.is_success() {
            return Err(Fault::Refused);
        }
        let billable = self.operation.effect == Effect::Billable;
        match self.read(body) {
            // The id of something paid for is handed over even if an error stands beside it.
            Ok(Unwrapped { found: Found::Record(output), errors }) if billable || !errors => Ok(output),
            Ok(Unwrapped { errors: true, .. }) => Err(Fault::Refused),
            // Without a record, an error may stand in its place. A record that cannot be read is still a sign that
            // something was done.
            Ok(Unwrapped { found: Found::Nothing, .. }) if error::tells_error(body) => Err(Fault::Refused),
            Err(Fault::Unreadable(Unreadable::NotJson(_), _)) if !billable && error::tells_error(body) => {
                Err(Fault::Refused)
            }
            Ok(Unwrapped { found: Found::Null, .. }) if !billable => Err(Fault::NotFound),
            Ok(Unwrapped { found: Found::Nothing, .. }) => Err(Fault::NoField),
            Ok(_) => Err(Fault::NoRecord),
            Err(fault) => Err(fault),
        }
    }

    fn read(&self, body: &Bytes) -> Result<Unwrapped<Output>, Fault> {
        match self.reader {
            Reader::Raw => Ok(Unwrapped { found: Found::Record(Box::new(body.clone())), errors: false }),
            _ if body.is_empty() => Err(Fault::Empty),
            Reader::Own(make) => self.read_own(body, make()),
            Reader::Theirs(read) => match std::str::from_utf8(body) {
                Ok(text) => read(self.field, text).map_err(|error| Fault::Unreadable(Unreadable::NotJson(error), None)),
                Err(error) => Err(Fault::Unreadable(Unreadable::NotText(error), None)),
            },
        }
    }

    fn read_own(&self, body: &[u8], mut own: Box<dyn Own>) -> Result<Unwrapped<Output>, Fault> {
        let limit = self.core.inner.max_response_bytes.saturating_mul(3).max(LEAST_DECODED);
        let budget = Budget::new(limit);
        let (text, not_text) = match std::str::from_utf8(body) {
            Ok(text) => (text, None),
            // What is text before that may hold the id of what was made.
            Err(error) => (body.utf8_chunks().next().map_or("", |chunk| chunk.valid()), Some(error)),
        };
        let read = decode::fill(self.field, text, own.slot(), &budget);
        let error = match (read, not_text) {
            (Ok(read), None) => return Ok(read.map(|taken| own.output(taken.is_some()))),
            (_, Some(error)) => Unreadable::NotText(error),
            (Err(_), None) if budget.is_exceeded() => Unreadable::Expands(limit),
            (Err(error), None) => Unreadable::NotJson(error),
        };
        Err(Fault::Unreadable(error, own.slot().id().map(str::to_owned)))
    }

    #[cold]
    fn fault(&self, fault: Fault, response: TransportResponse, trail: &Trail) -> Error {
        let TransportResponse { status, headers, body } = response;
        let redactor = trail.redactor(&self.core.inner.auth);
        let (reason, excerpt) = match fault {
            Fault::Refused | Fault::NotFound => {
                let told = matches!(fault, Fault::Refused);
                let error = error::api_error(self.info(), told, status, headers, body, &redactor);
                return Error::Api(Box::new(error));
            }
            Fault::Empty => (DecodeReason::Empty, String::new()),
            Fault::NoRecord => (DecodeReason::NoRecord(self.field), String::new()),
            Fault::NoField => (DecodeReason::MissingField(self.field), error::excerpt(&redactor.whole(body), 0)),
            Fault::Unreadable(error, id) => {
                let (reason, excerpt) = match error {
                    Unreadable::NotText(error) => error::not_text(error, body, &redactor),
                    Unreadable::NotJson(error) => error::unreadable(&error, body, &redactor),
                    Unreadable::Expands(limit) => (DecodeReason::Expands { limit }, String::new()),
                };
                let mut error = self.undecodable(status, reason, excerpt);
                error.set_id(id.map(|id| redactor.text(id)));
                return error;
            }
        };
        self.undecodable(status, reason, excerpt)
    }
}

/// Keeps what `Debug` of headers shows free of keys.
fn hide_keys(headers: &mut HeaderMap, redactor: &Redactor<'_>) {
    let named: Vec<_> = headers.keys().filter(|name| redactor.is_in(name.as_ref())).cloned().collect();
    for name in &named {
        headers.remove(name);
    }
    for value in headers.values_mut() {
        if redactor.is_in(value.as_bytes()) {
            value.set_sensitive(true);
        }
    }
}

/// What a response may take when it is decoded, in bytes, however little `max_response_bytes` allows.
const LEAST_DECODED: usize = 64 * 1024;

/// The fields of an object in their order, each value as it is written. `json` is of the form that serde_json writes,
/// without blanks. An object that holds others ends with the first of them.
fn pairs(json: &str) -> Option<Vec<(String, &str)>> {
    let mut rest = json.strip_prefix('{')?;
    let mut pairs = Vec::new();
    while rest.starts_with('"') {
        let (name, after) = rest.split_at(scalar(rest));
        let after = after.strip_prefix(':')?;
        let (value, after) = after.split_at(scalar(after));
        pairs.push((serde_json::from_str(name).ok()?, value));
        rest = after.strip_prefix(',').unwrap_or_default();
    }
    Some(pairs)
}

/// The length of the text, number or word that `json` begins with; 0 if it begins with none.
fn scalar(json: &str) -> usize {
    let bytes = json.as_bytes();
    if bytes.first() != Some(&b'"') {
        return bytes.iter().position(|byte| b",:[]{}".contains(byte)).unwrap_or(bytes.len());
    }
    let mut escaped = false;
    let end = bytes.iter().skip(1).position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(bytes.len(), |end| end + 2)
}

/// Why an answer is not what was asked for.
enum Fault {
    /// It is an error of the API.
    Refused,
    /// It says that there is no such record.
    NotFound,
    Empty,
    /// It cannot be read; with the id of what was made, if that was read before.
    Unreadable(Unreadable, Option<String>),
    /// The field that holds the record is missing.
    NoField,
    /// It is there, and `null`.
    NoRecord,
}

enum Unreadable {
    NotText(std::str::Utf8Error),
    NotJson(serde_json::Error),
    /// It takes more memory than this.
    Expands(usize),
}

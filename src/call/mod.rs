//! A call: a value until it is awaited, then attempts and delays until there is a response or an error.

mod account;
mod attempts;
mod classify;
mod decoder;
#[cfg(feature = "limits")]
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has a price"))]
mod estimate;
mod operation;
mod options;
#[cfg(feature = "limits")]
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has a price"))]
mod prices;
mod request;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[cfg(feature = "limits")]
pub(crate) use self::account::Ticket;
use self::decoder::{Output, Reader, typed};
#[cfg_attr(not(feature = "full"), allow(unused_imports, reason = "not every operation has every shape"))]
pub(crate) use self::decoder::{first, flat, list, record};
#[cfg(feature = "limits")]
pub use self::estimate::EstimateCost;
pub use self::operation::Operation;
pub(crate) use self::options::{Options, call_options, cost_option, request_options};
#[cfg(feature = "limits")]
pub(crate) use self::prices::{Priced, Spending};
use self::request::Request;
use crate::codec::Fields;
use crate::core::LeonardoCore;
use crate::error::{Error, Refused};
use crate::runtime::{BoxFuture, MaybeSend};
use crate::transport;

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

/// A response: the operation's output, and what came with it.
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
    /// A call of an operation of which nothing but the table's line is known.
    #[cfg(feature = "limits")]
    pub(crate) fn of(core: &LeonardoCore, operation: &'static crate::operation::OperationInfo) -> Self {
        Self { request: Box::new(Request::new(core, operation, Reader::Raw)), output: PhantomData }
    }

    /// The operation's output is the record under `field`; `null` there means that there is no such record.
    pub fn record<T: DeserializeOwned + MaybeSend + 'static>(self, field: &'static str) -> Call<T> {
        self.with(field, Reader::record_of::<T>())
    }

    /// The operation's output is the list under `field`, which is empty if it is `null`.
    pub fn list<T: DeserializeOwned + MaybeSend + 'static>(self, field: &'static str) -> Call<Vec<T>> {
        self.with(field, Reader::list_of::<T>())
    }

    /// The operation's output is the only element of the list under `field`.
    pub fn first<T: DeserializeOwned + MaybeSend + 'static>(self, field: &'static str) -> Call<T> {
        self.with(field, Reader::first_of::<T>())
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

    /// The query, from the fields of a struct or a map, which must be texts, numbers or booleans; those that are `None`
    /// are not sent.
    pub fn query(mut self, query: &impl Serialize) -> Self {
        match serde_json::to_value(query) {
            Ok(Value::Object(fields)) => self.request.query(&fields),
            Ok(_) => self.request.options.refuse(Refused::new("query", "it is not a struct or a map")),
            Err(error) => self.request.unwritable("query", error),
        }
        self
    }

    /// Refuses the call if a text that the service insists on is blank, which it would refuse as well, or worse.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "few operations insist on a text"))]
    pub(crate) fn required(mut self, field: &'static str, text: &str) -> Self {
        if text.chars().all(char::is_whitespace) {
            self.request.options.refuse(Refused::new(field, "it is empty"));
        }
        self
    }

    /// The query, from the fields of a request of this crate's.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "few operations have a query"))]
    pub(crate) fn query_of(mut self, fields: &dyn Fields) -> Self {
        self.request.query(fields);
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

    /// The body as it is sent.
    #[cfg(feature = "creating-once")]
    pub(crate) fn written(&self) -> Bytes {
        self.request.body.clone().unwrap_or_default()
    }

    /// Has the options of a workflow. What was wrong with the call stays wrong.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "few operations belong to a workflow"))]
    pub(crate) fn with_options(mut self, options: &Options) -> Self {
        let refused = self.request.options.refused.take();
        self.request.options = options.clone();
        if refused.is_some() {
            self.request.options.refused = refused;
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
        WithResponse { call: self }
    }
}

cost_option! { impl[T] Call<T>, options: request.options }
call_options! {
    impl[T] Call<T>, options: request.options, core: request.core,
    deadline: "The longest that the call may take with all attempts and delays, from when it is awaited; `None` for no \
               limit. Defaults to the core's.",
    retry: "How failed attempts are retried. Defaults to the core's policy; [`RetryPolicy::none`](crate::RetryPolicy::none) \
            turns it off."
}

cost_option! { impl[T] WithResponse<T>, options: call.request.options }
call_options! {
    impl[T] WithResponse<T>, options: call.request.options, core: call.request.core,
    deadline: "As [`Call::deadline`].",
    retry: "As [`Call::retry`]."
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
        self.work.output(context).map_ok(typed)
    }
}

/// A call that gives a [`Response`]; made by [`Call::with_response`].
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct WithResponse<T> {
    call: Call<T>,
}

impl<T: 'static> IntoFuture for WithResponse<T> {
    type Output = Result<Response<T>, Error>;
    type IntoFuture = SendingWithResponse<T>;

    fn into_future(self) -> Self::IntoFuture {
        SendingWithResponse { work: Work(start(self.call.request)), output: PhantomData }
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
        self.work.0.as_mut().poll(context).map_ok(|Attempted { status, mut headers, attempts, output }| {
            transport::detach(&mut headers);
            let output = typed(output);
            Response { status, headers, attempts, output }
        })
    }
}

/// What a call does, whatever the type of its output, so that it is compiled once.
struct Work(BoxFuture<'static, Result<Attempted, Error>>);

impl Work {
    fn output(&mut self, context: &mut Context<'_>) -> Poll<Result<Output, Error>> {
        self.0.as_mut().poll(context).map_ok(|attempted| attempted.output)
    }
}

fn start(mut request: Box<Request>) -> BoxFuture<'static, Result<Attempted, Error>> {
    Box::pin(async move { request.execute().await })
}

/// What the attempts of a call ended with.
struct Attempted {
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
    output: Output,
}

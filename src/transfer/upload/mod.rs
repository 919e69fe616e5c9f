//! Files from here to the places that a call of the API gives, each with a presigned form.

mod error;
mod form;
mod send;
mod source;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

use std::any::Any;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use http::Method;
use http::header::CONTENT_TYPE;

pub use self::error::{UploadError, UploadReason};
pub(crate) use self::form::{Form, UploadTarget};
use self::form::{Multipart, Target};
use self::source::File;
pub(crate) use self::source::{Loaded, Look, Source};
use super::options::transfer_options;
use super::{Failure, Kind, Options, Refusal, Retries, in_time, may_begin, refusal, request};
use crate::call::{self, Call, request_options};
use crate::codec::serialize;
use crate::core::LeonardoCore;
use crate::error::Error;
use crate::runtime::{self, BoxFuture};
use crate::transport::wire;

/// An upload, which gives the id of what was uploaded.
///
/// Retried are: no connection, a broken or stalled transfer, 408, 429, 5xx and a form that has expired, with the file
/// read anew. All attempts go to one place, as long as its form is valid.
///
/// The headers, the timeout and the server that can be set are those of the call that asks the API for the place. The
/// storage is sent none of the headers.
#[must_use = "nothing is uploaded until it is awaited"]
pub struct Upload<T> {
    /// In a box, since an upload is moved several times until it is awaited.
    request: Box<Request>,
    /// Invariant, since the id is found again by its type.
    id: PhantomData<fn(T) -> T>,
}

/// Everything of an upload but the type of the id, so that it is compiled once.
struct Request {
    core: LeonardoCore,
    /// The function that errors name.
    operation: &'static str,
    sources: Vec<Source>,
    accept: fn(&Look<'_>) -> Result<Kind, UploadReason>,
    ask: Box<Ask>,
    call: call::Options,
    options: Options,
    on_progress: Option<Box<dyn FnMut(UploadProgress) + Send>>,
}

/// Asks the API for a place for files of these kinds, of which there are as many as sources.
type Ask = dyn Fn(&LeonardoCore, &[Kind], &call::Options) -> BoxFuture<'static, Result<Untyped, Error>> + Send;

/// A place whose id has a type that only the upload knows, with a form for each file.
type Untyped = (Id, Vec<Form>);
type Id = Box<dyn Any + Send>;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadProgress {
    /// The bytes of the file that were handed to the connection. Never fewer than before, even if the upload had to
    /// begin anew. Of several files, those of all together.
    pub sent: u64,
    /// The bytes of the whole file, or of all files.
    pub total: u64,
}

serialize! { impl[] UploadProgress { sent => "sent", total => "total" } }

request_options! { impl[T] Upload<T>, options: request.call, core: request.core }

transfer_options! {
    impl[T] Upload<T>, options: request.options,
    idle_timeout: "The longest time in which no byte goes out, which begins with connecting and ends with the storage's \
                   response. In a browser, which does not tell of it, the longest time of one request to the storage. Defaults to \
                   60 s.",
    retry: "How failed attempts are retried. Defaults to the core's policy, whose time counts from the last byte that \
            went out."
}

impl<T: Send + 'static> Upload<T> {
    /// An upload of as many files as `ask` gives forms for.
    ///
    /// `accept` says of each file which kind it is announced as, or why it is not taken; `ask` asks the API for a place,
    /// again if a form has expired; `place` takes out of the response what matters here.
    pub(crate) fn new<P: 'static, const N: usize>(
        core: &LeonardoCore,
        operation: &'static str,
        sources: [Source; N],
        accept: fn(&Look<'_>) -> Result<Kind, UploadReason>,
        ask: impl Fn(&LeonardoCore, [Kind; N]) -> Call<P> + Send + 'static,
        place: fn(P) -> UploadTarget<T, N>,
    ) -> Self {
        let ask = move |core: &LeonardoCore, kinds: &[Kind], options: &call::Options| -> BoxFuture<'static, _> {
            let call = ask(core, std::array::from_fn(|at| kinds[at])).with_options(options);
            Box::pin(async move {
                let UploadTarget { id, forms } = place(call.await?);
                Ok((Box::new(id) as Id, forms.into()))
            })
        };
        let request = Request {
            core: core.clone(),
            operation,
            sources: sources.into(),
            accept,
            ask: Box::new(ask),
            call: call::Options::default(),
            // The system may hold a good deal of what was handed to it, and the storage takes its time too.
            options: Options::new(Duration::from_secs(60)),
            on_progress: None,
        };
        Self { request: Box::new(request), id: PhantomData }
    }

    /// Has the options of a workflow for the call that asks for a place.
    #[cfg(feature = "data-urls")]
    pub(crate) fn with_call(mut self, options: &call::Options) -> Self {
        self.request.call = options.clone();
        self
    }

    /// Is told how far the upload is, whenever some of it went out.
    pub fn on_progress(mut self, told: impl FnMut(UploadProgress) + Send + 'static) -> Self {
        self.request.on_progress = Some(Box::new(told));
        self
    }
}

impl<T> fmt::Debug for Upload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> IntoFuture for Upload<T> {
    type Output = Result<T, UploadError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let upload = upload(self.request);
        Box::pin(async move {
            let id = upload.await?;
            Ok(*id.downcast().expect("a place has an id of the type that the upload is awaited as"))
        })
    }
}

fn upload(mut request: Box<Request>) -> BoxFuture<'static, Result<Id, UploadError>> {
    Box::pin(async move {
        let limit = request.options.limit();
        // The upload's deadline ends the call for the place as well.
        request.call.deadline = Some(None);
        request.call.retry = request.options.retry.clone();
        let retries = Retries::new(&request.core, &request.options);
        let mut uploading = Uploading { request, retries, place: None, done: 0, reported: None };
        let result = match may_begin(limit) {
            Ok(()) => in_time(limit, pin!(uploading.run())).await,
            Err(reason) => Err(reason),
        };
        result.map_err(|reason| UploadError {
            operation: uploading.request.operation,
            attempts: uploading.retries.attempts,
            elapsed: uploading.retries.elapsed(),
            out_of_budget: uploading.retries.out_of_budget,
            reason,
        })
    })
}

/// An upload under way.
struct Uploading {
    request: Box<Request>,
    retries: Retries,
    place: Option<(Id, Vec<Target>)>,
    /// How many files the place has.
    done: usize,
    reported: Option<u64>,
}

impl Uploading {
    async fn run(&mut self) -> Result<Id, UploadReason> {
        let mut files = Vec::with_capacity(self.request.sources.len());
        for source in &mut self.request.sources {
            files.push(source.look(self.request.accept).await?);
        }
        let core = self.request.core.clone();
        let client = core.storage().map_err(UploadReason::Config)?;
        loop {
            self.retries.begin();
            let failure = match self.attempt(client, &files).await {
                Ok(id) => {
                    self.retries.succeeded();
                    return Ok(id);
                }
                Err(failure) => failure,
            };
            if self.request.sources[self.done..].iter().any(Source::is_spent) {
                return Err(failure.reason);
            }
            self.retries.before_next(failure).await?;
        }
    }

    /// Sends what the place does not have yet.
    async fn attempt(&mut self, client: &wire::Client, files: &[File]) -> Result<Id, Failure<UploadReason>> {
        let (id, targets) = match self.place.take() {
            Some(place) => place,
            None => self.ask(files).await?,
        };
        for (file, target) in files.iter().zip(&targets).skip(self.done) {
            if let Err(failure) = self.one(client, files, file, target).await {
                if failure.reason.is_expiry() {
                    self.done = 0;
                } else {
                    self.place = Some((id, targets));
                }
                return Err(failure);
            }
            self.done += 1;
        }
        Ok(id)
    }

    /// Asks the API for a place. The call retries by itself what can be retried.
    async fn ask(&mut self, files: &[File]) -> Result<(Id, Vec<Target>), UploadReason> {
        let Request { core, ask, call, .. } = &*self.request;
        let kinds: Vec<_> = files.iter().map(|file| file.kind).collect();
        let server = call.server.clone();
        let asked = ask(core, &kinds, call);
        let (id, forms) = asked.await.map_err(|error| UploadReason::NoPlace(without_form(error)))?;
        self.retries.moved();
        let server = server.as_ref().unwrap_or(&self.request.core.inner.server);
        let targets: Result<_, _> = forms.into_iter().map(|form| Target::new(form, server)).collect();
        Ok((id, targets?))
    }

    /// Sends one file.
    async fn one(
        &mut self,
        client: &wire::Client,
        files: &[File],
        file: &File,
        target: &Target,
    ) -> Result<(), Failure<UploadReason>> {
        let form = Multipart::new(target, file.kind)?;
        let mut request = request(Method::POST, target.url.clone());
        request.headers_mut().insert(CONTENT_TYPE, form.content_type.clone());
        let Self { request: of, retries, done, reported, .. } = self;
        let idle_timeout = of.options.idle_timeout;
        let before: u64 = files[..*done].iter().map(|file| file.length).sum();
        let total = files.iter().map(|file| file.length).sum();
        let on_progress = &mut of.on_progress;
        let on_sent = |sent| {
            retries.moved();
            let (Some(told), sent) = (on_progress.as_mut(), before + sent) else { return };
            if reported.is_none_or(|before| before < sent) {
                *reported = Some(sent);
                told(UploadProgress { sent, total });
            }
        };
        let response = send::send(client, request, form, &mut of.sources[*done], file, idle_timeout, on_sent).await?;
        let status = response.status();
        if status == target.success() && *response.url() == target.url {
            return Ok(());
        }
        let Refusal { code, message, retry_after: delay } = refusal(response, idle_timeout, &target.secrets()).await;
        // The storage's way to say that the connection was too slow, or broke.
        let broken = matches!(code.as_deref(), Some("RequestTimeout" | "IncompleteBody"));
        let reason = UploadReason::Refused { status, code, message, retry_after: delay };
        let transient = reason.is_expiry() || broken || crate::error::is_transient(status);
        Err(Failure { reason, transient, delay })
    }
}

/// An error of the API's without what may be a form.
fn without_form(mut error: Error) -> Error {
    match &mut error {
        Error::Decode(decode) => decode.excerpt.clear(),
        Error::Api(api) if api.status.is_success() => api.body.clear(),
        _ => {}
    }
    error
}

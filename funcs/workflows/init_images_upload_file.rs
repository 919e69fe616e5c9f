//! An image from a file, from memory or from a reader to its id.

use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::pin::pin;
use std::time::Duration;
#[cfg(not(target_arch = "wasm32"))]
use std::{fs, path::PathBuf};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt};
use url::Url;

use super::init_images_upload_init_image;
use crate::LeonardoCore;
use crate::error::{self, ConfigError, Error};
use crate::models::{ImageExtension, InitImageId, InitImageUpload, UploadInitImageRequest};
use crate::retry::RetryPolicy;
use crate::runtime::{self, BoxFuture};
use crate::transfer::{self as storage, Repeats};
use crate::transport::{self, TransportError, TransportErrorKind};

/// Uploads an image file: `POST /v1/init-image` for a place, then the file to the storage. Costs no credits.
///
/// Awaiting it gives the id under which create requests name the image.
///
/// What kind of image it is, PNG, JPEG or WebP, is told by its content; the name only chooses between `jpg` and `jpeg`.
/// Files of any size need the same little memory. The storage is not sent the key, nor any header of the core's.
///
/// # Errors
///
/// [`UploadError`]. A file that is missing, empty or no such image is refused before anything is sent.
#[cfg(not(target_arch = "wasm32"))]
pub fn init_images_upload_file(core: &LeonardoCore, path: impl Into<PathBuf>) -> Upload<'_> {
    Upload::of(core, Source::File(path.into()))
}

/// Uploads an image that is in memory; see `init_images_upload_file`.
///
/// # Errors
///
/// [`UploadError`].
pub fn init_images_upload_bytes(core: &LeonardoCore, bytes: impl Into<Bytes>) -> Upload<'_> {
    Upload::of(core, Source::Bytes(bytes.into()))
}

/// Uploads an image of `length` bytes from a reader; see `init_images_upload_file`.
///
/// A reader can be read once, so the upload is repeated only as long as nothing but the image's first bytes was read.
///
/// # Errors
///
/// [`UploadError`]. A reader that ends before `length` bytes is an error; what it has beyond them is not read.
pub fn init_images_upload_reader<'a>(
    core: &'a LeonardoCore,
    reader: impl AsyncRead + Unpin + Send + 'a,
    length: u64,
) -> Upload<'a> {
    Upload::of(core, Source::Reader(Box::new(reader), length))
}

/// An upload; made by `init_images_upload_file`, [`init_images_upload_bytes`] or [`init_images_upload_reader`].
///
/// Repeated are: no connection, a broken or stalled transfer, 408, 429, 5xx and a form that has expired, with the file
/// read anew. All attempts go to one place, as long as its form is valid.
#[must_use = "nothing is uploaded until it is awaited"]
pub struct Upload<'a> {
    core: &'a LeonardoCore,
    source: Source<'a>,
    idle_timeout: Duration,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
    on_progress: Option<Box<dyn FnMut(UploadProgress) + Send + 'a>>,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadProgress {
    /// The bytes of the image that were handed to the connection. Never fewer than before, even if the upload had to
    /// begin anew.
    pub sent: u64,
    /// The bytes of the whole image.
    pub total: u64,
}

impl<'a> Upload<'a> {
    fn of(core: &'a LeonardoCore, source: Source<'a>) -> Self {
        Self {
            core,
            source,
            // The system may hold a good deal of what was handed to it, and the storage takes its time too.
            idle_timeout: Duration::from_secs(60),
            deadline: Some(storage::DEADLINE),
            retry: None,
            on_progress: None,
        }
    }

    /// The longest time in which no byte goes out, which begins with connecting and ends with the storage's answer; 60
    /// seconds if not set.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// The longest that all of it may take; an hour if not set, `None` for no limit. If it is zero, nothing is sent.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// How failed attempts are repeated; the core's if not set. The policy's time counts from the last byte that went
    /// out.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Is told how far the upload is, whenever some of it went out.
    pub fn on_progress(mut self, told: impl FnMut(UploadProgress) + Send + 'a) -> Self {
        self.on_progress = Some(Box::new(told));
        self
    }
}

impl fmt::Debug for Upload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}

impl<'a> IntoFuture for Upload<'a> {
    type Output = Result<InitImageId, UploadError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let deadline = self.deadline;
            let mut transfer = Transfer {
                repeats: Repeats::new(&self.core.inner, self.retry.clone(), deadline),
                upload: self,
                place: None,
                reported: None,
                spent: false,
            };
            let limit = deadline.unwrap_or(Duration::MAX);
            let result = if limit.is_zero() {
                // The future of a timeout is polled before its timer.
                Err(UploadReason::Deadline { limit })
            } else if runtime::is_running() {
                let result = runtime::timeout(limit, pin!(transfer.run())).await;
                result.unwrap_or(Err(UploadReason::Deadline { limit }))
            } else {
                Err(UploadReason::NoRuntime)
            };
            result.map_err(|reason| UploadError {
                attempts: transfer.repeats.attempts,
                elapsed: transfer.repeats.elapsed(),
                out_of_budget: transfer.repeats.out_of_budget,
                reason,
            })
        })
    }
}

/// Where an image comes from.
enum Source<'a> {
    Bytes(Bytes),
    #[cfg(not(target_arch = "wasm32"))]
    File(PathBuf),
    Reader(Box<dyn AsyncRead + Unpin + Send + 'a>, u64),
}

/// What an image is, found out before anything is sent.
struct Image {
    extension: ImageExtension,
    length: u64,
    /// The first bytes, which a reader does not give again.
    head: Bytes,
}

impl Image {
    async fn look(source: &mut Source<'_>) -> Result<Self, UploadReason> {
        let long_name = match source {
            #[cfg(not(target_arch = "wasm32"))]
            Source::File(path) => path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jpeg")),
            _ => false,
        };
        let (length, head) = match source {
            Source::Bytes(bytes) => (bytes.len() as u64, bytes.slice(..bytes.len().min(storage::HEAD))),
            #[cfg(not(target_arch = "wasm32"))]
            Source::File(path) => {
                let (mut file, length) = open(path).await?;
                let result = storage::blocking(move || {
                    let mut head = Vec::new();
                    io::Read::read_to_end(&mut io::Read::take(&mut file, storage::HEAD as u64), &mut head)?;
                    Ok(head)
                });
                (length, result.await.map_err(|source| UploadReason::File { path: path.clone(), source })?.into())
            }
            Source::Reader(reader, length) => {
                let mut head = Vec::new();
                let most = (*length).min(storage::HEAD as u64);
                reader.take(most).read_to_end(&mut head).await.map_err(UploadReason::Reader)?;
                if (head.len() as u64) < most {
                    return Err(UploadReason::Length { expected: *length });
                }
                (*length, head.into())
            }
        };
        if length == 0 {
            return Err(UploadReason::Empty);
        }
        let extension = match storage::extension_of(&head) {
            Some("png") => ImageExtension::Png,
            Some("jpg") if long_name => ImageExtension::Jpeg,
            Some("jpg") => ImageExtension::Jpg,
            Some("webp") => ImageExtension::Webp,
            _ => return Err(UploadReason::NotAnImage),
        };
        Ok(Self { extension, length, head })
    }
}

#[cfg(not(target_arch = "wasm32"))]
async fn open(path: &std::path::Path) -> Result<(fs::File, u64), UploadReason> {
    let name = path.to_owned();
    let opened = storage::blocking(move || {
        // Opening what is no file, such as a pipe, could wait for ever.
        if !fs::metadata(&name)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        let file = fs::File::open(&name)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    });
    opened.await.map_err(|source| UploadReason::File { path: path.to_owned(), source })
}

/// A place to upload to.
struct Place {
    id: InitImageId,
    url: Url,
    fields: Vec<(String, String)>,
}

impl Place {
    fn new(core: &LeonardoCore, answer: InitImageUpload) -> Result<Self, UploadReason> {
        let (_, url) = storage::address(&answer.url, &core.inner.server);
        let url = url.map_err(UploadReason::Place)?;
        // The error could quote a value.
        let fields = answer.fields().map_err(|_| UploadReason::Place("its form cannot be read"))?;
        Ok(Self { id: answer.id, url, fields })
    }

    /// The status of success: the form can ask for another.
    fn success(&self) -> StatusCode {
        let asked = self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("success_action_status"));
        match asked.map(|(_, status)| status.as_str()) {
            Some("200") => StatusCode::OK,
            Some("201") => StatusCode::CREATED,
            _ => StatusCode::NO_CONTENT,
        }
    }

    /// What the storage must not be quoted with.
    fn secrets(&self) -> Vec<&str> {
        self.fields.iter().map(|(_, value)| value.as_str()).chain(self.url.query()).collect()
    }
}

/// The form around an image, as `multipart/form-data`.
struct Form {
    content_type: HeaderValue,
    before: Bytes,
    after: Bytes,
}

impl Form {
    fn new(place: &Place, extension: &ImageExtension) -> Result<Self, UploadReason> {
        let boundary = format!("leonardo-ai-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let mut before = String::new();
        for (name, value) in &place.fields {
            // As browsers do it.
            let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            before.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        let kind = if *extension == ImageExtension::Jpg { "jpeg" } else { extension.as_str() };
        before.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"image.{extension}\"\r\n\
             Content-Type: image/{kind}\r\n\r\n"
        ));
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
        let content_type = content_type.map_err(|_| UploadReason::Place("its form cannot be sent"))?;
        Ok(Self { content_type, before: before.into(), after: format!("\r\n--{boundary}--\r\n").into() })
    }
}

/// An upload under way.
struct Transfer<'a> {
    upload: Upload<'a>,
    repeats: Repeats<'a>,
    place: Option<Place>,
    reported: Option<u64>,
    /// Whether a reader was read beyond the first bytes.
    spent: bool,
}

/// Why an attempt failed.
struct Failure {
    reason: UploadReason,
    /// Whether another one may do better.
    passing: bool,
    /// How long the storage asks to wait.
    pause: Option<Duration>,
}

impl From<UploadReason> for Failure {
    fn from(reason: UploadReason) -> Self {
        Self { reason, passing: false, pause: None }
    }
}

fn passing(reason: UploadReason) -> Failure {
    Failure { reason, passing: true, pause: None }
}

impl Transfer<'_> {
    async fn run(&mut self) -> Result<InitImageId, UploadReason> {
        let core = self.upload.core;
        let image = Image::look(&mut self.upload.source).await?;
        let client = core.storage().map_err(UploadReason::Config)?;
        loop {
            self.repeats.begin();
            let Failure { reason, passing, pause } = match self.attempt(client, &image).await {
                Ok(id) => {
                    self.repeats.succeeded();
                    return Ok(id);
                }
                Err(failure) => failure,
            };
            if !passing || self.spent {
                return Err(reason);
            }
            match self.repeats.next(pause) {
                Some(pause) => runtime::sleep(pause).await,
                None => return Err(reason),
            }
        }
    }

    async fn attempt(&mut self, client: &reqwest::Client, image: &Image) -> Result<InitImageId, Failure> {
        let place = match self.place.take() {
            Some(place) => place,
            None => self.ask(image).await?,
        };
        let form = Form::new(&place, &image.extension)?;
        let mut request = storage::request(Method::POST, place.url.clone());
        request.headers_mut().insert(CONTENT_TYPE, form.content_type.clone());
        let answer = self.send(client, request, form, image).await;
        let response = match answer {
            Ok(response) => response,
            Err(failure) => {
                self.place = Some(place);
                return Err(failure);
            }
        };
        let status = response.status();
        if status == place.success() && *response.url() == place.url {
            return Ok(place.id);
        }
        let refusal = storage::refusal(response, self.upload.idle_timeout, &place.secrets()).await;
        let storage::Refusal { code, message, retry_after: pause } = refusal;
        let expired = status == StatusCode::FORBIDDEN
            && (code.as_deref() == Some("ExpiredToken")
                || message.as_ref().is_some_and(|message| message.to_ascii_lowercase().contains("expired")));
        // The storage's way to say that the connection was too slow, or broke.
        let broken = matches!(code.as_deref(), Some("RequestTimeout" | "IncompleteBody"));
        if !expired {
            self.place = Some(place);
        }
        let passing = expired || broken || error::is_transient(status);
        Err(Failure { reason: UploadReason::Refused { status, code, message, retry_after: pause }, passing, pause })
    }

    /// Asks the API for a place. It repeats by itself what can be repeated.
    async fn ask(&mut self, image: &Image) -> Result<Place, UploadReason> {
        let core = self.upload.core;
        let request = UploadInitImageRequest::new(image.extension.clone());
        let mut call = init_images_upload_init_image(core, request);
        if let Some(policy) = &self.upload.retry {
            call = call.retry(policy.clone());
        }
        let answer = call.await.map_err(|error| UploadReason::NoPlace(without_form(error)))?;
        self.repeats.moved();
        Place::new(core, answer)
    }

    fn report(&mut self, sent: u64, total: u64) {
        let Some(told) = &mut self.upload.on_progress else { return };
        if self.reported.is_none_or(|before| before < sent) {
            self.reported = Some(sent);
            told(UploadProgress { sent, total });
        }
    }

    /// Sends the form while the image is read.
    #[cfg(not(target_arch = "wasm32"))]
    async fn send(
        &mut self,
        client: &reqwest::Client,
        mut request: reqwest::Request,
        form: Form,
        image: &Image,
    ) -> Result<reqwest::Response, Failure> {
        use std::future::{Future, poll_fn};
        use std::pin::pin;
        use std::sync::atomic::{AtomicU64, Ordering};
        use std::task::Poll;

        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let left = form.before.len() as u64 + image.length + form.after.len() as u64;
        *request.body_mut() = Some(reqwest::Body::wrap(stream::Body { receiver, left }));
        let out = AtomicU64::new(0);
        // The source is lent to the reading, and progress is told here.
        let empty = Source::Bytes(Bytes::new());
        let mut source = std::mem::replace(&mut self.upload.source, empty);
        let mut spent = self.spent;
        let result = {
            let mut reading = pin!(stream::read(&mut source, &mut spent, image, form, sender, &out));
            let mut exchange = pin!(client.execute(request));
            let mut read = None;
            loop {
                let before = out.load(Ordering::Relaxed);
                let step = poll_fn(|context| {
                    if read.is_none() {
                        if let Poll::Ready(result) = reading.as_mut().poll(context) {
                            read = Some(result);
                        }
                    }
                    match exchange.as_mut().poll(context) {
                        Poll::Ready(answer) => Poll::Ready(Some(answer)),
                        Poll::Pending if matches!(read, Some(Err(_))) => Poll::Ready(None),
                        Poll::Pending if out.load(Ordering::Relaxed) > before => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    }
                });
                let step = runtime::timeout(self.upload.idle_timeout, pin!(step)).await;
                let sent = out.load(Ordering::Relaxed);
                if sent > before {
                    self.repeats.moved();
                    self.report(sent, image.length);
                }
                // What is wrong with the source is why the exchange broke off, and not the other way round.
                if let Some(Err(reason)) = read.take_if(|read| read.is_err()) {
                    break Err(reason.into());
                }
                match step {
                    Some(None) => {}
                    Some(Some(Ok(response))) if response.status().is_success() && read.is_none() => {
                        break Err(passing(UploadReason::Unread));
                    }
                    Some(Some(Ok(response))) => break Ok(response),
                    Some(Some(Err(error))) => break Err(unsent(error)),
                    None => break Err(passing(UploadReason::Idle { limit: self.upload.idle_timeout })),
                }
            }
        };
        self.upload.source = source;
        self.spent = spent;
        result
    }

    /// `fetch` takes whole bodies.
    #[cfg(target_arch = "wasm32")]
    async fn send(
        &mut self,
        client: &reqwest::Client,
        mut request: reqwest::Request,
        form: Form,
        image: &Image,
    ) -> Result<reqwest::Response, Failure> {
        let mut body = BytesMut::from(form.before);
        match &mut self.upload.source {
            Source::Bytes(bytes) => body.extend_from_slice(bytes),
            Source::Reader(reader, _) => {
                self.spent = true;
                body.extend_from_slice(&image.head);
                let rest = image.length - image.head.len() as u64;
                let mut reader = reader.take(rest);
                while reader.read_buf(&mut body).await.map_err(UploadReason::Reader)? > 0 {}
                if reader.limit() > 0 {
                    return Err(UploadReason::Length { expected: image.length }.into());
                }
            }
        }
        body.extend_from_slice(&form.after);
        *request.body_mut() = Some(body.freeze().into());
        let response = match runtime::timeout(self.upload.idle_timeout, pin!(client.execute(request))).await {
            Some(result) => result.map_err(unsent)?,
            None => return Err(passing(UploadReason::Idle { limit: self.upload.idle_timeout })),
        };
        self.report(image.length, image.length);
        Ok(response)
    }
}

fn unsent(error: reqwest::Error) -> Failure {
    let error = transport::no_answer(error);
    let invalid = error.kind() == TransportErrorKind::Invalid;
    Failure { passing: !invalid, ..UploadReason::Connection(error).into() }
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

/// The body of a form whose image is read while it is sent.
#[cfg(not(target_arch = "wasm32"))]
mod stream {
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::task::{Context, Poll, ready};

    use http_body::{Frame, SizeHint};
    use tokio::sync::mpsc::{Receiver, Sender};

    use super::*;

    /// What is read at a time.
    const CHUNK: usize = 128 * 1024;

    /// Of a known length: storages take no other.
    pub(super) struct Body {
        pub(super) receiver: Receiver<Bytes>,
        pub(super) left: u64,
    }

    impl http_body::Body for Body {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            Poll::Ready(Some(match ready!(self.receiver.poll_recv(context)) {
                Some(chunk) => {
                    self.left = self.left.saturating_sub(chunk.len() as u64);
                    Ok(Frame::data(chunk))
                }
                None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upload was given up")),
            }))
        }

        fn is_end_stream(&self) -> bool {
            self.left == 0
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.left)
        }
    }

    /// Reads the image and hands it on with the form around it, until all is sent or nobody takes it any more.
    pub(super) async fn read(
        source: &mut Source<'_>,
        spent: &mut bool,
        image: &Image,
        form: Form,
        sender: Sender<Bytes>,
        out: &AtomicU64,
    ) -> Result<(), UploadReason> {
        let mut input = match source {
            Source::Bytes(bytes) => Input::Bytes(bytes.clone()),
            Source::File(path) => {
                let (file, length) = open(path).await?;
                if length != image.length {
                    return Err(UploadReason::Length { expected: image.length });
                }
                Input::File(Some(file), path)
            }
            Source::Reader(reader, _) => Input::Reader(reader, image.head.clone(), spent),
        };
        if sender.send(form.before).await.is_err() {
            return Ok(());
        }
        let mut left = image.length;
        while left > 0 {
            let chunk = input.next(CHUNK.min(usize::try_from(left).unwrap_or(CHUNK))).await?;
            if chunk.is_empty() {
                return Err(UploadReason::Length { expected: image.length });
            }
            let length = chunk.len() as u64;
            if sender.send(chunk).await.is_err() {
                return Ok(());
            }
            left -= length;
            out.fetch_add(length, Ordering::Relaxed);
        }
        let _ = sender.send(form.after).await;
        Ok(())
    }

    /// A source that was begun.
    enum Input<'i, 's> {
        Bytes(Bytes),
        File(Option<fs::File>, &'i std::path::Path),
        Reader(&'i mut (dyn AsyncRead + Unpin + Send + 's), Bytes, &'i mut bool),
    }

    impl Input<'_, '_> {
        /// The next bytes, `most` or fewer; none at the end.
        async fn next(&mut self, most: usize) -> Result<Bytes, UploadReason> {
            match self {
                Self::Bytes(bytes) => Ok(bytes.split_to(most.min(bytes.len()))),
                Self::File(file, path) => {
                    let Some(mut opened) = file.take() else { return Ok(Bytes::new()) };
                    let read = storage::blocking(move || {
                        let mut chunk = Vec::with_capacity(most);
                        io::Read::read_to_end(&mut io::Read::take(&mut opened, most as u64), &mut chunk)?;
                        Ok((opened, chunk))
                    });
                    let read = read.await.map_err(|source| UploadReason::File { path: path.to_owned(), source });
                    let (opened, chunk) = read?;
                    *file = Some(opened);
                    Ok(chunk.into())
                }
                Self::Reader(_, head, _) if !head.is_empty() => Ok(std::mem::take(head)),
                Self::Reader(reader, _, spent) => {
                    **spent = true;
                    let mut chunk = BytesMut::with_capacity(most);
                    let mut reader = reader.take(most as u64);
                    while chunk.len() < most && reader.read_buf(&mut chunk).await.map_err(UploadReason::Reader)? > 0 {}
                    Ok(chunk.freeze())
                }
            }
        }
    }
}

/// Why an upload failed.
///
/// The message says what to do next. It shows neither the key, which the storage is not sent, nor anything of the form
/// that lets whoever has it upload; nor does `Debug`.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct UploadError {
    /// How often it was attempted; 0 if nothing was sent.
    pub attempts: u32,
    /// The time from the beginning to the end, pauses included.
    pub elapsed: Duration,
    /// Whether it was not repeated because the core's [`RetryBudget`](crate::RetryBudget) was spent.
    pub out_of_budget: bool,
    /// What went wrong.
    #[source]
    pub reason: UploadReason,
}

impl UploadError {
    fn message(&self) -> String {
        let Self { attempts, elapsed, out_of_budget, reason } = self;
        let beginning = error::beginning("init_images_upload_file", *attempts, *elapsed, *out_of_budget);
        let nothing_sent = if *attempts == 0 { " Nothing was sent." } else { "" };
        match reason {
            // It ends as a sentence already, and gives its own advice.
            UploadReason::NoPlace(_) => format!("{beginning}: {reason}"),
            _ => format!("{beginning}: {reason}.{nothing_sent} {}", reason.advice()),
        }
    }

    /// Whether credits may have been spent: never, since an upload costs none.
    pub fn may_have_been_charged(&self) -> bool {
        false
    }

    /// The id of a generation: none, since an upload has nothing to do with one.
    pub fn generation_id(&self) -> Option<&str> {
        None
    }

    /// Whether there is nowhere to upload to: the API or the storage responded with status 404.
    pub fn is_not_found(&self) -> bool {
        match &self.reason {
            UploadReason::Refused { status, .. } => *status == StatusCode::NOT_FOUND,
            _ => self.call().is_some_and(Error::is_not_found),
        }
    }

    /// How long the server asked to wait before another attempt, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.reason {
            UploadReason::Refused { retry_after, .. } => *retry_after,
            _ => self.call()?.retry_after(),
        }
    }

    /// The error of the call that was to give a place.
    fn call(&self) -> Option<&Error> {
        if let UploadReason::NoPlace(error) = &self.reason { Some(error) } else { None }
    }
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        Self::workflow(error)
    }
}

impl error::HasParts for UploadError {
    fn parts(&self) -> error::Parts<'_> {
        error::Parts {
            call: self.call(),
            is_not_found: self.is_not_found(),
            retry_after: self.retry_after(),
            ..error::Parts::default()
        }
    }
}

error::debug_as_display!(UploadError, UploadReason);

/// What went wrong with an upload.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum UploadReason {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The caller's reader failed.
    #[error("the reader failed: {0}")]
    Reader(#[source] io::Error),
    /// There is nothing in it. Nothing was sent.
    #[error("the image is empty")]
    Empty,
    /// By its content it is none of the kinds that the service takes. Nothing was sent.
    #[error("by its content it is neither PNG, JPEG nor WebP")]
    NotAnImage,
    /// There are not as many bytes as there were, or as were promised.
    #[error("there are not the {expected} bytes that were expected; was it changed meanwhile?")]
    Length {
        /// The length at the beginning, or the one that was promised.
        expected: u64,
    },
    /// It was awaited outside of a Tokio runtime. Nothing was sent.
    #[error("an upload must be awaited within a Tokio runtime")]
    NoRuntime,
    /// There is no client to upload with. Nothing was sent.
    #[error(transparent)]
    Config(ConfigError),
    /// The API gave no place to upload to.
    #[error("there is no place to upload to: {0}")]
    NoPlace(#[source] Error),
    /// The place that the API gave cannot be used.
    #[error("the place to upload to cannot be used: {0}")]
    Place(&'static str),
    /// The storage was not reached, or the exchange broke off.
    #[error("{}", storage::broken(.0))]
    Connection(#[source] TransportError),
    /// No byte went out for so long.
    #[error("no byte went out for {} s", limit.as_secs_f64())]
    Idle {
        /// The upload's [`idle_timeout`](Upload::idle_timeout).
        limit: Duration,
    },
    /// All of it took too long.
    #[error("it was not complete within {} s, the upload's deadline", limit.as_secs_f64())]
    Deadline {
        /// The upload's [`deadline`](Upload::deadline).
        limit: Duration,
    },
    /// The storage has something against it.
    #[error("the storage answered {status}{}", storage::said(.code, .message))]
    Refused {
        /// The status.
        status: StatusCode,
        /// The storage's code, such as `AccessDenied`.
        code: Option<String>,
        /// The storage's words.
        message: Option<String>,
        /// How long it asked to wait before another attempt, by `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The storage reported success before it had the whole image.
    #[error("the storage reported success before it had the whole image")]
    Unread,
}

impl UploadReason {
    fn advice(&self) -> &'static str {
        match self {
            Self::File { .. } => "Check the path and its permissions.",
            Self::Reader(_) => "Correct the reader; it cannot be read again.",
            Self::Empty | Self::NotAnImage => "Give a PNG, JPEG or WebP image.",
            Self::Length { .. } => "Upload it when it is complete.",
            Self::NoRuntime => "Await it within one.",
            Self::Config(_) => "Correct the setting that it names.",
            Self::NoPlace(_) => "",
            Self::Place(_) => "Check the server URL, and any proxy between.",
            Self::Connection(error) => storage::advice(error),
            Self::Unread => "Try again.",
            Self::Idle { .. } | Self::Deadline { .. } => "Try again, or allow more time.",
            Self::Refused { status, .. } if error::is_transient(*status) => "Try again later.",
            Self::Refused { code, .. } if code.as_deref() == Some("EntityTooLarge") => "Upload a smaller image.",
            Self::Refused { .. } => "Check the clock of this machine, and any proxy between.",
        }
    }
}

//! A file from a link to a file, a writer or memory; in a browser to a `Blob`, a stream or memory.

#[cfg(all(feature = "image-download-all", not(target_arch = "wasm32")))]
mod all;
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod name;
#[cfg(not(target_arch = "wasm32"))]
pub(super) mod part;
mod receive;
mod sink;
#[cfg(target_arch = "wasm32")]
mod web;

use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
#[cfg(not(target_arch = "wasm32"))]
use tokio::io::AsyncWrite;

#[cfg(all(feature = "image-download-all", not(target_arch = "wasm32")))]
pub use self::all::DownloadAll;
pub use self::error::{DownloadError, DownloadReason};
#[cfg(not(target_arch = "wasm32"))]
use self::part::Part;
use self::receive::Receiving;
use self::sink::Sink;
#[cfg(target_arch = "wasm32")]
use self::web::{Pieces, StreamWriter};
use super::options::transfer_options;
use super::{Options, address};
use crate::codec::serialize;
use crate::core::LeonardoCore;
use crate::runtime::BoxFuture;

/// The options of a download. One of several files keeps them and hands a copy to each of its downloads.
#[derive(Clone)]
struct DownloadOptions {
    any_content: bool,
    max_bytes: u64,
    transfer: Options,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        let transfer = Options::new(Duration::from_secs(30));
        Self { any_content: false, max_bytes: 256 * 1024 * 1024, transfer }
    }
}

/// Writes the setters that every download has. What a setter means for this type beyond that is said by the texts given.
macro_rules! download_options {
    ($type:ty, any_content: $any_content:literal, max_bytes: $max_bytes:literal, idle_timeout: $idle:literal, retry: $retry:literal) => {
        impl $type {
            #[doc = $any_content]
            pub fn any_content(mut self, any: bool) -> Self {
                self.options.any_content = any;
                self
            }

            #[doc = $max_bytes]
            pub fn max_bytes(mut self, limit: u64) -> Self {
                self.options.max_bytes = limit;
                self
            }
        }

        transfer_options! { impl[] $type, options: options.transfer, idle_timeout: $idle, retry: $retry }
    };
}
#[cfg(all(feature = "image-download-all", not(target_arch = "wasm32")))]
use download_options;

/// A download that is going to be made; made by [`image_download`](crate::funcs::image_download()).
///
/// A transfer that breaks off goes on where it stopped, if the server can do that and still has the same file;
/// otherwise it begins anew. Retried are: no connection, a broken or stalled transfer, a wrong length, an empty body,
/// 408, 429 and 5xx.
///
/// It is not sent to the API, so it has neither headers nor a server of its own to be set.
#[must_use = "nothing is downloaded until it is said where to"]
pub struct Download {
    core: LeonardoCore,
    url: String,
    options: DownloadOptions,
    on_progress: Option<Box<dyn FnMut(Progress) + Send>>,
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The bytes that arrived. Never fewer than before, even if the download had to begin anew.
    pub received: u64,
    /// The bytes of the whole, if the server tells.
    pub total: Option<u64>,
}

/// What was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The length in bytes.
    pub bytes: u64,
    /// What the server says that it is, such as `image/jpeg`.
    pub content_type: Option<String>,
    /// How many requests it took.
    pub attempts: u32,
}

serialize! { impl[] Progress { received => "received", total => "total" } }
serialize! { impl[] Downloaded { bytes => "bytes", content_type => "contentType", attempts => "attempts" } }

download_options! {
    Download,
    any_content: "Whether files of every kind are accepted, empty ones included. Defaults to `false`: what arrives must \
                  begin as a picture (PNG, JPEG, WebP, GIF, AVIF, HEIC, BMP, TIFF) or a video (MP4, MOV, WebM, Matroska) \
                  does. Anything else, such as the page of a proxy, ends in [`DownloadReason::NotMedia`] before any of it \
                  is written.",
    max_bytes: "The largest file that is accepted, in bytes. Defaults to 256 MiB. A larger one is refused when it is \
                announced, or else when it exceeds the limit.",
    idle_timeout: "The longest time without a byte, which begins with connecting. Defaults to 30 s.",
    retry: "How broken transfers are retried. Defaults to the core's policy.\n\nTwo things differ from a call: the \
            policy's time counts from the last byte that arrived, and its attempts count anew whenever the download has \
            come 1 MiB further."
}

impl Download {
    pub(crate) fn new(core: &LeonardoCore, url: &str) -> Self {
        let (core, url) = (core.clone(), url.to_owned());
        Self { core, url, options: DownloadOptions::default(), on_progress: None }
    }

    /// Is told how far the download is, whenever some of it arrived.
    pub fn on_progress(mut self, told: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(told));
        self
    }

    /// Downloads to a file.
    ///
    /// It is written under another name in the same directory, `.NAME.RANDOM.part`, and gets its own name once it is
    /// whole and on the disk; then it replaces a file that has that name. If the download fails, or is dropped, the
    /// unfinished file is removed.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_file(self, path: impl Into<PathBuf>) -> BoxFuture<'static, Result<Downloaded, DownloadError>> {
        let path = path.into();
        Box::pin(async move {
            let name = path.clone();
            self.into_part(&path, |_| name).await.map(|(_, downloaded)| downloaded)
        })
    }

    /// Downloads to a file that has the extension of its content: `picture` becomes `picture.jpg`. Gives the file's path.
    ///
    /// The content tells what it is; otherwise what the server says does, or the link. Apart from the name it is
    /// [`to_file`](Self::to_file).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_file_with_extension(
        self,
        stem: impl Into<PathBuf>,
    ) -> BoxFuture<'static, Result<(PathBuf, Downloaded), DownloadError>> {
        let stem = stem.into();
        Box::pin(
            async move { self.into_part(&stem, |arrived| name::with_extension(&stem, name::extension(arrived))).await },
        )
    }

    /// Downloads into a writer, which is flushed in the end, but not shut down.
    ///
    /// A writer cannot take back what was written to it, so a download that would have to begin anew fails. What was
    /// written until then is the beginning of the file.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_writer<'w, W>(self, mut writer: W) -> BoxFuture<'w, Result<Downloaded, DownloadError>>
    where
        W: AsyncWrite + Unpin + Send + 'w,
    {
        Box::pin(async move {
            let mut receiving = Receiving::new(self)?;
            receiving.run(&mut Sink::Writer(&mut writer)).await?;
            Ok(receiving.downloaded())
        })
    }

    /// Downloads to a `Blob`, up to [`max_bytes`](Self::max_bytes). What arrives is handed to JavaScript at once, and takes
    /// no memory of WebAssembly's.
    ///
    /// Its type is that of its content; if that is none of the known kinds, it is what the server says.
    #[cfg(target_arch = "wasm32")]
    pub fn to_blob(self) -> BoxFuture<'static, Result<web_sys::Blob, DownloadError>> {
        Box::pin(async move {
            let mut receiving = Receiving::new(self)?;
            let mut pieces = Pieces::default();
            receiving.run(&mut Sink::Blob(&mut pieces)).await?;
            pieces.into_blob(receiving.media_type()).map_err(|reason| receiving.error(reason))
        })
    }

    /// Downloads to a stream, which is locked meanwhile and not closed in the end: then it has taken the whole file.
    ///
    /// No more is read than the stream takes. As a writer does, it keeps what was written to it, so a download that would
    /// have to begin anew fails, and after a failure the stream has the beginning of the file: abort it.
    #[cfg(target_arch = "wasm32")]
    pub fn to_stream(self, stream: web_sys::WritableStream) -> BoxFuture<'static, Result<Downloaded, DownloadError>> {
        Box::pin(async move {
            let mut receiving = Receiving::new(self)?;
            let writer = StreamWriter::new(&stream).map_err(|reason| receiving.error(reason))?;
            receiving.run(&mut Sink::Stream(&writer)).await?;
            Ok(receiving.downloaded())
        })
    }

    /// Downloads into memory, up to [`max_bytes`](Self::max_bytes).
    pub fn to_bytes(self) -> BoxFuture<'static, Result<Bytes, DownloadError>> {
        Box::pin(async move {
            let mut bytes = Vec::new();
            Receiving::new(self)?.run(&mut Sink::Memory(&mut bytes)).await?;
            Ok(bytes.into())
        })
    }

    /// Downloads to a file in the directory of `near`, and names it when it is known what it is.
    #[cfg(not(target_arch = "wasm32"))]
    async fn into_part(
        self,
        near: &Path,
        name: impl FnOnce(&Arrived<'_>) -> PathBuf,
    ) -> Result<(PathBuf, Downloaded), DownloadError> {
        let mut receiving = Receiving::new(self)?;
        let part = Part::create(near).await;
        let mut part = part.map_err(|source| receiving.error(DownloadReason::File { path: near.into(), source }))?;
        receiving.run(&mut Sink::File(near, &mut part)).await?;
        let path = name(&receiving.arrived());
        match part.finish(path.clone()).await {
            Ok(()) => Ok((path, receiving.downloaded())),
            Err(source) => Err(receiving.error(DownloadReason::File { path, source })),
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, _) = address(&self.url, &self.core.inner.server);
        f.debug_struct("Download").field("url", &url).finish_non_exhaustive()
    }
}

/// What can be told of a file that has arrived.
#[cfg(not(target_arch = "wasm32"))]
struct Arrived<'a> {
    head: &'a [u8],
    content_type: Option<&'a str>,
    /// The path of the link.
    path: &'a str,
}

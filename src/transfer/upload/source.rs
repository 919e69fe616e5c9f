//! Where a file comes from, and what it is.

use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::{fs, io, path::Path, path::PathBuf};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::super::Kind;
#[cfg(not(target_arch = "wasm32"))]
use super::super::blocking;
use super::super::kind::HEAD;
#[cfg(target_arch = "wasm32")]
use super::super::thrown;
use super::UploadReason;
use crate::runtime;

/// Where a file comes from.
pub(crate) enum Source {
    Bytes(Bytes),
    #[cfg(not(target_arch = "wasm32"))]
    File(PathBuf),
    #[cfg(target_arch = "wasm32")]
    Blob(web_sys::Blob),
    Reader {
        reader: Box<dyn AsyncRead + Unpin + Send>,
        length: u64,
        /// Whether it was read beyond the first bytes.
        spent: bool,
    },
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path) => path.fmt(f),
            #[cfg(target_arch = "wasm32")]
            Self::Blob(blob) => write!(f, "a Blob of {} bytes", blob.size()),
            Self::Reader { length, .. } => write!(f, "a reader of {length} bytes"),
        }
    }
}

/// What comes of reading a source whole.
pub(crate) enum Loaded {
    Whole(Bytes),
    /// It is longer than was allowed, and was not read.
    Larger {
        source: Source,
        length: u64,
    },
}

/// What a kind is told by.
pub(crate) struct Look<'a> {
    /// The first bytes.
    pub(crate) head: &'a [u8],
    /// The extension of the file's name, if it has a name.
    pub(crate) extension: Option<&'a str>,
}

impl Look<'_> {
    /// The kind of an image that goes along in a request, where the service takes JPEG alone.
    pub(crate) fn jpeg(&self) -> Result<Kind, UploadReason> {
        match Kind::of(self.head) {
            Some(Kind::JPG) => Ok(Kind::JPG),
            _ => Err(UploadReason::NotAJpeg),
        }
    }

    /// The kind that an image is announced as, where the service takes PNG, JPEG and WebP.
    pub(crate) fn image(&self) -> Result<Kind, UploadReason> {
        match Kind::of(self.head) {
            Some(Kind::JPG) if self.extension.is_some_and(|extension| extension.eq_ignore_ascii_case("jpeg")) => {
                Ok(Kind::new("jpeg", Kind::JPG.content_type))
            }
            Some(kind @ (Kind::PNG | Kind::JPG | Kind::WEBP)) => Ok(kind),
            _ => Err(UploadReason::NotAnImage),
        }
    }
}

/// What a file is, found out before anything is sent.
pub(super) struct File {
    pub(super) kind: Kind,
    pub(super) length: u64,
    /// The first bytes, which a reader does not give again.
    pub(super) head: Bytes,
}

impl Source {
    pub(crate) fn reader(reader: impl AsyncRead + Unpin + Send + 'static, length: u64) -> Self {
        Self::Reader { reader: Box::new(reader), length, spent: false }
    }

    /// Reads a file or bytes whole, if they are of a kind that is accepted, and not longer than that.
    pub(crate) async fn load(
        mut self,
        most: u64,
        accept: fn(&Look<'_>) -> Result<Kind, UploadReason>,
    ) -> Result<Loaded, UploadReason> {
        if !runtime::is_running() {
            return Err(UploadReason::NoRuntime);
        }
        let File { length, .. } = self.look(accept).await?;
        match self {
            _ if length > most => Ok(Loaded::Larger { source: self, length }),
            Self::Bytes(bytes) => Ok(Loaded::Whole(bytes)),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path) => {
                let (file, _) = open(&path).await?;
                let read = blocking(move || {
                    let mut bytes = Vec::new();
                    // It may have grown meanwhile.
                    io::Read::read_to_end(&mut io::Read::take(file, length), &mut bytes)?;
                    Ok(bytes)
                });
                Ok(Loaded::Whole(read.await.map_err(|source| UploadReason::File { path, source })?.into()))
            }
            #[cfg(target_arch = "wasm32")]
            Self::Blob(blob) => Ok(Loaded::Whole(read(&blob).await?)),
            Self::Reader { .. } => Ok(Loaded::Larger { source: self, length }),
        }
    }

    /// Whether it cannot be read from its beginning any more.
    pub(super) fn is_spent(&self) -> bool {
        matches!(self, Self::Reader { spent: true, .. })
    }

    pub(super) async fn look(
        &mut self,
        accept: fn(&Look<'_>) -> Result<Kind, UploadReason>,
    ) -> Result<File, UploadReason> {
        let (length, head) = match self {
            Self::Bytes(bytes) => (bytes.len() as u64, bytes.slice(..bytes.len().min(HEAD))),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path) => {
                let (mut file, length) = open(path).await?;
                let result = blocking(move || {
                    let mut head = Vec::new();
                    io::Read::read_to_end(&mut io::Read::take(&mut file, HEAD as u64), &mut head)?;
                    Ok(head)
                });
                (length, result.await.map_err(|source| UploadReason::File { path: path.clone(), source })?.into())
            }
            #[cfg(target_arch = "wasm32")]
            Self::Blob(blob) => (blob.size() as u64, head(blob).await?),
            Self::Reader { reader, length, .. } => {
                let mut head = Vec::new();
                let most = (*length).min(HEAD as u64);
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
        let extension = match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path) => path.extension().and_then(|extension| extension.to_str()),
            _ => None,
        };
        Ok(File { kind: accept(&Look { head: &head, extension })?, length, head })
    }
}

/// The first bytes of a `Blob`.
#[cfg(target_arch = "wasm32")]
pub(super) async fn head(blob: &web_sys::Blob) -> Result<Bytes, UploadReason> {
    let head = blob.slice_with_i32_and_i32(0, HEAD as i32);
    read(&head.map_err(|value| UploadReason::Blob(thrown(&value)))?).await
}

/// A `Blob` in memory.
#[cfg(target_arch = "wasm32")]
async fn read(blob: &web_sys::Blob) -> Result<Bytes, UploadReason> {
    let read = wasm_bindgen_futures::JsFuture::from(blob.array_buffer()).await;
    let read = read.map_err(|value| UploadReason::Blob(thrown(&value)))?;
    Ok(js_sys::Uint8Array::new(&read).to_vec().into())
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) async fn open(path: &Path) -> Result<(fs::File, u64), UploadReason> {
    let name = path.to_owned();
    let opened = blocking(move || {
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

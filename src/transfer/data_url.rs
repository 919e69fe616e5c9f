//! Files that are in a request or a response themselves, in base64.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

#[cfg(not(target_arch = "wasm32"))]
use super::download::part::Part;
use super::download::{DownloadError, DownloadReason};
#[cfg(not(target_arch = "wasm32"))]
use crate::runtime::{self, BoxFuture};

/// The base64 of a file.
pub(crate) fn base64(file: &[u8]) -> String {
    STANDARD.encode(file)
}

/// A file that came in a response, in base64; `None` if it did not come so.
pub(crate) struct DataFile<'a>(pub(crate) Option<&'a str>);

impl DataFile<'_> {
    pub(crate) fn to_bytes(&self) -> Result<Bytes, DownloadError> {
        let data = self.0.ok_or_else(|| failed(DownloadReason::Url("it does not hold a file in base64")))?;
        let bytes = STANDARD.decode(data).map_err(|_| failed(DownloadReason::Unusable("its base64 is broken")))?;
        if bytes.is_empty() {
            return Err(failed(DownloadReason::Length { expected: 0 }));
        }
        Ok(bytes.into())
    }

    /// Writes it to a file, which has its name only when it is whole and on the disk.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn to_file(&self, path: PathBuf) -> BoxFuture<'static, Result<(), DownloadError>> {
        let bytes = self.to_bytes();
        Box::pin(async move {
            let bytes = bytes?;
            if !runtime::is_running() {
                return Err(failed(DownloadReason::NoRuntime));
            }
            let written = async {
                let mut part = Part::create(&path).await?;
                part.write(&bytes).await?;
                part.finish(path.clone()).await
            };
            written.await.map_err(|source| failed(DownloadReason::File { path, source }))
        })
    }
}

fn failed(reason: DownloadReason) -> DownloadError {
    DownloadError::unsent("a picture in the response".to_owned(), reason)
}

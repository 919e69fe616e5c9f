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

/// A file that came in base64.
pub(crate) struct DataFile<'a> {
    /// What errors call it.
    pub(crate) name: &'a str,
    /// `None` if it did not come so.
    pub(crate) base64: Option<&'a str>,
}

impl DataFile<'_> {
    pub(crate) fn to_bytes(&self) -> Result<Bytes, DownloadError> {
        let data = self.base64.ok_or_else(|| self.error(DownloadReason::Url("it does not hold a file in base64")))?;
        let bytes = STANDARD.decode(data).map_err(|_| self.error(DownloadReason::Unusable("its base64 is broken")))?;
        if bytes.is_empty() {
            return Err(self.error(DownloadReason::Length { expected: 0 }));
        }
        Ok(bytes.into())
    }

    /// Writes it to a file, which has its name only when it is whole and on the disk.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn to_file(&self, path: PathBuf) -> BoxFuture<'static, Result<(), DownloadError>> {
        let bytes = self.to_bytes();
        let name = self.name.to_owned();
        Box::pin(async move {
            let bytes = bytes?;
            if !runtime::is_running() {
                return Err(DownloadError::unsent(name, DownloadReason::NoRuntime));
            }
            let written = async {
                let mut part = Part::create(&path).await?;
                part.write(&bytes).await?;
                part.finish(path.clone()).await
            };
            written.await.map_err(|source| DownloadError::unsent(name, DownloadReason::File { path, source }))
        })
    }

    fn error(&self, reason: DownloadReason) -> DownloadError {
        DownloadError::unsent(self.name.to_owned(), reason)
    }
}

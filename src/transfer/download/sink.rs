//! Where a download goes.

#[cfg(not(target_arch = "wasm32"))]
use std::{io, path::Path};

#[cfg(not(target_arch = "wasm32"))]
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::DownloadReason;
#[cfg(not(target_arch = "wasm32"))]
use super::part::Part;
#[cfg(target_arch = "wasm32")]
use super::web::{Pieces, StreamWriter};

/// Where a download goes.
pub(super) enum Sink<'a> {
    Memory(&'a mut Vec<u8>),
    #[cfg(not(target_arch = "wasm32"))]
    File(&'a Path, &'a mut Part),
    #[cfg(not(target_arch = "wasm32"))]
    Writer(&'a mut (dyn AsyncWrite + Unpin + Send)),
    #[cfg(target_arch = "wasm32")]
    Blob(&'a mut Pieces),
    #[cfg(target_arch = "wasm32")]
    Stream(&'a StreamWriter),
}

impl Sink<'_> {
    pub(super) async fn write(&mut self, chunk: &[u8]) -> Result<(), DownloadReason> {
        match self {
            Self::Memory(bytes) => bytes.extend_from_slice(chunk),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path, part) => part.write(chunk).await.map_err(|source| cannot_write(path, source))?,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(writer) => writer.write_all(chunk).await.map_err(DownloadReason::Writer)?,
            #[cfg(target_arch = "wasm32")]
            Self::Blob(pieces) => pieces.push(chunk),
            #[cfg(target_arch = "wasm32")]
            Self::Stream(writer) => writer.write(chunk).await?,
        }
        Ok(())
    }

    pub(super) async fn finish(&mut self) -> Result<(), DownloadReason> {
        match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(writer) => writer.flush().await.map_err(DownloadReason::Writer),
            _ => Ok(()),
        }
    }

    /// Forgets what was written.
    pub(super) async fn restart(&mut self) -> Result<(), DownloadReason> {
        match self {
            Self::Memory(bytes) => bytes.clear(),
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(path, part) => part.restart().await.map_err(|source| cannot_write(path, source))?,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(_) => return Err(DownloadReason::CannotRestart),
            #[cfg(target_arch = "wasm32")]
            Self::Blob(pieces) => pieces.clear(),
            #[cfg(target_arch = "wasm32")]
            Self::Stream(_) => return Err(DownloadReason::CannotRestart),
        }
        Ok(())
    }

    pub(super) fn can_restart(&self) -> bool {
        match self {
            Self::Memory(_) => true,
            #[cfg(not(target_arch = "wasm32"))]
            Self::File(..) => true,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Writer(_) => false,
            #[cfg(target_arch = "wasm32")]
            Self::Blob(_) => true,
            #[cfg(target_arch = "wasm32")]
            Self::Stream(_) => false,
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn cannot_write(path: &Path, source: io::Error) -> DownloadReason {
    DownloadReason::File { path: path.to_owned(), source }
}

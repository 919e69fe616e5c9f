//! A picture for the realtime canvas from a file or from memory.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;

use crate::models::DataUrl;
use crate::runtime::BoxFuture;
use crate::transfer::{Loaded, Source, UploadError, UploadReason, base64};

/// Reads a JPEG file into the form in which the realtime canvas takes it. Sends nothing, and costs nothing.
///
/// # Errors
///
/// [`UploadError`], if the file cannot be read, is empty, is no JPEG by its content, or is larger than 25 MB, the most
/// that the service takes of any image.
#[cfg(not(target_arch = "wasm32"))]
pub fn realtime_canvas_image_from_file(path: impl Into<PathBuf>) -> BoxFuture<'static, Result<DataUrl, UploadError>> {
    read(Source::File(path.into()))
}

/// Brings a JPEG that is in memory into the form in which the realtime canvas takes it; see
/// `realtime_canvas_image_from_file`.
///
/// # Errors
///
/// [`UploadError`].
pub fn realtime_canvas_image_from_bytes(bytes: impl Into<Bytes>) -> BoxFuture<'static, Result<DataUrl, UploadError>> {
    read(Source::Bytes(bytes.into()))
}

/// Reads a JPEG that is a `Blob`, such as a `File`, into the form in which the realtime canvas takes it; see
/// `realtime_canvas_image_from_file`.
///
/// # Errors
///
/// [`UploadError`].
#[cfg(target_arch = "wasm32")]
pub fn realtime_canvas_image_from_blob(
    blob: impl Into<web_sys::Blob>,
) -> BoxFuture<'static, Result<DataUrl, UploadError>> {
    read(Source::Blob(blob.into()))
}

/// The most that the service takes of any image. What the realtime canvas takes is not documented; its pictures have at
/// most 1024 pixels a side.
const LARGEST: u64 = 25_000_000;

fn read(source: Source) -> BoxFuture<'static, Result<DataUrl, UploadError>> {
    Box::pin(async move {
        let failed = |reason| UploadError::unsent("realtime_canvas_image_from_file", reason);
        match source.load(LARGEST, |look| look.jpeg()).await.map_err(failed)? {
            Loaded::Whole(bytes) => Ok(DataUrl::new(format!("data:image/jpeg;base64,{}", base64(&bytes)))),
            Loaded::Larger { length, .. } => Err(failed(UploadReason::TooLarge { limit: LARGEST, length })),
        }
    })
}

//! A picture of the realtime canvas to a file or to memory.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;

use crate::models::DataUrl;
#[cfg(not(target_arch = "wasm32"))]
use crate::runtime::BoxFuture;
use crate::transfer::{DataFile, DownloadError};

/// Writes a picture that came in a response of the realtime canvas to a file. Sends nothing, and costs nothing.
///
/// It is written under another name in the same directory, and gets its own name once it is whole and on the disk; then it
/// replaces a file that has that name.
///
/// # Errors
///
/// [`DownloadError`], if there is no picture in it, or the file cannot be written.
#[cfg(not(target_arch = "wasm32"))]
pub fn realtime_canvas_image_to_file(
    image: &DataUrl,
    path: impl Into<PathBuf>,
) -> BoxFuture<'static, Result<(), DownloadError>> {
    file(image).to_file(path.into())
}

/// The bytes of a picture that came in a response of the realtime canvas; see `realtime_canvas_image_to_file`.
///
/// # Errors
///
/// [`DownloadError`], if there is no picture in it.
pub fn realtime_canvas_image_to_bytes(image: &DataUrl) -> Result<Bytes, DownloadError> {
    file(image).to_bytes()
}

fn file(image: &DataUrl) -> DataFile<'_> {
    DataFile(image.base64())
}

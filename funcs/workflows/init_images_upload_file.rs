//! An image from a file, from memory or from a reader to its id.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::LeonardoCore;
use crate::funcs::init_images_upload_init_image;
use crate::models::{InitImageId, InitImageUpload, UploadInitImageRequest};
use crate::transfer::{Form, Source, UploadTarget};
pub use crate::transfer::{Upload, UploadError, UploadProgress, UploadReason};

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
pub fn init_images_upload_file(core: &LeonardoCore, path: impl Into<PathBuf>) -> Upload<InitImageId> {
    upload(core, Source::File(path.into()))
}

/// Uploads an image that is in memory; see `init_images_upload_file`.
///
/// # Errors
///
/// [`UploadError`].
pub fn init_images_upload_bytes(core: &LeonardoCore, bytes: impl Into<Bytes>) -> Upload<InitImageId> {
    upload(core, Source::Bytes(bytes.into()))
}

/// Uploads an image that is a `Blob`, such as a `File`; see `init_images_upload_file`. The browser reads it while it is
/// sent, so that none but its first bytes comes into WebAssembly's memory.
///
/// # Errors
///
/// [`UploadError`].
#[cfg(target_arch = "wasm32")]
pub fn init_images_upload_blob(core: &LeonardoCore, blob: impl Into<web_sys::Blob>) -> Upload<InitImageId> {
    upload(core, Source::Blob(blob.into()))
}

/// Uploads an image of `length` bytes from a reader; see `init_images_upload_file`.
///
/// A reader can be read once, so the upload is retried only as long as nothing but the image's first bytes was read.
///
/// # Errors
///
/// [`UploadError`]. A reader that ends before `length` bytes is an error; what it has beyond them is not read.
pub fn init_images_upload_reader(
    core: &LeonardoCore,
    reader: impl AsyncRead + Unpin + Send + 'static,
    length: u64,
) -> Upload<InitImageId> {
    upload(core, Source::reader(reader, length))
}

pub(super) fn upload(core: &LeonardoCore, source: Source) -> Upload<InitImageId> {
    Upload::new(
        core,
        "init_images_upload_file",
        [source],
        |look| look.image(),
        |core, [kind]| init_images_upload_init_image(core, UploadInitImageRequest::new(kind.extension)),
        |place: InitImageUpload| UploadTarget { forms: [Form::new(place.fields(), place.url)], id: place.id },
    )
}

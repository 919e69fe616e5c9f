//! An image of the Canvas Editor and its mask, from files, from memory or from readers to their ids.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::LeonardoCore;
use crate::codec::serialize;
use crate::funcs::init_images_upload_canvas_init_image;
use crate::models::{CanvasInitImageUpload, InitImageId, UploadCanvasInitImageRequest};
use crate::transfer::{Form, Source, Upload, UploadTarget};

/// An image of the Canvas Editor and its mask, both uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedCanvas {
    /// The image.
    pub init_image_id: InitImageId,
    /// The mask.
    pub mask_image_id: InitImageId,
}

serialize! { impl[] UploadedCanvas { init_image_id => "initImageId", mask_image_id => "maskImageId" } }

/// Uploads an image of the Canvas Editor and its mask: `POST /v1/canvas-init-image` for a place, then both files to the
/// storage. Costs no credits.
///
/// Each may be PNG, JPEG or WebP, as its content tells. Of a transfer that breaks off, only the file that is missing is
/// sent again. All else is as with an upload of one image, `init_images_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A file that is missing, empty or no such image is refused before anything is sent.
#[cfg(not(target_arch = "wasm32"))]
pub fn init_images_upload_canvas_files(
    core: &LeonardoCore,
    image: impl Into<PathBuf>,
    mask: impl Into<PathBuf>,
) -> Upload<UploadedCanvas> {
    upload(core, Source::File(image.into()), Source::File(mask.into()))
}

/// Uploads an image of the Canvas Editor and its mask that are in memory; see `init_images_upload_canvas_files`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
pub fn init_images_upload_canvas_bytes(
    core: &LeonardoCore,
    image: impl Into<Bytes>,
    mask: impl Into<Bytes>,
) -> Upload<UploadedCanvas> {
    upload(core, Source::Bytes(image.into()), Source::Bytes(mask.into()))
}

/// Uploads an image of the Canvas Editor and its mask, of which each is a `Blob`, such as a `File`; see
/// `init_images_upload_canvas_files`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
#[cfg(target_arch = "wasm32")]
pub fn init_images_upload_canvas_blob(
    core: &LeonardoCore,
    image: impl Into<web_sys::Blob>,
    mask: impl Into<web_sys::Blob>,
) -> Upload<UploadedCanvas> {
    upload(core, Source::Blob(image.into()), Source::Blob(mask.into()))
}

/// Uploads an image of the Canvas Editor and its mask from readers, each with its length; see
/// `init_images_upload_canvas_files`.
///
/// A reader can be read once, so the upload is retried only as long as nothing but first bytes was read of what is to be
/// sent.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A reader that ends before its length is an error; what it has beyond that is not read.
pub fn init_images_upload_canvas_reader(
    core: &LeonardoCore,
    (image, image_length): (impl AsyncRead + Unpin + Send + 'static, u64),
    (mask, mask_length): (impl AsyncRead + Unpin + Send + 'static, u64),
) -> Upload<UploadedCanvas> {
    upload(core, Source::reader(image, image_length), Source::reader(mask, mask_length))
}

fn upload(core: &LeonardoCore, image: Source, mask: Source) -> Upload<UploadedCanvas> {
    Upload::new(
        core,
        "init_images_upload_canvas_files",
        [image, mask],
        |look| look.image(),
        |core, [image, mask]| {
            let request = UploadCanvasInitImageRequest::new(image.extension, mask.extension);
            init_images_upload_canvas_init_image(core, request)
        },
        |place: CanvasInitImageUpload| {
            let (image, mask) = (place.init_fields(), place.mask_fields());
            UploadTarget {
                forms: [Form::new(image, place.init_url), Form::new(mask, place.mask_url)],
                id: UploadedCanvas { init_image_id: place.init_image_id, mask_image_id: place.mask_image_id },
            }
        },
    )
}

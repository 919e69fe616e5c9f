//! A picture of a data set from a file, from memory or from a reader to its id.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::LeonardoCore;
use crate::funcs::dataset_upload_dataset_image;
use crate::models::{DatasetId, DatasetImageId, DatasetImageUpload, UploadDatasetImageRequest};
use crate::transfer::{Form, Source, Upload, UploadTarget};

/// Uploads a picture to a data set: `POST /v1/datasets/{datasetId}/upload` for a place, then the file to the storage. Costs
/// no credits.
///
/// It may be PNG, JPEG or WebP, as its content tells. The data set has the place from the moment that it is handed out, so an
/// upload that fails, or whose form expires and is asked for anew, leaves a picture there that was never uploaded. All else
/// is as with an upload of an image, `init_images_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A file that is missing, empty or no such image is refused before anything is sent.
#[cfg(not(target_arch = "wasm32"))]
pub fn dataset_upload_file(
    core: &LeonardoCore,
    dataset_id: impl Into<DatasetId>,
    path: impl Into<PathBuf>,
) -> Upload<DatasetImageId> {
    upload(core, dataset_id.into(), Source::File(path.into()))
}

/// Uploads a picture that is in memory to a data set; see `dataset_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
pub fn dataset_upload_bytes(
    core: &LeonardoCore,
    dataset_id: impl Into<DatasetId>,
    bytes: impl Into<Bytes>,
) -> Upload<DatasetImageId> {
    upload(core, dataset_id.into(), Source::Bytes(bytes.into()))
}

/// Uploads a picture that is a `Blob`, such as a `File`, to a data set; see `dataset_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
#[cfg(target_arch = "wasm32")]
pub fn dataset_upload_blob(
    core: &LeonardoCore,
    dataset_id: impl Into<DatasetId>,
    blob: impl Into<web_sys::Blob>,
) -> Upload<DatasetImageId> {
    upload(core, dataset_id.into(), Source::Blob(blob.into()))
}

/// Uploads a picture of `length` bytes from a reader to a data set; see `dataset_upload_file`.
///
/// A reader can be read once, so the upload is retried only as long as nothing but the picture's first bytes was read.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A reader that ends before `length` bytes is an error; what it has beyond them is not read.
pub fn dataset_upload_reader(
    core: &LeonardoCore,
    dataset_id: impl Into<DatasetId>,
    reader: impl AsyncRead + Unpin + Send + 'static,
    length: u64,
) -> Upload<DatasetImageId> {
    upload(core, dataset_id.into(), Source::reader(reader, length))
}

fn upload(core: &LeonardoCore, dataset: DatasetId, source: Source) -> Upload<DatasetImageId> {
    Upload::new(
        core,
        "dataset_upload_file",
        [source],
        |look| look.image(),
        move |core, [kind]| {
            dataset_upload_dataset_image(core, dataset.clone(), UploadDatasetImageRequest::new(kind.extension))
        },
        |place: DatasetImageUpload| UploadTarget { forms: [Form::new(place.fields(), place.url)], id: place.id },
    )
}

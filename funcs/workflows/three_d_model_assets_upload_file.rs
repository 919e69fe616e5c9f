//! A 3D model from a file, from memory or from a reader to its id.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::LeonardoCore;
use crate::funcs::three_d_model_assets_upload_model_asset;
use crate::models::{ModelAssetId, ModelAssetUpload, UploadModelAssetRequest};
use crate::transfer::{Form, Kind, Look, Source, Upload, UploadReason, UploadTarget};

/// Uploads a 3D model, in the format OBJ: `POST /v1/models-3d/upload` for a place, then the file to the storage. Costs no
/// credits.
///
/// Awaiting it gives the id that textures are made for. The model is called as the file is, without its extension. The place
/// shows among the user's 3D models from the moment that it is handed out, so an upload that fails, or whose form expires
/// and is asked for anew, leaves one there that was never uploaded.
///
/// Whether it is such a file is told by its first statement. All else is as with an upload of an image,
/// `init_images_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A file that is missing, empty or no OBJ is refused before anything is sent.
#[cfg(not(target_arch = "wasm32"))]
pub fn three_d_model_assets_upload_file(core: &LeonardoCore, path: impl Into<PathBuf>) -> Upload<ModelAssetId> {
    let path = path.into();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    upload(core, name, Source::File(path))
}

/// Uploads a 3D model that is in memory, under a name; see `three_d_model_assets_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
pub fn three_d_model_assets_upload_bytes(
    core: &LeonardoCore,
    name: impl Into<String>,
    bytes: impl Into<Bytes>,
) -> Upload<ModelAssetId> {
    upload(core, name.into(), Source::Bytes(bytes.into()))
}

/// Uploads a 3D model that is a `Blob`, such as a `File`, under a name; see `three_d_model_assets_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
#[cfg(target_arch = "wasm32")]
pub fn three_d_model_assets_upload_blob(
    core: &LeonardoCore,
    name: impl Into<String>,
    blob: impl Into<web_sys::Blob>,
) -> Upload<ModelAssetId> {
    upload(core, name.into(), Source::Blob(blob.into()))
}

/// Uploads a 3D model of `length` bytes from a reader, under a name; see `three_d_model_assets_upload_file`.
///
/// A reader can be read once, so the upload is retried only as long as nothing but its first bytes was read.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A reader that ends before `length` bytes is an error; what it has beyond them is not read.
pub fn three_d_model_assets_upload_reader(
    core: &LeonardoCore,
    name: impl Into<String>,
    reader: impl AsyncRead + Unpin + Send + 'static,
    length: u64,
) -> Upload<ModelAssetId> {
    upload(core, name.into(), Source::reader(reader, length))
}

fn upload(core: &LeonardoCore, name: String, source: Source) -> Upload<ModelAssetId> {
    Upload::new(
        core,
        "three_d_model_assets_upload_file",
        [source],
        obj,
        move |core, [kind]| {
            let request = UploadModelAssetRequest::new(kind.extension).name(name.clone());
            three_d_model_assets_upload_model_asset(core, request)
        },
        |place: ModelAssetUpload| UploadTarget {
            forms: [Form::new(place.model_fields(), place.model_url)],
            id: place.model_id,
        },
    )
}

/// What a statement of the format begins with, where a surface is described.
const STATEMENTS: [&[u8]; 16] = [
    b"v", b"vt", b"vn", b"vp", b"f", b"l", b"p", b"o", b"g", b"s", b"mg", b"mtllib", b"usemtl", b"deg", b"cstype",
    b"surf",
];

/// OBJ has no mark of its own: it is text, whose first line is a comment or a statement.
fn obj(look: &Look<'_>) -> Result<Kind, UploadReason> {
    let text = look.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(look.head);
    let is_text = text.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace());
    let first = text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()).unwrap_or_default();
    match is_text && (first.starts_with(b"#") || STATEMENTS.contains(&first)) {
        true => Ok(Kind::new("obj", "model/obj")),
        false => Err(UploadReason::NotAModel),
    }
}

//! A video or a sound from a file, from memory or from a reader to its id.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::LeonardoCore;
use crate::funcs::media_upload_media;
use crate::models::{MediaId, MediaUpload, UploadMediaRequest};
use crate::transfer::{Form, Kind, Look, Source, Upload, UploadReason, UploadTarget};

/// Uploads a video or a sound: `POST /v1/media` for a place, then the file to the storage. Costs no credits.
///
/// Awaiting it gives the id under which a create of version 2 names it; `media_wait_for_media` waits until the service has
/// looked at it.
///
/// What it is, MP4, QuickTime, MP3 or WAV, is told by its content. The service is told the file's name, without the folder;
/// it insists on one for a sound. All else is as with an upload of an image, `init_images_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A file that is missing, empty or of another kind is refused before anything is sent.
#[cfg(not(target_arch = "wasm32"))]
pub fn media_upload_file(core: &LeonardoCore, path: impl Into<PathBuf>) -> Upload<MediaId> {
    let path = path.into();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    upload(core, name, Source::File(path))
}

/// Uploads a video or a sound that is in memory, under a file's name such as `sea.mp3`; see `media_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
pub fn media_upload_bytes(core: &LeonardoCore, name: impl Into<String>, bytes: impl Into<Bytes>) -> Upload<MediaId> {
    upload(core, name.into(), Source::Bytes(bytes.into()))
}

/// Uploads a video or a sound that is a `Blob`, such as a `File`, under a file's name; see `media_upload_file`.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError).
#[cfg(target_arch = "wasm32")]
pub fn media_upload_blob(
    core: &LeonardoCore,
    name: impl Into<String>,
    blob: impl Into<web_sys::Blob>,
) -> Upload<MediaId> {
    upload(core, name.into(), Source::Blob(blob.into()))
}

/// Uploads a video or a sound of `length` bytes from a reader, under a file's name; see `media_upload_file`.
///
/// A reader can be read once, so the upload is retried only as long as nothing but its first bytes was read.
///
/// # Errors
///
/// [`UploadError`](crate::UploadError). A reader that ends before `length` bytes is an error; what it has beyond them is not read.
pub fn media_upload_reader(
    core: &LeonardoCore,
    name: impl Into<String>,
    reader: impl AsyncRead + Unpin + Send + 'static,
    length: u64,
) -> Upload<MediaId> {
    upload(core, name.into(), Source::reader(reader, length))
}

fn upload(core: &LeonardoCore, name: String, source: Source) -> Upload<MediaId> {
    Upload::new(
        core,
        "media_upload_file",
        [source],
        media,
        move |core, [kind]| {
            let request = UploadMediaRequest::new(kind.extension).original_filename(name.clone());
            media_upload_media(core, request)
        },
        |place: MediaUpload| UploadTarget { forms: [Form::new(place.fields(), place.url)], id: place.upload_id },
    )
}

/// The kind that a video or a sound is announced as.
fn media(look: &Look<'_>) -> Result<Kind, UploadReason> {
    match look.head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Ok(Kind::new("wav", "audio/wav")),
        // A tag, or a frame of MPEG 1, 2 or 2.5, layer III, with a bit rate and a sampling rate.
        [b'I', b'D', b'3', ..] => Ok(Kind::new("mp3", "audio/mpeg")),
        [0xff, second, third, ..]
            if second & 0xe6 == 0xe2 && second & 0x18 != 0x08 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c =>
        {
            Ok(Kind::new("mp3", "audio/mpeg"))
        }
        // Sound in the container of MP4 is none of the kinds.
        [_, _, _, _, b'f', b't', b'y', b'p', b'M', b'4', b'A' | b'B' | b'P', ..] => Err(UploadReason::NotMedia),
        // QuickTime from before it had a mark of its own.
        [_, _, _, _, b'm', b'o', b'o', b'v', ..] | [_, _, _, _, b'm', b'd', b'a', b't', ..] => Ok(Kind::MOV),
        head => Kind::of(head).filter(|kind| matches!(*kind, Kind::MP4 | Kind::MOV)).ok_or(UploadReason::NotMedia),
    }
}

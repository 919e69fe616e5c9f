use crate::models::{MediaUpload, UploadMediaRequest};
use crate::{Call, LeonardoCore, operations};

/// Asks for a place to upload a video or a sound to: `POST /v1/media`.
///
/// The response has the id and a presigned form; nothing is uploaded yet.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn media_upload_media(core: &LeonardoCore, request: UploadMediaRequest) -> Call<MediaUpload> {
    Call::new(core, &operations::MEDIA_UPLOAD_MEDIA).body(&request)
}

use crate::models::{MediaId, UploadedMedia};
use crate::{Call, LeonardoCore, operations};

/// Reads an uploaded video or sound: `GET /v1/media/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`.
pub fn media_get_uploaded_media_by_id(core: &LeonardoCore, id: impl Into<MediaId>) -> Call<UploadedMedia> {
    Call::new(core, &operations::MEDIA_GET_UPLOADED_MEDIA_BY_ID).id(id.into())
}

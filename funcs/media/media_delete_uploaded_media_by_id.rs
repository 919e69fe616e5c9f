use crate::models::{DeletedMedia, MediaId};
use crate::{Call, LeonardoCore, operations};

/// Deletes an uploaded video or sound, with its file: `DELETE /v1/media/{id}`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`. An id that does not exist, or no longer, is an
/// [`Api`](crate::Error::Api) error of kind `NotFound`; so is one that an attempt before, whose response was lost, has
/// deleted.
pub fn media_delete_uploaded_media_by_id(core: &LeonardoCore, id: impl Into<MediaId>) -> Call<DeletedMedia> {
    Call::new(core, &operations::MEDIA_DELETE_UPLOADED_MEDIA_BY_ID).id(id.into())
}

//! Waiting until an uploaded video or sound can be used.

use crate::LeonardoCore;
use crate::funcs::media_get_uploaded_media_by_id;
use crate::models::{MediaId, UploadedMedia};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until an uploaded video or sound can be used: `GET /v1/media/{id}`, again and again.
///
/// The words of its status are not documented. It counts as complete when it has a `url`, and as failed when it has
/// none and its status begins with `FAIL`. It costs no credits. How often it polls, and what it survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the service could not use it, the deadline came, or reading it
/// was refused.
pub fn media_wait_for_media(core: &LeonardoCore, id: impl Into<MediaId>) -> Wait<UploadedMedia> {
    Wait::new(core, MEDIA, id.into())
}

impl Job for UploadedMedia {
    type Id = MediaId;
    const NOUN: &'static str = "uploaded media";
    const COSTS_CREDITS: bool = false;

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
const MEDIA: Waited = Waited::new("media_wait_for_media", "media_get_uploaded_media_by_id", |core, id, options| {
    reading(media_get_uploaded_media_by_id(core, id), options)
});

//! Uploaded videos and sounds.

use std::fmt;

use serde_json::{Map, Value};

use super::form::{Names, pairs, without_query};
use super::{MediaId, Timestamp};
use crate::codec::{Model, open_enum};

open_enum!(
    /// The kind of a video or sound file that is going to be uploaded.
    pub enum MediaExtension {
        /// Video: MP4.
        Mp4 = "mp4",
        /// Video: QuickTime.
        Mov = "mov",
        /// Sound: MP3.
        Mp3 = "mp3",
        /// Sound: WAV.
        Wav = "wav",
    }
);

/// Asks for a place to upload a video or a sound to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
pub struct UploadMediaRequest {
    /// The kind of file.
    #[model(required)]
    pub extension: MediaExtension,
    /// What the file is called; needed for a sound.
    pub original_filename: Option<String>,
    /// The team that it is for.
    pub team_id: Option<String>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl UploadMediaRequest {
    /// For a file of that kind. A sound needs [`original_filename`](Self::original_filename()) beside it.
    pub fn new(extension: impl Into<MediaExtension>) -> Self {
        Self { extension: extension.into(), original_filename: None, team_id: None, extra: Map::new() }
    }
}

/// A place to upload a video or a sound to: a presigned form, to be sent to [`url`](Self::url) as `multipart/form-data`,
/// every field of it first and the file last, under the name `file`, without the API key.
///
/// Whoever has the form can upload, for as long as it is valid, about two minutes, so `Debug` shows neither its values nor
/// the query of the URL.
#[derive(Clone, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct MediaUpload {
    /// The identifier of the video or sound, once it is uploaded.
    #[model(required)]
    pub upload_id: MediaId,
    /// Where to send the form.
    pub url: String,
    /// The form's fields as the service gives them: the text of a JSON object. [`fields()`](Self::fields()) reads
    /// it.
    #[model(no_setter)]
    pub fields: String,
}

impl MediaUpload {
    /// The form's fields in their order.
    ///
    /// # Errors
    ///
    /// If [`fields`](Self#structfield.fields) is not the text of a JSON object.
    pub fn fields(&self) -> serde_json::Result<Vec<(String, String)>> {
        pairs(&self.fields)
    }
}

impl fmt::Debug for MediaUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { upload_id, url, fields } = self;
        let mut shown = f.debug_struct("MediaUpload");
        shown.field("upload_id", upload_id).field("url", &without_query(url)).field("fields", &Names(fields)).finish()
    }
}

/// An uploaded video or sound.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct UploadedMedia {
    /// Its identifier.
    #[model(required)]
    pub id: MediaId,
    /// When its place was handed out, in UTC.
    pub created_at: Option<Timestamp>,
    /// Where it is. The link works without the API key, which must not be sent there.
    pub url: Option<String>,
    /// A picture of it.
    pub thumbnail_url: Option<String>,
    /// How far the service is with it, in a word whose values are not documented.
    pub status: Option<String>,
    /// Why it is so.
    pub status_reason: Option<String>,
    /// What it is, in a word whose values are not documented.
    pub media_type: Option<String>,
    /// Its length in seconds.
    pub duration: Option<f64>,
    /// Its width in pixels.
    pub width: Option<u32>,
    /// Its height in pixels.
    pub height: Option<u32>,
    /// Frames per second of a video.
    #[model(name = "video_fps")]
    pub video_fps: Option<f64>,
}

/// An uploaded video or sound that is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct DeletedMedia {
    /// The identifier that it had.
    #[model(required)]
    pub id: MediaId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_fields_to_themselves() {
        let fields = r#"{"key":"k","X-Amz-Signature":"s3cr3t"}"#;
        let json = serde_json::json!({"uploadId": "i", "url": "https://h/b?t=t0ken", "fields": fields});
        let place: MediaUpload = serde_json::from_value(json).unwrap();
        assert_eq!(place.fields().unwrap()[1], ("X-Amz-Signature".to_owned(), "s3cr3t".to_owned()));
        let shown = format!("{place:?}");
        assert!(shown.contains("X-Amz-Signature") && shown.contains("https://h/b"), "{shown}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("t0ken"), "{shown}");
    }
}

//! Variations: what was made of a picture that existed.

use uuid::Uuid;

use super::life::Life;
use super::picture::Drawing;

/// One accepted request to change a picture or a video.
pub(crate) struct Variation {
    pub(crate) id: Uuid,
    pub(crate) life: Life,
    /// The generation or the uploaded image that it was made of.
    pub(crate) origin: Uuid,
    /// The generated image that shows it among its variations.
    pub(crate) image: Option<Uuid>,
    pub(crate) transform: Transform,
    pub(crate) drawing: Drawing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transform {
    Unzoom,
    Upscale,
    NoBackground,
    UniversalUpscale,
    /// Of a video; it is read by a route of its own.
    VideoUpscale,
}

impl Transform {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unzoom => "UNZOOM",
            Self::Upscale | Self::VideoUpscale => "UPSCALE",
            Self::NoBackground => "NOBG",
            // Invented: the schema has no word for it, and real responses have one that is not in the schema.
            Self::UniversalUpscale => "UNIVERSAL_UPSCALER",
        }
    }
}

impl Variation {
    /// The name of its file.
    pub(crate) fn file(&self) -> String {
        format!("{}_{}.{}", self.transform.as_str().to_ascii_lowercase(), self.id, self.drawing.extension())
    }
}

//! Files that are drawn whenever someone asks for one.

use std::sync::Arc;

use super::cut_out::CutOut;
use super::ids::mix;
use super::subject::Subject;

/// A film that moves into a picture.
#[derive(Debug, Clone)]
pub(crate) struct Film {
    /// Its first frame, which gives its size as well.
    pub(crate) poster: Subject,
    pub(crate) milliseconds: u32,
}

/// What a picture of a texture tells of the surface of a 3D model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Map {
    Albedo,
    Normal,
    Roughness,
    Displacement,
    HdrpMask,
}

impl Map {
    pub(crate) const ALL: [Self; 5] = [Self::Albedo, Self::Normal, Self::Roughness, Self::Displacement, Self::HdrpMask];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Albedo => "ALBEDO",
            Self::Normal => "NORMAL",
            Self::Roughness => "ROUGHNESS",
            Self::Displacement => "DISPLACEMENT",
            Self::HdrpMask => "HDRP_MASK",
        }
    }
}

/// A file that can be drawn.
#[derive(Debug, Clone)]
pub(crate) enum Drawing {
    Picture(Subject),
    Film(Film),
    Texture(Subject, Map),
    CutOut(Arc<CutOut>),
}

impl Drawing {
    pub(crate) fn fingerprint(&self) -> u64 {
        match self {
            Self::Picture(subject) => subject.fingerprint(),
            Self::Film(film) => mix(film.poster.fingerprint() ^ mix(u64::from(film.milliseconds))),
            // No number of milliseconds is as large.
            Self::Texture(subject, map) => mix(subject.fingerprint() ^ mix(1 << 32 | *map as u64)),
            Self::CutOut(cut_out) => cut_out.fingerprint(),
        }
    }

    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            Self::Picture(subject) if subject.has_alpha() => "image/png",
            Self::Texture(..) => "image/png",
            Self::Picture(_) => "image/jpeg",
            Self::Film(_) => "video/mp4",
            Self::CutOut(cut_out) => cut_out.cutting.format.content_type(),
        }
    }

    pub(crate) fn extension(&self) -> &'static str {
        match self {
            Self::Picture(subject) => subject.extension(),
            Self::Film(_) => "mp4",
            Self::Texture(..) => "png",
            Self::CutOut(cut_out) => cut_out.cutting.format.extension(),
        }
    }
}

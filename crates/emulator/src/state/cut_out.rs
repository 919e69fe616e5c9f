//! Pictures without their background: of what, and how.

use std::sync::Arc;

use super::ids::{hash, mix};
use super::image_file::ImageFile;
use super::subject::{Change, Subject};

/// A picture that something is made of.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// One that the emulator draws.
    Drawn(Subject),
    File(Arc<ImageFile>),
}

impl Origin {
    pub(crate) fn size(&self) -> (u32, u32) {
        match self {
            Self::Drawn(subject) => subject.size(),
            Self::File(given) => (given.width, given.height),
        }
    }

    /// The picture, or what stands for it.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Drawn(subject) => subject.clone(),
            Self::File(given) => given.stand_in(),
        }
    }

    fn fingerprint(&self) -> u64 {
        match self {
            Self::Drawn(subject) => subject.fingerprint(),
            Self::File(given) => mix(given.fingerprint),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    Webp,
}

impl Format {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// The longest side that a file can have.
    pub(crate) fn longest_side(self) -> u32 {
        match self {
            Self::Png | Self::Jpeg => 65_535,
            Self::Webp => 16_384,
        }
    }
}

/// A length, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Length {
    Pixels(u32),
    /// Of the whole, in hundredths of a percent.
    Share(u32),
}

impl Length {
    pub(crate) fn of(self, whole: u32) -> u32 {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Share(share) => u32::try_from(u64::from(whole) * u64::from(share) / 10_000).unwrap_or(u32::MAX),
        }
    }
}

/// How a background is removed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cutting {
    pub(crate) format: Format,
    /// What a larger picture is made smaller to.
    pub(crate) most_pixels: u64,
    /// Whether the mask is wanted, and not the picture.
    pub(crate) mask: bool,
    /// With an alpha channel.
    pub(crate) colour: Option<[u8; 4]>,
    /// What is left at the top, at the right, at the bottom and on the left when cutting off what is empty.
    pub(crate) crop: Option<[Length; 4]>,
    /// Two corners between which the foreground is: left, top, right, bottom.
    pub(crate) region: Option<[Length; 4]>,
    /// Whether all is either there or not.
    pub(crate) hard: bool,
}

/// A picture without its background.
#[derive(Debug)]
pub(crate) struct CutOut {
    pub(crate) source: Origin,
    pub(crate) background: Option<Origin>,
    pub(crate) cutting: Cutting,
}

impl CutOut {
    pub(crate) fn fingerprint(&self) -> u64 {
        let background = self.background.as_ref().map_or(0, Origin::fingerprint);
        let cutting = hash(format!("{:?}", self.cutting).as_bytes());
        mix(mix(self.source.fingerprint() ^ cutting) ^ background)
    }

    /// What stands for it when something else is made of it, in this size.
    pub(crate) fn subject(&self, width: u32, height: u32) -> Subject {
        let subject = self.source.subject().changed(Change::Cut);
        if subject.size() == (width, height) { subject } else { subject.changed(Change::Scaled(width, height)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(Length::Pixels(7).of(100), 7);
        assert_eq!(Length::Share(1250).of(200), 25);
        assert_eq!(Length::Share(u32::MAX).of(u32::MAX), u32::MAX);
    }
}

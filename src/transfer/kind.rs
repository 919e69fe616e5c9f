//! Kinds of files, told by how they begin.

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) extension: &'static str,
    pub(crate) content_type: &'static str,
}

/// As many of a file's first bytes as it takes to tell what it is, and to show what it is instead.
pub(crate) const HEAD: usize = 64;

impl Kind {
    pub(crate) const PNG: Self = Self::new("png", "image/png");
    pub(crate) const JPG: Self = Self::new("jpg", "image/jpeg");
    pub(crate) const WEBP: Self = Self::new("webp", "image/webp");
    const GIF: Self = Self::new("gif", "image/gif");
    const AVIF: Self = Self::new("avif", "image/avif");
    const HEIC: Self = Self::new("heic", "image/heic");
    const BMP: Self = Self::new("bmp", "image/bmp");
    const TIFF: Self = Self::new("tiff", "image/tiff");
    pub(crate) const MP4: Self = Self::new("mp4", "video/mp4");
    pub(crate) const MOV: Self = Self::new("mov", "video/quicktime");
    const WEBM: Self = Self::new("webm", "video/webm");
    const MKV: Self = Self::new("mkv", "video/x-matroska");

    /// All that [`of`](Self::of) gives.
    #[cfg(all(feature = "image-download", not(target_arch = "wasm32")))]
    pub(crate) const ALL: [Self; 12] = [
        Self::PNG,
        Self::JPG,
        Self::WEBP,
        Self::GIF,
        Self::AVIF,
        Self::HEIC,
        Self::BMP,
        Self::TIFF,
        Self::MP4,
        Self::MOV,
        Self::WEBM,
        Self::MKV,
    ];

    pub(crate) const fn new(extension: &'static str, content_type: &'static str) -> Self {
        Self { extension, content_type }
    }

    /// The kind of picture or video that begins so; `None` if it is neither.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::PNG,
            [0xff, 0xd8, 0xff, ..] => Self::JPG,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::WEBP,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::GIF,
            // Two letters alone could begin any text; the four bytes after the length are reserved.
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Self::BMP,
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Self::TIFF,
            [0x1a, 0x45, 0xdf, 0xa3, rest @ ..] => match rest.windows(8).any(|word| word == b"matroska") {
                true => Self::MKV,
                false => Self::WEBM,
            },
            [_, _, _, _, b'f', b't', b'y', b'p', a, b, c, d, rest @ ..] => match &[*a, *b, *c, *d] {
                b"avif" | b"avis" => Self::AVIF,
                // These brands are those of the container; the brands after it tell what is in it.
                b"mif1" | b"msf1" if rest.chunks(4).any(|brand| brand == b"avif" || brand == b"avis") => Self::AVIF,
                b"mif1" | b"msf1" => Self::HEIC,
                [b'h', b'e', b'i' | b'v', b'c' | b'x' | b'm' | b's'] => Self::HEIC,
                b"qt  " => Self::MOV,
                _ => Self::MP4,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (head, extension) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("png")),
            (b"\xff\xd8\xff\xe0", Some("jpg")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"GIF89a", Some("gif")),
            (b"\0\0\0\x20ftypisom", Some("mp4")),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some("mov")),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", Some("avif")),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", Some("avif")),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", Some("heic")),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1", Some("heic")),
            (b"\0\0\0\x18ftyphevx\0\0\0\0msf1", Some("heic")),
            (b"\0\0\0\x20ftyp", None),
            (b"BM\x9a\0\0\0\0\0\0\0\x36\0", Some("bmp")),
            (b"BMW is no picture", None),
            (b"II*\0\x08\0\0\0", Some("tiff")),
            (b"MM\0*\0\0\0\x08", Some("tiff")),
            (b"MM\0+\0\x08\0\0", Some("tiff")),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", Some("webm")),
            (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", Some("mkv")),
            (b"\x89PN", None),
            (b"plain text", None),
            (b"<html>", None),
            (b"", None),
        ] {
            let kind = Kind::of(head);
            assert_eq!(kind.map(|kind| kind.extension), extension, "{head:?}");
            #[cfg(all(feature = "image-download", not(target_arch = "wasm32")))]
            assert!(kind.is_none_or(|kind| Kind::ALL.contains(&kind)), "{kind:?}");
        }
    }
}

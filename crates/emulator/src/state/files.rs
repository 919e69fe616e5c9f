//! Files that come from outside: what an upload is for, and what a file is by its name and by its first bytes.

use std::sync::Arc;

use uuid::Uuid;

/// What an upload is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    InitImage,
    /// A picture in this data set.
    DatasetImage(Uuid),
    /// A video or a sound, and what its file is called.
    Media {
        name: Option<Arc<str>>,
    },
    /// A 3D model, and what it is called.
    ModelAsset {
        name: Option<Arc<str>>,
    },
}

/// The content type of a file with this extension.
pub(crate) fn announced(extension: &str) -> &'static str {
    match extension {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "obj" => "model/obj",
        _ => "binary/octet-stream",
    }
}

/// Whether a file that was taken for the second is what the first announced. MP4 and QuickTime are one container, and
/// many a file of either is called by the other's extension.
pub(crate) fn is_as_announced(extension: &str, recognised: Option<&str>) -> bool {
    match extension {
        "mp4" | "mov" => matches!(recognised, Some("video/mp4" | "video/quicktime")),
        other => recognised == Some(announced(other)),
    }
}

/// What a file is by its first bytes.
pub(crate) fn recognise(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
        [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
        [0xff, second, third, ..] if is_mp3_frame(*second, *third) => Some("audio/mpeg"),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => of_brand(brand.get(..4)?),
        // Boxes that a QuickTime file could begin with before there were brands.
        [_, _, _, _, name @ ..]
            if [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].iter().any(|one| name.starts_with(*one)) =>
        {
            Some("video/quicktime")
        }
        _ => is_obj(head).then_some("model/obj"),
    }
}

/// The second and third byte of a frame of MPEG audio: layer III of a version that exists, with a bit rate and a
/// sampling rate that exist.
fn is_mp3_frame(second: u8, third: u8) -> bool {
    second & 0xe6 == 0xe2 && second & 0x18 != 0x08 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c
}

/// What the container of MP4 holds.
fn of_brand(brand: &[u8]) -> Option<&'static str> {
    match brand {
        b"qt  " => Some("video/quicktime"),
        b"M4A " | b"M4B " | b"M4P " => Some("audio/mp4"),
        // Pictures.
        b"heic" | b"heix" | b"mif1" | b"msf1" | b"avif" | b"avis" => None,
        _ => Some("video/mp4"),
    }
}

/// Wavefront OBJ has no mark of its own: it is text, whose first word begins a comment or is a statement.
fn is_obj(head: &[u8]) -> bool {
    const STATEMENTS: [&[u8]; 13] =
        [b"v", b"vt", b"vn", b"vp", b"f", b"l", b"p", b"o", b"g", b"s", b"mg", b"mtllib", b"usemtl"];
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let first = text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()).unwrap_or_default();
    let is_text = || text.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace());
    (first.starts_with(b"#") || STATEMENTS.contains(&first)) && is_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_first_bytes() {
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x01\x02\x03\x04WAVEfmt ", Some("audio/wav")),
            (b"RIFF\x01\x02\x03\x04AVI LIST", None),
            (b"ID3\x04\0", Some("audio/mpeg")),
            (b"\xff\xfb\x90\x64", Some("audio/mpeg")),
            (b"\xff\xf3\x40\xc0", Some("audio/mpeg")),
            // Layer II, a version, a bit rate and a sampling rate that do not exist, and AAC.
            (b"\xff\xfd\x90\x64", None),
            (b"\xff\xeb\x90\x64", None),
            (b"\xff\xfb\xf0\x64", None),
            (b"\xff\xfb\x9c\x64", None),
            (b"\xff\xf1\x50\x80", None),
            (b"\0\0\0\x18ftypisom", Some("video/mp4")),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", Some("video/quicktime")),
            (b"\0\0\0\x18ftypM4A \0\0", Some("audio/mp4")),
            (b"\0\0\0\x18ftypheic\0\0", None),
            (b"\0\0\0\x18ftyp", None),
            (b"\0\0\0\x08wide\0\0", Some("video/quicktime")),
            (b"# a sword\nv 0 0 0\n", Some("model/obj")),
            (b"\xef\xbb\xbf\r\n  mtllib sword.mtl\n", Some("model/obj")),
            (b"v 0 0 \0", None),
            (b"vector", None),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(recognise(head), kind, "{head:?}");
        }
    }

    #[test]
    fn containers_go_by_either_extension() {
        let all = ["png", "jpg", "jpeg", "webp", "mp4", "mov", "mp3", "wav", "obj"];
        for extension in all {
            let fitting: Vec<_> =
                all.iter().filter(|other| is_as_announced(extension, Some(announced(other)))).copied().collect();
            let expected: &[&str] = match extension {
                "jpg" | "jpeg" => &["jpg", "jpeg"],
                "mp4" | "mov" => &["mp4", "mov"],
                alone => &[alone],
            };
            assert_eq!(fitting, expected);
            assert!(!is_as_announced(extension, None));
        }
    }
}

//! What a file is called whose content is known.

use std::path::{Path, PathBuf};

use super::super::kind::Kind;
use super::Arrived;

pub(super) fn with_extension(stem: &Path, extension: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(".");
    path.push(extension);
    path.into()
}

/// What the file is by its content, by what the server says, or by the link, in this order.
pub(super) fn extension<'a>(arrived: &Arrived<'a>) -> &'a str {
    let told = arrived.content_type.and_then(|told| told.split(';').next());
    let told = told.and_then(|told| Kind::ALL.into_iter().find(|kind| kind.content_type == told.trim()));
    let kind = Kind::of(arrived.head).or(told);
    kind.map(|kind| kind.extension).or_else(|| of_link(arrived.path)).unwrap_or("bin")
}

/// The extension in a link's path, if it is a plain one.
pub(super) fn of_link(path: &str) -> Option<&str> {
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    let plain = (1..=4).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        for (head, content_type, path, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some("image/jpeg"), "/a.webp", "png"),
            (b"?", Some("image/webp; x=y"), "/a.png", "webp"),
            (b"?", Some("application/octet-stream"), "/a.b/c.tiff", "tiff"),
            (b"?", None, "/a.b/c", "bin"),
            (b"?", None, "/a.toolong", "bin"),
            (b"?", None, "/a.%2F", "bin"),
            (b"", None, "", "bin"),
        ] {
            assert_eq!(extension(&Arrived { head, content_type, path }), expected, "{path}");
        }
    }
}

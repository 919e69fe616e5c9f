//! The sizes of pictures that come from outside, read from the first bytes of their files.

/// The width and height of a PNG or JPEG; nothing for other files and for those that are not both above zero.
pub(crate) fn size(head: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = png(head).or_else(|| jpeg(head))?;
    (width > 0 && height > 0).then_some((width, height))
}

fn png(head: &[u8]) -> Option<(u32, u32)> {
    if !head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return None;
    }
    let number = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut rest = head.strip_prefix(b"\xff\xd8")?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else { return None };
        let number = |at: usize| Some(u32::from(u16::from_be_bytes(rest.get(at..at + 2)?.try_into().ok()?)));
        match marker {
            // Start of frame; the numbers between are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => return Some((number(7)?, number(5)?)),
            _ => rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\0\x80";
        assert_eq!(size(png), Some((256, 128)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x02\xff\xc0\0\x11\x08\0\x80\x01\0\x03";
        assert_eq!(size(jpeg), Some((256, 128)));
        for cut in 0..png.len() {
            assert_eq!(size(&png[..cut]), None);
        }
        for other in [&jpeg[..16], b"\xff\xd8\xff\xe0\0\0", b"\xff\xd8", b"RIFF", b""] {
            assert_eq!(size(other), None, "{other:?}");
        }
        assert_eq!(size(b"\xff\xd8\xff\xc0\0\x11\x08\0\0\x01\0\x03"), None, "no height");
    }
}

//! The sizes of pictures that come from outside, read from the first bytes of their files.

/// The width and height of a PNG, JPEG or WebP; nothing for other files and for those that are not both above zero.
pub(crate) fn size(head: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = png(head).or_else(|| jpeg(head)).or_else(|| webp(head))?;
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

fn webp(head: &[u8]) -> Option<(u32, u32)> {
    if !head.starts_with(b"RIFF") || head.get(8..12) != Some(b"WEBP") {
        return None;
    }
    let byte = |at: usize| head.get(at).copied().map(u32::from);
    let number = |at: usize| Some(byte(at)? | byte(at + 1)? << 8);
    match head.get(12..16)? {
        b"VP8X" => {
            let side = |at: usize| Some((number(at)? | byte(at + 2)? << 16) + 1);
            Some((side(24)?, side(27)?))
        }
        b"VP8L" => {
            let bits = number(21)? | number(23)? << 16;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => Some((number(26)? & 0x3fff, number(28)? & 0x3fff)),
        _ => None,
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
        let start = b"RIFF\0\0\0\0WEBP";
        let lossy = [&start[..], b"VP8 \0\0\0\0\0\0\0\x9d\x01\x2a\0\x41\x80\0"].concat();
        let lossless = [&start[..], b"VP8L\0\0\0\0\x2f\xff\xc0\x1f\0"].concat();
        let extended = [&start[..], b"VP8X\0\0\0\0\0\0\0\0\xff\0\0\x7f\0\0"].concat();
        for whole in [&png[..], &lossy, &lossless, &extended] {
            assert_eq!(size(whole), Some((256, 128)), "{whole:?}");
            for cut in 0..whole.len() {
                assert_eq!(size(&whole[..cut]), None);
            }
        }
        for other in [&jpeg[..16], b"\xff\xd8\xff\xe0\0\0", b"\xff\xd8", b"RIFF", b""] {
            assert_eq!(size(other), None, "{other:?}");
        }
        assert_eq!(size(b"\xff\xd8\xff\xc0\0\x11\x08\0\0\x01\0\x03"), None, "no height");
    }
}

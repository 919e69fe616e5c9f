//! What the files of videos and sounds tell of themselves, read from their first bytes.

/// As far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Details {
    /// In seconds.
    pub(crate) duration: Option<f64>,
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) frames_per_second: Option<f64>,
}

impl Details {
    /// Of an MP4, QuickTime or WAV file. Where the tables of a film come after its frames they are not looked for.
    pub(crate) fn of(head: &[u8]) -> Self {
        if let Some(chunks) = riff(head) {
            return Self { duration: wav_duration(chunks), ..Self::default() };
        }
        let Some(movie) = child(head, b"moov") else {
            return Self::default();
        };
        let track = Boxes(movie).find(|(name, track)| name == b"trak" && is_video(track)).map(|(_, track)| track);
        Self {
            duration: child(movie, b"mvhd").and_then(length),
            size: track.and_then(|track| size(child(track, b"tkhd")?)),
            frames_per_second: track.and_then(frames_per_second),
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

/// The boxes of the container (ISO/IEC 14496-12), one after the other: their names and what is there of their content.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0;
        let name = *bytes.get(4..)?.first_chunk()?;
        let (header, length) = match word(bytes, 0)? {
            // To the end of the file.
            0 => (8, usize::MAX),
            1 => (16, usize::try_from(long(bytes, 8)?).unwrap_or(usize::MAX)),
            length => (8, usize::try_from(length).unwrap_or(usize::MAX)),
        };
        let end = length.min(bytes.len());
        // A box that is shorter than its own header ends the list.
        let content = bytes.get(header..end)?;
        self.0 = bytes.get(end..)?;
        Some((name, content))
    }
}

fn child<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(bytes).find(|(known, _)| known == name).map(|(_, content)| content)
}

fn descendant<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, name| child(bytes, name))
}

fn is_video(track: &[u8]) -> bool {
    descendant(track, &[b"mdia", b"hdlr"]).and_then(|handler| handler.get(8..12)) == Some(b"vide")
}

/// Whether the times of a header have 64 bits.
fn is_long(header: &[u8]) -> bool {
    header.first() == Some(&1)
}

/// The duration in seconds that the header of a film tells.
fn length(header: &[u8]) -> Option<f64> {
    let (scale, duration) = if is_long(header) {
        (word(header, 20)?, long(header, 24)?)
    } else {
        let duration = word(header, 16)?;
        // All bits set: not known.
        (word(header, 12)?, if duration == u32::MAX { u64::MAX } else { duration.into() })
    };
    let known = scale > 0 && duration > 0 && duration != u64::MAX;
    known.then(|| duration as f64 / f64::from(scale))
}

/// The width and height that the header of a track tells, with 16 bits after the point.
fn size(header: &[u8]) -> Option<(u32, u32)> {
    let at = if is_long(header) { 88 } else { 76 };
    let (width, height) = (word(header, at)? >> 16, word(header, at + 4)? >> 16);
    (width > 0 && height > 0).then_some((width, height))
}

fn frames_per_second(track: &[u8]) -> Option<f64> {
    let header = descendant(track, &[b"mdia", b"mdhd"])?;
    let scale = word(header, if is_long(header) { 20 } else { 12 })?;
    let times = descendant(track, &[b"mdia", b"minf", b"stbl", b"stts"])?;
    let runs = usize::try_from(word(times, 4)?).ok()?;
    // How many frames follow each other, and for how long each is shown.
    let (mut frames, mut ticks) = (0_u64, 0_u64);
    for run in times.get(8..)?.chunks_exact(8).take(runs) {
        let (number, each) = (u64::from(word(run, 0)?), u64::from(word(run, 4)?));
        frames = frames.saturating_add(number);
        ticks = ticks.saturating_add(number.saturating_mul(each));
    }
    let whole = times.len() / 8 > runs;
    (whole && frames > 0 && ticks > 0 && scale > 0).then(|| frames as f64 * f64::from(scale) / ticks as f64)
}

/// The chunks of a WAV file.
fn riff(head: &[u8]) -> Option<&[u8]> {
    (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE")).then(|| head.get(12..))?
}

/// From the number of bytes that are played a second, and how many there are.
fn wav_duration(mut chunks: &[u8]) -> Option<f64> {
    let number = |at: usize, bytes: &[u8]| Some(u32::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?));
    let mut rate = None;
    loop {
        let length = number(4, chunks)?;
        match chunks.get(..4)? {
            b"fmt " => rate = number(16, chunks).filter(|rate| *rate > 0),
            // A length that was never filled in says nothing.
            b"data" => return rate.filter(|_| length != u32::MAX).map(|rate| f64::from(length) / f64::from(rate)),
            _ => {}
        }
        // Chunks are of an even number of bytes.
        let next = usize::try_from(length).ok()?.checked_next_multiple_of(2)?.checked_add(8)?;
        chunks = chunks.get(next..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), &name[..], content].concat()
    }

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    fn handler(kind: &[u8; 4]) -> Vec<u8> {
        container(b"hdlr", &[&[0; 8], &kind[..], &[0; 12]].concat())
    }

    /// A film whose headers are of the second kind, with a sound before the pictures.
    fn film(duration: u64) -> Vec<u8> {
        let movie = [&words(&[0x0100_0000, 0, 0, 0, 0, 600])[..], &duration.to_be_bytes(), &[0; 80]].concat();
        let mut track = vec![1];
        track.resize(88, 0);
        track.extend(words(&[1280 << 16, 720 << 16]));
        let media = [&words(&[0x0100_0000, 0, 0, 0, 0, 24_000])[..], &[0; 12]].concat();
        let times = container(b"stts", &words(&[0, 2, 100, 1001, 20, 1001]));
        let tables = container(b"minf", &container(b"stbl", &times));
        let video = [container(b"mdhd", &media), handler(b"vide"), tables].concat();
        let video = [container(b"tkhd", &track), container(b"mdia", &video)].concat();
        let sound = container(b"mdia", &handler(b"soun"));
        let tracks = [container(b"mvhd", &movie), container(b"trak", &sound), container(b"trak", &video)].concat();
        [
            container(b"ftyp", b"isom"),
            words(&[1]),
            b"free".to_vec(),
            24_u64.to_be_bytes().to_vec(),
            vec![0; 8],
            container(b"moov", &tracks),
            words(&[0]),
            b"mdat".to_vec(),
            vec![7; 50],
        ]
        .concat()
    }

    #[test]
    fn films() {
        let details = Details::of(&film(3024));
        assert_eq!((details.duration, details.size), (Some(5.04), Some((1280, 720))));
        assert!((details.frames_per_second.unwrap() - 24.0 / 1.001).abs() < 1e-9);
        assert_eq!(Details::of(&film(u64::MAX)).duration, None);
        assert_eq!(Details::of(&film(0)).duration, None);
    }

    #[test]
    fn what_is_cut_or_wrong_is_not_known() {
        let whole = film(3024);
        let known = Details::of(&whole);
        for end in 0..whole.len() {
            let cut = Details::of(&whole[..end]);
            assert!(cut == known || cut.frames_per_second.is_none(), "{end}");
        }
        for at in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut wrong = whole.clone();
                wrong[at] = value;
                let _ = Details::of(&wrong);
            }
        }
        assert_eq!(Details::of(b"\0\0\0\0moov\0\0\0\x04mvhd"), Details::default());
    }

    #[test]
    fn sounds() {
        let head = |rate: u32, length: u32| {
            let mut head = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0".to_vec();
            head.extend([&rate.to_le_bytes()[..], &[2, 0, 16, 0], b"data", &length.to_le_bytes()].concat());
            Details::of(&head).duration
        };
        assert_eq!(head(16_000, 40_000), Some(2.5));
        assert_eq!(head(0, 40_000), None);
        assert_eq!(head(16_000, u32::MAX), None);
        assert_eq!(Details::of(b"RIFF\0\0\0\0WAVEdata\x04\0\0\0").duration, None);
    }
}

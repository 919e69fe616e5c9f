//! MP4 files (ISO base media, ISO/IEC 14496-12) of one video track whose samples are JPEG files.

/// The unit of time: milliseconds.
const TIMESCALE: u32 = 1000;

/// A file that shows the frames one after the other within some milliseconds. What describes them comes first, so
/// that a player can start before it has the whole file.
pub(super) fn file(width: u16, height: u16, milliseconds: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let kind = container(b"ftyp", &[b"isom", &0x200_u32.to_be_bytes(), b"isomiso2mp41"]);
    let movie = |first| movie(width, height, milliseconds, frames, first);
    // The place of the first frame does not change the length of what stands before it.
    let first = kind.len() + movie(0).len() + 8;
    let media: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    [kind, movie(first), container(b"mdat", &media)].concat()
}

/// A box: its length, its name, its content.
fn container(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&number(content.len() + 8)[..], name, &content].concat()
}

/// A box with version 0 and flags.
fn full(name: &[u8; 4], flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    container(name, &[&flags.to_be_bytes(), &parts.concat()])
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Files of more than 4 GiB are not made.
fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes()
}

/// No rotation: the numbers are of 16 and 2 bits before the point.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

fn movie(width: u16, height: u16, duration: u32, frames: &[Vec<u8>], first: usize) -> Vec<u8> {
    let matrix = words(&MATRIX);
    let movie_header = full(
        b"mvhd",
        0,
        &[
            &words(&[0, 0, TIMESCALE, duration]),
            // Speed and volume.
            &words(&[0x1_0000, 0x0100_0000, 0, 0]),
            &matrix,
            &words(&[0; 6]),
            // The number of the next track.
            &words(&[2]),
        ],
    );
    let track_header = full(
        b"tkhd",
        // Enabled, and a part of the film.
        3,
        &[
            &words(&[0, 0, 1, 0, duration, 0, 0, 0, 0]),
            &matrix,
            &words(&[u32::from(width) << 16, u32::from(height) << 16]),
        ],
    );
    // The language is undetermined.
    let media_header = full(b"mdhd", 0, &[&words(&[0, 0, TIMESCALE, duration, 0x55c4_0000])]);
    let handler = full(b"hdlr", 0, &[&words(&[0]), b"vide", &words(&[0; 3]), b"Video\0"]);
    let here = full(b"url ", 1, &[]);
    let data = container(b"dinf", &[&full(b"dref", 0, &[&words(&[1]), &here])]);
    let samples = samples(width, height, duration, frames, first);
    let information = container(b"minf", &[&full(b"vmhd", 1, &[&words(&[0, 0])]), &data, &samples]);
    let media = container(b"mdia", &[&media_header, &handler, &information]);
    container(b"moov", &[&movie_header, &container(b"trak", &[&track_header, &media])])
}

/// Where the frames are and how long each is shown.
fn samples(width: u16, height: u16, duration: u32, frames: &[Vec<u8>], first: usize) -> Vec<u8> {
    let count = frames.len() as u32;
    let each = duration / count.max(1);
    // What the division leaves over is added to the last frame.
    let last = duration - each * count.saturating_sub(1);
    let times = words(&[2, count.saturating_sub(1), each, 1, last]);
    let sizes: Vec<u8> = frames.iter().flat_map(|frame| number(frame.len())).collect();
    container(
        b"stbl",
        &[
            &full(b"stsd", 0, &[&words(&[1]), &entry(width, height)]),
            &full(b"stts", 0, &[&times]),
            // All frames are in one chunk.
            &full(b"stsc", 0, &[&words(&[1, 1, count, 1])]),
            &full(b"stsz", 0, &[&words(&[0, count]), &sizes]),
            &full(b"stco", 0, &[&words(&[1]), &number(first)]),
        ],
    )
}

/// That the frames are JPEG files of this size: the kind of object 0x6c of ISO/IEC 14496-1.
fn entry(width: u16, height: u16) -> Vec<u8> {
    let decoder = [&[0x04, 13, 0x6c, 0x11][..], &[0; 11]].concat();
    let stream = [&[0x03, 3 + 15 + 3, 0, 1, 0][..], &decoder, &[0x06, 1, 2]].concat();
    container(
        b"mp4v",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &width.to_be_bytes(),
            &height.to_be_bytes(),
            // 72 pixels an inch, one frame a sample.
            &words(&[0x48_0000, 0x48_0000, 0]),
            &1_u16.to_be_bytes(),
            &[0; 32],
            // The depth of the colours, and no table of them.
            &[0, 24, 0xff, 0xff],
            &full(b"esds", 0, &[&stream]),
        ],
    )
}

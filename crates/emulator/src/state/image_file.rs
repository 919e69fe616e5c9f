//! Pictures that requests brought along, or that were uploaded, for as long as there is room for their files.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::header;
use super::ids::hash;
use super::subject::Subject;
use crate::sync::lock;

/// Bytes of files kept.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A picture of which there is a file.
#[derive(Debug)]
pub(crate) struct ImageFile {
    pub(crate) fingerprint: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Until the file is forgotten.
    bytes: Mutex<Option<Bytes>>,
}

impl ImageFile {
    /// A PNG, JPEG or WebP file; nothing for others.
    pub(crate) fn new(bytes: Bytes) -> Option<Self> {
        let (width, height) = header::size(&bytes)?;
        Some(Self { fingerprint: hash(&bytes), width, height, bytes: Mutex::new(Some(bytes)) })
    }

    pub(crate) fn bytes(&self) -> Option<Bytes> {
        lock(&self.bytes).clone()
    }

    /// What stands for it where its content does not matter: another picture of the same size.
    pub(crate) fn stand_in(&self) -> Subject {
        Subject::of_size(format!("picture {:016x}", self.fingerprint).into(), 0, self.width, self.height)
    }
}

/// The files that are kept for pictures to be made of them later; those of older ones are forgotten.
#[derive(Default)]
pub(crate) struct Gallery {
    kept: VecDeque<(usize, Arc<ImageFile>)>,
    bytes: usize,
}

impl Gallery {
    pub(crate) fn keep(&mut self, given: &Arc<ImageFile>) {
        let length = given.bytes().map_or(0, |bytes| bytes.len());
        self.bytes += length;
        self.kept.push_back((length, Arc::clone(given)));
        while self.bytes > MOST_BYTES {
            let Some((length, oldest)) = self.kept.pop_front() else { break };
            self.bytes -= length;
            lock(&oldest.bytes).take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_are_forgotten() {
        let mut gallery = Gallery::default();
        let file = |last: u8| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\0\x80".to_vec();
            bytes.resize(20 * 1024 * 1024, last);
            Arc::new(ImageFile::new(bytes.into()).unwrap())
        };
        let all: Vec<_> = (0..4).map(file).collect();
        all.iter().for_each(|given| gallery.keep(given));
        assert!(gallery.bytes <= MOST_BYTES);
        assert_eq!(all.iter().map(|given| given.bytes().is_some()).collect::<Vec<_>>(), [false, true, true, true]);
        assert_eq!((all[0].width, all[0].height, all[0].stand_in().size()), (256, 128, (256, 128)));
        assert_ne!(all[0].fingerprint, all[1].fingerprint);
    }
}

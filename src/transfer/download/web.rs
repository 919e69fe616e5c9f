//! Where a download goes in a browser: a `Blob` or a stream, both of which are JavaScript's.

use js_sys::{Array, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, WritableStream, WritableStreamDefaultWriter};

use super::super::thrown;
use super::DownloadReason;

/// The pieces of a `Blob`.
#[derive(Default)]
pub(super) struct Pieces(Array);

impl Pieces {
    pub(super) fn push(&self, chunk: &[u8]) {
        self.0.push(&Uint8Array::from(chunk));
    }

    pub(super) fn clear(&mut self) {
        self.0 = Array::new();
    }

    pub(super) fn into_blob(self, content_type: &str) -> Result<Blob, DownloadReason> {
        let options = BlobPropertyBag::new();
        options.set_type(content_type);
        let blob = Blob::new_with_buffer_source_sequence_and_options(&self.0, &options);
        blob.map_err(|value| DownloadReason::Blob(thrown(&value)))
    }
}

/// The writer of a stream, which is locked until this is dropped.
pub(super) struct StreamWriter(WritableStreamDefaultWriter);

impl StreamWriter {
    pub(super) fn new(stream: &WritableStream) -> Result<Self, DownloadReason> {
        stream.get_writer().map(Self).map_err(|_| DownloadReason::StreamLocked)
    }

    /// Waits until the stream has taken the chunk. Its `ready` says no more, and never comes if the high-water mark is 0.
    pub(super) async fn write(&self, chunk: &[u8]) -> Result<(), DownloadReason> {
        let taken = JsFuture::from(self.0.write_with_chunk(&Uint8Array::from(chunk))).await;
        taken.map(drop).map_err(|value| DownloadReason::Stream(thrown(&value)))
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        self.0.release_lock();
    }
}

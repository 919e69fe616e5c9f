//! Pictures are drawn when they are first asked for; a few are kept for those who come back.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore};

use super::drawing::draw;
use crate::state::picture::Drawing;
use crate::sync::lock;

/// Bytes of pictures kept.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Pictures kept.
const MOST: usize = 256;

pub(crate) struct Pictures {
    kept: Mutex<VecDeque<(u64, Arc<OnceCell<Bytes>>)>>,
    /// Drawing fills the processors; more at once would only use more memory.
    easels: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self { kept: Mutex::default(), easels: Arc::new(Semaphore::new(processors)) }
    }
}

impl Pictures {
    /// The bytes of a picture or film. Those who ask for one at the same time have it drawn once.
    pub(crate) async fn get(&self, drawing: Drawing) -> io::Result<Bytes> {
        let cell = self.cell(drawing.fingerprint());
        cell.get_or_try_init(|| async move {
            let easel = Arc::clone(&self.easels).acquire_owned().await;
            tokio::task::spawn_blocking(move || {
                let _easel = easel;
                draw(&drawing).map(Bytes::from)
            })
            .await
            .map_err(io::Error::other)?
        })
        .await
        .cloned()
    }

    fn cell(&self, key: u64) -> Arc<OnceCell<Bytes>> {
        let mut kept = lock(&self.kept);
        if let Some((_, cell)) = kept.iter().find(|(known, _)| *known == key) {
            return Arc::clone(cell);
        }
        let mut bytes: usize = kept.iter().map(|(_, cell)| cell.get().map_or(0, Bytes::len)).sum();
        while kept.len() >= MOST || bytes > MOST_BYTES {
            let Some((_, oldest)) = kept.pop_front() else {
                break;
            };
            bytes -= oldest.get().map_or(0, Bytes::len);
        }
        let cell = Arc::<OnceCell<Bytes>>::default();
        kept.push_back((key, Arc::clone(&cell)));
        cell
    }
}

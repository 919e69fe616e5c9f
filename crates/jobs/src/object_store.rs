//! Files in an object store.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::image_download_all;
use leonardo_ai::models::Generation;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::{Job, Sink, SinkError};

/// An object store: Amazon S3, Google Cloud Storage, Azure Blob Storage or whatever else the crate [`object_store`] has, as
/// its features say.
///
/// A file is downloaded to the system's directory for temporary files, and then put whole, so that nobody reads half of
/// one. If either fails, the job is put off, and nothing is paid for again.
///
/// ```no_run
/// # async fn example(jobs: leonardo_ai_jobs::Jobs, core: leonardo_ai::LeonardoCore) -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use leonardo_ai_jobs::{Objects, Worker};
///
/// let store = Arc::new(object_store::memory::InMemory::new());
/// let worker = Worker::new(&jobs, move |_| Some(core.clone()), Objects::new(store, "pictures"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Objects {
    /// Files go to `PREFIX/GENERATION-NUMBER.EXTENSION`; without a prefix, to the top.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: impl Into<Path>) -> Self {
        Self { store, prefix: prefix.into() }
    }
}

impl Sink for Objects {
    fn store<'a>(
        &'a self,
        core: &'a LeonardoCore,
        _: &'a Job,
        generation: &'a Generation,
    ) -> BoxFuture<'a, Result<Vec<String>, SinkError>> {
        async move {
            let directory = tempfile::tempdir()?;
            let files = image_download_all(core, generation, directory.path()).await?;
            let mut paths = Vec::with_capacity(files.len());
            for file in &files {
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let path = self.prefix.clone().join(name);
                self.store.put(&path, tokio::fs::read(file).await?.into()).await?;
                paths.push(path.to_string());
            }
            Ok(paths)
        }
        .boxed()
    }
}

//! Where files go.

use std::path::PathBuf;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::image_download_all;
use leonardo_ai::models::Generation;

use crate::Job;

/// What a sink fails with.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Where the files of a generation go.
///
/// A worker that dies between storing them and writing that down leaves it to another, so the same generation can be
/// stored twice: it must then replace what is there.
pub trait Sink: Send + Sync + 'static {
    /// Stores what a job has made, and tells where.
    fn store<'a>(
        &'a self,
        core: &'a LeonardoCore,
        job: &'a Job,
        generation: &'a Generation,
    ) -> BoxFuture<'a, Result<Vec<String>, SinkError>>;
}

/// A directory, which must be there. A file has its name only once it is whole.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// Files go to this directory, as `GENERATION-NUMBER.EXTENSION`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Sink for Directory {
    fn store<'a>(
        &'a self,
        core: &'a LeonardoCore,
        _: &'a Job,
        generation: &'a Generation,
    ) -> BoxFuture<'a, Result<Vec<String>, SinkError>> {
        async move {
            let paths = image_download_all(core, generation, &self.0).await?;
            Ok(paths.into_iter().map(|path| path.display().to_string()).collect())
        }
        .boxed()
    }
}

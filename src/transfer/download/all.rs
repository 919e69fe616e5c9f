//! Several files, a few at a time, into one directory. Not in a browser, which has no files.

use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use super::super::kind::{HEAD, Kind};
use super::super::options::transfer_options;
use super::super::{blocking, may_begin};
use super::name::{extension, of_link, with_extension};
use super::{Download, DownloadError, DownloadOptions, DownloadReason, Progress, download_options};
use crate::core::LeonardoCore;
use crate::runtime::{BoxFuture, Instant};

/// A download of several files; made by [`image_download_all`](crate::funcs::image_download_all()).
///
/// None of it is sent to the API, so it has neither headers nor a server of its own to be set.
#[must_use = "nothing is downloaded until it is awaited"]
pub struct DownloadAll {
    core: LeonardoCore,
    /// The name of each file, without its extension.
    name: Name,
    urls: Vec<String>,
    directory: PathBuf,
    concurrency: usize,
    skip_existing: bool,
    options: DownloadOptions,
    on_progress: Option<Told>,
}

/// Several downloads tell it at once.
type Told = Arc<Mutex<dyn FnMut(usize, Progress) + Send>>;

type Name = Box<dyn Fn(usize) -> PathBuf + Send + Sync>;

download_options! {
    DownloadAll,
    any_content: "Whether files of every kind are accepted, empty ones included; see \
                  [`Download::any_content`](super::Download::any_content). Defaults to `false`. With \
                  [`skip_existing`](Self::skip_existing), every file that is not empty is passed over then.",
    max_bytes: "The largest file that is accepted, in bytes. Defaults to 256 MiB.",
    idle_timeout: "The longest time without a byte of a file. Defaults to 30 s.",
    retry: "How broken transfers are retried, each for itself. Defaults to the core's policy."
}

impl DownloadAll {
    /// Of files that are called `STEM-INDEX.EXTENSION`.
    pub(crate) fn new(core: &LeonardoCore, directory: PathBuf, stem: &str, urls: Vec<String>) -> Self {
        // What the server has named must not lead out of the directory.
        let plain = |char: char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '_' };
        let stem: String = stem.chars().map(plain).collect();
        Self {
            core: core.clone(),
            name: Box::new(move |index| format!("{stem}-{index:02}").into()),
            urls,
            directory,
            concurrency: 4,
            skip_existing: false,
            options: DownloadOptions::default(),
            on_progress: None,
        }
    }

    /// How many files are downloaded at a time; 0 counts as 1. Defaults to 4.
    pub fn concurrency(mut self, files: usize) -> Self {
        self.concurrency = files.max(1);
        self
    }

    /// Whether an image is passed over whose file is there already, is not empty, and begins as a picture or a video
    /// does. Defaults to `false`. Files get their names only when they are whole, so one that has its name is. Any other
    /// file is replaced; if the image turns out to have another extension, the file stays beside it.
    pub fn skip_existing(mut self, skip: bool) -> Self {
        self.skip_existing = skip;
        self
    }

    /// Names the files: `name` is given an index and gives a path below the directory, without an extension, whose
    /// directory must be there. Two files must not have the same name.
    pub fn names<P: Into<PathBuf>>(mut self, name: impl Fn(usize) -> P + Send + Sync + 'static) -> Self {
        self.name = Box::new(move |index| name(index).into());
        self
    }

    /// Is told, with the image's index, how far the download of each image is, whenever some of it arrived.
    pub fn on_progress(mut self, told: impl FnMut(usize, Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Arc::new(Mutex::new(told)));
        self
    }

    async fn run(self) -> Result<Vec<PathBuf>, DownloadError> {
        let unsent = |reason| DownloadError::unsent(String::new(), reason);
        may_begin(self.options.transfer.limit()).map_err(unsent)?;
        let directory = self.directory.clone();
        let made = blocking(move || std::fs::create_dir_all(directory)).await;
        made.map_err(|source| unsent(DownloadReason::File { path: self.directory.clone(), source }))?;

        let started = Instant::now();
        let mut paths = vec![PathBuf::new(); self.urls.len()];
        let mut waiting = self.urls.iter().enumerate();
        let mut running = Vec::new();
        // Nothing is spawned, so that dropping this ends all of it.
        poll_fn(|context| {
            loop {
                while running.len() < self.concurrency {
                    let Some((index, url)) = waiting.next() else { break };
                    running.push((index, Box::pin(self.one(index, url, started))));
                }
                let mut ended = None;
                for (at, (_, file)) in running.iter_mut().enumerate() {
                    if let Poll::Ready(result) = file.as_mut().poll(context) {
                        ended = Some((at, result?));
                        break;
                    }
                }
                match ended {
                    Some((at, path)) => paths[running.swap_remove(at).0] = path,
                    None if running.is_empty() => return Poll::Ready(Ok(())),
                    None => return Poll::Pending,
                }
            }
        })
        .await?;
        Ok(paths)
    }

    async fn one(&self, index: usize, url: &str, started: Instant) -> Result<PathBuf, DownloadError> {
        let stem = self.directory.join((self.name)(index));
        if self.skip_existing {
            let (there, path) = (stem.clone(), url.split(['?', '#']).next().unwrap_or_default().to_owned());
            let any_content = self.options.any_content;
            let found = blocking(move || Ok(existing(&there, &path, any_content))).await;
            if let Ok(Some(path)) = found {
                return Ok(path);
            }
        }
        let deadline = self.options.transfer.deadline;
        let mut download = Download::new(&self.core, url);
        download.options = self.options.clone();
        download = download.deadline(deadline.map(|deadline| deadline.saturating_sub(started.elapsed())));
        if let Some(told) = &self.on_progress {
            let told = told.clone();
            // What it guards is the caller's, who knows best what a panic of theirs means.
            let tell = move |progress| (told.lock().unwrap_or_else(PoisonError::into_inner))(index, progress);
            download = download.on_progress(tell);
        }
        let downloaded = download.into_part(&stem, |arrived| with_extension(&stem, extension(arrived))).await;
        downloaded.map(|(path, _)| path).map_err(|mut error| {
            // That of one file is only what was left of the deadline.
            if let (DownloadReason::Deadline { limit }, Some(deadline)) = (&mut error.reason, deadline) {
                *limit = deadline;
            }
            error
        })
    }
}

impl fmt::Debug for DownloadAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DownloadAll");
        shown.field("files", &self.urls.len()).field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl IntoFuture for DownloadAll {
    type Output = Result<Vec<PathBuf>, DownloadError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A file of that name, with any extension that it can have got, and with the content of such a file.
fn existing(stem: &Path, link: &str, any_content: bool) -> Option<PathBuf> {
    let extensions = Kind::ALL.into_iter().map(|kind| kind.extension).chain(["bin"]).chain(of_link(link));
    let mut paths = extensions.map(|extension| with_extension(stem, extension));
    paths.find(|path| {
        // Opening what is no file, such as a pipe, could wait for ever.
        let is_there = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0);
        is_there && (any_content || begins_as_media(path).unwrap_or(false))
    })
}

fn begins_as_media(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(Kind::of(&head).is_some())
}

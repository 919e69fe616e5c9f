//! All pictures of a generation, a few at a time. Not in a browser, which has no files.

#[cfg(not(target_arch = "wasm32"))]
use {
    super::image_download::Kind,
    super::{DownloadError, DownloadReason, Progress, image_download},
    crate::LeonardoCore,
    crate::models::Generation,
    crate::retry::RetryPolicy,
    crate::runtime::{self, BoxFuture, Instant},
    crate::transfer as storage,
    std::fmt,
    std::future::{IntoFuture, poll_fn},
    std::io::{self, Read as _},
    std::path::{Path, PathBuf},
    std::sync::{Mutex, PoisonError},
    std::task::Poll,
    std::time::Duration,
};

/// Downloads all images of a generation into a directory, which is made if it is not there. Costs no credits, and no
/// request to the API.
///
/// The files are called `GENERATION-INDEX.EXTENSION`, as in `75925cd2-fb65-4e8c-84c0-6cc010a528e3-00.jpg`, so that their
/// names are in the order of the images. The extension is that of the content. Awaiting it gives the paths in the same
/// order. Each file is downloaded as [`image_download`] does it.
///
/// # Errors
///
/// The [`DownloadError`] of the first image that cannot be downloaded. Those that are under way are given up then; those
/// that are complete stay.
#[cfg(not(target_arch = "wasm32"))]
pub fn image_download_all<'a>(
    core: &'a LeonardoCore,
    generation: &Generation,
    directory: impl Into<PathBuf>,
) -> DownloadAll<'a> {
    // The id comes from the server, and must not lead out of the directory.
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-_".contains(char) { char } else { '_' };
    DownloadAll {
        core,
        stem: generation.id.as_str().chars().map(plain).collect(),
        urls: generation.generated_images.iter().map(|image| image.url.clone()).collect(),
        directory: directory.into(),
        concurrency: 4,
        skip_existing: false,
        any_content: false,
        max_bytes: 256 * 1024 * 1024,
        idle_timeout: storage::IDLE,
        deadline: Some(storage::DEADLINE),
        retry: None,
        on_progress: None,
    }
}

/// A download of several files; made by [`image_download_all`].
#[cfg(not(target_arch = "wasm32"))]
#[must_use = "nothing is downloaded until it is awaited"]
pub struct DownloadAll<'a> {
    core: &'a LeonardoCore,
    stem: String,
    urls: Vec<String>,
    directory: PathBuf,
    concurrency: usize,
    skip_existing: bool,
    any_content: bool,
    max_bytes: u64,
    idle_timeout: Duration,
    deadline: Option<Duration>,
    retry: Option<RetryPolicy>,
    on_progress: Option<Told<'a>>,
}

/// Several downloads tell it at once.
#[cfg(not(target_arch = "wasm32"))]
type Told<'a> = Mutex<Box<dyn FnMut(usize, Progress) + Send + 'a>>;

#[cfg(not(target_arch = "wasm32"))]
impl<'a> DownloadAll<'a> {
    /// How many files are downloaded at a time; 4 if not set, 0 counts as 1.
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

    /// Whether files of every kind are accepted, empty ones included; see
    /// [`Download::any_content`](super::Download::any_content). Defaults to `false`. With
    /// [`skip_existing`](Self::skip_existing), every file that is not empty is passed over then.
    pub fn any_content(mut self, any: bool) -> Self {
        self.any_content = any;
        self
    }

    /// The largest file that is accepted, in bytes; 256 MiB if not set.
    pub fn max_bytes(mut self, limit: u64) -> Self {
        self.max_bytes = limit;
        self
    }

    /// The longest time without a byte of a file; 30 seconds if not set.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// The longest that all of it may take; an hour if not set, `None` for no limit. If it is zero, nothing is sent.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// How broken transfers are repeated, each for itself; the core's if not set.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Is told, with the image's index, how far the download of each image is, whenever some of it arrived.
    pub fn on_progress(mut self, told: impl FnMut(usize, Progress) + Send + 'a) -> Self {
        self.on_progress = Some(Mutex::new(Box::new(told)));
        self
    }

    async fn run(self) -> Result<Vec<PathBuf>, DownloadError> {
        if !runtime::is_running() {
            return Err(DownloadError::unsent(String::new(), DownloadReason::NoRuntime));
        }
        if self.deadline == Some(Duration::ZERO) {
            return Err(DownloadError::unsent(String::new(), DownloadReason::Deadline { limit: Duration::ZERO }));
        }
        let directory = self.directory.clone();
        let made = storage::blocking(move || std::fs::create_dir_all(directory)).await;
        made.map_err(|source| {
            let path = self.directory.clone();
            DownloadError::unsent(String::new(), DownloadReason::File { path, source })
        })?;

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
        let stem = self.directory.join(format!("{}-{index:02}", self.stem));
        if self.skip_existing {
            let (there, path) = (stem.clone(), url.split(['?', '#']).next().unwrap_or_default().to_owned());
            let any_content = self.any_content;
            let found = storage::blocking(move || Ok(existing(&there, &path, any_content))).await;
            if let Ok(Some(path)) = found {
                return Ok(path);
            }
        }
        let mut download = image_download(self.core, url).max_bytes(self.max_bytes).idle_timeout(self.idle_timeout);
        download = download.any_content(self.any_content);
        download = download.deadline(self.deadline.map(|deadline| deadline.saturating_sub(started.elapsed())));
        if let Some(policy) = &self.retry {
            download = download.retry(policy.clone());
        }
        if let Some(told) = &self.on_progress {
            // What it guards is the caller's, who knows best what a panic of theirs means.
            let tell = move |progress| told.lock().unwrap_or_else(PoisonError::into_inner)(index, progress);
            download = download.on_progress(tell);
        }
        let downloaded = download.into_part(&stem, |kind| with_extension(&stem, extension(kind))).await;
        downloaded.map(|(path, _)| path).map_err(|mut error| {
            // That of one file is only what was left of the deadline.
            if let (DownloadReason::Deadline { limit }, Some(deadline)) = (&mut error.reason, self.deadline) {
                *limit = deadline;
            }
            error
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl fmt::Debug for DownloadAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DownloadAll");
        shown.field("files", &self.urls.len()).field("directory", &self.directory).finish_non_exhaustive()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl<'a> IntoFuture for DownloadAll<'a> {
    type Output = Result<Vec<PathBuf>, DownloadError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A file of that name, with any extension that it can have got, and with the content of such a file.
#[cfg(not(target_arch = "wasm32"))]
fn existing(stem: &Path, link: &str, any_content: bool) -> Option<PathBuf> {
    let extensions = storage::EXTENSIONS.into_iter().chain(["bin"]).chain(of_link(link));
    let mut paths = extensions.map(|extension| with_extension(stem, extension));
    paths.find(|path| {
        // Opening what is no file, such as a pipe, could wait for ever.
        let is_there = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0);
        is_there && (any_content || begins_as_media(path).unwrap_or(false))
    })
}

#[cfg(not(target_arch = "wasm32"))]
fn begins_as_media(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(storage::HEAD as u64).read_to_end(&mut head)?;
    Ok(storage::extension_of(&head).is_some())
}

#[cfg(not(target_arch = "wasm32"))]
fn with_extension(stem: &Path, extension: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(".");
    path.push(extension);
    path.into()
}

/// What the file is by its content, by what the server says, or by the link, in this order.
#[cfg(not(target_arch = "wasm32"))]
fn extension<'a>(kind: &Kind<'a>) -> &'a str {
    let told = kind.content_type.and_then(|told| match told.split(';').next()?.trim() {
        "image/png" => Some("png"),
        "image/jpeg" => Some("jpg"),
        "image/webp" => Some("webp"),
        "image/gif" => Some("gif"),
        "image/avif" => Some("avif"),
        "video/mp4" => Some("mp4"),
        _ => None,
    });
    storage::extension_of(kind.head).or(told).or_else(|| of_link(kind.path)).unwrap_or("bin")
}

/// The extension in a link's path, if it is a plain one.
#[cfg(not(target_arch = "wasm32"))]
fn of_link(path: &str) -> Option<&str> {
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    let plain = (1..=4).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(extension)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        for (head, content_type, path, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some("image/jpeg"), "/a.webp", "png"),
            (b"?", Some("image/webp; x=y"), "/a.png", "webp"),
            (b"?", Some("application/octet-stream"), "/a.b/c.tiff", "tiff"),
            (b"?", None, "/a.b/c", "bin"),
            (b"?", None, "/a.toolong", "bin"),
            (b"?", None, "/a.%2F", "bin"),
            (b"", None, "", "bin"),
        ] {
            assert_eq!(extension(&Kind { head, content_type, path }), expected, "{path}");
        }
    }
}

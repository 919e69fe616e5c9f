//! A picture from its link to a file, a writer or memory.

use crate::LeonardoCore;
pub use crate::transfer::{Download, DownloadError, DownloadReason, Downloaded, Progress};

/// Downloads what a link leads to, such as the `url` of a generated image. Costs no credits, and no request to the API.
///
/// Say where it goes: [`to_file`](Download::to_file), [`to_writer`](Download::to_writer) or
/// [`to_bytes`](Download::to_bytes). The first two need the same little memory for files of any size.
///
/// The request carries neither the key nor any header of the core's. The link must be https, unless scheme, host and
/// port are those of the configured server. Redirects are not followed.
///
/// What arrives must begin as a picture or a video does; see [`any_content`](Download::any_content).
///
/// # Errors
///
/// [`DownloadError`].
pub fn image_download(core: &LeonardoCore, url: impl AsRef<str>) -> Download {
    Download::new(core, url.as_ref())
}

//! All pictures of a generation, a few at a time. Not in a browser, which has no files.

#[cfg(not(target_arch = "wasm32"))]
pub use crate::transfer::DownloadAll;
#[cfg(not(target_arch = "wasm32"))]
use {crate::LeonardoCore, crate::models::Generation, std::path::PathBuf};

/// Downloads all images of a generation into a directory, which is made if it is not there. Costs no credits, and no
/// request to the API.
///
/// The files are called `GENERATION-INDEX.EXTENSION`, as in `75925cd2-fb65-4e8c-84c0-6cc010a528e3-00.jpg`, so that their
/// names are in the order of the images. The extension is that of the content. Awaiting it gives the paths in the same
/// order. Each file is downloaded as [`image_download`](super::image_download()) does it.
///
/// # Errors
///
/// The [`DownloadError`](super::DownloadError) of the first image that cannot be downloaded. Those that are under way
/// are given up then; those that are complete stay.
#[cfg(not(target_arch = "wasm32"))]
pub fn image_download_all(core: &LeonardoCore, generation: &Generation, directory: impl Into<PathBuf>) -> DownloadAll {
    let urls = generation.generated_images.iter().map(|image| image.url.clone()).collect();
    DownloadAll::new(core, directory.into(), generation.id.as_str(), urls)
}

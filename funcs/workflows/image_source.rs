//! An image that a request works from, wherever it is.

use std::fmt;
#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::init_images_upload_file::upload;
use crate::LeonardoCore;
use crate::call::Options;
use crate::error::Error;
use crate::models::{ImageId, InitImageId, V2GuidanceImage, VariationId};
use crate::transfer::{Loaded, Source, UploadError, base64};

/// The largest file that goes along in a request: in base64 it is a third larger, and the service takes 7.5 MB of that.
const LARGEST_ALONG: u64 = 5_000_000;

/// An image: a file, bytes, a link, or one that the service has.
///
/// A path, bytes, an [`ImageId`] of a generated image, an [`InitImageId`], a [`VariationId`] and a [`V2GuidanceImage`] become
/// one by `into`.
pub struct ImageSource(Origin);

enum Origin {
    Local(Source),
    Remote(V2GuidanceImage),
}

impl ImageSource {
    /// A PNG, JPEG or WebP file.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Origin::Local(Source::File(path.into())))
    }

    /// The bytes of a PNG, JPEG or WebP file.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Origin::Local(Source::Bytes(bytes.into())))
    }

    /// A `Blob` that is PNG, JPEG or WebP, such as a `File`.
    #[cfg(target_arch = "wasm32")]
    pub fn blob(blob: impl Into<web_sys::Blob>) -> Self {
        Self(Origin::Local(Source::Blob(blob.into())))
    }

    /// Where the service finds it.
    pub fn url(url: impl Into<String>) -> Self {
        V2GuidanceImage::from_url(url).into()
    }

    /// What a request names it by.
    pub(super) async fn image(
        self,
        name: &'static str,
        core: &LeonardoCore,
        call: &Options,
        left: Duration,
    ) -> Result<V2GuidanceImage, Error> {
        let source = match self.0 {
            Origin::Remote(image) => return Ok(image),
            Origin::Local(source) => source,
        };
        let failed = |reason| Error::from(UploadError::unsent(name, reason));
        match source.load(LARGEST_ALONG, |look| look.image()).await.map_err(failed)? {
            Loaded::Whole(bytes) => Ok(V2GuidanceImage::from_base64(base64(&bytes))),
            Loaded::Larger { source, .. } => {
                Ok(V2GuidanceImage::uploaded(upload(core, source).with_call(call).deadline(left).await?))
            }
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<PathBuf> for ImageSource {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<&Path> for ImageSource {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

#[cfg(target_arch = "wasm32")]
impl From<web_sys::Blob> for ImageSource {
    fn from(blob: web_sys::Blob) -> Self {
        Self::blob(blob)
    }
}

#[cfg(target_arch = "wasm32")]
impl From<web_sys::File> for ImageSource {
    fn from(file: web_sys::File) -> Self {
        Self::blob(file)
    }
}

impl From<Bytes> for ImageSource {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

impl From<Vec<u8>> for ImageSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl From<V2GuidanceImage> for ImageSource {
    fn from(image: V2GuidanceImage) -> Self {
        Self(Origin::Remote(image))
    }
}

impl From<ImageId> for ImageSource {
    fn from(image: ImageId) -> Self {
        V2GuidanceImage::generated(image).into()
    }
}

impl From<InitImageId> for ImageSource {
    fn from(image: InitImageId) -> Self {
        V2GuidanceImage::uploaded(image).into()
    }
}

impl From<VariationId> for ImageSource {
    fn from(variation: VariationId) -> Self {
        V2GuidanceImage::variation(variation).into()
    }
}

impl fmt::Debug for ImageSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Origin::Local(source) => source.fmt(f),
            Origin::Remote(image) => image.fmt(f),
        }
    }
}

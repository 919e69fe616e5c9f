//! The background of an image removed: from a file, memory, a link or an id to a file or memory.

use std::future::IntoFuture;
#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

pub use super::image_source::ImageSource;
pub use super::remove_background_error::{RemoveBackgroundError, RemoveBackgroundReason};
use crate::LeonardoCore;
use crate::call::{Options, call_options, cost_option};
use crate::error;
use crate::funcs::v2_create_sync_generation;
use crate::models::{
    CreateV2SyncGenerationRequest, RemoveBackgroundParameters, V2GuidanceImage, V2SyncGeneration, V2SyncResult,
};
use crate::runtime::{BoxFuture, Instant};
use crate::transfer::{DataFile, Download, DownloadError};

/// Removes the background of an image: `POST /v2/generationssync`, and a download of the result. Costs credits: what the
/// service charges for one image.
///
/// An [`ImageSource`] is a file, bytes, a link, or the id of an image that the service has. What is given here goes along in
/// the request up to 5 MB; what is larger is uploaded first, as `init_images_upload_file` does it.
///
/// Say where the result goes: [`to_file`](RemoveBackground::to_file) or [`to_bytes`](RemoveBackground::to_bytes). Awaiting it
/// without either gives the response, with a link to the result.
///
/// The create is not sent again unless it is certain that nothing was done. **If its response is lost, it cannot be looked
/// up**: the error is [`OutcomeUnknown`](crate::Error::OutcomeUnknown).
///
/// # Errors
///
/// [`RemoveBackgroundError`], which has the response as soon as there is one: if only the download fails, download what it
/// links to instead of calling this again.
pub fn remove_background(core: &LeonardoCore, image: impl Into<ImageSource>) -> RemoveBackground {
    let mut parameters = RemoveBackgroundParameters::new(V2GuidanceImage::from_url(""));
    parameters.guidances.image_reference.clear();
    let request = CreateV2SyncGenerationRequest::remove_background(parameters);
    RemoveBackground { core: core.clone(), image: image.into(), background: None, request, call: Options::default() }
}

/// The removal of a background; made by [`remove_background`].
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct RemoveBackground {
    core: LeonardoCore,
    image: ImageSource,
    background: Option<ImageSource>,
    request: CreateV2SyncGenerationRequest,
    call: Options,
}

cost_option! { impl[] RemoveBackground, options: call }
call_options! {
    impl[] RemoveBackground, options: call, core: core,
    deadline: "The longest that all of it may take, uploads and download included; `None` for no limit. Defaults to 10 minutes.",
    retry: "How the create is retried after what proves that nothing was done. Defaults to the core's policy."
}

const NAME: &str = "remove_background";

impl RemoveBackground {
    /// Changes how it is done: `.with(|parameters| parameters.size(RemoveBackgroundSize::Preview))`.
    pub fn with(self, change: impl FnOnce(RemoveBackgroundParameters) -> RemoveBackgroundParameters) -> Self {
        let Self { request, .. } = self;
        let request = CreateV2SyncGenerationRequest { parameters: change(request.parameters), ..request };
        Self { request, ..self }
    }

    /// Puts an image behind what was cut out.
    pub fn background(mut self, image: impl Into<ImageSource>) -> Self {
        self.background = Some(image.into());
        self
    }

    /// Has the service keep nothing; its link to the result works for 30 minutes. Defaults to `false`.
    pub fn ephemeral(mut self, ephemeral: bool) -> Self {
        self.request.ephemeral = Some(ephemeral);
        self
    }

    /// Writes the result to a file, as [`image_download`](super::image_download()) does it.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_file(
        self,
        path: impl Into<PathBuf>,
    ) -> BoxFuture<'static, Result<V2SyncGeneration, RemoveBackgroundError>> {
        let (core, path) = (self.core.clone(), path.into());
        Box::pin(async move {
            let (generation, left) = self.create().await?;
            let written = match result(&generation)? {
                (_, Some(url)) => Download::new(&core, url).deadline(left).to_file(path).await.map(drop),
                (result, None) => DataFile(result.data_b64.as_deref()).to_file(path).await,
            };
            finish(generation, written).map(|(generation, ())| generation)
        })
    }

    /// Reads the result into memory, up to 256 MiB.
    pub fn to_bytes(self) -> BoxFuture<'static, Result<(V2SyncGeneration, Bytes), RemoveBackgroundError>> {
        let core = self.core.clone();
        Box::pin(async move {
            let (generation, left) = self.create().await?;
            let read = match result(&generation)? {
                (_, Some(url)) => Download::new(&core, url).deadline(left).to_bytes().await,
                (result, None) => DataFile(result.data_b64.as_deref()).to_bytes(),
            };
            finish(generation, read)
        })
    }

    /// Gives the response, and the time that is left.
    async fn create(self) -> Result<(V2SyncGeneration, Duration), RemoveBackgroundError> {
        const DEFAULT: Duration = Duration::from_secs(600);
        let started = Instant::now();
        let Self { core, image, background, mut request, mut call } = self;
        let limit = call.deadline.unwrap_or(Some(DEFAULT));
        let left = || limit.unwrap_or(Duration::MAX).saturating_sub(started.elapsed());
        let failed = |reason| RemoveBackgroundError { generation: None, reason: RemoveBackgroundReason::Call(reason) };
        // Otherwise an upload would come before it is found out.
        if let Some(refused) = call.refused.take() {
            return Err(failed(refused.into_error(error::CallInfo::new(NAME, crate::Effect::Billable))));
        }
        let guidances = &mut request.parameters.guidances;
        guidances.image_reference = vec![image.image(NAME, &core, &call, left()).await.map_err(failed)?.into()];
        if let Some(background) = background {
            let image = background.image(NAME, &core, &call, left()).await.map_err(failed)?;
            guidances.background_image_reference = Some(vec![image.into()]);
        }
        call.deadline = Some(limit.map(|_| left().max(Duration::from_millis(1))));
        let generation = v2_create_sync_generation(&core, request).with_options(&call).await;
        Ok((generation.map_err(failed)?, left()))
    }
}

impl IntoFuture for RemoveBackground {
    type Output = Result<V2SyncGeneration, RemoveBackgroundError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (generation, _) = self.create().await?;
            result(&generation)?;
            Ok(generation)
        })
    }
}

/// The result, and its link unless it is in the response itself.
fn result(generation: &V2SyncGeneration) -> Result<(&V2SyncResult, Option<&str>), RemoveBackgroundError> {
    match generation.results.first() {
        Some(result) => Ok((result, result.url.as_deref())),
        None => Err(RemoveBackgroundError {
            generation: Some(Box::new(generation.clone())),
            reason: RemoveBackgroundReason::Withheld,
        }),
    }
}

fn finish<T>(
    generation: V2SyncGeneration,
    arrived: Result<T, DownloadError>,
) -> Result<(V2SyncGeneration, T), RemoveBackgroundError> {
    match arrived {
        Ok(arrived) => Ok((generation, arrived)),
        Err(error) => Err(RemoveBackgroundError {
            generation: Some(Box::new(generation)),
            reason: RemoveBackgroundReason::Download(Box::new(error)),
        }),
    }
}

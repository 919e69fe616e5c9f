//! A create and the wait for what it made, in one.

use super::texture_wait_for_texture_generation::TEXTURE;
use crate::LeonardoCore;
use crate::funcs::texture_create_texture_generation;
use crate::models::{CreateTextureGenerationRequest, TextureGeneration, TextureGenerationJob};
use crate::poll::CreateAndWait;

/// Makes textures for a 3D model and waits until they are complete: `POST /v1/generations-texture`, then polls. Costs
/// credits.
///
/// It stands on [`texture_create_texture_generation`](crate::funcs::texture_create_texture_generation()) and
/// [`texture_wait_for_texture_generation`](super::texture_wait_for_texture_generation()).
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id as soon as there is one. After
/// [`OutcomeUnknown`](crate::Error::OutcomeUnknown) there is none, and the work may have been done and charged.
pub fn texture_create_and_wait(
    core: &LeonardoCore,
    request: CreateTextureGenerationRequest,
) -> CreateAndWait<TextureGenerationJob, TextureGeneration> {
    let create = texture_create_texture_generation(core, request);
    CreateAndWait::new(core, "texture_create_and_wait", create, |job| job.id.clone(), TEXTURE)
}

//! Waiting until textures are complete.

use crate::LeonardoCore;
use crate::funcs::texture_get_texture_generation_by_id;
use crate::models::{TextureGeneration, TextureGenerationId};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until textures are complete: `GET /v1/generations-texture/{id}`, again and again.
///
/// How often it polls, and what it survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the textures failed, the deadline came, or reading it was
/// refused.
pub fn texture_wait_for_texture_generation(
    core: &LeonardoCore,
    id: impl Into<TextureGenerationId>,
) -> Wait<TextureGeneration> {
    Wait::new(core, TEXTURE, id.into())
}

impl Job for TextureGeneration {
    type Id = TextureGenerationId;
    const NOUN: &'static str = "texture generation";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
pub(super) const TEXTURE: Waited =
    Waited::new("texture_wait_for_texture_generation", "texture_get_texture_generation_by_id", |core, id, options| {
        reading(texture_get_texture_generation_by_id(core, id), options)
    });

//! Waiting until a generation is complete.

use crate::LeonardoCore;
use crate::funcs::image_get_generation_by_id;
use crate::models::{Generation, GenerationId};
use crate::poll::{Job, JobState, Steps, Wait, WaitError, WaitErrorReason, WaitWaker, Waited, reading};

/// Waits until a generation is complete: `GET /v1/generations/{id}`, again and again.
///
/// That is one of images, or of whatever else the API calls a generation: videos of motion, and all of version 2. How
/// often it polls, and what it survives: [`Wait`].
///
/// # Errors
///
/// [`GenerationError`], which has the id: the generation failed, the deadline came, or reading it was refused.
pub fn image_wait_for_generation(core: &LeonardoCore, id: impl Into<GenerationId>) -> WaitForGeneration {
    Wait::new(core, GENERATION, id.into())
}

/// A wait for a generation; made by [`image_wait_for_generation`].
pub type WaitForGeneration = Wait<Generation>;

/// Why there is no complete generation.
pub type GenerationError = WaitError<Generation>;

/// What happened instead of a complete generation.
pub type GenerationErrorReason = WaitErrorReason<Generation>;

/// Has a wait's next poll come at once; made by [`Wait::waker`].
pub type GenerationWaker = WaitWaker;

/// What happens to a generation, as it happens.
pub type GenerationStream<T> = Steps<T, GenerationError>;

impl Job for Generation {
    type Id = GenerationId;
    const NOUN: &'static str = "generation";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }

    fn generation_id(id: &GenerationId) -> Option<&str> {
        Some(id.as_str())
    }
}

/// How waits read it.
pub(super) const GENERATION: Waited = Waited {
    #[cfg(feature = "searching")]
    listed: Some(&crate::funcs::account::LISTED),
    ..Waited::new("image_wait_for_generation", "image_get_generation_by_id", |core, id, options| {
        reading(image_get_generation_by_id(core, id), options)
    })
};

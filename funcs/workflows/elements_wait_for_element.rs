//! Waiting until the training of an element is complete.

use std::time::Duration;

use crate::LeonardoCore;
use crate::funcs::elements_get_element_by_id;
use crate::models::{CustomElement, UserElementId};
use crate::poll::{Job, JobState, Wait, Waited, reading};

/// Waits until the training of an element is complete: `GET /v1/elements/{userLoraId}`, again and again.
///
/// A training takes minutes to hours; the deadline is 3 hours unless it is set. How often it polls, and what
/// it survives: [`Wait`].
///
/// # Errors
///
/// [`WaitError`](crate::WaitError), which has the id: the training failed, the deadline came, or reading it was
/// refused.
pub fn elements_wait_for_element(core: &LeonardoCore, id: impl Into<UserElementId>) -> Wait<CustomElement> {
    Wait::new(core, ELEMENT, id.into())
}

impl Job for CustomElement {
    type Id = UserElementId;
    const NOUN: &'static str = "element";

    fn state(&self) -> JobState {
        JobState::of(self.is_complete(), self.is_failed())
    }
}

/// How waits read it.
pub(super) const ELEMENT: Waited = Waited {
    deadline: Duration::from_secs(3 * 60 * 60),
    ..Waited::new("elements_wait_for_element", "elements_get_element_by_id", |core, id, options| {
        // It was made of a number.
        let id = id.parse().unwrap_or(UserElementId::new(0));
        reading(elements_get_element_by_id(core, id), options)
    })
};

//! What is known of an operation before it is called.

use http::Method;

/// What doing an operation twice would mean; it decides when a failed attempt may be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Changes nothing. Retried after anything transient.
    Read,
    /// Leaves the same state however often it is done. Retried after anything transient.
    Idempotent,
    /// Makes something each time it is done, which shows and costs nothing, such as a data set. Retried only on proof that
    /// nothing was done: the connection was never made, or the response was 429.
    Create,
    /// Costs credits each time it is done. Retried only on proof that nothing was done, as `Create` is.
    Billable,
}

impl Effect {
    /// Whether doing it twice is the same as doing it once.
    pub(crate) fn is_repeatable(self) -> bool {
        matches!(self, Self::Read | Self::Idempotent)
    }
}

/// What is known of one operation of the API before it is called: where it is, and what doing it means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The function's name, such as `image_create_generation`; errors name it.
    pub name: &'static str,
    /// The cargo feature that brings it; empty for an operation of your own.
    pub feature: &'static str,
    /// The group that the documentation lists it under; empty for an operation of your own.
    pub group: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the server's base URL, version first, with each id as `{name}`.
    pub path: &'static str,
    /// What doing it twice would mean.
    pub effect: Effect,
    /// The wire names of the path's ids, in order, then `request` if there is a query or a body.
    pub arguments: &'static [&'static str],
    /// The field of the response that holds the output; empty if the body itself is the output.
    pub field: &'static str,
    /// What it begins, if that goes on after the response; of a `Read`, what it tells the state of.
    pub job: Option<JobKind>,
}

/// Work that goes on at the service after the response that tells its id. Jobs of a kind share the account's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum JobKind {
    /// Images, videos, and whatever version 2 of the API makes.
    Generation,
    /// An upscale, an unzoom, a background that is removed.
    Variation,
    /// An upscale of a video.
    MotionVariation,
    /// Textures of a 3D model.
    Texture,
    /// A run of a blueprint.
    Blueprint,
    /// The training of an element.
    Element,
    /// The training of a model.
    Model,
}

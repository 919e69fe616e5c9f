//! The errors of workflows, carried by [`Error`] without knowing any of them.

use std::fmt;
use std::time::Duration;

use super::{BoxError, Error};

/// The error of a workflow, as it is in [`Error::Workflow`]: message and causes are the workflow's own.
///
/// [`Error::downcast_ref`] and [`Error::downcast`] give it back with its type and parts.
pub struct WorkflowError {
    source: BoxError,
    parts: for<'a> fn(&'a (dyn std::error::Error + 'static)) -> Parts<'a>,
    /// No such error can be made without these features, so the compiler leaves out whatever is done with one.
    #[cfg(not(any(feature = "image-download", feature = "polling", feature = "uploading")))]
    _never: std::convert::Infallible,
}

/// What [`Error`] tells of a workflow's error.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    /// The error of the call that the workflow ended with.
    pub(crate) call: Option<&'a Error>,
    pub(crate) may_have_been_charged: bool,
    pub(crate) generation_id: Option<&'a str>,
    pub(crate) is_not_found: bool,
    pub(crate) retry_after: Option<Duration>,
}

/// An error of a workflow.
#[cfg(any(feature = "image-download", feature = "polling", feature = "uploading"))]
pub(crate) trait HasParts: std::error::Error + Send + Sync + 'static {
    fn parts(&self) -> Parts<'_>;
}

#[cfg(any(feature = "image-download", feature = "polling", feature = "uploading"))]
impl Error {
    pub(crate) fn workflow<E: HasParts>(error: E) -> Self {
        Self::Workflow(WorkflowError {
            source: Box::new(error),
            parts: |source| source.downcast_ref::<E>().map(E::parts).unwrap_or_default(),
        })
    }
}

impl WorkflowError {
    pub(super) fn parts(&self) -> Parts<'_> {
        (self.parts)(&*self.source)
    }

    pub(super) fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.source.downcast_ref()
    }

    pub(super) fn downcast<E: std::error::Error + 'static>(self) -> Result<E, Self> {
        match self.source.downcast() {
            Ok(error) => Ok(*error),
            Err(source) => Err(Self { source, ..self }),
        }
    }
}

impl fmt::Display for WorkflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl std::error::Error for WorkflowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.source()
    }
}

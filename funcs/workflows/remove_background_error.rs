//! Why a background was not removed, or the result is not here.

use std::time::Duration;

use crate::error::{self, Error};
use crate::models::V2SyncGeneration;
use crate::transfer::DownloadError;

/// Why there is no image without its background.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct RemoveBackgroundError {
    /// The response, if there was one. It is paid for, and links to the result.
    pub generation: Option<Box<V2SyncGeneration>>,
    /// What went wrong.
    #[source]
    pub reason: RemoveBackgroundReason,
}

/// What went wrong with the removal of a background.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RemoveBackgroundReason {
    /// The image could not be read or uploaded, or the create failed.
    #[error(transparent)]
    Call(Error),
    /// The service made no result that it gives away, and charges it all the same.
    #[error("the service withheld the result")]
    Withheld,
    /// The result could not be downloaded.
    #[error(transparent)]
    Download(Box<DownloadError>),
}

impl RemoveBackgroundError {
    fn message(&self) -> String {
        let id = self.generation.as_ref().map_or("", |generation| generation.id.as_str());
        match &self.reason {
            RemoveBackgroundReason::Call(error) => error.to_string(),
            RemoveBackgroundReason::Withheld => format!(
                "remove_background {id}: the service's moderation withheld the result, and the work is charged. Give another image."
            ),
            RemoveBackgroundReason::Download(error) => format!(
                "remove_background {id}: the background was removed and the work is charged, but the result did not arrive: {error} \
                 The link is in the error's generation; another call is charged anew."
            ),
        }
    }

    /// Whether credits may have been spent.
    pub fn may_have_been_charged(&self) -> bool {
        self.generation.is_some() || self.call().is_some_and(Error::may_have_been_charged)
    }

    /// The id of a generation: none, since the service keeps this under another kind of id.
    pub fn generation_id(&self) -> Option<&str> {
        None
    }

    /// Whether the image, or the result, is not there.
    pub fn is_not_found(&self) -> bool {
        match &self.reason {
            RemoveBackgroundReason::Download(error) => error.is_not_found(),
            _ => self.call().is_some_and(Error::is_not_found),
        }
    }

    /// How long the server asked to wait before another attempt, by `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.reason {
            RemoveBackgroundReason::Download(error) => error.retry_after(),
            _ => self.call()?.retry_after(),
        }
    }

    fn call(&self) -> Option<&Error> {
        if let RemoveBackgroundReason::Call(error) = &self.reason { Some(error) } else { None }
    }
}

impl From<RemoveBackgroundError> for Error {
    fn from(error: RemoveBackgroundError) -> Self {
        match error.reason {
            RemoveBackgroundReason::Call(error) => error,
            reason => Self::workflow(RemoveBackgroundError { reason, ..error }),
        }
    }
}

impl error::HasParts for RemoveBackgroundError {
    fn parts(&self) -> error::Parts<'_> {
        error::Parts {
            call: self.call(),
            may_have_been_charged: self.may_have_been_charged(),
            generation_id: None,
            is_not_found: self.is_not_found(),
            retry_after: self.retry_after(),
        }
    }
}

error::debug_as_display!(RemoveBackgroundError, RemoveBackgroundReason);

//! What cannot be made or sent as it is.

use std::borrow::Cow;

use super::{BoxError, CallInfo, Error};
use crate::codec::Violations;
use crate::operation::Effect;

/// A setting that cannot be used.
#[derive(thiserror::Error)]
#[error("cannot make a LeonardoCore: {field}: {reason}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The builder's method, or the environment variable, that holds the setting.
    pub field: &'static str,
    /// What is wrong with it, without its value where that is secret.
    pub reason: Cow<'static, str>,
}

impl ConfigError {
    pub(crate) fn new(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// A call that cannot be sent. Nothing was sent and nothing was charged.
#[derive(thiserror::Error)]
#[error("{}{field}: {reason}.{}", call.beginning(), if call.attempts == 0 { " Nothing was sent." } else { "" })]
#[non_exhaustive]
pub struct InvalidRequestError {
    /// What was called.
    pub call: CallInfo,
    /// The argument or option that is wrong, such as `id` or `body`.
    pub field: Cow<'static, str>,
    /// What is wrong with it, and with other fields.
    pub reason: Cow<'static, str>,
    /// The error of whoever found out, if it was not this crate.
    #[source]
    pub source: Option<BoxError>,
}

impl InvalidRequestError {
    /// Everything that was found wrong, if `check` of the request found it.
    pub fn violations(&self) -> Option<&Violations> {
        self.source.as_ref()?.downcast_ref()
    }
}

/// An argument or option that cannot be used.
pub(crate) struct Refused {
    pub(crate) field: Cow<'static, str>,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) source: Option<BoxError>,
}

impl Refused {
    pub(crate) fn new(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), reason: reason.into(), source: None }
    }

    /// The error of the call or the workflow that it was given to.
    pub(crate) fn into_error(self, call: CallInfo) -> Error {
        let Self { field, reason, source } = self;
        Error::InvalidRequest(Box::new(InvalidRequestError { call, field, reason, source }))
    }
}

impl Clone for Refused {
    /// Only a body or a query that cannot be written has a source, and what a workflow copies has neither.
    fn clone(&self) -> Self {
        Self { field: self.field.clone(), reason: self.reason.clone(), source: None }
    }
}

/// What `check` found, as an error that names the first field.
impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        let field = violations.iter().next().map_or("request".into(), |first| first.field.clone());
        let found = violations.to_string();
        // The error begins with the field.
        let reason = found.strip_prefix(&*field).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&found).to_owned();
        Self::InvalidRequest(Box::new(InvalidRequestError {
            call: CallInfo::new(violations.of(), Effect::Billable),
            field,
            reason: reason.into(),
            source: Some(Box::new(violations)),
        }))
    }
}

//! Why a command failed, and the exit status that says so.

use leonardo_ai::Error;

/// Something went wrong, but not with the API; or it was told already.
#[derive(Debug)]
pub enum Failure {
    /// The command, the request or the configuration is wrong; nothing was sent.
    Usage(String),
    /// A call, or a workflow of several.
    Call(Error),
    /// Anything else, such as a file that cannot be written.
    Other(String),
    /// All was told; this is the exit status.
    Told(u8),
}

/// All is done.
pub const DONE: u8 = 0;
/// An error of the API, or on the way to it.
pub const FAILED: u8 = 1;
/// The command, the request or the configuration is wrong.
pub const USAGE: u8 = 2;
/// The outcome is unknown; the work may have been done and charged.
pub const UNKNOWN: u8 = 3;
/// Ended by Ctrl-C or SIGTERM, as shells count it.
pub const INTERRUPTED: u8 = 130;

impl Failure {
    pub fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(problem.into())
    }

    pub fn other(problem: impl Into<String>) -> Self {
        Self::Other(problem.into())
    }

    /// A file, and what is wrong with it.
    pub fn file(path: &std::path::Path, error: impl std::fmt::Display) -> Self {
        Self::Other(format!("{}: {error}", path.display()))
    }

    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Call(error) => status_of(error),
            Self::Other(_) => FAILED,
            Self::Told(status) => *status,
        }
    }

    /// What to say; nothing if it was said.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Usage(problem) | Self::Other(problem) => Some(problem.clone()),
            Self::Call(error) => Some(error.to_string()),
            Self::Told(_) => None,
        }
    }
}

pub fn status_of(error: &Error) -> u8 {
    match error {
        Error::OutcomeUnknown(_) => UNKNOWN,
        Error::Config(_) | Error::InvalidRequest(_) => USAGE,
        _ => FAILED,
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Call(error.into())
    }
}

//! The exchange with the server failed, or took too long.

use std::time::Duration;

use super::CallInfo;
use super::classify::is_refusal;
use super::seconds::Seconds;
use crate::transport::{TransportError, TransportErrorKind};

/// The server was not reached, or the exchange broke off.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct ConnectionError {
    /// What was called.
    pub call: CallInfo,
    /// Scheme, host and port of the server.
    pub server: String,
    /// How far it came, and why no further.
    pub source: TransportError,
}

/// Whether this crate asked for TLS. Another crate of the build may have, so its lack is only a guess.
const HAS_TLS: bool = cfg!(any(feature = "rustls", feature = "native-tls", feature = "rustls-no-provider"));

impl ConnectionError {
    pub(super) fn proves_nothing_done(&self) -> bool {
        match self.source.kind() {
            TransportErrorKind::Connect | TransportErrorKind::Invalid => true,
            _ => self.source.status().is_some_and(is_refusal),
        }
    }

    fn message(&self) -> String {
        let Self { call, server, source } = self;
        let (what, next) = match source.kind() {
            TransportErrorKind::Connect if !HAS_TLS && server.starts_with("https") => (
                "no connection to",
                "This build may lack TLS: enable one of the features rustls, native-tls and rustls-no-provider.",
            ),
            TransportErrorKind::Connect => {
                ("no connection to", "Check the network, the proxy and the server URL, then try again.")
            }
            TransportErrorKind::Invalid => ("the request cannot be sent to", "Check the server URL."),
            TransportErrorKind::Body => ("the response broke off from", "Try again."),
            _ => ("the exchange broke off with", "Try again."),
        };
        let status = source.status().map(|status| format!(" after status {status}")).unwrap_or_default();
        let end = call.end(self.proves_nothing_done(), next);
        format!("{}{what} {server}{status}: {source}.{end}", call.beginning())
    }
}

/// Which limit of time was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutScope {
    /// That of one attempt.
    Attempt,
    /// That of the whole call.
    Deadline,
    /// That of the whole call, before the core's limits let it be sent.
    Turn,
}

/// There was no complete response in time.
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct TimeoutError {
    /// What was called.
    pub call: CallInfo,
    /// Which limit was reached.
    pub scope: TimeoutScope,
    /// The limit.
    pub limit: Duration,
    /// Whether any part of the request may have reached the server in the attempt that took too long.
    pub sent: bool,
}

impl TimeoutError {
    fn message(&self) -> String {
        let Self { call, scope, limit, sent } = self;
        let what = match scope {
            TimeoutScope::Attempt => "the attempt's timeout",
            TimeoutScope::Deadline | TimeoutScope::Turn => "the call's deadline",
        };
        let (seconds, start) = (Seconds(*limit), call.beginning());
        if *scope == TimeoutScope::Turn {
            let end = call.end(true, "Allow more time, or make fewer calls at once.");
            return format!(
                "{start}the core's limits left no turn within {seconds} s, the call's deadline. Nothing was sent.{end}"
            );
        }
        let end = call.end(!sent, "Try again, or allow more time.");
        format!("{start}no complete response within {seconds} s, {what}.{end}")
    }
}

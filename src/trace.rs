//! Spans and events for the feature `tracing`; nothing without it.
//!
//! docs/reliability.md lists the names of fields. Nothing but what errors print goes into them, so no key does.

use std::time::Duration;

use crate::error::Error;
use crate::operation::OperationInfo;
use crate::runtime::Instant;

/// The span of one call.
#[derive(Clone)]
pub(crate) struct CallSpan {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

#[cfg(feature = "tracing")]
impl CallSpan {
    pub(crate) fn new(operation: &OperationInfo) -> Self {
        Self {
            span: tracing::info_span!(
                "leonardo_ai.call",
                operation = operation.name,
                effect = ?operation.effect,
                attempts = tracing::field::Empty,
                status = tracing::field::Empty,
                elapsed_ms = tracing::field::Empty,
                error = tracing::field::Empty,
            ),
        }
    }

    // Not an `async fn`, which would hold the work twice.
    pub(crate) fn around<F: Future>(&self, work: F) -> tracing::instrument::Instrumented<F> {
        tracing::Instrument::instrument(work, self.span.clone())
    }

    pub(crate) fn attempt(&self, attempt: u32) {
        tracing::debug!(parent: &self.span, attempt, "attempt begins");
    }

    /// The core's limits let it not be sent yet.
    #[cfg(feature = "limits")]
    pub(crate) fn waits(&self, counter: crate::limits::Counter) {
        tracing::info!(parent: &self.span, limit = ?counter, "waits for its turn");
    }

    pub(crate) fn retried(&self, attempt: u32, error: &Error, delay: Duration) {
        tracing::warn!(
            parent: &self.span,
            attempt,
            status = error.status_code(),
            retry_reason = %error,
            delay_ms = millis(delay),
            "attempt failed and is retried"
        );
    }

    pub(crate) fn ended(&self, attempts: u32, started: Instant, result: Result<u16, &Error>) {
        self.span.record("attempts", attempts);
        self.span.record("elapsed_ms", millis(started.elapsed()));
        match result {
            Ok(status) => {
                self.span.record("status", status);
                tracing::debug!(parent: &self.span, attempts, status, "call succeeded");
            }
            Err(error) => {
                if let Some(status) = error.status_code() {
                    self.span.record("status", status);
                }
                self.span.record("error", tracing::field::display(error));
                tracing::warn!(parent: &self.span, attempts, error = %error, "call failed");
            }
        }
    }
}

#[cfg(feature = "tracing")]
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(not(feature = "tracing"))]
impl CallSpan {
    pub(crate) fn new(_: &OperationInfo) -> Self {
        Self {}
    }

    pub(crate) fn around<F: Future>(&self, work: F) -> F {
        work
    }

    pub(crate) fn attempt(&self, _: u32) {}

    #[cfg(feature = "limits")]
    pub(crate) fn waits(&self, _: crate::limits::Counter) {}

    pub(crate) fn retried(&self, _: u32, _: &Error, _: Duration) {}

    pub(crate) fn ended(&self, _: u32, _: Instant, _: Result<u16, &Error>) {}
}

//! A call that would cost more than it may.

use super::CallInfo;
use crate::spending::SpendingReason;

/// A call would cost more than it may, or nobody knows what it costs. Nothing was sent.
#[derive(thiserror::Error)]
#[error("{}{reason} Nothing was sent, and nothing was charged.", call.beginning())]
#[non_exhaustive]
pub struct SpendingLimitError {
    /// What was called.
    pub call: CallInfo,
    /// Why it may not be sent.
    pub reason: SpendingReason,
}

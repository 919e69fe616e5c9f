//! Why money is refused.

use std::fmt;

use crate::models::Cost;

/// Why a call may not be sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SpendingReason {
    /// More than is left of the core's [`SpendingLimit`](crate::SpendingLimit).
    #[non_exhaustive]
    Limit {
        /// What the call is expected to cost.
        needed: Cost,
        /// The limit.
        limit: Cost,
        /// What of it is reserved for calls under way, or with an unknown outcome.
        reserved: Cost,
        /// What of it is spent.
        settled: Cost,
    },
    /// More than the call itself may cost.
    #[non_exhaustive]
    CallLimit {
        /// What the call is expected to cost.
        estimate: Cost,
        /// What it may cost.
        at_most: Cost,
    },
    /// What it costs is not known in the unit of the core's limit, and the call does not say what it may cost.
    NoEstimate,
}

impl fmt::Display for SpendingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { needed, limit, reserved, settled } => write!(
                f,
                "it would cost {needed}, and of the limit of {limit}, {settled} are spent and {reserved} reserved. Raise the \
                 limit, or wait until what is reserved is settled."
            ),
            Self::CallLimit { estimate, at_most } => {
                write!(f, "it would cost {estimate}, and may cost {at_most} at most. Allow more, or ask for less.")
            }
            Self::NoEstimate => f.write_str(
                "what it costs is not known in the unit of the core's spending limit. Say what it may cost with cost_at_most.",
            ),
        }
    }
}

//! Whether the work was done is not known.

use bytes::Bytes;

use super::{Error, clipped};
use crate::operation::Effect;
use crate::runtime::SystemTime;
use crate::time;

/// A call that costs credits, or makes something, was sent, and whether it was carried out is not known.
///
/// It was not retried. Where the response could be read as far as [`id`](Self::id), the work was done, and can be looked
/// up. Otherwise it can be looked for among the account's newest generations: it has the prompt, seed, model
/// and size of [`request`](Self::request) and was made at about [`sent_at`](Self::sent_at).
#[derive(thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub struct OutcomeUnknownError {
    /// When the attempt began that may have been carried out, by this machine's clock. Attempts before it, if there were
    /// any, were not.
    pub sent_at: SystemTime,
    /// The request's body, as JSON.
    pub request: Bytes,
    /// The id of what was made, if it could be read.
    pub id: Option<String>,
    /// What went wrong.
    #[source]
    pub cause: Error,
    /// The ids of what the work may have made, where looking for it found something that differs from what was asked for.
    pub candidates: Vec<String>,
    /// Why looking the work up failed too, where that was tried.
    pub lookup: Option<Box<Error>>,
    /// What stays reserved for it of the core's spending limit, until it is settled or released.
    #[cfg(feature = "limits")]
    pub reservation: Option<crate::spending::Reservation>,
}

impl OutcomeUnknownError {
    pub(crate) fn unknown(sent_at: SystemTime, request: Bytes, id: Option<String>, cause: Error) -> Self {
        Self {
            sent_at,
            request,
            id,
            cause,
            candidates: Vec::new(),
            lookup: None,
            #[cfg(feature = "limits")]
            reservation: None,
        }
    }

    pub(super) fn is_billable(&self) -> bool {
        self.cause.call().is_some_and(|call| call.effect == Effect::Billable)
    }

    fn message(&self) -> String {
        let sent_at = time::shown(self.sent_at);
        let billable = self.is_billable();
        let charged = if billable { " and charged" } else { "" };
        let mut text = format!(
            "{} The request was sent at {sent_at}, may have been carried out{charged}, and was not retried.",
            self.cause
        );
        match &self.id {
            Some(id) => {
                let id = clipped(id);
                text.push_str(&format!(" It made {id}: look that up instead of sending the request again."));
            }
            None if billable => text
                .push_str(" Before sending it again, look for it, for example among the account's newest generations."),
            None => text.push_str(" Before sending it again, look whether it is there."),
        }
        if !self.candidates.is_empty() {
            text.push_str(" It may be ");
            for (at, candidate) in self.candidates.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { " or " });
                text.push_str(candidate);
            }
            text.push_str(", which has the same seed, but another prompt or an earlier time.");
        }
        if let Some(lookup) = &self.lookup {
            text.push_str(&format!(" Looking for it failed as well: {lookup}"));
        }
        text
    }
}

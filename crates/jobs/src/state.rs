//! How far a job is.

use std::fmt;

/// How far a job is. The ledger has it by its name, and nothing else decides what may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// In the backlog: nobody works on it, and it takes no place.
    Waiting,
    /// It has a place, and what it may cost is reserved. Nothing was sent.
    Admitted,
    /// A create may have been sent, and may have been carried out.
    Sent,
    /// There is a generation, whose id is known.
    Created,
    /// The generation has ended well. Its place is free, and its files are still to be fetched.
    Complete,
    /// Its files are where they should be.
    Done,
    /// It was refused, or the generation failed.
    Failed,
    /// It was cancelled before anything was sent.
    Cancelled,
}

impl State {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Admitted,
        Self::Sent,
        Self::Created,
        Self::Complete,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Its name in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Admitted => "admitted",
            Self::Sent => "sent",
            Self::Created => "created",
            Self::Complete => "complete",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing more happens unless somebody asks for it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// Whether it takes one of the account's places.
    pub fn holds_a_place(self) -> bool {
        matches!(self, Self::Admitted | Self::Sent | Self::Created)
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

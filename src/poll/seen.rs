//! A record of any kind of job.

use std::any::Any;

use super::job::{Job, JobState};

/// A record whose type only the wait's caller knows, so that waiting is compiled once.
pub(crate) struct Seen {
    pub(crate) state: JobState,
    pub(super) record: Box<dyn Any + Send>,
    /// Makes another of it.
    #[cfg(feature = "searching")]
    again: fn(&(dyn Any + Send)) -> Option<Self>,
}

impl Seen {
    pub(crate) fn new<J: Job>(record: J) -> Self {
        Self {
            state: record.state(),
            record: Box::new(record),
            #[cfg(feature = "searching")]
            again: |record| record.downcast_ref::<J>().cloned().map(Self::new),
        }
    }

    #[cfg(feature = "searching")]
    pub(crate) fn again(&self) -> Option<Self> {
        (self.again)(&*self.record)
    }
}

//! What the jobs of a run share.

use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leonardo_ai::LeonardoCore;
use leonardo_ai::models::Cost;
use tokio::sync::RwLock;

use crate::args::Protocol;
use crate::journal::{Journal, Mark, State};
use crate::money::Money;
use crate::screen::{Doing, Screen};

/// How jobs are run.
#[derive(Clone, Copy, Debug)]
pub struct How {
    pub concurrency: usize,
    pub grace: Duration,
    /// Whether results are shown in the terminal.
    pub show: Option<Protocol>,
    /// Whether files of jobs that are done are looked at, and downloaded once more if they are gone.
    pub look_at_files: bool,
}

pub(super) struct Runner {
    pub(super) core: LeonardoCore,
    pub(super) screen: Screen,
    pub(super) how: How,
    pub(super) journals: Vec<Mutex<Journal>>,
    /// Nothing more is created: it would fare no better.
    pub(super) stop: AtomicBool,
    /// How many were not sent for that reason, or because of the limit.
    pub(super) not_sent: AtomicUsize,
    /// What may be spent, if that is limited.
    pub(super) money: Option<Arc<Money>>,
    /// Held together by those that create, and alone by one that waits for what the others have set aside.
    pub(super) creating: RwLock<()>,
    /// Of several jobs, how many are over.
    pub(super) count: Option<Doing>,
    pub(super) is_emulated: bool,
}

impl Runner {
    /// What must be said to go on where there is a limit.
    pub(super) fn limit(&self) -> &'static str {
        if self.money.is_some() { " --spend-at-most AMOUNT" } else { "" }
    }

    /// For whoever interrupts the program: what is left, and how to go on.
    pub(super) fn left(&self) -> String {
        let (mut open, mut unmarked) = (0, 0);
        for journal in &self.journals {
            for job in lock(journal).history().jobs.values() {
                open += usize::from(job.is_open());
                unmarked += usize::from(matches!(job.state, State::Sending { mark: Mark::None, .. }));
            }
        }
        let mut text = match self.is_emulated {
            true => format!("{open} not finished, and the emulator has ended with this program."),
            false => {
                format!("{open} not finished: `leonardo resume{}` goes on, and pays for nothing twice.", self.limit())
            }
        };
        if unmarked > 0 {
            text.push_str(&format!(
                " Of {unmarked} the response had not come: it may have been charged, and is not sent again."
            ));
        }
        text
    }
}

pub(super) fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of a job, as an exit status, and what it cost.
pub(super) struct End {
    pub(super) status: u8,
    /// Whether it was made now or before, and not only downloaded once more.
    pub(super) counts: bool,
    pub(super) cost: Option<Cost>,
}

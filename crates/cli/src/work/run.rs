//! Runs the jobs of a journal, a few at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leonardo_ai::LeonardoCore;
use leonardo_ai::models::Cost;
use tokio::sync::RwLock;
use tokio::task::JoinSet;

use super::job::Work;
use crate::args::Protocol;
use crate::failure::{DONE, FAILED, Failure};
use crate::journal::{Journal, Mark, Saved, State};
use crate::money::Money;
use crate::screen::{Doing, Screen};
use crate::session::Session;

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
    fn limit(&self) -> &'static str {
        if self.money.is_some() { " --spend-at-most AMOUNT" } else { "" }
    }

    /// For whoever interrupts the program: what is left, and how to go on.
    fn left(&self) -> String {
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

/// Does all that is left to do of these journals, and removes those of which nothing is left.
pub async fn run(session: &Session, journals: Vec<Journal>, how: How) -> Result<(), Failure> {
    let (mut jobs, mut withheld) = (Vec::new(), 0);
    for (index, journal) in journals.iter().enumerate() {
        // What its run was not allowed to spend, this one is not allowed either, unless it says how much.
        let is_limited = journal.history().limit.is_some() && session.money.is_none();
        for (id, job) in &journal.history().jobs {
            let is_gone = |files: &[Saved]| how.look_at_files && !files.iter().all(Saved::is_whole);
            let is_open = match &job.state {
                State::Saved { files, .. } => is_gone(files),
                _ => job.is_left(),
            };
            if is_open && is_limited && matches!(job.state, State::Planned) {
                withheld += 1;
            } else if is_open {
                jobs.push((index, *id, job.clone()));
            }
        }
    }
    let runner = Arc::new(Runner {
        core: session.core.clone(),
        screen: session.screen.clone(),
        how,
        journals: journals.into_iter().map(Mutex::new).collect(),
        stop: AtomicBool::new(false),
        not_sent: AtomicUsize::new(0),
        money: session.money.clone(),
        creating: RwLock::new(()),
        count: (jobs.len() > 1).then(|| session.screen.counting(jobs.len() as u64)),
        is_emulated: session.is_emulated(),
    });
    let asked = runner.clone();
    session.screen.set_hint(Some(Box::new(move || asked.left())));
    let several = jobs.len() > 1;
    let (mut works, mut jobs) = (JoinSet::new(), jobs.into_iter());
    let (mut status, mut total) = (DONE, Total::default());
    loop {
        // In their order: the next begins when one has ended.
        while works.len() < how.concurrency.max(1) {
            let Some((journal, id, job)) = jobs.next() else { break };
            let work = Work { runner: runner.clone(), journal, id, task: job.task.clone() };
            works.spawn(work.finish(job));
        }
        let Some(end) = works.join_next().await else { break };
        let end = end.map_err(|error| Failure::other(error.to_string()))?;
        status = status.max(end.status);
        if end.status == DONE && end.counts {
            total.add(end.cost);
        }
    }
    session.screen.set_hint(None);
    if several && !session.screen.is_json() {
        total.tell(&session.screen);
    }
    match runner.not_sent.load(Ordering::Relaxed) {
        0 => {}
        not_sent if runner.is_emulated => session.screen.say(format!("{not_sent} not sent.")),
        not_sent => {
            session.screen.say(format!("{not_sent} not sent: `leonardo resume{}` goes on.", runner.limit()));
        }
    }
    if withheld > 0 {
        session.screen.complain(format!(
            "{withheld} were not sent: their run had --spend-at-most. `leonardo resume --spend-at-most AMOUNT` sends what \
             fits into AMOUNT."
        ));
        status = status.max(FAILED);
    }
    // All works have ended, so that nothing else has it.
    let runner = Arc::into_inner(runner).ok_or_else(|| Failure::other("a job has not ended"))?;
    for journal in runner.journals {
        journal.into_inner().unwrap_or_else(PoisonError::into_inner).close();
    }
    if status == DONE { Ok(()) } else { Err(Failure::Told(status)) }
}

/// What all jobs cost together.
#[derive(Default)]
struct Total {
    sum: Option<Cost>,
    not_told: usize,
}

impl Total {
    fn add(&mut self, cost: Option<Cost>) {
        let Some(cost) = cost else {
            self.not_told += 1;
            return;
        };
        match self.sum.take() {
            None => self.sum = Some(cost),
            Some(sum) => match sum.checked_add(&cost) {
                Some(sum) => self.sum = Some(sum),
                None => {
                    self.sum = Some(sum);
                    self.not_told += 1;
                }
            },
        }
    }

    fn tell(&self, screen: &Screen) {
        let Some(sum) = &self.sum else { return };
        match self.not_told {
            0 => screen.say(format!("Cost in all: {sum}")),
            more => screen.say(format!("Cost in all: {sum}, without {more} that were not told")),
        }
    }
}

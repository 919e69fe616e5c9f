//! Runs the jobs of a journal, a few at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leonardo_ai::models::Cost;
use tokio::sync::RwLock;
use tokio::task::JoinSet;

use super::job::Work;
use super::runner::{How, Runner};
use crate::failure::{DONE, FAILED, Failure};
use crate::journal::{Journal, Saved, State};
use crate::screen::Screen;
use crate::session::Session;

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

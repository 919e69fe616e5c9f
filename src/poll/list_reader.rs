//! One reader for many waits: while several go on, the account's list is read, page by page, instead of each of its
//! records.
//!
//! No task is spawned. One of those who wait leads: it reads the next page whenever that is due, and tells the others what
//! it has seen of theirs. When it leaves, for whatever reason, another one goes on where it stopped.

use std::collections::HashMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;

use super::pace::Pace;
use super::seen::Seen;
use super::settings;
use crate::call::Options;
use crate::core::LeonardoCore;
use crate::core::users::Users;
use crate::error::Error;
use crate::paging::{PAGE, Pages, Read, Row};
use crate::runtime::{self, BoxFuture, Instant, lock};

/// How the records of an account are read, many at a time.
pub(crate) struct Listed {
    /// The operation that reads a page.
    pub(crate) operation: &'static str,
    /// The user of the core's key, if the service tells.
    pub(crate) user: fn(&LeonardoCore, &Options) -> Reading<Option<String>>,
    /// The page of a user's list, newest first, at an offset, of so many records at most.
    pub(crate) page: fn(&LeonardoCore, &str, u32, u32, &Options) -> Reading<Vec<Record>>,
}

type Reading<T> = BoxFuture<'static, Result<T, Error>>;

/// A record of a list.
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) made_at: Option<i64>,
    pub(crate) seen: Seen,
}

impl Row for Record {
    fn id(&self) -> &str {
        &self.id
    }

    fn made_at(&self) -> Option<i64> {
        self.made_at
    }
}

/// Fewer waits than this poll each for itself: a page of the list is larger than a few records.
const FEW: usize = 8;
/// The least time between the beginnings of two rounds through the list.
const BETWEEN: Duration = Duration::from_secs(2);
/// How many pages are read in a round at most, and one more for so many waits.
const MOST_PAGES: u32 = 10;
const WAITS_A_PAGE: u32 = 25;
/// How often in a row reading the list may fail before every wait polls for itself.
const MOST_FAILURES: u32 = 5;
/// For how long polls of those that were woken may queue before the others that are woken wait for the list.
const QUEUE: Duration = Duration::from_secs(1);
/// How long every wait polls for itself after the list could not be read.
const OFF: Duration = Duration::from_secs(60);

/// The waits of a core, and how far the reading of the list is.
#[derive(Default)]
struct ListReader {
    waiting: Mutex<Waiting>,
    /// The number of the round that is being read.
    round: AtomicU64,
    lead: tokio::sync::Mutex<Round>,
    /// Has the next page be read at once.
    hurry: Notify,
}

#[derive(Default)]
struct Waiting {
    waiters: HashMap<String, Vec<Arc<Waiter>>>,
    count: usize,
    /// Until when every wait polls for itself.
    off: Option<Instant>,
}

/// One wait.
pub(crate) struct Waiter {
    progress: Mutex<Progress>,
    news: Notify,
}

/// What a wait is told, and up to which round.
struct Progress {
    seen: Option<Seen>,
    /// The first round that must show the record, since it begins after the wait did.
    since: u64,
    /// The last round that did.
    last: u64,
    /// Whether a whole round did not show it.
    missing: bool,
}

/// A round through the list.
#[derive(Default)]
struct Round {
    pages: Pages,
    began: Option<Instant>,
    /// When the next page may be read.
    next_at: Option<Instant>,
    /// How often reading it has failed.
    failures: u32,
}

/// What comes of waiting for the list.
pub(crate) enum ListOutcome {
    Seen(Seen),
    /// The list does not show it.
    Missing,
    /// Somebody says that it is complete.
    Woken,
    /// The list cannot be read, or there are too few waits for it.
    Off,
    OutOfTime,
}

/// A wait among those of its core, until it is dropped.
pub(crate) struct Registration {
    core: LeonardoCore,
    reader: Arc<ListReader>,
    pace: Arc<Pace>,
    id: String,
    waiter: Arc<Waiter>,
}

impl Registration {
    pub(crate) fn new(core: &LeonardoCore, id: &str) -> Self {
        let reader = core.state(ListReader::default);
        let since = reader.round.load(Ordering::Relaxed) + 1;
        let progress = Progress { seen: None, since, last: 0, missing: false };
        let waiter = Arc::new(Waiter { progress: Mutex::new(progress), news: Notify::new() });
        let mut waiting = lock(&reader.waiting);
        waiting.waiters.entry(id.to_owned()).or_default().push(waiter.clone());
        waiting.count += 1;
        drop(waiting);
        Self { core: core.clone(), reader, pace: settings::pace(core), id: id.to_owned(), waiter }
    }

    /// Waits until the list shows the record, reading it if nobody else does. `delay_after` gives the delay after a failure,
    /// or nothing where reading the list again is of no use.
    pub(crate) async fn told(
        &self,
        listed: &Listed,
        options: &Options,
        wake: &Notify,
        left: impl Fn() -> Duration,
        mut delay_after: impl FnMut(&Error) -> Option<Duration>,
    ) -> ListOutcome {
        let mut hurried = false;
        let outcome = self.outcome(listed, options, wake, &left, &mut delay_after, &mut hurried).await;
        if hurried && !matches!(outcome, ListOutcome::Seen(_)) {
            // The list was of no use to it.
            wake.notify_one();
        }
        outcome
    }

    async fn outcome(
        &self,
        listed: &Listed,
        options: &Options,
        wake: &Notify,
        left: &impl Fn() -> Duration,
        delay_after: &mut impl FnMut(&Error) -> Option<Duration>,
        hurried: &mut bool,
    ) -> ListOutcome {
        let reader = &self.reader;
        let mut woken = pin!(wake.notified());
        loop {
            if reader.is_off() {
                return ListOutcome::Off;
            }
            let mut news = pin!(self.waiter.news.notified());
            let mut lead = pin!(reader.lead.lock());
            let first = poll_fn(|context| {
                if woken.as_mut().poll(context).is_ready() {
                    return Poll::Ready(First::Woken);
                }
                if news.as_mut().poll(context).is_ready() {
                    return Poll::Ready(First::News);
                }
                lead.as_mut().poll(context).map(First::Lead)
            });
            let mut round = match runtime::timeout(left(), pin!(first)).await {
                None => return ListOutcome::OutOfTime,
                Some(First::Woken) if self.hurries(hurried) => {
                    woken.set(wake.notified());
                    continue;
                }
                Some(First::Woken) => return ListOutcome::Woken,
                Some(First::News) => match self.waiter.take() {
                    Some(outcome) => return outcome,
                    None => continue,
                },
                Some(First::Lead(round)) => round,
            };
            // Something may have come between.
            if let Some(outcome) = self.waiter.take() {
                return outcome;
            }
            let due = {
                let mut due = pin!(reader.due(&self.pace, &round));
                let due = poll_fn(|context| match woken.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(false),
                    Poll::Pending => due.as_mut().poll(context).map(|()| true),
                });
                runtime::timeout(left(), pin!(due)).await
            };
            match due {
                None => return ListOutcome::OutOfTime,
                Some(false) if self.hurries(hurried) => {
                    woken.set(wake.notified());
                    continue;
                }
                Some(false) => return ListOutcome::Woken,
                Some(true) => {}
            }
            // A wake does not end a request: the next one to lead would send it again.
            let stepped = {
                let step = pin!(reader.step(&self.core, listed, options, &mut round));
                runtime::timeout(left(), step).await
            };
            match stepped {
                None => return ListOutcome::OutOfTime,
                Some(Ok(())) => {}
                Some(Err(error)) => match delay_after(&error) {
                    Some(delay) if round.failures < MOST_FAILURES => {
                        (round.next_at, round.failures) = (Instant::now().checked_add(delay), round.failures + 1);
                    }
                    _ => {
                        *round = Round::default();
                        reader.turn_off();
                    }
                },
            }
            if let Some(outcome) = self.waiter.take() {
                return outcome;
            }
        }
    }

    /// Whether so many were woken that the list shows it sooner than a poll of its own would. Then the list is read at once.
    fn hurries(&self, hurried: &mut bool) -> bool {
        let crowded = self.pace.urgent_for() > QUEUE;
        if crowded {
            *hurried = true;
            self.reader.hurry.notify_one();
        }
        crowded
    }
}

/// What happens first to a wait.
enum First<'a> {
    Woken,
    News,
    Lead(tokio::sync::MutexGuard<'a, Round>),
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut waiting = lock(&self.reader.waiting);
        waiting.count -= 1;
        if let Some(waiters) = waiting.waiters.get_mut(&self.id) {
            waiters.retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
            if waiters.is_empty() {
                waiting.waiters.remove(&self.id);
            }
        }
    }
}

impl Waiter {
    /// What there is to tell, once.
    fn take(&self) -> Option<ListOutcome> {
        let mut progress = lock(&self.progress);
        match progress.seen.take() {
            Some(seen) => Some(ListOutcome::Seen(seen)),
            None if progress.missing => Some(ListOutcome::Missing),
            None => None,
        }
    }
}

impl ListReader {
    /// Whether there are too few waits to read the list for, or it could not be read.
    fn is_off(&self) -> bool {
        let waiting = lock(&self.waiting);
        waiting.count < FEW || waiting.off.is_some_and(|off| Instant::now() < off)
    }

    /// Has every wait poll for itself for a while.
    fn turn_off(&self) {
        let mut waiting = lock(&self.waiting);
        waiting.off = Instant::now().checked_add(OFF);
        for waiter in waiting.waiters.values().flatten() {
            waiter.news.notify_one();
        }
    }

    /// Waits until the next page is due, and takes its turn.
    async fn due(&self, pace: &Pace, round: &Round) {
        if let Some(next_at) = round.next_at {
            let delay = next_at.saturating_duration_since(Instant::now());
            match round.failures {
                1.. => runtime::sleep(delay).await,
                0 => _ = runtime::timeout(delay, pin!(self.hurry.notified())).await,
            }
        }
        let turn = pace.turn(false);
        loop {
            let rest = turn.comes_in();
            if rest.is_zero() {
                break;
            }
            runtime::sleep(rest).await;
        }
        turn.take();
    }

    /// Reads the next page, and tells whoever waits for what is on it. Dropped halfway, it has changed nothing.
    async fn step(
        &self,
        core: &LeonardoCore,
        listed: &Listed,
        options: &Options,
        round: &mut Round,
    ) -> Result<(), Error> {
        let ask = || (listed.user)(core, options);
        let Some(user) = core.state(Users::default).find(None, None, Duration::MAX, ask).await? else {
            // Without it there is no list.
            self.turn_off();
            return Ok(());
        };
        round.began.get_or_insert_with(Instant::now);
        let page = (listed.page)(core, &user, round.pages.offset, PAGE, options).await?;
        self.read(page, round);
        Ok(())
    }

    /// Tells what is on a page, and ends the round if it was the last that is needed.
    fn read(&self, page: Vec<Record>, round: &mut Round) {
        let number = self.round.load(Ordering::Relaxed);
        let ended = match round.pages.read(page, PAGE) {
            Read::Page(records) => {
                let mut waiting = lock(&self.waiting);
                for record in records {
                    waiting.tell(&record, number);
                }
                let most = MOST_PAGES + u32::try_from(waiting.count).unwrap_or(u32::MAX) / WAITS_A_PAGE;
                round.pages.pages >= most || waiting.all_told(number)
            }
            Read::Gap => false,
            Read::End | Read::Stuck => true,
        };
        (round.next_at, round.failures) = (None, 0);
        if ended {
            lock(&self.waiting).miss(number);
            let next_at = round.began.and_then(|began| began.checked_add(BETWEEN));
            *round = Round { next_at, ..Round::default() };
            self.round.store(number + 1, Ordering::Relaxed);
        }
    }
}

impl Waiting {
    /// Tells those who wait for a record that it was seen.
    fn tell(&mut self, record: &Record, number: u64) {
        for waiter in self.waiters.get(&record.id).into_iter().flatten() {
            let mut progress = lock(&waiter.progress);
            progress.last = number;
            progress.seen = record.seen.again();
            waiter.news.notify_one();
        }
    }

    /// Whether nobody waits any more for something that this round has not shown.
    fn all_told(&self, number: u64) -> bool {
        self.waiters.values().flatten().all(|waiter| {
            let progress = lock(&waiter.progress);
            progress.last == number || progress.missing
        })
    }

    /// Tells those whose record a whole round did not show.
    fn miss(&mut self, number: u64) {
        for waiter in self.waiters.values().flatten() {
            let mut progress = lock(&waiter.progress);
            if progress.since <= number && progress.last < number && !progress.missing {
                progress.missing = true;
                waiter.news.notify_one();
            }
        }
    }
}

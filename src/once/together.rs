//! One reader for many searches: those that look through the same list at the same time are shown the same pages.
//!
//! No task is spawned. One of those that search leads: it reads the next page and shows it to all. When it leaves, for
//! whatever reason, another one goes on where it stopped; so it does when a page takes long, also where that is so because
//! nobody polls the one that leads. Errors are the leader's own: another one reads the page again.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::Notify;

use super::wanted::{Classifier, Match};
use super::window::{Sent, Window};
use crate::bearer::Bearer;
use crate::call::Options;
use crate::core::server_url::ServerUrl;
use crate::paging::{PAGE, Pages, Read, Row};
use crate::poll::before_deadline;
use crate::retry::RetryPolicy;
use crate::runtime::{self, Instant, SystemTime, lock};

/// What one look at the list found.
pub(super) enum Look<R> {
    Found(Box<R>, Window),
    /// It differs in something, so another one may be still to appear.
    Likely(Box<R>, Window),
    Absent,
    Doubtful(Vec<String>),
    /// The list did not come to an end.
    Endless,
}

/// How many records are searched at most; far more than an account can make within the tolerance for clocks.
const MOST_RECORDS: u32 = 20_000;
/// How many pages are read for that at most. Where records are made faster than pages are read, many hold little new.
const MOST_PAGES: u32 = 1_000;
/// The least time between the beginnings of two rounds through the list: so much for each other search, and at most.
const BETWEEN_EACH: Duration = Duration::from_millis(50);
const BETWEEN_MOST: Duration = Duration::from_secs(1);
/// How long a page may take before another one of those that search reads it, too.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest delay after a failure, whatever the server asks for.
pub(super) const LONGEST: Duration = Duration::from_secs(86_400);
/// How long after one has failed to read a page another one may, which has not failed.
const NEXT_READER: Duration = Duration::from_millis(100);

/// Which list is read, and how: only those that would send the same requests read together.
#[derive(Clone, PartialEq)]
pub(super) struct Reader {
    operation: &'static str,
    user: String,
    /// `None` stands for the core's own, here and in the next.
    server: Option<ServerUrl>,
    bearer: Option<Bearer>,
    headers: HeaderMap,
    timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
}

impl Reader {
    pub(super) fn new(operation: &'static str, user: String, options: &Options, bearer: Option<&Bearer>) -> Self {
        let Options { headers, timeout, retry, server, .. } = options.clone();
        Self { operation, user, server, bearer: bearer.cloned(), headers, timeout, retry }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }
}

/// The lists of a core that are searched now.
#[derive(Default)]
pub(super) struct Lists(Mutex<Vec<(Reader, Weak<dyn Any + Send + Sync>)>>);

impl Lists {
    pub(super) fn get<R: Row + Send + 'static>(&self, reader: &Reader) -> Arc<List<R>> {
        let mut lists = lock(&self.0);
        let known = lists.iter().filter(|(other, _)| other == reader).filter_map(|(_, list)| list.upgrade());
        if let Some(list) = known.filter_map(|list| list.downcast().ok()).next() {
            return list;
        }
        lists.retain(|(_, list)| list.strong_count() > 0);
        let list = Arc::new(List(Mutex::default()));
        let any: Arc<dyn Any + Send + Sync> = list.clone();
        lists.push((reader.clone(), Arc::downgrade(&any)));
        list
    }
}

/// A list, and those that search it. Each search holds it for as long as it goes on, also between two looks.
pub(super) struct List<R: 'static>(Mutex<State<R>>);

struct State<R: 'static> {
    /// By number. Searches and requests are numbered together, so that it is known which came first.
    seekers: BTreeMap<u64, Seeking<R>>,
    numbers: u64,
    /// The one that read last, or reads now, and since when it does.
    leader: Option<u64>,
    reading: Option<Instant>,
    round: Round,
    last_began: Option<Instant>,
    /// How many pages were ever shown.
    shown: u64,
}

impl<R> Default for State<R> {
    fn default() -> Self {
        let (seekers, round) = (BTreeMap::new(), Round::default());
        Self { seekers, numbers: 0, leader: None, reading: None, round, last_began: None, shown: 0 }
    }
}

/// A round through the list.
#[derive(Default)]
struct Round {
    /// The number and the time of the request for its first page, once that is read.
    began: Option<(u64, Instant)>,
    pages: Pages,
    /// When the next page may be read, after a failure.
    next_at: Option<Instant>,
}

/// One that searches.
pub(super) struct Seeker<R: 'static> {
    pub(super) classifier: Arc<Classifier<R>>,
    pub(super) taken_count: bool,
    pub(super) sent: Sent,
    pub(super) tolerance: Duration,
    /// From when on a round may begin that shows for certain that there is no such record, if ever.
    pub(super) grace_ends: Option<Instant>,
    /// Its deadline: from when on, and how long.
    pub(super) started: Instant,
    pub(super) limit: Duration,
}

/// What a seeker has seen and is to be told.
struct Seeking<R: 'static> {
    seeker: Seeker<R>,
    likely: Option<(u8, Box<R>, Window)>,
    doubtful: Vec<String>,
    ended: Option<(Look<R>, Instant)>,
    news: Arc<Notify>,
}

/// A request for a page.
pub(super) struct Request {
    pub(super) offset: u32,
    number: u64,
    at: Instant,
    /// How far the round was.
    round: Option<u64>,
    pages: u32,
}

/// A page that was read.
pub(super) struct Page<R> {
    pub(super) records: Vec<R>,
    /// The server's time, if it tells, and the wall clock's, when it came.
    pub(super) server_now: Option<Duration>,
    pub(super) wall_now: SystemTime,
}

/// A search among those of its list, until it is dropped.
pub(super) struct Membership<'a, R: Row + Send + 'static> {
    list: &'a Arc<List<R>>,
    id: u64,
    news: Arc<Notify>,
    /// How many pages were shown before.
    shown: u64,
}

/// What one that searches does next.
enum Step {
    Read(Request),
    Wait(Duration),
    /// There is something to take.
    Take,
}

impl<R: Row + Clone + Send + 'static> List<R> {
    pub(super) fn join(self: &Arc<Self>, seeker: Seeker<R>) -> Membership<'_, R> {
        let news = Arc::<Notify>::default();
        let mut state = lock(&self.0);
        let now = Instant::now();
        if let (Some(next_at), true) = (state.round.next_at, !seeker.left(now).is_zero()) {
            // However long the server asks to wait, there is one more look before the deadline.
            let delay = before_deadline(next_at.saturating_duration_since(now), seeker.left(now), seeker.limit);
            let sooner = delay.and_then(|delay| now.checked_add(delay));
            state.round.next_at = sooner.map_or(Some(next_at), |sooner| Some(sooner.min(next_at)));
        }
        let (likely, doubtful, ended) = (None, Vec::new(), None);
        let seeking = Seeking { seeker, likely, doubtful, ended, news: news.clone() };
        let id = state.number();
        state.seekers.insert(id, seeking);
        Membership { list: self, id, news, shown: state.shown }
    }
}

impl<R: Row + Clone + Send + 'static> Membership<'_, R> {
    /// What a whole look has found, and when it began.
    pub(super) fn take(&self) -> Option<(Look<R>, Instant)> {
        lock(&self.list.0).seekers.get_mut(&self.id)?.ended.take()
    }

    /// How many search, this one included.
    fn searches(&self) -> u32 {
        u32::try_from(Arc::strong_count(self.list)).unwrap_or(u32::MAX).max(1)
    }

    /// Waits until it is this one's turn to read a page, which is not before that time; nothing if there is something to take
    /// first.
    pub(super) async fn request(&self, not_before: Option<Instant>) -> Option<Request> {
        loop {
            let step = lock(&self.list.0).step(self.id, not_before, self.searches());
            match step {
                Step::Read(request) => return Some(request),
                Step::Wait(delay) => _ = runtime::timeout(delay, pin!(self.news.notified())).await,
                Step::Take => return None,
            }
        }
    }

    /// The response to a request; nothing if there is something to take first.
    pub(super) async fn response<F: Future>(&self, response: F) -> Option<F::Output> {
        let mut response = pin!(response);
        loop {
            let mut news = pin!(self.news.notified());
            let first = poll_fn(|context| match news.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => response.as_mut().poll(context).map(Some),
            });
            match first.await {
                Some(output) => return Some(output),
                None if lock(&self.list.0).has_ended(self.id) => return None,
                None => {}
            }
        }
    }

    /// Shows a page to all that search, unless another one has shown it already.
    pub(super) fn show(&self, request: &Request, page: Page<R>) {
        let mut state = lock(&self.list.0);
        state.rest(self.id);
        if state.is_at(request) {
            state.show(request, page);
        }
    }

    /// Notes that a page could not be read, after which this one waits so long by its policy, and all so long as the server
    /// asks for.
    pub(super) fn failed(&self, request: &Request, own: Duration, asked: Duration) {
        let mut state = lock(&self.list.0);
        state.rest(self.id);
        if !state.is_at(request) {
            return;
        }
        let (now, least) = (Instant::now(), own.min(NEXT_READER));
        let delay = least.max(asked);
        // However long the server asks to wait, each has one more look before its deadline.
        let sooner = state.seekers.values().filter_map(|seeking| {
            let seeker = &seeking.seeker;
            before_deadline(delay, seeker.left(now), seeker.limit)
        });
        let delay = sooner.min().unwrap_or(delay).max(least);
        state.round.next_at = now.checked_add(delay.min(LONGEST));
        state.wake_all();
    }

    /// How many pages were ever shown, and whether any was since this one searches.
    pub(super) fn shown(&self) -> (u64, bool) {
        let shown = lock(&self.list.0).shown;
        (shown, shown > self.shown)
    }
}

impl<R: Row + Send + 'static> Drop for Membership<'_, R> {
    fn drop(&mut self) {
        let mut state = lock(&self.list.0);
        state.seekers.remove(&self.id);
        if state.seekers.is_empty() {
            state.round = Round::default();
        }
        if state.leader == Some(self.id) {
            (state.leader, state.reading) = (None, None);
            state.wake_all();
        }
    }
}

impl<R> State<R> {
    /// Has all find out what to do next: whichever is polled first reads.
    fn wake_all(&self) {
        self.seekers.values().for_each(|seeking| seeking.news.notify_one());
    }
}

impl<R> Seeker<R> {
    fn left(&self, now: Instant) -> Duration {
        self.limit.saturating_sub(now.saturating_duration_since(self.started))
    }
}

impl<R: Row + Clone + Send + 'static> State<R> {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn has_ended(&self, id: u64) -> bool {
        self.seekers.get(&id).is_none_or(|seeking| seeking.ended.is_some())
    }

    fn step(&mut self, id: u64, not_before: Option<Instant>, searches: u32) -> Step {
        if self.has_ended(id) {
            return Step::Take;
        }
        let now = Instant::now();
        let left_alone = self.reading.and_then(|since| since.checked_add(PATIENCE));
        match left_alone.max(self.due(now, searches)).max(not_before) {
            Some(at) if at > now => Step::Wait(at.saturating_duration_since(now)),
            _ => {
                (self.leader, self.reading) = (Some(id), Some(now));
                Step::Read(self.request(now))
            }
        }
    }

    /// Notes that this one does not read any more.
    fn rest(&mut self, id: u64) {
        if self.leader == Some(id) {
            self.reading = None;
        }
    }

    /// When the next page may be read, unless that is now.
    fn due(&self, now: Instant, searches: u32) -> Option<Instant> {
        if self.round.next_at.is_some() || self.is_needed(now) {
            return self.round.next_at;
        }
        self.last_began?.checked_add(BETWEEN_EACH.saturating_mul(searches - 1).min(BETWEEN_MOST))
    }

    /// Whether the round is under way, and a whole look for any that searches; but one that began within the grace period
    /// tells less than the next once that is over.
    fn is_needed(&self, now: Instant) -> bool {
        let Some((number, began)) = self.round.began else { return false };
        self.seekers.iter().any(|(id, seeking)| {
            let of_use = seeking.seeker.grace_ends.is_none_or(|ends| now < ends || ends <= began);
            *id < number && seeking.ended.is_none() && of_use
        })
    }

    fn request(&mut self, at: Instant) -> Request {
        if self.round.began.is_some() && !self.is_needed(at) {
            self.round = Round::default();
            for seeking in self.seekers.values_mut() {
                (seeking.likely, seeking.doubtful) = (None, Vec::new());
            }
        }
        let (number, round) = (self.number(), self.round.began.map(|(number, _)| number));
        Request { offset: self.round.pages.offset, number, at, round, pages: self.round.pages.pages }
    }

    /// Whether the page of that request is still to be read.
    fn is_at(&self, request: &Request) -> bool {
        let round = self.round.began.map(|(number, _)| number);
        (round, self.round.pages.pages) == (request.round, request.pages)
    }

    fn show(&mut self, request: &Request, page: Page<R>) {
        let Page { records, server_now, wall_now } = page;
        let round = &mut self.round;
        round.next_at = None;
        // What came later than the first page may have been made later than what it shows.
        let (number, began) = *round.began.get_or_insert((request.number, request.at));
        self.last_began = Some(began);
        self.shown += 1;
        let last = records.iter().rev().find_map(R::made_at);
        let read = round.pages.read(records, PAGE);
        let too_long = match read {
            Read::Gap => round.pages.pages > MOST_PAGES,
            _ => round.pages.position > MOST_RECORDS || round.pages.pages > MOST_PAGES,
        };
        for (id, seeking) in &mut self.seekers {
            let whole = *id < number;
            if seeking.ended.is_some() {
                continue;
            }
            let seeker = &seeking.seeker;
            let window = seeker.sent.window(wall_now, server_now, seeker.tolerance);
            let (found, over) = match &read {
                Read::Page(records) => {
                    (seeking.see(records.iter(), &window, whole), last.is_some_and(|last| last < window.doubt))
                }
                Read::Gap | Read::Stuck => (None, false),
                Read::End => (None, true),
            };
            let look = match found {
                Some(record) => Look::Found(record, window),
                None if !whole => continue,
                None if over => seeking.looked(),
                None if too_long || matches!(read, Read::Stuck) => Look::Endless,
                None => continue,
            };
            seeking.ended = Some((look, began));
            seeking.news.notify_one();
        }
    }
}

impl<R: Row + Clone> Seeking<R> {
    /// The record, if it is among these. What else may be it counts only in a `whole` look.
    fn see<'a>(&mut self, records: impl Iterator<Item = &'a R>, window: &Window, whole: bool) -> Option<Box<R>>
    where
        R: 'a,
    {
        for record in records {
            match self.seeker.classifier.classify(record, window, self.seeker.taken_count) {
                Match::Exact => return Some(Box::new(record.clone())),
                Match::Like(likeness) if whole && self.likely.as_ref().is_none_or(|(best, ..)| *best < likeness) => {
                    self.likely = Some((likeness, Box::new(record.clone()), *window));
                }
                Match::Doubtful if whole => self.doubtful.push(record.id().to_owned()),
                _ => {}
            }
        }
        None
    }

    /// What a look that has come to its end has found.
    fn looked(&mut self) -> Look<R> {
        match self.likely.take() {
            Some((_, record, window)) => Look::Likely(record, window),
            None if self.doubtful.is_empty() => Look::Absent,
            None => Look::Doubtful(std::mem::take(&mut self.doubtful)),
        }
    }
}

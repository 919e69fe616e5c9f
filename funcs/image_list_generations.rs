//! All of a user's generations, as a stream over the pages.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::{Future as _, IntoFuture as _};
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::image_get_generations_by_user_id;
use crate::error::{CallInfo, Error, InvalidRequestError};
use crate::models::{Generation, GetGenerationsByUserIdRequest, UserId};
use crate::retry::RetryPolicy;
use crate::{Effect, LeonardoCore, Sending};

/// Lists all of a user's generations, newest first: `GET /v1/generations/user/{userId}`, page after page.
///
/// It is a [`Stream`], and [`next`](ListGenerations::next) works without any crate for streams. While a page is handed
/// out, the next one is already asked for ([`look_ahead`](ListGenerations::look_ahead)).
///
/// # What is handed out
///
/// The service counts pages from the newest generation, so pages move when the list changes meanwhile. Every generation
/// that is there from the beginning to the end comes exactly once, in the order of the list:
///
/// - Generations that are created meanwhile push the others towards later pages. What comes again is left out, and so is
///   what is newer than the first that was handed out.
/// - Generations that are deleted meanwhile pull the others towards earlier pages. Therefore a page begins with the last
///   few of the page before; if it does not, the stream goes back until it finds a page that it knows.
///
/// This cannot be kept up where a server gives one generation a page; nor if nearly all are deleted within the first two
/// requests, or, for records without a time, if all that were handed out are deleted.
///
/// # Errors
///
/// An item is an error where a page cannot be had after all repetitions, and then the stream ends: all of
/// [`Error`] but `OutcomeUnknown`. To resume, make another with [`offset`](ListGenerations::offset) at this one's
/// [`position`](ListGenerations::position).
pub fn image_list_generations(core: &LeonardoCore, user_id: impl Into<UserId>) -> ListGenerations<'_> {
    ListGenerations {
        core,
        user: user_id.into(),
        page_size: 50,
        look_ahead: true,
        timeout: None,
        retry: None,
        reader: Reader::default(),
        items: VecDeque::new(),
        page: Page::NotAsked,
    }
}

/// A user's generations, one by one; made by [`image_list_generations`].
#[must_use = "nothing is read until it is asked for the next"]
pub struct ListGenerations<'a> {
    core: &'a LeonardoCore,
    user: UserId,
    page_size: u32,
    look_ahead: bool,
    timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    reader: Reader,
    /// What of the last page is still to be handed out.
    items: VecDeque<Generation>,
    /// The page after that.
    page: Page<'a>,
}

/// The next page.
enum Page<'a> {
    NotAsked,
    Asked {
        answer: Sending<'a, Vec<Generation>>,
        /// Whether there was still something to hand out when it was asked for.
        ahead: bool,
    },
    Here(Vec<Generation>),
    /// It was asked for ahead and did not come. An answer that nobody takes may fail for that reason alone, so it is
    /// asked for again when it is needed.
    Missed,
    /// There is none.
    Ended,
}

impl<'a> ListGenerations<'a> {
    /// How many generations to ask for at once, 1 or more; 50 if not set. A server may give fewer: only an empty page is
    /// the end.
    pub fn page_size(mut self, generations: u32) -> Self {
        self.page_size = generations.max(1);
        self
    }

    /// Whether the next page is asked for as soon as the one before it is there; it is if not set. Never more than one
    /// page is asked for ahead.
    pub fn look_ahead(mut self, ahead: bool) -> Self {
        self.look_ahead = ahead;
        self
    }

    /// How many of the newest generations to pass over; none if not set.
    pub fn offset(mut self, generations: u32) -> Self {
        self.reader.offset = generations;
        self.reader.position = generations;
        self
    }

    /// The longest that one attempt to read a page may take; the core's if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How failed attempts to read a page are repeated; as the core says if not set.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// The offset, as of the last page, of the generation that comes next. A stream that begins there may repeat some of
    /// this one, if generations were created meanwhile.
    pub fn position(&self) -> u32 {
        self.reader.position.saturating_sub(count(self.items.len()))
    }

    /// Waits for the next generation; `None` after the last one or after an error.
    pub async fn next(&mut self) -> Option<Result<Generation, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn ask(&self) -> Page<'a> {
        let page = GetGenerationsByUserIdRequest { offset: Some(self.reader.offset), limit: Some(self.page_size) };
        let mut call = image_get_generations_by_user_id(self.core, &self.user, page);
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        if let Some(policy) = &self.retry {
            call = call.retry(policy.clone());
        }
        Page::Asked { answer: call.into_future(), ahead: !self.items.is_empty() }
    }
}

impl Stream for ListGenerations<'_> {
    type Item = Result<Generation, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match this.page {
                Page::NotAsked if this.look_ahead || this.items.is_empty() => this.page = this.ask(),
                Page::Missed if this.items.is_empty() => this.page = this.ask(),
                _ => {}
            }
            if let Page::Asked { answer, ahead } = &mut this.page {
                this.page = match (Pin::new(answer).poll(context), &ahead) {
                    (Poll::Ready(Ok(page)), _) => Page::Here(page),
                    (Poll::Ready(Err(_)), true) => Page::Missed,
                    (Poll::Ready(Err(error)), false) => {
                        this.page = Page::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                    (Poll::Pending, _) if this.items.is_empty() => return Poll::Pending,
                    (Poll::Pending, _) => return Poll::Ready(this.items.pop_front().map(Ok)),
                };
            }
            if let Some(generation) = this.items.pop_front() {
                return Poll::Ready(Some(Ok(generation)));
            }
            match std::mem::replace(&mut this.page, Page::NotAsked) {
                Page::Here(page) => match this.reader.read(page, this.page_size) {
                    Read::Page(items) => this.items = items,
                    Read::End => this.page = Page::Ended,
                    Read::Stuck => {
                        this.page = Page::Ended;
                        return Poll::Ready(Some(Err(this.reader.stuck())));
                    }
                },
                Page::Ended => {
                    this.page = Page::Ended;
                    return Poll::Ready(None);
                }
                missed => this.page = missed,
            }
        }
    }
}

impl fmt::Debug for ListGenerations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListGenerations")
            .field("user", &self.user)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

/// By how many records a page reaches back into the one before.
const OVERLAP: u32 = 3;

/// How many pages at several offsets may be the same, which chance and new records can bring about, before it must be the
/// server's fault.
const MOST_SAME: u32 = 8;

/// Puts pages together into one list, although the list changes between them.
///
/// What was handed out is a stretch of the list without gaps, from the first record of the first page on. Whatever stands
/// before a known record is known, deleted or newer than all; what follows the last known record of a page is next. A
/// page without any known record does not tell what is missing before it, so its neighbour is read.
#[derive(Default)]
struct Reader {
    /// Where the next page begins.
    offset: u32,
    /// Where the last page that connects ended.
    position: u32,
    /// The ids that were handed out, as hashes with a key of this process.
    known: HashSet<u64>,
    keys: RandomState,
    /// The time of the first record, in ms since 1970.
    newest: Option<i64>,
    /// How many records the server gives where it has enough, as far as it can be told.
    full: u32,
    /// The length of the last page that connects.
    last: u32,
    /// Whether the next page reaches back into the last one.
    overlaps: bool,
    /// The ids of the last page, as a hash, and how many pages before it had the same.
    ids: u64,
    same: u32,
    pages: u32,
}

enum Read {
    /// What is new on a page; perhaps nothing.
    Page(VecDeque<Generation>),
    End,
    /// The server gives the same whatever the offset.
    Stuck,
}

impl Reader {
    fn read(&mut self, page: Vec<Generation>, page_size: u32) -> Read {
        self.pages += 1;
        if self.pages == 1 {
            self.newest = page.first().and_then(made_at);
            self.full = page_size;
        }
        let length = count(page.len());
        let known = |generation: &Generation| self.known.contains(&self.keys.hash_one(&generation.id));
        let first_new = match page.iter().rposition(known) {
            Some(last_known) => last_known + 1,
            None if self.known.is_empty() => 0,
            // The last page was short, and here is why.
            None if page.is_empty() && !self.overlaps => return Read::End,
            None => {
                let first_older = page.iter().position(|generation| !self.is_newer(generation)).unwrap_or(page.len());
                // Pages of one record cannot reach back.
                if first_older == 0 && self.offset > 0 && self.full > 1 {
                    self.go_back();
                    return Read::Page(VecDeque::new());
                }
                first_older
            }
        };
        if page.is_empty() {
            return Read::End;
        }
        let ids = self.keys.hash_one(page.iter().map(|generation| &generation.id).collect::<Vec<_>>());
        self.same = if ids == self.ids { self.same + 1 } else { 0 };
        self.ids = ids;
        if self.same > MOST_SAME {
            return Read::Stuck;
        }
        let items: VecDeque<_> = page
            .into_iter()
            .skip(first_new)
            .filter(|generation| self.known.insert(self.keys.hash_one(&generation.id)))
            .collect();
        self.last = length;
        self.overlaps = length >= self.full;
        self.position = self.offset.saturating_add(length);
        self.offset = self.position - if self.overlaps { overlap(length) } else { 0 };
        Read::Page(items)
    }

    /// Has the page before be read next.
    fn go_back(&mut self) {
        let step = if self.overlaps {
            self.full - overlap(self.full)
        } else {
            // The last page was short without being the last: the server gives no longer ones.
            self.full = self.last;
            overlap(self.last)
        };
        self.overlaps = true;
        self.offset = self.offset.saturating_sub(step.max(1));
    }

    /// Whether it was created after this listing began.
    fn is_newer(&self, generation: &Generation) -> bool {
        self.newest.zip(made_at(generation)).is_some_and(|(newest, made)| made > newest)
    }

    fn stuck(&self) -> Error {
        let mut call = CallInfo::new("image_list_generations", Effect::Read);
        call.attempts = self.pages;
        Error::InvalidRequest(Box::new(InvalidRequestError {
            call,
            field: "offset".into(),
            reason: "the server gives the same generations whatever it is".into(),
            source: None,
        }))
    }
}

fn overlap(length: u32) -> u32 {
    OVERLAP.min(length / 2)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn made_at(generation: &Generation) -> Option<i64> {
    generation.created_at.as_ref()?.unix_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list that changes between requests.
    struct Server {
        /// Newest first.
        list: Vec<u32>,
        cap: u32,
        times: bool,
        requests: u32,
    }

    impl Server {
        fn new(records: u32) -> Self {
            Self { list: (0..records).rev().collect(), cap: 50, times: true, requests: 0 }
        }

        fn page(&mut self, offset: u32, limit: u32) -> Vec<Generation> {
            self.requests += 1;
            let page = self.list.iter().skip(offset as usize).take(limit.min(self.cap) as usize);
            page.map(|number| {
                let at = format!("2024-01-01T{:02}:{:02}:{:02}", number / 3600, number / 60 % 60, number % 60);
                Generation {
                    id: number.to_string().into(),
                    created_at: self.times.then(|| at.as_str().into()),
                    ..Generation::default()
                }
            })
            .collect()
        }

        /// What is handed out if `change` happens before each request, which it is given the number of.
        fn read(&mut self, mut change: impl FnMut(&mut Vec<u32>, u32)) -> Vec<u32> {
            let (mut reader, mut all) = (Reader::default(), Vec::new());
            loop {
                assert!(self.requests < 10_000, "no end");
                change(&mut self.list, self.requests);
                let page = self.page(reader.offset, 50);
                match reader.read(page, 50) {
                    Read::Page(items) => all.extend(items.iter().map(|item| item.id.as_str().parse::<u32>().unwrap())),
                    Read::End => return all,
                    Read::Stuck => panic!("stuck"),
                }
            }
        }
    }

    #[test]
    fn a_list_that_stays_costs_few_requests() {
        for (records, requests) in [(0, 1), (1, 2), (49, 2), (50, 3), (96, 3), (97, 4), (137, 4), (1000, 23)] {
            let mut server = Server::new(records);
            assert_eq!(server.read(|_, _| {}), (0..records).rev().collect::<Vec<_>>());
            assert_eq!(server.requests, requests, "{records} records");
        }
    }

    #[test]
    fn pages_may_be_of_any_size() {
        for cap in 1..60 {
            let mut server = Server { cap, ..Server::new(137) };
            assert_eq!(server.read(|_, _| {}), (0..137).rev().collect::<Vec<_>>(), "{cap}");
        }
    }

    #[test]
    fn what_stays_comes_once_and_in_order() {
        let mut seed = 7_u64;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below.max(1)
        };
        for round in 0..300 {
            let records = 1 + random(400) as u32;
            let cap = [2, 3, 7, 20, 49, 50][random(6)];
            let mut server = Server { cap, times: round % 4 != 0, ..Server::new(records) };
            let (most_new, most_gone) = (random(120), random(60));
            let mut next = records;
            let mut deleted = HashSet::new();
            let all = server.read(|list, request| {
                // In the end it stays, and the first two requests find out how long pages are.
                if (2..40).contains(&request) {
                    for _ in 0..random(most_new) {
                        list.insert(0, next);
                        next += 1;
                    }
                    for _ in 0..random(most_gone) {
                        if list.len() > 1 {
                            deleted.insert(list.remove(random(list.len())));
                        }
                    }
                }
            });
            let mut once = all.clone();
            once.dedup();
            assert_eq!(all, once);
            let stayed: Vec<_> = (0..records).rev().filter(|record| !deleted.contains(record)).collect();
            let got: Vec<_> = all.iter().copied().filter(|record| stayed.contains(record)).collect();
            assert_eq!(got, stayed, "round {round}: {records} records, pages of {cap}");
            if server.times {
                assert!(all.is_sorted_by(|newer, older| newer > older) && all.iter().all(|&record| record < records));
            }
        }
    }

    #[test]
    fn a_server_that_ignores_the_offset_is_no_endless_loop() {
        let (mut reader, mut server) = (Reader::default(), Server::new(60));
        for _ in 0..20 {
            if let Read::Stuck = reader.read(server.page(0, 50), 50) {
                assert!(server.requests < 18);
                assert!(reader.stuck().to_string().contains("whatever it is"), "{}", reader.stuck());
                return;
            }
        }
        panic!("goes on and on");
    }
}

//! Pages of a list by offset, which changes between requests, put together without gaps.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use super::Row;

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
pub(crate) struct Pages {
    /// Where the next page begins.
    pub(crate) offset: u32,
    /// Where the last page that connects ended.
    pub(crate) position: u32,
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
    pub(crate) pages: u32,
}

pub(crate) enum Read<T> {
    /// What is new on a page; perhaps nothing.
    Page(VecDeque<T>),
    /// It does not connect with the pages before, so it tells nothing yet: one before it is read next.
    Gap,
    End,
    /// The server gives the same whatever the offset.
    Stuck,
}

impl Pages {
    pub(crate) fn read<T: Row>(&mut self, page: Vec<T>, page_size: u32) -> Read<T> {
        self.pages += 1;
        if self.pages == 1 {
            self.newest = page.first().and_then(T::made_at);
            self.full = page_size;
        }
        let length = count(page.len());
        let known = |row: &T| self.known.contains(&self.keys.hash_one(row.id()));
        let first_new = match page.iter().rposition(known) {
            Some(last_known) => last_known + 1,
            None if self.known.is_empty() => 0,
            // The last page was short, and here is why.
            None if page.is_empty() && !self.overlaps => return Read::End,
            None => {
                let first_older = page.iter().position(|row| !self.is_newer(row)).unwrap_or(page.len());
                // Pages of one record cannot reach back.
                if first_older == 0 && self.offset > 0 && self.full > 1 {
                    self.go_back();
                    return Read::Gap;
                }
                first_older
            }
        };
        if page.is_empty() {
            return Read::End;
        }
        let ids = self.keys.hash_one(page.iter().map(T::id).collect::<Vec<_>>());
        self.same = if ids == self.ids { self.same + 1 } else { 0 };
        self.ids = ids;
        if self.same > MOST_SAME {
            return Read::Stuck;
        }
        let items: VecDeque<_> =
            page.into_iter().skip(first_new).filter(|row| self.known.insert(self.keys.hash_one(row.id()))).collect();
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
    fn is_newer(&self, row: &impl Row) -> bool {
        self.newest.zip(row.made_at()).is_some_and(|(newest, made)| made > newest)
    }
}

fn overlap(length: u32) -> u32 {
    OVERLAP.min(length / 2)
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Record {
        id: String,
        made_at: Option<i64>,
    }

    impl Row for Record {
        fn id(&self) -> &str {
            &self.id
        }

        fn made_at(&self) -> Option<i64> {
            self.made_at
        }
    }

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

        fn page(&mut self, offset: u32, limit: u32) -> Vec<Record> {
            self.requests += 1;
            let page = self.list.iter().skip(offset as usize).take(limit.min(self.cap) as usize);
            let made_at = |number: u32| self.times.then_some(i64::from(number) * 1000);
            page.map(|&number| Record { id: number.to_string(), made_at: made_at(number) }).collect()
        }

        /// What is handed out if `change` happens before each request, which it is given the number of.
        fn read(&mut self, mut change: impl FnMut(&mut Vec<u32>, u32)) -> Vec<u32> {
            let (mut pages, mut all) = (Pages::default(), Vec::new());
            loop {
                assert!(self.requests < 10_000, "no end");
                change(&mut self.list, self.requests);
                let page = self.page(pages.offset, 50);
                match pages.read(page, 50) {
                    Read::Page(items) => all.extend(items.iter().map(|item| item.id.parse::<u32>().unwrap())),
                    Read::Gap => {}
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
        let (mut pages, mut server) = (Pages::default(), Server::new(60));
        for _ in 0..20 {
            if let Read::Stuck = pages.read(server.page(0, 50), 50) {
                assert!(server.requests < 18);
                return;
            }
        }
        panic!("goes on and on");
    }
}

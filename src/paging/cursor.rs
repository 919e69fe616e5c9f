//! All records of a list by cursor, one by one.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::PAGE;
use super::stream::refused;
use crate::call::{Options, call_options};
use crate::core::LeonardoCore;
use crate::error::Error;
use crate::runtime::BoxFuture;

/// A page, and where the one after it begins.
pub(crate) struct CursorPage<R> {
    pub(crate) records: Vec<R>,
    /// `None` if there is none after it.
    pub(crate) next: Option<String>,
}

/// Reads a page: the one at a cursor, or the first, of so many records at most.
type ReadPage<R> =
    Box<dyn Fn(&Options, Option<&str>, u32) -> BoxFuture<'static, Result<CursorPage<R>, Error>> + Send + Sync>;

/// All records of a list that pages by cursor, one by one; made by a function such as `blueprints_list_all`. Costs nothing.
///
/// It is a [`Stream`], and [`next`](Self::next) works without any crate for streams. A page is read when the one before it
/// was handed out.
///
/// # Errors
///
/// An item is an error where a page cannot be had after all retries, and then the stream ends: all of
/// [`Error`] but `OutcomeUnknown`. To resume, make another that begins [`after`](Self::after) this one's
/// [`cursor`](Self::cursor).
#[must_use = "nothing is read until it is asked for the next"]
pub struct CursorList<R> {
    name: &'static str,
    core: LeonardoCore,
    options: Options,
    read: ReadPage<R>,
    page_size: u32,
    /// Where the next page begins.
    cursor: Option<String>,
    /// What of the last page is still to be handed out.
    records: VecDeque<R>,
    reading: Option<BoxFuture<'static, Result<CursorPage<R>, Error>>>,
    pages: u32,
    ended: bool,
}

call_options! {
    impl[R] CursorList<R>, options: options, core: core,
    deadline: "The longest that reading one page may take with all attempts and delays; `None` for no limit. Defaults to the \
               core's.",
    retry: "How failed attempts to read a page are retried. Defaults to the core's policy."
}

/// The most records that the service gives at once.
const MOST: u32 = 100;

impl<R> CursorList<R> {
    pub(crate) fn new(
        core: &LeonardoCore,
        name: &'static str,
        read: impl Fn(&Options, Option<&str>, u32) -> BoxFuture<'static, Result<CursorPage<R>, Error>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            name,
            core: core.clone(),
            options: Options::default(),
            read: Box::new(read),
            page_size: PAGE,
            cursor: None,
            records: VecDeque::new(),
            reading: None,
            pages: 0,
            ended: false,
        }
    }

    /// How many records to ask for at once, 1 to 100. Defaults to 50. A server may give fewer.
    pub fn page_size(mut self, records: u32) -> Self {
        self.page_size = records.clamp(1, MOST);
        self
    }

    /// Begins after that cursor instead of with the first record.
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Where the page begins that is read next; `None` for the first.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Waits for the next record; `None` after the last one or after an error.
    pub async fn next(&mut self) -> Option<Result<R, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The records as an iterator that waits on this thread.
    #[cfg(all(feature = "blocking", not(target_arch = "wasm32")))]
    pub fn iter_blocking(self) -> crate::blocking::BlockingIter<Self> {
        crate::blocking::BlockingIter::new(self)
    }

    /// Takes a page; refused if it leads back to itself.
    fn take(&mut self, page: CursorPage<R>) -> Result<(), Error> {
        self.pages += 1;
        if page.next.is_some() && page.next == self.cursor {
            return Err(refused(self.name, self.pages, "after", "the server gives a page that is followed by itself"));
        }
        self.records = page.records.into();
        match page.next {
            None => self.ended = true,
            next => self.cursor = next,
        }
        Ok(())
    }
}

// What is in it is not borrowed from itself.
impl<R> Unpin for CursorList<R> {}

impl<R> Stream for CursorList<R> {
    type Item = Result<R, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let list = self.get_mut();
        loop {
            if let Some(record) = list.records.pop_front() {
                return Poll::Ready(Some(Ok(record)));
            }
            if list.ended {
                return Poll::Ready(None);
            }
            let Self { options, read, page_size, cursor, reading, .. } = &mut *list;
            let mut reading = reading.take().unwrap_or_else(|| read(options, cursor.as_deref(), *page_size));
            let Poll::Ready(page) = reading.as_mut().poll(context) else {
                list.reading = Some(reading);
                return Poll::Pending;
            };
            if let Err(error) = page.and_then(|page| list.take(page)) {
                list.ended = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<R> fmt::Debug for CursorList<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CursorList").field("name", &self.name).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}

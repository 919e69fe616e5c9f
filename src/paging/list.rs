//! All records of a list by offset, one by one.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{PageStream, Row};
use crate::call::{Call, Options, call_options};
use crate::core::LeonardoCore;
use crate::error::Error;

/// All records of a list, newest first, one by one; made by a function such as `image_list_generations`. Costs nothing.
///
/// It is a [`Stream`], and [`next`](Self::next) works without any crate for streams. While a page is handed out, the next
/// one is already asked for ([`look_ahead`](Self::look_ahead)).
///
/// # What is handed out
///
/// The service counts pages from the newest record, so pages move when the list changes meanwhile. Every record that is
/// there from the beginning to the end comes exactly once, in the order of the list:
///
/// - Records that are created meanwhile push the others towards later pages. What comes again is left out, and so is what
///   is newer than the first that was handed out.
/// - Records that are deleted meanwhile pull the others towards earlier pages. Therefore a page begins with the last few
///   of the page before; if it does not, the stream goes back until it finds a page that it knows.
///
/// This cannot be kept up where a server gives one record a page; nor if nearly all are deleted within the first two
/// requests, or, for records without a time, if all that were handed out are deleted.
///
/// # Errors
///
/// An item is an error where a page cannot be had after all retries, and then the stream ends: all of
/// [`Error`] but `OutcomeUnknown`. To resume, make another with [`offset`](Self::offset) at this one's
/// [`position`](Self::position).
#[must_use = "nothing is read until it is asked for the next"]
pub struct List<R> {
    name: &'static str,
    core: LeonardoCore,
    /// What the list belongs to.
    owner: String,
    page: PageCall<R>,
    options: Options,
    records: PageStream<R>,
}

/// The call of a page of what belongs to an owner, at an offset, of so many records at most.
type PageCall<R> = fn(&LeonardoCore, &str, u32, u32) -> Call<Vec<R>>;

call_options! {
    impl[R] List<R>, options: options, core: core,
    deadline: "The longest that reading one page may take with all attempts and delays; `None` for no limit. Defaults to the \
               core's.",
    retry: "How failed attempts to read a page are retried. Defaults to the core's policy."
}

impl<R: Row + 'static> List<R> {
    pub(crate) fn new(core: &LeonardoCore, name: &'static str, owner: String, page: PageCall<R>) -> Self {
        Self { name, core: core.clone(), owner, page, options: Options::default(), records: PageStream::new() }
    }

    /// How many records to ask for at once, 1 or more. Defaults to 50. A server may give fewer: only an empty page is
    /// the end.
    pub fn page_size(mut self, records: u32) -> Self {
        self.records.page_size = records.max(1);
        self
    }

    /// Whether the next page is asked for as soon as the one before it is there. Defaults to `true`. Never more than one
    /// page is asked for ahead.
    pub fn look_ahead(mut self, ahead: bool) -> Self {
        self.records.look_ahead = ahead;
        self
    }

    /// How many of the newest records to pass over. Defaults to 0.
    pub fn offset(mut self, records: u32) -> Self {
        self.records.begin_at(records);
        self
    }

    /// The offset, as of the last page, of the record that comes next. A stream that begins there may repeat some of
    /// this one, if records were created meanwhile.
    pub fn position(&self) -> u32 {
        self.records.position()
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
}

// What is in it is not borrowed from itself.
impl<R> Unpin for List<R> {}

impl<R: Row + 'static> Stream for List<R> {
    type Item = Result<R, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { name, core, owner, page, options, records } = self.get_mut();
        records.poll_next(name, context, &|offset, limit| page(core, owner, offset, limit).with_options(options))
    }
}

impl<R: Row + 'static> fmt::Debug for List<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("name", &self.name)
            .field("owner", &self.owner)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

//! All of a user's generations, as a stream over the pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::image_get_generations_by_user_id;
use crate::LeonardoCore;
use crate::call::{Options, call_options};
use crate::error::Error;
use crate::models::{Generation, GetGenerationsByUserIdRequest, UserId};
use crate::paging::PageStream;

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
/// An item is an error where a page cannot be had after all retries, and then the stream ends: all of
/// [`Error`] but `OutcomeUnknown`. To resume, make another with [`offset`](ListGenerations::offset) at this one's
/// [`position`](ListGenerations::position).
pub fn image_list_generations(core: &LeonardoCore, user_id: impl Into<UserId>) -> ListGenerations {
    ListGenerations {
        core: core.clone(),
        user: user_id.into(),
        options: Options::default(),
        generations: PageStream::new(),
    }
}

/// A user's generations, one by one; made by [`image_list_generations`].
#[must_use = "nothing is read until it is asked for the next"]
pub struct ListGenerations {
    core: LeonardoCore,
    user: UserId,
    options: Options,
    generations: PageStream<Generation>,
}

call_options! {
    impl[] ListGenerations, options: options, core: core,
    deadline: "The longest that reading one page may take with all attempts and delays; `None` for no limit. Defaults to the \
               core's.",
    retry: "How failed attempts to read a page are retried. Defaults to the core's policy."
}

impl ListGenerations {
    /// How many generations to ask for at once, 1 or more. Defaults to 50. A server may give fewer: only an empty page is
    /// the end.
    pub fn page_size(mut self, generations: u32) -> Self {
        self.generations.page_size = generations.max(1);
        self
    }

    /// Whether the next page is asked for as soon as the one before it is there. Defaults to `true`. Never more than one
    /// page is asked for ahead.
    pub fn look_ahead(mut self, ahead: bool) -> Self {
        self.generations.look_ahead = ahead;
        self
    }

    /// How many of the newest generations to pass over. Defaults to 0.
    pub fn offset(mut self, generations: u32) -> Self {
        self.generations.begin_at(generations);
        self
    }

    /// The offset, as of the last page, of the generation that comes next. A stream that begins there may repeat some of
    /// this one, if generations were created meanwhile.
    pub fn position(&self) -> u32 {
        self.generations.position()
    }

    /// Waits for the next generation; `None` after the last one or after an error.
    pub async fn next(&mut self) -> Option<Result<Generation, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for ListGenerations {
    type Item = Result<Generation, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { core, user, options, generations } = self.get_mut();
        generations.poll_next("image_list_generations", context, &|offset, limit| {
            let request = GetGenerationsByUserIdRequest { offset: Some(offset), limit: Some(limit) };
            image_get_generations_by_user_id(core, &*user, request).with_options(options)
        })
    }
}

impl fmt::Debug for ListGenerations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListGenerations")
            .field("user", &self.user)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

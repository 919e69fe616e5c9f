//! All of a user's generations, as a stream over the pages.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future as _, IntoFuture as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::image_get_generations_by_user_id;
use crate::error::{CallInfo, Error, InvalidRequestError};
use crate::models::{Generation, GetGenerationsByUserIdRequest, UserId};
use crate::paging::{Pages, Read, count};
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
/// An item is an error where a page cannot be had after all retries, and then the stream ends: all of
/// [`Error`] but `OutcomeUnknown`. To resume, make another with [`offset`](ListGenerations::offset) at this one's
/// [`position`](ListGenerations::position).
pub fn image_list_generations(core: &LeonardoCore, user_id: impl Into<UserId>) -> ListGenerations {
    ListGenerations {
        core: core.clone(),
        user: user_id.into(),
        page_size: 50,
        look_ahead: true,
        timeout: None,
        retry: None,
        pages: Pages::default(),
        items: VecDeque::new(),
        page: Page::NotAsked,
    }
}

/// A user's generations, one by one; made by [`image_list_generations`].
#[must_use = "nothing is read until it is asked for the next"]
pub struct ListGenerations {
    core: LeonardoCore,
    user: UserId,
    page_size: u32,
    look_ahead: bool,
    timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    pages: Pages,
    /// What of the last page is still to be handed out.
    items: VecDeque<Generation>,
    /// The page after that.
    page: Page,
}

/// The next page.
enum Page {
    NotAsked,
    Asked {
        answer: Sending<Vec<Generation>>,
        /// Whether there was still something to hand out when it was asked for.
        ahead: bool,
    },
    Here(Vec<Generation>),
    /// It was asked for ahead and did not come. A response that nobody takes may fail for that reason alone, so it is
    /// asked for again when it is needed.
    Missed,
    /// There is none.
    Ended,
}

impl ListGenerations {
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
        self.pages.offset = generations;
        self.pages.position = generations;
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
        self.pages.position.saturating_sub(count(self.items.len()))
    }

    /// Waits for the next generation; `None` after the last one or after an error.
    pub async fn next(&mut self) -> Option<Result<Generation, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn ask(&self) -> Page {
        let page = GetGenerationsByUserIdRequest { offset: Some(self.pages.offset), limit: Some(self.page_size) };
        let mut call = image_get_generations_by_user_id(&self.core, &self.user, page);
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        if let Some(policy) = &self.retry {
            call = call.retry(policy.clone());
        }
        Page::Asked { answer: call.into_future(), ahead: !self.items.is_empty() }
    }
}

impl Stream for ListGenerations {
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
                Page::Here(page) => match this.pages.read(page, this.page_size) {
                    Read::Page(items) => this.items = items,
                    Read::Gap => {}
                    Read::End => this.page = Page::Ended,
                    Read::Stuck => {
                        this.page = Page::Ended;
                        return Poll::Ready(Some(Err(stuck(this.pages.pages))));
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

impl fmt::Debug for ListGenerations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListGenerations")
            .field("user", &self.user)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

fn stuck(pages: u32) -> Error {
    let mut call = CallInfo::new("image_list_generations", Effect::Read);
    call.attempts = pages;
    Error::InvalidRequest(Box::new(InvalidRequestError {
        call,
        field: "offset".into(),
        reason: "the server gives the same generations whatever it is".into(),
        source: None,
    }))
}

//! A list as a stream of its rows, over pages by offset.

use std::collections::VecDeque;
use std::future::{Future as _, IntoFuture as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::offset::{Pages, Read, count};
use super::{PAGE, Row};
use crate::call::{Call, Sending};
use crate::error::{CallInfo, Error, Refused};
use crate::operation::Effect;

/// The rows of a list, one by one. The next page is asked for while one is handed out.
pub(crate) struct PageStream<R> {
    pub(crate) page_size: u32,
    /// Whether the next page is asked for as soon as the one before it is there.
    pub(crate) look_ahead: bool,
    pages: Pages,
    /// What of the last page is still to be handed out.
    items: VecDeque<R>,
    /// The page after that.
    page: Page<R>,
}

/// The next page.
enum Page<R> {
    NotAsked,
    Asked {
        response: Sending<Vec<R>>,
        /// Whether there was still something to hand out when it was asked for.
        ahead: bool,
    },
    Here(Vec<R>),
    /// It was asked for ahead and did not come. A response that nobody takes may fail for that reason alone, so it is
    /// asked for again when it is needed.
    Missed,
    /// There is none.
    Ended,
}

impl<R: Row + 'static> PageStream<R> {
    pub(crate) fn new() -> Self {
        let (pages, items) = Default::default();
        Self { page_size: PAGE, look_ahead: true, pages, items, page: Page::NotAsked }
    }

    /// Begins at that offset.
    pub(crate) fn begin_at(&mut self, offset: u32) {
        self.pages.offset = offset;
        self.pages.position = offset;
    }

    /// The offset, as of the last page, of the row that comes next.
    pub(crate) fn position(&self) -> u32 {
        self.pages.position.saturating_sub(count(self.items.len()))
    }

    /// The next row for the workflow `name`. `page` makes the call of the page at an offset, of so many rows at most.
    pub(crate) fn poll_next(
        &mut self,
        name: &'static str,
        context: &mut Context<'_>,
        page: &dyn Fn(u32, u32) -> Call<Vec<R>>,
    ) -> Poll<Option<Result<R, Error>>> {
        loop {
            match self.page {
                Page::NotAsked if self.look_ahead || self.items.is_empty() => self.ask(page),
                Page::Missed if self.items.is_empty() => self.ask(page),
                _ => {}
            }
            if let Page::Asked { response, ahead } = &mut self.page {
                self.page = match (Pin::new(response).poll(context), &ahead) {
                    (Poll::Ready(Ok(page)), _) => Page::Here(page),
                    (Poll::Ready(Err(_)), true) => Page::Missed,
                    (Poll::Ready(Err(error)), false) => {
                        self.page = Page::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                    (Poll::Pending, _) if self.items.is_empty() => return Poll::Pending,
                    (Poll::Pending, _) => return Poll::Ready(self.items.pop_front().map(Ok)),
                };
            }
            if let Some(row) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(row)));
            }
            match std::mem::replace(&mut self.page, Page::NotAsked) {
                Page::Here(page) => match self.pages.read(page, self.page_size) {
                    Read::Page(items) => self.items = items,
                    Read::Gap => {}
                    Read::End => self.page = Page::Ended,
                    Read::Stuck => {
                        self.page = Page::Ended;
                        return Poll::Ready(Some(Err(refused(name, self.pages.pages, "offset", STUCK))));
                    }
                },
                Page::Ended => {
                    self.page = Page::Ended;
                    return Poll::Ready(None);
                }
                missed => self.page = missed,
            }
        }
    }

    fn ask(&mut self, page: &dyn Fn(u32, u32) -> Call<Vec<R>>) {
        let response = page(self.pages.offset, self.page_size).into_future();
        self.page = Page::Asked { response, ahead: !self.items.is_empty() };
    }
}

const STUCK: &str = "the server gives the same records whatever it is";

/// An error for a list whose pages lead nowhere.
pub(super) fn refused(name: &'static str, pages: u32, field: &'static str, reason: &'static str) -> Error {
    let mut call = CallInfo::new(name, Effect::Read);
    call.attempts = pages;
    Refused::new(field, reason).into_error(call)
}

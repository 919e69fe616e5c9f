//! What happens to a job, as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::runtime::{BoxFuture, MaybeSend};

/// What happens to a job, as it happens; a [`Stream`] that needs no pinning.
#[must_use = "nothing is done until it is asked for the next"]
pub struct Steps<T, E> {
    next: Option<Step<Self, T, E>>,
}

/// One item, and the state to go on from unless it was the last.
pub(crate) type Step<S, T, E> = BoxFuture<'static, (Result<T, E>, Option<S>)>;

impl<T: MaybeSend + 'static, E: MaybeSend + 'static> Steps<T, E> {
    pub(crate) fn new<S: MaybeSend + 'static>(state: S, step: fn(S) -> Step<S, T, E>) -> Self {
        let next = async move {
            let (item, state) = step(state).await;
            (item, state.map(|state| Self::new(state, step)))
        };
        Self { next: Some(Box::pin(next)) }
    }
}

impl<T, E> Steps<T, E> {
    /// Waits for what comes next; `None` after the end.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What happens as an iterator that waits on this thread.
    #[cfg(all(feature = "blocking", not(target_arch = "wasm32")))]
    pub fn iter_blocking(self) -> crate::blocking::BlockingIter<Self> {
        crate::blocking::BlockingIter::new(self)
    }
}

impl<T, E> Stream for Steps<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let (item, rest) = ready!(next.as_mut().poll(context));
        self.next = rest.and_then(|rest| rest.next);
        Poll::Ready(Some(item))
    }
}

impl<T, E> fmt::Debug for Steps<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").field("ended", &self.next.is_none()).finish()
    }
}

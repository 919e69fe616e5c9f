//! The few things that differ between a native program and a browser: clock, timer, and whether futures are `Send`.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

// Tokio's instants are those of `std`, except in a test that has stopped Tokio's time: then they are that time's, and
// everything that this crate measures keeps to it.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use std::time::SystemTime;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use tokio::time::Instant;
#[cfg(target_arch = "wasm32")]
pub(crate) use web_time::{Instant, SystemTime};

/// A boxed future; `Send` wherever there are threads.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed future; `Send` wherever there are threads.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// `Send` wherever there are threads, nothing in a browser.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}
/// `Send` wherever there are threads, nothing in a browser.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// Where the time of day comes from. It may step at any time, so nothing that matters is measured with it alone.
pub(crate) type WallClock = std::sync::Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What is guarded must be left whole by every holder, so that a panic elsewhere does not spoil it.
#[cfg(any(feature = "polling", feature = "searching", feature = "limits"))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every workflow needs it"))]
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether there is a runtime to wait in; without one, Tokio's timers panic.
pub(crate) fn is_running() -> bool {
    #[cfg(all(feature = "blocking", not(target_arch = "wasm32")))]
    if crate::blocking::is_refused() {
        return false;
    }
    #[cfg(not(target_arch = "wasm32"))]
    return tokio::runtime::Handle::try_current().is_ok();
    #[cfg(target_arch = "wasm32")]
    true
}

#[cfg(all(feature = "blocking", not(target_arch = "wasm32")))]
#[cfg_attr(not(feature = "full"), allow(unused_imports, reason = "not every workflow needs it"))]
pub(crate) use crate::blocking::{connecting, driven, holds_up_others};

/// With `blocking`, connections have a runtime of their own.
#[cfg(not(all(feature = "blocking", not(target_arch = "wasm32"))))]
pub(crate) fn connecting<F: Future>(exchange: F) -> F {
    exchange
}

/// Without `blocking`, whoever waits for an exchange drives it.
#[cfg(not(all(feature = "blocking", not(target_arch = "wasm32"))))]
pub(crate) fn driven<'a, T>(
    exchange: impl Future<Output = T> + MaybeSend + 'a,
    _: fn(&'static str) -> T,
) -> BoxFuture<'a, T> {
    Box::pin(exchange)
}

/// Without `blocking`, no future holds up others.
#[cfg(not(all(feature = "blocking", not(target_arch = "wasm32"))))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every workflow needs it"))]
pub(crate) fn holds_up_others() -> bool {
    false
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use tokio::time::sleep;

#[cfg(target_arch = "wasm32")]
pub(crate) async fn sleep(duration: Duration) {
    // `setTimeout` counts milliseconds in 31 bits and fires at once beyond them.
    let millis = duration.as_millis().min(i32::MAX as u128) as u32;
    gloo_timers::future::TimeoutFuture::new(millis).await;
}

/// A timer that ends in time even where what it limits is always ready, and so has used up what Tokio lets a task do
/// before it yields.
#[cfg(not(target_arch = "wasm32"))]
fn timer(limit: Duration) -> impl Future<Output = ()> {
    tokio::task::unconstrained(sleep(limit))
}

#[cfg(target_arch = "wasm32")]
use sleep as timer;

/// The future's output, or `None` if it took longer.
///
/// Takes the future pinned, since an `async fn` holds what it takes by value twice.
pub(crate) async fn timeout<F: Future + ?Sized>(limit: Duration, mut future: Pin<&mut F>) -> Option<F::Output> {
    let mut timer = std::pin::pin!(timer(limit));
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.as_mut().poll(context).map(|()| None),
    })
    .await
}

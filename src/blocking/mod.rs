//! Calls from threads that have no runtime, and from those that have one.
//!
//! There is one runtime for all callers, made when it is first needed, with a thread of its own that drives connections,
//! exchanges and timers. What a caller waits for is polled on the caller's thread, so it may borrow whatever it likes.

mod alarm;

use std::cell::Cell;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use self::alarm::Alarm;

/// Waits on this thread instead of with `await`: for a [`Call`](crate::Call), a workflow, or any other future.
///
/// ```no_run
/// # #[cfg(feature = "image-generate")]
/// # fn example(core: leonardo_ai::LeonardoCore) -> Result<(), Box<dyn std::error::Error>> {
/// use leonardo_ai::Blocking;
/// use leonardo_ai::funcs::{image_download, image_generate};
/// use leonardo_ai::models::CreateGenerationRequest;
///
/// let made = image_generate(&core, CreateGenerationRequest::new("a lighthouse at dusk")).send_blocking()?;
/// for image in &made.generation.generated_images {
///     image_download(&core, &image.url).to_file(format!("{}.jpg", image.id)).send_blocking()?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// No runtime is needed. The first call in a process starts a thread, which drives the connections of every core from then
/// on, sends and receives, and ends with the process; the call itself goes on in the thread that waits for it. So there may
/// be as many at once as there are threads. A child process made by `fork` alone has no such thread.
///
/// Within a runtime it works as well, and **holds up the thread**, with all that the runtime would do on it meanwhile. A call
/// that waits for another one which cannot go on for that reason, such as a create with the mark and the prompt of one that
/// is under way there, ends at its deadline.
///
/// It never panics by itself: where no runtime can be had (no thread can be started, or this one is at its very end) or the
/// thread is the one that drives the connections, as in a custom resolver, the call is refused as it is without a runtime.
pub trait Blocking: IntoFuture + Sized {
    /// Sends it, and waits for its end.
    fn send_blocking(self) -> Self::Output {
        let _entered = Entered::new();
        let mut future = pin!(self.into_future());
        // The futures of a task share how much they may do until they yield, and what is waited for here never yields to
        // the runtime that this task may be in.
        let unlimited = pin!(tokio::task::unconstrained(poll_fn(move |context| future.as_mut().poll(context))));
        wait(unlimited)
    }
}

impl<F: IntoFuture> Blocking for F {}

/// What comes out of a list or of a wait, one by one, as an [`Iterator`] that waits on this thread; made by
/// `iter_blocking`. Between two items nothing but what was asked for ahead goes on. It may be dropped at any time.
#[must_use = "nothing is read until it is asked for the next"]
#[derive(Debug)]
pub struct BlockingIter<S> {
    stream: S,
}

impl<S> BlockingIter<S> {
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "there may be nothing to go through"))]
    pub(crate) fn new(stream: S) -> Self {
        Self { stream }
    }

    /// What the items come from, such as to ask a [`List`](crate::List) for its position.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// What the items come from, to go on with `next().await`.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Stream + Unpin> Iterator for BlockingIter<S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        poll_fn(|context| Pin::new(&mut self.stream).poll_next(context)).send_blocking()
    }
}

thread_local! {
    static DRIVES: Cell<bool> = const { Cell::new(false) };
    static STATE: Cell<State> = const { Cell::new(State::Elsewhere) };
}

/// Where this thread is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Elsewhere,
    /// In `send_blocking`.
    Waiting,
    /// In one that holds up whatever else this thread would do.
    HoldingUp,
    /// In one that would wait for itself.
    Refused,
}

/// Whether this thread drives the connections.
fn drives() -> bool {
    DRIVES.try_with(Cell::get).unwrap_or(true)
}

fn state() -> State {
    STATE.try_with(Cell::get).unwrap_or(State::Refused)
}

/// Whether what is polled now would wait for itself.
pub(crate) fn is_refused() -> bool {
    state() == State::Refused
}

/// Whether other futures of this process cannot go on until the one ends that is polled now.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every workflow needs it"))]
pub(crate) fn holds_up_others() -> bool {
    state() == State::HoldingUp
}

/// The runtime of all callers, entered until it is dropped.
struct Entered {
    before: State,
    _guard: Option<tokio::runtime::EnterGuard<'static>>,
}

impl Entered {
    fn new() -> Self {
        let before = state();
        let here = Handle::try_current();
        let handle = match &here {
            // There is no entering a runtime any more.
            Err(error) if error.is_thread_local_destroyed() => None,
            _ if drives() => None,
            _ => driver(),
        };
        let state = match (handle, &here) {
            (None, _) => State::Refused,
            (Some(_), Ok(_)) => State::HoldingUp,
            (Some(_), Err(_)) => State::Waiting,
        };
        let _ = STATE.try_with(|now| now.set(state));
        Self { before, _guard: handle.map(Handle::enter) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let _ = STATE.try_with(|now| now.set(self.before));
    }
}

/// The runtime of all callers; none if it cannot be made, which the next caller tries again.
fn driver() -> Option<&'static Handle> {
    static DRIVER: OnceLock<Handle> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(handle) = DRIVER.get() {
        return Some(handle);
    }
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if DRIVER.get().is_none() {
        let mut builder = Builder::new_current_thread();
        let builder = builder.enable_all().thread_name("leonardo-ai files").on_thread_park(alarm::ring_all);
        let runtime = builder.build().ok()?;
        let handle = runtime.handle().clone();
        let drive = move || {
            DRIVES.set(true);
            runtime.block_on(std::future::pending::<()>());
        };
        std::thread::Builder::new().name("leonardo-ai".to_owned()).spawn(drive).ok()?;
        let _ = DRIVER.set(handle);
    }
    DRIVER.get()
}

/// Has connections made by `exchange` be driven by the runtime of all callers, whoever polls it. They go into a pool, and
/// whoever takes them out may hold up the runtime that they would belong to otherwise.
pub(crate) async fn connecting<F: Future>(exchange: F) -> F::Output {
    let mut exchange = pin!(exchange);
    poll_fn(|context| {
        let _guard = if state() == State::Elsewhere { driver().map(Handle::enter) } else { None };
        exchange.as_mut().poll(context)
    })
    .await
}

/// Has an exchange be driven by the runtime of all callers where this thread only waits: what arrives piece by piece wakes
/// that runtime, and the caller is woken once. `broken` is what it ends in if that runtime has ended.
pub(crate) fn driven<T: Send + 'static>(
    exchange: impl Future<Output = T> + Send + 'static,
    broken: fn(&'static str) -> T,
) -> Pin<Box<dyn Future<Output = T> + Send>> {
    let driver = if matches!(state(), State::Waiting | State::HoldingUp) { driver() } else { None };
    match driver {
        Some(driver) => Box::pin(Driven { task: driver.spawn(exchange), broken }),
        None => Box::pin(exchange),
    }
}

/// A task of the runtime of all callers, which ends when nobody waits for it any more.
struct Driven<T> {
    task: JoinHandle<T>,
    broken: fn(&'static str) -> T,
}

impl<T> Future for Driven<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.task).poll(context).map(|ended| match ended {
            Ok(output) => output,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => (self.broken)("the thread that drives the connections has ended"),
            },
        })
    }
}

impl<T> Drop for Driven<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Polls on this thread until the end.
fn wait<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(alarm.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        alarm.wait();
    }
}

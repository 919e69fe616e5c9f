//! The order in which calls wait for the same.
//!
//! Nothing is locked while a call waits: one that is not polled, which no other can know of, is passed by after a while and
//! comes first again when it is.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use crate::runtime::{self, Instant, lock};

/// How long the first may be silent before the next one goes first.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often those far behind look whether the first is silent, in multiples of that.
const SELDOM: u32 = 8;
/// How often the first must say that it is there.
pub(super) const PRESENT: Duration = Duration::from_millis(500);

/// Those that wait for the same, by the order in which they came.
#[derive(Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    numbers: u64,
    places: BTreeMap<u64, Waiter>,
}

struct Waiter {
    wake: Arc<Notify>,
    /// When it was there last, or was told to be.
    seen: Instant,
    /// Whether it has been silent for too long.
    absent: bool,
}

/// A place in a queue, until it is dropped.
pub(super) struct Position {
    queue: Arc<Queue>,
    number: u64,
    wake: Arc<Notify>,
}

impl Position {
    pub(super) fn new(queue: &Arc<Queue>) -> Self {
        let wake = Arc::<Notify>::default();
        let mut waiting = lock(&queue.0);
        let number = waiting.numbers;
        waiting.numbers += 1;
        let waiter = Waiter { wake: wake.clone(), seen: Instant::now(), absent: false };
        waiting.places.insert(number, waiter);
        drop(waiting);
        Self { queue: queue.clone(), number, wake }
    }

    pub(super) fn is_first(&self) -> bool {
        lock(&self.queue.0).until_first(self.number).is_none()
    }

    /// Waits until this is the first. The first must be asked again after [`PRESENT`] at most.
    pub(super) async fn first(&self) {
        loop {
            let mut woken = pin!(self.wake.notified());
            woken.as_mut().enable();
            let patience = lock(&self.queue.0).until_first(self.number);
            let Some(patience) = patience else { return };
            let _ = runtime::timeout(patience, woken).await;
        }
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        let mut waiting = lock(&self.queue.0);
        waiting.places.remove(&self.number);
        waiting.wake_foremost();
    }
}

impl Waiting {
    /// Nothing if that one, who is there, is the first; otherwise, after what time to ask again.
    fn until_first(&mut self, number: u64) -> Option<Duration> {
        let now = Instant::now();
        if let Some(waiter) = self.places.get_mut(&number) {
            (waiter.seen, waiter.absent) = (now, false);
        }
        let mut passed_by = false;
        loop {
            let mut before = self.places.range_mut(..number).filter(|(_, waiter)| !waiter.absent);
            let (_, first) = before.next()?;
            let silent = now.saturating_duration_since(first.seen);
            if silent < PATIENCE {
                let behind = u32::try_from(before.take(SELDOM as usize).count()).unwrap_or(SELDOM);
                // Where one is silent, the next may be, too.
                let behind = if passed_by { 0 } else { behind };
                return Some(PATIENCE.saturating_sub(silent) + PATIENCE * behind);
            }
            (first.absent, passed_by) = (true, true);
            self.wake_foremost();
        }
    }

    /// Has the first two find out that they are.
    fn wake_foremost(&mut self) {
        let now = Instant::now();
        for waiter in self.places.values_mut().filter(|waiter| !waiter.absent).take(2) {
            waiter.seen = now;
            waiter.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::task::{Context, Waker};

    use super::*;

    fn queue(count: usize) -> (Arc<Queue>, Vec<Position>) {
        let queue = Arc::<Queue>::default();
        let places = (0..count).map(|_| Position::new(&queue)).collect();
        (queue, places)
    }

    #[tokio::test(start_paused = true)]
    async fn places_come_in_the_order_in_which_they_were_taken() {
        let (queue, mut places) = queue(4);
        assert!(places[0].is_first() && !places[1].is_first() && !places[3].is_first());
        places.remove(1);
        drop(places.remove(0));
        assert!(places[0].is_first() && !places[1].is_first());
        places.push(Position::new(&queue));
        drop(places.drain(..2));
        assert!(places[0].is_first());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_woken_when_the_others_have_gone() {
        let (_queue, mut places) = queue(5);
        let last = places.pop().unwrap();
        let waits = tokio::spawn(async move { last.first().await });
        tokio::task::yield_now().await;
        for place in places {
            assert!(!waits.is_finished());
            drop(place);
            tokio::task::yield_now().await;
        }
        tokio::time::timeout(Duration::from_millis(1), waits).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_silent_is_passed_by_and_comes_first_again() {
        let (_queue, places) = queue(3);
        let began = Instant::now();
        // The first two are never polled.
        let mut silent = Box::pin(places[0].first());
        let _ = silent.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        // The second does not even look whether the first is there.
        tokio::time::timeout(PATIENCE * 3, places[1].first()).await.unwrap();
        assert!(began.elapsed() >= PATIENCE);
        assert!(places[1].is_first() && !places[2].is_first());
        assert!(places[0].is_first() && !places[1].is_first());
        tokio::time::sleep(PATIENCE).await;
        assert!(places[1].is_first(), "the first is silent again");
    }

    #[tokio::test(start_paused = true)]
    async fn many_that_are_silent_are_passed_by_one_after_the_other() {
        let (_queue, places) = queue(12);
        let began = Instant::now();
        tokio::time::timeout(PATIENCE * 60, places[11].first()).await.unwrap();
        let elapsed = began.elapsed();
        assert!((PATIENCE * 6..PATIENCE * 40).contains(&elapsed), "{elapsed:?}");
    }
}

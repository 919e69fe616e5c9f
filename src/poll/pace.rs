//! One pace for all polls of a core, however many waits there are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::runtime::Instant;

/// Gives out the times at which polls may be made: one after the other, an interval apart.
///
/// A turn is taken when a poll is due, so turns come in the order in which polls fell due. An urgent one comes first, and
/// moves those that wait one interval back. Nothing is locked while a turn is waited for, so a future that is not polled
/// holds up no other; a turn that is given up goes to whoever asks next.
#[derive(Clone)]
pub(crate) struct Pace(Arc<Shared>);

struct Shared {
    interval: Duration,
    turns: Mutex<Turns>,
}

struct Turns {
    /// A place in time and the number of the interval that begins there.
    origin: (Instant, u64),
    /// The number of the next turn that nobody has.
    next: u64,
    /// By how many intervals urgent turns have moved the others.
    moved: u64,
    /// The number of the interval after the last urgent turn.
    urgent: u64,
    /// Turns that were given up before they came, as they were numbered.
    free: BTreeSet<u64>,
}

impl Pace {
    pub(crate) fn new(per_minute: u32) -> Self {
        let now = Instant::now();
        let turns = Turns { origin: (now, 0), next: 0, moved: 0, urgent: 0, free: BTreeSet::new() };
        Self(Arc::new(Shared { interval: Duration::from_secs(60) / per_minute.max(1), turns: Mutex::new(turns) }))
    }

    pub(crate) fn turn(&self, urgent: bool) -> Turn {
        let now = Instant::now();
        let mut turns = self.lock();
        let place = if urgent { turns.take_urgent(now, self.0.interval) } else { turns.take(now, self.0.interval) };
        Turn { pace: self.clone(), place, used: false }
    }

    /// How long the urgent turns that wait will take.
    #[cfg(feature = "searching")]
    pub(crate) fn urgent_for(&self) -> Duration {
        let turns = self.lock();
        turns.at(self.0.interval, turns.urgent).saturating_duration_since(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, Turns> {
        // Left whole by every holder.
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy)]
enum Position {
    /// A number that urgent turns move.
    Moving(u64),
    /// The number of an interval.
    Fixed(u64),
}

impl Turns {
    fn at(&self, interval: Duration, number: u64) -> Instant {
        let (origin, first) = self.origin;
        let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let later = Duration::from_nanos(nanos.saturating_mul(number.saturating_sub(first)));
        origin.checked_add(later).unwrap_or(origin)
    }

    /// Makes the next turn one that can be had now, unless it is still to come.
    fn catch_up(&mut self, now: Instant, interval: Duration) {
        let next = self.next + self.moved;
        if self.at(interval, next) < now {
            self.origin = (now, next);
        }
    }

    fn take(&mut self, now: Instant, interval: Duration) -> Position {
        while let Some(free) = self.free.pop_first() {
            // One whose time has gone by is lost: to make it up would be a burst.
            if self.at(interval, free + self.moved) >= now {
                return Position::Moving(free);
            }
        }
        self.catch_up(now, interval);
        self.next += 1;
        Position::Moving(self.next - 1)
    }

    fn take_urgent(&mut self, now: Instant, interval: Duration) -> Position {
        self.catch_up(now, interval);
        // The first interval that begins from now on and is not another urgent one's.
        let nanos = interval.as_nanos().max(1);
        let begun = u64::try_from(now.saturating_duration_since(self.origin.0).as_nanos().div_ceil(nanos));
        let number = (self.origin.1 + begun.unwrap_or(0)).max(self.urgent).min(self.next + self.moved);
        self.urgent = number + 1;
        self.moved += 1;
        Position::Fixed(number)
    }
}

/// A turn to poll. Dropping it before it is used gives it back.
pub(crate) struct Turn {
    pace: Pace,
    place: Position,
    used: bool,
}

impl Turn {
    /// How long it is until this turn. Asking again after that may tell that it was moved.
    pub(crate) fn comes_in(&self) -> Duration {
        let turns = self.pace.lock();
        let number = match self.place {
            Position::Moving(number) => number + turns.moved,
            Position::Fixed(number) => number,
        };
        turns.at(self.pace.0.interval, number).saturating_duration_since(Instant::now())
    }

    pub(crate) fn take(mut self) {
        self.used = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.place {
            Position::Moving(number) if !self.used => _ = self.pace.lock().free.insert(number),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How many whole intervals it is until a turn, with what has gone by since the test began added.
    fn intervals(turn: &Turn) -> u128 {
        (turn.comes_in() + turn.pace.0.interval / 2).as_nanos() / turn.pace.0.interval.as_nanos()
    }

    fn pace() -> Pace {
        // 10 s an interval, so that the time that the test takes does not count.
        Pace::new(6)
    }

    #[test]
    fn turns_come_one_after_the_other() {
        let pace = pace();
        let turns: Vec<_> = (0..5).map(|_| pace.turn(false)).collect();
        assert_eq!(turns.iter().map(intervals).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn an_urgent_one_comes_first_and_moves_the_others() {
        let pace = pace();
        let mut turns: Vec<_> = (0..4).map(|_| pace.turn(false)).collect();
        turns.remove(0).take();
        let urgent = [pace.turn(true), pace.turn(true)];
        assert_eq!(urgent.iter().map(intervals).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(turns.iter().map(intervals).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(intervals(&pace.turn(false)), 6);
        assert_eq!(intervals(&pace.turn(true)), 3);
        assert_eq!(intervals(&turns[0]), 4);
        #[cfg(feature = "searching")]
        assert!(pace.urgent_for() > pace.0.interval * 3 && pace.urgent_for() <= pace.0.interval * 4);
    }

    #[test]
    fn what_is_given_up_goes_to_whoever_asks_next() {
        let pace = pace();
        let mut turns: Vec<_> = (0..4).map(|_| pace.turn(false)).collect();
        drop(turns.remove(2));
        let taken = pace.turn(false);
        assert_eq!(intervals(&taken), 2);
        assert_eq!(intervals(&pace.turn(false)), 4);
        turns.clear();
        let urgent = pace.turn(true);
        assert_eq!(intervals(&urgent), 1);
        assert_eq!(intervals(&taken), 3);
    }

    #[test]
    fn time_that_nobody_used_is_not_made_up() {
        let pace = Pace::new(60_000);
        drop(pace.turn(false));
        std::thread::sleep(20 * MS);
        let (first, second) = (pace.turn(false), pace.turn(false));
        assert_eq!(first.comes_in(), Duration::ZERO);
        assert!(second.comes_in() <= MS);
        let late = Pace::new(600);
        late.turn(false).take();
        std::thread::sleep(250 * MS);
        assert_eq!(late.turn(true).comes_in(), Duration::ZERO);
        assert!(late.turn(false).comes_in() > 50 * MS);
    }

    #[test]
    fn absurd_paces_are_no_panic() {
        assert_eq!(Pace::new(0).turn(false).comes_in(), Duration::ZERO);
        let fast = Pace::new(u32::MAX);
        assert!((0..1000).all(|turn| fast.turn(turn % 2 == 0).comes_in() < MS));
    }
}

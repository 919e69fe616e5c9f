//! How threads sleep until what they wait for is there.
//!
//! Most of them are woken by the driver, the thread that drives the connections, and it takes the kernel long to wake a thread
//! that last ran on another processor. So the driver wakes one of those whose wait is over, which, before anything else, wakes
//! the next, and so on, while the driver goes on. In case a thread that was woken does not come to run, such as one of low
//! priority, the driver also wakes some itself, and all that are left before it sleeps.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

/// Wakes the thread that waits. Not `std::thread::park`, whose token anything else on this thread may take.
#[derive(Default)]
pub(super) struct Alarm {
    phase: Mutex<Phase>,
    bell: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Awake,
    Asleep,
    /// Asleep, and in the line of those that are to be woken.
    Due,
    /// Not to sleep, or not any longer.
    Rung,
}

impl Alarm {
    /// Sleeps until it rings, unless it has since the last time.
    pub(super) fn wait(&self) {
        let mut phase = self.phase();
        let sleeps = *phase == Phase::Awake;
        if sleeps {
            *phase = Phase::Asleep;
            while *phase != Phase::Rung {
                phase = self.bell.wait(phase).unwrap_or_else(PoisonError::into_inner);
            }
        }
        *phase = Phase::Awake;
        drop(phase);
        if sleeps {
            LINE.wake_next();
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, mut phase: MutexGuard<'_, Phase>) {
        let sleeps = *phase != Phase::Awake;
        *phase = Phase::Rung;
        drop(phase);
        if sleeps {
            self.bell.notify_one();
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let is_driver = super::drives();
        let mut phase = self.phase();
        match *phase {
            Phase::Rung => {}
            Phase::Due if is_driver => {}
            Phase::Asleep if is_driver => {
                *phase = Phase::Due;
                drop(phase);
                LINE.join(self.clone());
            }
            Phase::Awake | Phase::Asleep | Phase::Due => self.ring(phase),
        }
    }
}

static LINE: Line = Line(Mutex::new(Waiting { alarms: VecDeque::new(), is_moving: false }));

/// Wakes whoever is in the line.
pub(super) fn ring_all() {
    while LINE.wake_next() {}
}

/// Those that the driver has to wake, in the order in which their waits were over.
struct Line(Mutex<Waiting>);

struct Waiting {
    alarms: VecDeque<Arc<Alarm>>,
    /// Whether one was woken that has not woken the next yet.
    is_moving: bool,
}

impl Line {
    /// Whenever a multiple of this is in the line, the driver wakes one itself.
    const OWN: usize = 16;

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, alarm: Arc<Alarm>) {
        let mut waiting = self.lock();
        waiting.alarms.push_back(alarm);
        let is_moving = waiting.is_moving && waiting.alarms.len() % Self::OWN != 0;
        drop(waiting);
        if !is_moving {
            self.wake_next();
        }
    }

    /// Wakes the first that still sleeps; whether there was one.
    fn wake_next(&self) -> bool {
        loop {
            let mut waiting = self.lock();
            let first = waiting.alarms.pop_front();
            waiting.is_moving = first.is_some();
            drop(waiting);
            let Some(first) = first else { return false };
            let phase = first.phase();
            if *phase == Phase::Due {
                first.ring(phase);
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Alarms whose threads sleep and, once woken, do not come to run: they never wake the next.
    fn due(count: usize) -> Vec<Arc<Alarm>> {
        (0..count).map(|_| Arc::new(Alarm { phase: Mutex::new(Phase::Due), bell: Condvar::new() })).collect()
    }

    fn rung(alarms: &[Arc<Alarm>]) -> Vec<usize> {
        (0..alarms.len()).filter(|&index| *alarms[index].phase() == Phase::Rung).collect()
    }

    fn line() -> Line {
        Line(Mutex::new(Waiting { alarms: VecDeque::new(), is_moving: false }))
    }

    #[test]
    fn one_that_does_not_come_to_run_holds_up_no_more_than_some() {
        let (line, alarms) = (line(), due(40));
        alarms.iter().for_each(|alarm| line.join(alarm.clone()));
        // The first is woken at once, and then each sixteenth wakes the one that is longest there.
        assert_eq!(rung(&alarms)[0], 0);
        assert!(rung(&alarms).len() > 2, "{:?}", rung(&alarms));
        while line.wake_next() {}
        assert_eq!(rung(&alarms).len(), alarms.len());
        // The line is at rest again, so that the next is woken at once.
        let next = due(1);
        line.join(next[0].clone());
        assert_eq!(rung(&next), [0]);
    }

    #[test]
    fn one_that_was_woken_otherwise_is_passed_by() {
        let (line, alarms) = (line(), due(3));
        alarms.iter().for_each(|alarm| line.join(alarm.clone()));
        alarms[1].ring(alarms[1].phase());
        assert!(line.wake_next());
        assert_eq!(rung(&alarms), [0, 1, 2]);
        assert!(!line.wake_next());
    }

    #[test]
    fn a_ring_before_the_sleep_is_not_lost() {
        let alarm = Arc::new(Alarm::default());
        alarm.wake_by_ref();
        alarm.wait();
        let (woken, wakes) = mpsc::channel();
        let sleeping = alarm.clone();
        std::thread::spawn(move || {
            sleeping.wait();
            woken.send(()).unwrap();
        });
        assert!(wakes.recv_timeout(Duration::from_millis(20)).is_err(), "a ring counts once");
        alarm.wake_by_ref();
        wakes.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}

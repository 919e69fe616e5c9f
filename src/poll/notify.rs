//! Who waits for what, so that a wait can be told to look at once.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::core::LeonardoCore;

/// How many notifications are remembered for waits that begin later.
const RECENT: usize = 1024;

/// The waits of a core by what they wait for.
#[derive(Default)]
struct Waits {
    known: Mutex<Known>,
    /// Ids are remembered by their hash, which takes the same memory for each. Where two have the same, a poll comes early.
    hasher: RandomState,
}

#[derive(Default)]
struct Known {
    waiting: HashMap<String, Vec<Arc<Notify>>>,
    /// The last ids of which there was a notification, the oldest first.
    recent: VecDeque<u64>,
}

impl Waits {
    fn notify(&self, id: &str) -> usize {
        let hash = self.hasher.hash_one(id);
        let mut known = self.lock();
        if !known.recent.contains(&hash) {
            if known.recent.len() == RECENT {
                known.recent.pop_front();
            }
            known.recent.push_back(hash);
        }
        let waiting = known.waiting.get(id).map_or(&[][..], Vec::as_slice);
        waiting.iter().for_each(|wake| wake.notify_one());
        waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Left whole by every holder.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait among those of its core, until it is dropped.
pub(super) struct Awaited {
    waits: Arc<Waits>,
    id: String,
    wake: Arc<Notify>,
}

impl Awaited {
    /// It is woken at once if there was a notification before it began.
    pub(super) fn new(core: &LeonardoCore, id: &str, wake: &Arc<Notify>) -> Self {
        let waits = core.state(Waits::default);
        let hash = waits.hasher.hash_one(id);
        let mut known = waits.lock();
        if known.recent.contains(&hash) {
            wake.notify_one();
        }
        known.waiting.entry(id.to_owned()).or_default().push(wake.clone());
        drop(known);
        Self { waits, id: id.to_owned(), wake: wake.clone() }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut known = self.waits.lock();
        if let Some(waiting) = known.waiting.get_mut(&self.id) {
            if let Some(at) = waiting.iter().position(|wake| Arc::ptr_eq(wake, &self.wake)) {
                waiting.swap_remove(at);
            }
            if waiting.is_empty() {
                known.waiting.remove(&self.id);
            }
        }
    }
}

impl LeonardoCore {
    /// Has every wait for this id look at once, for example when a webhook was received: those of this core and its clones,
    /// creates that wait included. Returns how many there are.
    ///
    /// It is a hint and nothing more: a wait ends only with what it reads itself, so a wrong or repeated notification costs
    /// a request and does no harm, and one that is lost is made up for by the next poll. The last 1024 ids are remembered,
    /// so that a wait that begins after its notification looks at once too. The shared pace
    /// ([`polls_per_minute`](crate::LeonardoCoreBuilder::polls_per_minute)) holds for such a poll as well, but it goes
    /// before all others.
    ///
    /// Ids of all kinds of jobs will do, not only those of generations.
    pub fn notify(&self, id: impl AsRef<str>) -> usize {
        #[cfg(feature = "limits")]
        if let Some(limiter) = crate::limits::Limiter::of(self) {
            limiter.job_may_have_ended(id.as_ref());
        }
        self.state(Waits::default).notify(id.as_ref())
    }

    /// Whether a wait of this core is for this id.
    #[cfg(feature = "limits")]
    pub(crate) fn is_waited_for(&self, id: &str) -> bool {
        self.state(Waits::default).lock().waiting.contains_key(id)
    }

    /// Has every wait for what an event is about look at once; see [`notify`](Self::notify).
    #[cfg(feature = "webhooks")]
    pub fn notify_event(&self, event: &crate::webhook::Event) -> usize {
        let (generation, id) = (event.generation_id(), event.id());
        let other = id.filter(|id| Some(*id) != generation);
        generation.into_iter().chain(other).map(|id| self.notify(id)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core() -> LeonardoCore {
        LeonardoCore::builder().bearer_auth("test").build().unwrap()
    }

    fn awaited(core: &LeonardoCore, id: &str) -> Awaited {
        Awaited::new(core, id, &Arc::default())
    }

    #[test]
    fn waits_leave_when_they_are_dropped() {
        let core = core();
        let waits: Vec<_> = ["a", "b", "a"].map(|id| awaited(&core.clone(), id)).into();
        assert_eq!((core.notify("a"), core.notify("b"), core.notify("c")), (2, 1, 0));
        drop(waits);
        assert_eq!(core.notify("a"), 0);
        assert!(core.state(Waits::default).lock().waiting.is_empty());
    }

    #[test]
    fn a_bounded_number_is_remembered() {
        let core = core();
        for number in 0..2 * RECENT {
            core.notify(number.to_string());
            core.notify(number.to_string());
        }
        let waits = core.state(Waits::default);
        let known = waits.lock();
        assert_eq!(known.recent.len(), RECENT);
        assert!(known.recent.contains(&waits.hasher.hash_one((RECENT + 1).to_string().as_str())));
    }
}

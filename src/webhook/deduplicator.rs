//! Which events were seen before.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event::Event;

/// Tells events that come a second time, by their type and id.
///
/// The service may send an event more than once. This keeps 16 bytes (and what the collections need for them) for each of
/// the last events, whatever they hold, and forgets the oldest first. It is shared by reference, and lost with the process.
///
/// ```
/// # fn handle(_: &leonardo_ai::webhook::Event) -> Result<(), ()> { Ok(()) }
/// use leonardo_ai::webhook::{Deduplicator, Event};
///
/// fn receive(seen: &Deduplicator, event: &Event) {
///     if seen.is_first(event) && handle(event).is_err() {
///         seen.forget(event); // it may be handled when it comes again
///     }
/// }
/// ```
pub struct Deduplicator {
    capacity: usize,
    hashers: [RandomState; 2],
    seen: Mutex<Seen>,
}

/// Two hashes with secrets of their own, so that nobody can make two events look alike.
type Mark = (u64, u64);

#[derive(Default)]
struct Seen {
    marks: HashSet<Mark>,
    /// The same, the oldest first.
    order: VecDeque<Mark>,
}

impl Deduplicator {
    /// Remembers so many events; 0 counts as 1.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), hashers: Default::default(), seen: Mutex::default() }
    }

    /// Whether no event of this type and id is remembered. From now on it is. An event without an id is always new.
    pub fn is_first(&self, event: &Event) -> bool {
        let Some(mark) = self.mark(event) else { return true };
        let mut seen = self.lock();
        if !seen.marks.insert(mark) {
            return false;
        }
        seen.order.push_back(mark);
        if seen.order.len() > self.capacity {
            if let Some(oldest) = seen.order.pop_front() {
                seen.marks.remove(&oldest);
            }
        }
        true
    }

    /// Forgets an event, so that it is new when it comes again: for one that could not be handled.
    pub fn forget(&self, event: &Event) {
        let Some(mark) = self.mark(event) else { return };
        let mut seen = self.lock();
        if seen.marks.remove(&mark) {
            seen.order.retain(|other| *other != mark);
        }
    }

    fn mark(&self, event: &Event) -> Option<Mark> {
        let of = (event.r#type.as_str(), event.id()?);
        let [first, second] = &self.hashers;
        Some((first.hash_one(of), second.hash_one(of)))
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Left whole by every holder.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Deduplicator {
    /// Remembers 10,000 events.
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl fmt::Debug for Deduplicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deduplicator")
            .field("capacity", &self.capacity)
            .field("remembered", &self.lock().order.len())
            .finish()
    }
}

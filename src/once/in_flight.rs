//! The calls of this process that have the same mark.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use crate::runtime::{Instant, lock};

/// The calls of this process that have the same mark, seen from one of them.
///
/// Of those that have the same text too, only one is in flight at a time. Otherwise one that failed could find, and take,
/// the record of another that is still waiting for its response. The others know one another by their texts.
pub(super) struct InFlight {
    shared: Arc<SharedMark>,
    number: u64,
    /// `None` if it is not known what the service makes of it.
    pub(super) text: Option<String>,
    /// Held by the only call of this mark and text that is in flight.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct SharedMark(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    /// When each call began that has not ended, and its text.
    in_flight: BTreeMap<u64, (Instant, Option<String>)>,
    turns: HashMap<Option<String>, Weak<tokio::sync::Mutex<()>>>,
    /// What calls have ended with, and when.
    taken: Vec<(String, Instant)>,
}

/// How long after the end of a call its record can be mistaken for that of a call that began later, at most.
const REMEMBERED: Duration = Duration::from_secs(3600);

impl InFlight {
    pub(super) fn begin(server: &str, mark: i64, text: Option<String>) -> Self {
        static ALL: Mutex<Option<HashMap<u64, Arc<SharedMark>>>> = Mutex::new(None);
        let mut key = DefaultHasher::new();
        (server, mark).hash(&mut key);
        let shared = {
            let mut marks = lock(&ALL);
            let marks = marks.get_or_insert_default();
            // A long-running process sees many marks.
            if marks.len() >= 64 && marks.len().is_power_of_two() {
                marks.retain(|_, shared| Arc::strong_count(shared) > 1 || !lock(&shared.0).forget().is_empty());
            }
            marks.entry(key.finish()).or_default().clone()
        };
        let mut state = lock(&shared.0);
        let number = state.next;
        state.next += 1;
        state.in_flight.insert(number, (Instant::now(), text.clone()));
        state.turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = state.turns.get(&text).and_then(Weak::upgrade).unwrap_or_default();
        state.turns.insert(text.clone(), Arc::downgrade(&turn));
        drop(state);
        Self { shared, number, text, turn }
    }

    /// Whether a record with that text is that of another call, which is still in flight.
    pub(super) fn is_anothers(&self, text: &str) -> bool {
        self.text.as_deref() != Some(text)
            && lock(&self.shared.0).in_flight.values().any(|(_, other)| other.as_deref() == Some(text))
    }

    /// Whether another call has ended with that record.
    pub(super) fn is_taken(&self, id: &str) -> bool {
        lock(&self.shared.0).taken.iter().any(|(taken, _)| taken == id)
    }

    /// Notes that this call has ended with that record.
    pub(super) fn take(&self, id: &str) {
        lock(&self.shared.0).taken.push((id.to_owned(), Instant::now()));
    }
}

impl State {
    /// Forgets what no call can mistake for its own any more, and gives what is left.
    fn forget(&mut self) -> &[(String, Instant)] {
        let oldest = self.in_flight.values().map(|(began, _)| *began).min().unwrap_or_else(Instant::now);
        self.taken.retain(|(_, ended)| oldest.saturating_duration_since(*ended) < REMEMBERED);
        &self.taken
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.0);
        state.in_flight.remove(&self.number);
        state.forget();
    }
}

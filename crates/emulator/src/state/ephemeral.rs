//! Results that are not kept, and the links to them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::picture::Drawing;

/// For how long a link to a result works that is not kept.
const LINK: Duration = Duration::from_secs(30 * 60);
/// Such links at a time; older ones end early.
const MOST_LINKS: usize = 10_000;

/// Results that are not kept.
#[derive(Default)]
pub(crate) struct Ephemeral(VecDeque<(Uuid, Instant, Drawing)>);

impl Ephemeral {
    pub(crate) fn add(&mut self, id: Uuid, drawing: Drawing, now: Instant) {
        while self.0.len() >= MOST_LINKS || self.0.front().is_some_and(|(_, made, _)| now.duration_since(*made) >= LINK)
        {
            self.0.pop_front();
        }
        self.0.push_back((id, now, drawing));
    }

    pub(crate) fn get(&self, id: Uuid, now: Instant) -> Option<Drawing> {
        let works = |made: Instant| now.duration_since(made) < LINK;
        self.0.iter().find(|(known, made, _)| *known == id && works(*made)).map(|(.., drawing)| drawing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::ids;
    use crate::state::subject::Subject;

    #[test]
    fn links_end() {
        let mut links = Ephemeral::default();
        let start = Instant::now();
        let drawing = || Drawing::Picture(Subject::plain("x".into(), 0, 32, 32));
        let id = ids::random();
        links.add(id, drawing(), start);
        assert!(links.get(id, start + LINK - Duration::from_secs(1)).is_some());
        assert!(links.get(id, start + LINK).is_none());
        assert!(links.get(ids::random(), start).is_none());
        links.add(ids::random(), drawing(), start + LINK);
        assert_eq!(links.0.len(), 1);
        for _ in 0..MOST_LINKS + 5 {
            links.add(ids::random(), drawing(), start + LINK);
        }
        assert_eq!(links.0.len(), MOST_LINKS);
    }
}

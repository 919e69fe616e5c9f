//! Pages of lists with cursors, as Relay has them.

use serde_json::{Map, Value, json};

/// The most that a page may hold.
const MOST: u64 = 100;

/// Which part of a list is asked for.
#[derive(Debug)]
pub(super) struct Window {
    count: usize,
    /// Whether it is counted from the end.
    backward: bool,
    /// Where it begins, or ends if it is counted from the end.
    cursor: Option<String>,
}

impl Window {
    /// From `first`, `after`, `last` and `before`; or what is wrong with them.
    pub(super) fn of(fields: &Map<String, Value>, usual: usize) -> Result<Self, String> {
        let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
        let count = |name: &str| match given(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|count| (1..=MOST).contains(count)) {
                Some(count) => Ok(usize::try_from(count).ok()),
                None => Err(format!("{name} must be an integer between 1 and {MOST}")),
            },
        };
        let cursor = |name: &str| match given(name) {
            None => Ok(None),
            Some(Value::String(cursor)) => Ok(Some(cursor.clone())),
            Some(_) => Err(format!("{name} must be a cursor")),
        };
        let (first, after, last, before) = (count("first")?, cursor("after")?, count("last")?, cursor("before")?);
        let backward = last.is_some() || before.is_some();
        if backward && (first.is_some() || after.is_some()) {
            return Err("first and after cannot be used together with last and before".to_owned());
        }
        Ok(Self { count: first.or(last).unwrap_or(usual), backward, cursor: after.or(before) })
    }

    /// That part of all edges, each of which is a cursor and a node; or what is wrong.
    pub(super) fn page(&self, all: Vec<(String, Value)>) -> Result<Value, String> {
        let (number, count) = (all.len(), self.count);
        let place = match &self.cursor {
            None => None,
            Some(cursor) => {
                let place = all.iter().position(|(known, _)| known == cursor);
                Some(place.ok_or_else(|| format!("there is no cursor {cursor}"))?)
            }
        };
        let (start, end) = if self.backward {
            let end = place.unwrap_or(number);
            (end.saturating_sub(count), end)
        } else {
            let start = place.map_or(0, |place| place + 1);
            (start, start.saturating_add(count).min(number))
        };
        let edges: Vec<Value> = all
            .into_iter()
            .take(end)
            .skip(start)
            .map(|(cursor, node)| json!({"cursor": cursor, "node": node}))
            .collect();
        let cursor = |edge: Option<&Value>| edge.map(|edge| edge["cursor"].clone());
        Ok(json!({
            "pageInfo": {
                "hasNextPage": end < number,
                "hasPreviousPage": start > 0,
                "startCursor": cursor(edges.first()),
                "endCursor": cursor(edges.last()),
            },
            "edges": edges,
        }))
    }
}

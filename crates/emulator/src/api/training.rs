//! What training an element and training a model have in common.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::fields::text;
use crate::state::State;
use crate::state::training::Training;

/// The words of a request that can say how long it takes and that it fails.
pub(super) fn words(fields: &Map<String, Value>) -> String {
    ["name", "description"].map(|name| text(fields, name).unwrap_or_default()).join(" ")
}

/// An element or model as reading and listing show it, unless it is too new to be found.
pub(super) fn show<Id>(state: &State, training: &Training<Id>) -> Option<Value> {
    let now = Instant::now();
    let life = &training.life;
    let mut record = training.record.clone();
    record.insert("status".into(), life.status(now).as_str().into());
    record.insert("createdAt".into(), state.shown(life.created).into());
    record.insert("updatedAt".into(), state.shown(life.updated(now)).into());
    life.is_visible(now).then_some(Value::Object(record))
}

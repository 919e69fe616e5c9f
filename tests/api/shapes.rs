//! Every field and every value of the service's schemas is a field and a value of the models, by what these do: the code is
//! that of the example `drift`. `tests/fixtures/shapes.json` is OpenAPI with nothing but names, types, values and what is
//! required, the operations of version 1 and 2 in one file.

use serde_json::Value;

#[path = "../../examples/drift/shapes/mod.rs"]
mod drift;

use self::drift::{KNOWN, differences};

/// The shapes of all operations as the service publishes them.
fn file() -> Value {
    serde_json::from_str(include_str!("../fixtures/shapes.json")).unwrap()
}

fn texts(found: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    found.into_iter().map(|one| one.to_string()).collect()
}

#[tokio::test]
async fn every_leaf_of_the_schemas_goes_through_a_typed_field_and_none_is_lost() {
    let found = differences(&file()).await.unwrap();
    let (known, drift): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.reason().is_some());
    assert!(drift.is_empty(), "{} differences:\n{}", drift.len(), texts(drift).join("\n"));
    for entry in KNOWN {
        let is_used = known.iter().any(|one| one.operation == entry.0 && one.reason() == Some(entry.3));
        assert!(is_used, "the difference is gone: {} {}", entry.0, entry.2);
    }
}

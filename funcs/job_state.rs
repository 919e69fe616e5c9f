//! Whether a job has ended, of whatever kind it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits::Jobs;
use crate::{Call, Effect, JobKind, LeonardoCore, RetryPolicy, operations};

/// How the limits of an account find out which jobs are still at work.
pub(super) static JOBS: Jobs = Jobs {
    is_waited_for,
    has_ended: |core, kind, id| {
        let call = call(core, kind, id);
        Box::pin(async move {
            match call {
                Some(call) => Ok(call.await?.has_ended),
                None => Ok(false),
            }
        })
    },
};

#[cfg(feature = "polling")]
fn is_waited_for(core: &LeonardoCore, id: &str) -> bool {
    core.is_waited_for(id)
}

#[cfg(not(feature = "polling"))]
fn is_waited_for(_: &LeonardoCore, _: &str) -> bool {
    false
}

/// The call of the operation that reads such a job.
fn call(core: &LeonardoCore, kind: JobKind, id: &str) -> Option<Call<State>> {
    let operation = operations::TABLE.iter().find(|info| info.effect == Effect::Read && info.job == Some(kind))?;
    Some(Call::of(core, operation).id(id).record::<State>(operation.field).retry(RetryPolicy::none()))
}

/// Of a record, or of the first one in a list, whether its `status` says that it has ended.
struct State {
    has_ended: bool,
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StateVisitor)
    }
}

struct StateVisitor;

impl<'de> Visitor<'de> for StateVisitor {
    type Value = State;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record with a status")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<State, A::Error> {
        let mut has_ended = false;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if name == "status" {
                // Blueprints say COMPLETED.
                let status: Option<String> = map.next_value()?;
                has_ended = matches!(status.as_deref(), Some("COMPLETE" | "COMPLETED" | "FAILED"));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(State { has_ended })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<State, A::Error> {
        let first = seq.next_element::<State>()?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        // Such a list is empty for an id that is not known.
        Ok(first.unwrap_or(State { has_ended: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_any_kind_of_job_can_be_read() {
        let has_ended = |text| serde_json::from_str::<State>(text).unwrap().has_ended;
        assert!(has_ended(r#"{"id":"1","status":"COMPLETE","generated_images":[{"status":"PENDING"}]}"#));
        assert!(has_ended(r#"[{"status":"FAILED"},{"status":"PENDING"}]"#));
        assert!(has_ended(r#"{"status":"COMPLETED"}"#));
        for pending in [r#"{"status":"PENDING"}"#, r#"{"status":null}"#, "{}", "[]", r#"{"status":"TRAINING"}"#] {
            assert!(!has_ended(pending), "{pending}");
        }
    }
}

//! What a webhook tells.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::codec::open_enum;
use crate::models::WebhookGeneration;
use crate::time::SystemTime;

open_enum!(
    /// What happened. The service documents a single type.
    #[default(Unknown)]
    pub enum EventType {
        /// A generation is complete.
        ImageGenerationComplete = "image_generation.complete",
    }
);

/// What a webhook tells: that something happened, and to what.
///
/// It holds neither the API key nor the callback key, though both are in what the service sends. It is written as it came,
/// without them: keep this instead of the body.
///
/// It is a hint, not proof. Read the generation before you rely on it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// What happened.
    pub r#type: EventType,
    /// What it happened to, such as `generation`.
    pub object: Option<String>,
    /// When it was sent, in milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// The version of the API, such as `v1`.
    pub api_version: Option<String>,
    /// The rest of it.
    pub data: EventData,
}

/// What it happened to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventData {
    /// Of [`EventType::ImageGenerationComplete`].
    Generation(Box<WebhookGeneration>),
    /// Of a type that this crate does not know: all fields of the event under their names on the wire, without those that
    /// look like credentials.
    Other(Map<String, Value>),
}

impl Event {
    /// A completed generation, for tests of a program's own.
    #[cfg(feature = "test-util")]
    pub fn complete(generation: WebhookGeneration) -> Self {
        Self {
            r#type: EventType::ImageGenerationComplete,
            object: Some("generation".to_owned()),
            timestamp: None,
            api_version: Some("v1".to_owned()),
            data: EventData::Generation(Box::new(generation)),
        }
    }

    /// The generation that it is about, if it is about one.
    pub fn generation_id(&self) -> Option<&str> {
        match &self.data {
            EventData::Generation(generation) => Some(generation.id.as_str()),
            EventData::Other(_) if self.object.as_deref() == Some("generation") => self.id(),
            EventData::Other(fields) => text(fields.get("data")?.get("object")?, "generationId"),
        }
    }

    /// The id of what it is about, whatever that is.
    pub fn id(&self) -> Option<&str> {
        match &self.data {
            EventData::Generation(generation) => Some(generation.id.as_str()),
            EventData::Other(fields) => text(fields.get("data")?.get("object")?, "id"),
        }
    }

    /// The generation, of [`EventType::ImageGenerationComplete`].
    pub fn generation(&self) -> Option<&WebhookGeneration> {
        if let EventData::Generation(generation) = &self.data { Some(generation) } else { None }
    }

    /// When it was sent, by the service's clock.
    pub fn sent_at(&self) -> Option<SystemTime> {
        let since_1970 = std::time::Duration::from_millis(u64::try_from(self.timestamp?).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since_1970)
    }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !is_blank(text))
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let generation = match &self.data {
            EventData::Other(fields) => return fields.serialize(serializer),
            EventData::Generation(generation) => generation,
        };
        let mut event = serializer.serialize_map(None)?;
        event.serialize_entry("type", &self.r#type)?;
        event.serialize_entry("object", &self.object)?;
        event.serialize_entry("timestamp", &self.timestamp)?;
        event.serialize_entry("api_version", &self.api_version)?;
        event.serialize_entry("data", &json!({ "object": generation }))?;
        event.end()
    }
}

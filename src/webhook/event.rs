//! What a webhook tells.

use serde::de::DeserializeSeed as _;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::error::WebhookError;
use super::receiver::Receiver;
use super::redact;
use crate::codec::{Budget, Decode, Fill, Model, open_enum};
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

/// The whole body.
#[derive(Default, Model)]
#[model(internal)]
struct Body {
    r#type: EventType,
    object: Option<String>,
    timestamp: Option<i64>,
    #[model(name = "api_version")]
    api_version: Option<String>,
    data: Option<Data>,
}

#[derive(Default, Model)]
#[model(internal)]
struct Data {
    object: Option<WebhookGeneration>,
}

/// What a body that is small may take in memory at least.
const LEAST_DECODED: usize = 256 * 1024;

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

    pub(super) fn read(bytes: &[u8], receiver: &Receiver) -> Result<Self, WebhookError> {
        let mut body = Body::default();
        let read = fill(bytes, &mut body, receiver);
        let Body { r#type, object, timestamp, api_version, data } = body;
        let generation = data.and_then(|data| data.object);
        if let Err(mut error) = read {
            if let WebhookError::NotJson { generation_id, .. } = &mut error {
                *generation_id = generation.map(|generation| generation.id).filter(|id| !is_blank(id.as_str()));
            }
            return Err(error);
        }
        let data = match generation {
            Some(generation) if r#type == EventType::ImageGenerationComplete => {
                EventData::Generation(Box::new(generation))
            }
            None if r#type == EventType::ImageGenerationComplete => return Err(WebhookError::NoId),
            _ => {
                let mut fields = Map::new();
                fill(bytes, &mut fields, receiver)?;
                redact::credentials(&mut fields, receiver.keys());
                EventData::Other(fields)
            }
        };
        let event = Self { r#type, object, timestamp, api_version, data };
        if is_blank(event.r#type.as_str()) && event.id().is_none() { Err(WebhookError::NoId) } else { Ok(event) }
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

fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !is_blank(text))
}

/// Reads a body into a place, which keeps what was read if it fails. What the parser says is not told, since it quotes
/// what it read.
fn fill(bytes: &[u8], place: &mut dyn Decode, receiver: &Receiver) -> Result<(), WebhookError> {
    let budget = Budget::new(receiver.limit().saturating_mul(3).max(LEAST_DECODED));
    // What is text before that may hold the id.
    let (text, is_text) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(_) => (bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid()), false),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Fill::new(place, &budget).deserialize(&mut deserializer);
    let not_json = |line, column| Err(WebhookError::NotJson { line, column, generation_id: None });
    match read.and_then(|filled| deserializer.end().map(|()| filled)) {
        _ if budget.is_exceeded() => Err(receiver.too_large()),
        _ if !is_text => not_json(0, 0),
        Ok(crate::codec::Filled::Null) => not_json(1, 1),
        Ok(_) => Ok(()),
        Err(error) => not_json(error.line(), error.column()),
    }
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

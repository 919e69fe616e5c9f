//! From a body to the event in it.

use serde::de::DeserializeSeed as _;
use serde_json::Map;

use super::error::WebhookError;
use super::event::{Event, EventData, EventType, is_blank};
use super::redact;
use crate::codec::{Budget, Decode, Fill, Filled, Model};
use crate::models::WebhookGeneration;

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

/// The event in a body. No more is kept of it than a small multiple of `max_bytes`, and none of `keys`.
pub(super) fn event<'a>(
    bytes: &[u8],
    max_bytes: usize,
    keys: impl Iterator<Item = &'a str>,
) -> Result<Event, WebhookError> {
    let mut body = Body::default();
    let read = fill(bytes, &mut body, max_bytes);
    let Body { r#type, object, timestamp, api_version, data } = body;
    let generation = data.and_then(|data| data.object);
    if let Err(mut error) = read {
        if let WebhookError::NotJson { generation_id, .. } = &mut error {
            *generation_id = generation.map(|generation| generation.id).filter(|id| !is_blank(id.as_str()));
        }
        return Err(error);
    }
    let data = match generation {
        Some(generation) if r#type == EventType::ImageGenerationComplete => EventData::Generation(Box::new(generation)),
        None if r#type == EventType::ImageGenerationComplete => return Err(WebhookError::NoId),
        _ => {
            let mut fields = Map::new();
            fill(bytes, &mut fields, max_bytes)?;
            redact::credentials(&mut fields, keys);
            EventData::Other(fields)
        }
    };
    let event = Event { r#type, object, timestamp, api_version, data };
    if is_blank(event.r#type.as_str()) && event.id().is_none() { Err(WebhookError::NoId) } else { Ok(event) }
}

/// Reads a body into a place, which keeps what was read if it fails. What the parser says is not told, since it quotes
/// what it read.
fn fill(bytes: &[u8], place: &mut dyn Decode, max_bytes: usize) -> Result<(), WebhookError> {
    let budget = Budget::new(max_bytes.saturating_mul(3).max(LEAST_DECODED));
    // What is text before that may hold the id.
    let (text, is_text) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(_) => (bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid()), false),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Fill::new(place, &budget).deserialize(&mut deserializer);
    let not_json = |line, column| Err(WebhookError::NotJson { line, column, generation_id: None });
    match read.and_then(|filled| deserializer.end().map(|()| filled)) {
        _ if budget.is_exceeded() => Err(WebhookError::TooLarge { limit: max_bytes }),
        _ if !is_text => not_json(0, 0),
        Ok(Filled::Null) => not_json(1, 1),
        Ok(_) => Ok(()),
        Err(error) => not_json(error.line(), error.column()),
    }
}

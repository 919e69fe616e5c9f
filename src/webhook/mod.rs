//! Webhooks: what the service calls back with when a generation is complete.
//!
//! A [`Receiver`] turns the headers and the body of a request, from any web server, into an [`Event`]. With the feature
//! `webhooks-axum` an `Event` is an extractor of axum's. No client is in the build unless an operation brings it.
//!
//! ```
//! use leonardo_ai::http::HeaderMap;
//! use leonardo_ai::webhook::{Event, Receiver, WebhookError};
//!
//! fn receive(receiver: &Receiver, headers: &HeaderMap, body: &[u8]) -> Result<Event, WebhookError> {
//!     let event = receiver.receive(headers, body)?; // `error.status()` is what to respond with
//!     if let Some(id) = event.generation_id() {
//!         println!("{id} is complete");
//!     }
//!     Ok(event)
//! }
//!
//! let receiver = Receiver::new(["the callback key"])?;
//! # let (mut headers, body) = (HeaderMap::new(), br#"{"type":"t","data":{"object":{"id":"g-1"}}}"#);
//! # assert_eq!(receive(&receiver, &headers, body), Err(WebhookError::NoKey));
//! # headers.insert("authorization", "Bearer the callback key".parse()?);
//! # assert!(receive(&receiver, &headers, body).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **An event is a hint, not proof.** Whoever knows the callback key can send one, and it may come twice, late or never. Read
//! the generation before you rely on it: `LeonardoCore::notify_event` has the waits for it do so at once.

#[cfg(feature = "webhooks-axum")]
mod axum;
mod deduplicator;
mod error;
mod event;
mod read;
mod receiver;
mod redact;

pub use self::{
    deduplicator::Deduplicator,
    error::{CallbackKeyError, WebhookError},
    event::{Event, EventData, EventType},
    receiver::Receiver,
};

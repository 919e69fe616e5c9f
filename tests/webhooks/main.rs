//! Webhooks: what of a request becomes an event, and what a notification does for waits.
#![cfg(feature = "webhooks")]

mod events;
#[cfg(feature = "webhooks-axum")]
mod extractor;
#[cfg(all(feature = "full", feature = "webhooks-axum"))]
mod waits;

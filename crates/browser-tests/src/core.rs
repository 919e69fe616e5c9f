//! What the tests call with, and what they ask for.

use std::time::Duration;

use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{LeonardoCore, LeonardoCoreBuilder, RetryPolicy};

use super::KEY;

/// For the emulator at `server`, with short delays.
pub fn builder(server: &str) -> LeonardoCoreBuilder {
    let backoff = Duration::from_millis(1);
    LeonardoCore::builder()
        .bearer_auth(KEY)
        .server_url(format!("{server}/api/rest"))
        .retry(RetryPolicy::default().initial_backoff(backoff).max_backoff(backoff))
        .poll_delays(RetryPolicy::default().initial_backoff(Duration::from_millis(100)))
}

/// The same, built.
///
/// # Panics
///
/// If `server` is no URL.
pub fn core(server: &str) -> LeonardoCore {
    builder(server).build().unwrap()
}

/// One small picture.
pub fn harbour() -> CreateGenerationRequest {
    CreateGenerationRequest::new("a harbour").num_images(1).width(512_u32).height(512_u32)
}

//! The program that this crate is measured against: what a careful developer writes with reqwest and serde alone.
//!
//! Responses are decoded into the same fields as the crate's. Requests have the fields that the programs here send.

#[cfg(not(target_arch = "wasm32"))]
use std::time::Duration;

pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub key: String,
}

impl Client {
    pub fn new(base: &str, key: &str) -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder();
        #[cfg(not(target_arch = "wasm32"))]
        let builder = builder.timeout(Duration::from_secs(60));
        Ok(Self { http: builder.build()?, base: base.to_owned(), key: key.to_owned() })
    }
}

//! The client that a core makes for itself.

#[cfg(not(target_arch = "wasm32"))]
use std::time::Duration;

use crate::error::ConfigError;
#[cfg(not(target_arch = "wasm32"))]
use crate::transport;
use crate::transport::wire;

/// A client that the caller has configured. Not its builder, so that only programs that configure one have the code that drops
/// it, which is 10 KiB.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type ConfiguredClient = Box<dyn FnOnce() -> reqwest::ClientBuilder + Send + Sync>;
/// A browser's client has nothing to be set.
#[cfg(target_arch = "wasm32")]
pub(super) type ConfiguredClient = std::convert::Infallible;

/// What a client of the core's own begins with.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn default_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        // Shorter than an attempt, so that a server that cannot be reached is told apart from one that is slow: only the
        // former lets a call that costs credits be retried.
        .connect_timeout(Duration::from_secs(10))
        // Shorter than what load balancers allow, since a request on a connection that is being closed has an unknown
        // outcome.
        .pool_idle_timeout(Duration::from_secs(30))
}

#[cfg(target_arch = "wasm32")]
pub(super) fn build(_: Option<ConfiguredClient>) -> Result<wire::Client, ConfigError> {
    Ok(wire::Client)
}

/// Makes a client of the core's own. What it does by itself, behind the core's back, is turned off last.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn build(client: Option<ConfiguredClient>) -> Result<wire::Client, ConfigError> {
    // reqwest panics in this case.
    #[cfg(all(feature = "rustls-no-provider", not(feature = "rustls")))]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err(ConfigError::new(
            "rustls-no-provider",
            "no provider is installed; call install_default() of one before, or pass a finished client",
        ));
    }
    // Before there is a builder, which would need to be dropped if these panicked.
    let (redirect, retry) = (reqwest::redirect::Policy::none(), reqwest::retry::never());
    let builder = client.map_or_else(default_client, |client| client());
    // Its message is the innermost cause, without a URL.
    builder
        .redirect(redirect)
        .retry(retry)
        .build()
        .map_err(|error| ConfigError::new("configure_client", transport::no_response(error).to_string()))
}

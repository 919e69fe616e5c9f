//! HTTP: sockets and connections, and what requests and responses are made of. Nothing here knows an operation.

pub(crate) mod door;
pub(crate) mod multipart;
pub(crate) mod ranges;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod server;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod wire;

// Its examples need every operation.
#![cfg_attr(any(not(doctest), feature = "full"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[macro_use]
#[path = "../funcs/table.rs"]
pub mod operations;

#[path = "../models/mod.rs"]
pub mod models;

#[cfg(feature = "client")]
#[path = "../funcs/mod.rs"]
pub mod funcs;

#[cfg(feature = "client")]
mod call;
#[cfg_attr(not(feature = "full"), allow(unused, reason = "a build with few operations needs few of the helpers"))]
mod codec;
#[cfg(feature = "client")]
mod core;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "image-wait-for-generation")]
mod limits;
#[cfg(feature = "client")]
mod operation;
#[cfg(any(feature = "image-find-generation", feature = "image-list-generations"))]
mod paging;
#[cfg(any(feature = "image-find-generation", feature = "image-wait-for-generation"))]
mod poll;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod runtime;
mod time;
#[cfg(feature = "client")]
mod trace;
#[cfg(any(feature = "image-download", feature = "init-images-upload-file"))]
mod transfer;
#[cfg(feature = "client")]
mod transport;

#[cfg(feature = "client")]
pub use self::{
    call::{Call, Response, Sending, SendingWithResponse, WithResponse},
    core::{LeonardoCore, LeonardoCoreBuilder},
    error::{
        ApiError, ApiErrorKind, CallInfo, ConfigError, ConnectionError, DecodeError, DecodeReason, Error,
        InvalidRequestError, OutcomeUnknownError, TimeoutError, TimeoutScope,
    },
    operation::{Effect, Operation, OperationInfo},
    retry::{RetryBudget, RetryPolicy},
    runtime::{BoxFuture, MaybeSend},
    transport::{Transport, TransportError, TransportErrorKind, TransportRequest, TransportResponse},
};

#[cfg(any(feature = "image-find-generation", feature = "image-wait-for-generation"))]
pub use self::poll::Retry;

// The crates whose types stand in signatures.
#[cfg(feature = "client")]
pub use {bytes, http, reqwest, url};

// The pages' examples are tested as the crate's own are.
#[cfg(all(doctest, feature = "full"))]
mod pages {
    #[doc = include_str!("../docs/image.md")]
    struct Image;
    #[doc = include_str!("../docs/init-images.md")]
    struct InitImages;
    #[doc = include_str!("../docs/reliability.md")]
    struct Reliability;
    #[doc = include_str!("../docs/user.md")]
    struct User;
    #[doc = include_str!("../docs/workflows.md")]
    struct Workflows;
}

// Its examples need every operation.
#![cfg_attr(any(not(doctest), feature = "full"), doc = include_str!("../README.md"))]
#![cfg_attr(doc, doc = "<script data-guide=\"guide/\">", doc = include_str!("guide.js"), doc = "</script>")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[path = "../funcs/table.rs"]
pub mod operations;

#[path = "../models/mod.rs"]
pub mod models;

// Every function's feature brings `client`, so the documentation need not name it.
#[cfg_attr(docsrs, doc(auto_cfg(hide(feature = "client"))))]
#[cfg(feature = "client")]
#[path = "../funcs/mod.rs"]
pub mod funcs;

#[cfg(feature = "client")]
mod bearer;
#[cfg(all(feature = "blocking", not(target_arch = "wasm32")))]
mod blocking;
#[cfg(feature = "client")]
mod call;
#[cfg_attr(not(feature = "full"), allow(unused, reason = "a build with few operations needs few of the helpers"))]
mod codec;
#[cfg(feature = "client")]
mod core;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "limits")]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "without waits there is nobody to tell"))]
mod limits;
#[cfg(feature = "searching")]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every workflow needs all of it"))]
mod once;
#[cfg(feature = "client")]
mod operation;
#[cfg(any(feature = "searching", feature = "listing"))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every workflow needs all of it"))]
mod paging;
#[cfg(any(feature = "searching", feature = "polling"))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every workflow needs all of it"))]
mod poll;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
mod runtime;
#[cfg(feature = "limits")]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every operation has a price"))]
mod spending;
mod time;
#[cfg(feature = "client")]
mod trace;
#[cfg(any(feature = "image-download", feature = "uploading"))]
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every workflow needs all of it"))]
mod transfer;
#[cfg(feature = "client")]
mod transport;
#[cfg(all(feature = "client", target_arch = "wasm32"))]
pub mod url;
#[cfg(feature = "webhooks")]
pub mod webhook;

#[cfg(feature = "client")]
pub use self::{
    call::{Call, Operation, Response, Sending, SendingWithResponse, WithResponse},
    core::{LeonardoCore, LeonardoCoreBuilder},
    error::{
        ApiError, ApiErrorKind, CallInfo, ConfigError, ConnectionError, DecodeError, DecodeReason, Error,
        InvalidRequestError, OutcomeUnknownError, TimeoutError, TimeoutScope, WorkflowError,
    },
    operation::{Effect, JobKind, OperationInfo},
    retry::{Delays, RetryBudget, RetryPolicy},
    runtime::{BoxFuture, MaybeSend},
    transport::{Transport, TransportError, TransportErrorKind, TransportRequest, TransportResponse},
};

#[cfg(all(feature = "blocking", not(target_arch = "wasm32")))]
pub use self::blocking::{Blocking, BlockingIter};
#[cfg(any(feature = "searching", feature = "polling"))]
pub use self::poll::Retry;

#[cfg(feature = "limits")]
pub use self::{
    call::EstimateCost,
    error::SpendingLimitError,
    limits::{Counter, HeldJob, LimitStore, Limits, LimitsInUse, LocalStore, Taken},
    spending::{Reservation, SpendingLimit, SpendingReason, Spent},
};

#[cfg(all(feature = "creating", feature = "creating-once"))]
pub use self::once::CreateOnceAndWait;
#[cfg(feature = "creating-once")]
pub use self::once::{CreateOnce, Marked};
#[cfg(feature = "listing")]
pub use self::paging::{CursorList, List, Row};
#[cfg(feature = "creating")]
pub use self::poll::{Completed, CreateAndWait, JobProgress};
#[cfg(feature = "polling")]
pub use self::poll::{Job, JobState, Steps, Wait, WaitError, WaitErrorReason, WaitWaker};
#[cfg(feature = "uploading")]
pub use self::transfer::{Upload, UploadError, UploadProgress, UploadReason};

// The crates whose types stand in signatures.
#[cfg(feature = "client")]
pub use bytes;
#[cfg(any(feature = "client", feature = "webhooks"))]
pub use http;
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub use reqwest;
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub use url;
#[cfg(all(feature = "client", target_arch = "wasm32"))]
pub use web_sys;

/// The pages of `docs/`. This module is in the documentation alone, not in a build.
// Examples of the pages need every operation.
#[cfg_attr(docsrs, doc(auto_cfg = false))]
#[cfg(any(all(doc, not(doctest)), all(doctest, feature = "full")))]
pub mod guide {
    macro_rules! pages {
        ($($name:ident $file:literal)*) => {
            $(
                #[doc = include_str!(concat!("../", $file))]
                #[doc = "<script data-guide=\"../\">"]
                #[doc = include_str!("guide.js")]
                #[doc = "</script>"]
                pub mod $name {}
            )*
        };
    }

    pages! {
        calls "docs/calls.md"
        checks "docs/checks.md"
        workflows "docs/workflows.md"
        anywhere "docs/anywhere.md"
        services "docs/services.md"
        limits "docs/limits.md"
        many_machines "docs/many-machines.md"
        image "docs/image.md"
        init_images "docs/init-images.md"
        blueprints "docs/blueprints.md"
        dataset "docs/dataset.md"
        media "docs/media.md"
        texture "docs/texture.md"
        three_d_model_assets "docs/three-d-model-assets.md"
        user "docs/user.md"
        variation "docs/variation.md"
        motion "docs/motion.md"
        elements "docs/elements.md"
        models "docs/models.md"
        prompt "docs/prompt.md"
        v2 "docs/v2.md"
        pricing_calculator "docs/pricing-calculator.md"
        realtime_canvas "docs/realtime-canvas.md"
        from_typescript "docs/from-typescript.md"
        from_python "docs/from-python.md"
        from_removebg "docs/from-removebg.md"
        reliability "docs/reliability.md"
        performance "docs/performance.md"
        architecture "docs/architecture.md"
    }

    // Its examples need more than the operations.
    #[cfg(any(not(doctest), feature = "webhooks-axum"))]
    pages! {
        webhooks "docs/webhooks.md"
    }
}

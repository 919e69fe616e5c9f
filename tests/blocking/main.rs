//! Calls from threads without a runtime, and from those of one.
#![cfg(all(feature = "full", feature = "blocking"))]

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod iterators;
mod places;
mod workflows;

use std::time::Duration;

use leonardo_ai::LeonardoCore;
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai_emulator::{Emulator, EmulatorBuilder};
use tokio::runtime::Runtime;

use crate::common::{Server, quick};

/// A runtime for what the tests call, which is never held up.
fn served() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The emulator on a runtime of its own, which must be kept.
fn start(builder: EmulatorBuilder) -> (Runtime, Emulator, LeonardoCore) {
    let runtime = served();
    let emulator = runtime.block_on(builder.generation_time(Duration::ZERO).start()).unwrap();
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .timeout(common::LONG)
        .retry(quick())
        .build()
        .unwrap();
    (runtime, emulator, core)
}

/// A scripted server on a runtime of its own, which must be kept.
fn server(replies: Vec<common::Reply>) -> (Runtime, Server) {
    let runtime = served();
    let server = runtime.block_on(Server::script(replies));
    (runtime, server)
}

fn harbour() -> CreateGenerationRequest {
    CreateGenerationRequest {
        num_images: Some(1),
        width: Some(512),
        height: Some(512),
        ..CreateGenerationRequest::new("a harbour")
    }
}

//! A local Leonardo.Ai: a server that answers as the image API does, for tests and for work without a key.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use leonardo_ai_emulator::Emulator;
//!
//! let emulator = Emulator::start().await?;
//! println!("{} takes the key {}", emulator.base_url(), emulator.key());
//! assert!(emulator.charges().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Create requests are charged as the real ones are, and [`Emulator::charges`] tells which were: a client that pays
//! twice for one picture can be caught. [`faults`] has all that can go wrong on the way:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
//!
//! let plan = FaultPlan::sequence([Fault::ResetAfterWork, Fault::StatusBefore(503)]).on_method("POST");
//! let emulator = Emulator::builder().faults(plan).start().await?;
//! // … whatever a client does now meets a reset first, and then an unavailable service …
//! emulator.set_faults(FaultPlan::none());
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is shared with any client of the API: the emulator knows the service's habits by itself, so that a mistake
//! in a client cannot be matched by the same mistake here.

// The payload of a webhook is one large `json!`, and the macro recurses for each of its tokens.
#![recursion_limit = "256"]

mod blob;
mod clock;
mod control;
mod create;
mod emulator;
pub mod faults;
mod ids;
mod limits;
mod money;
mod multipart;
mod picture;
mod pictures;
mod ranges;
mod record;
mod reply;
mod routes;
mod serve;
mod server;
mod shared;
mod store;
mod uploads;
mod webhook;
mod wire;

pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Fault, FaultPlan};
pub use limits::Limits;
pub use record::{Charge, RequestRecord};
pub use uploads::Upload;
pub use webhook::Delivery;

/// Locks, also after a panic elsewhere: what the locks guard is never left half changed.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

//! A local Leonardo.Ai: a server that responds as the image API does, for tests and for work without a key.
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

mod api;
mod cdn;
mod control;
mod cors;
mod emulator;
pub mod faults;
mod http;
mod service;
mod state;
mod sync;
mod under_way;
mod webhook;

pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Fault, FaultPlan};
pub use state::account::Charge;
pub use state::limits::Limits;
pub use state::log::RequestRecord;
pub use state::money::Plan;
pub use state::uploads::Upload;
pub use webhook::Delivery;

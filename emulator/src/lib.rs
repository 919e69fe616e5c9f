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
//! Nothing is shared with any client of the API: the emulator knows the service's habits by itself, so that a mistake
//! in a client cannot be matched by the same mistake here.

mod clock;
mod create;
mod emulator;
pub mod faults;
mod ids;
mod money;
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
mod wire;

pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Fault, FaultPlan};
pub use record::{Charge, RequestRecord};

/// Locks, also after a panic elsewhere: what the locks guard is never left half changed.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

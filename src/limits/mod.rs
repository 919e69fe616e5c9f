//! How much a core asks of the service: one pace for all polls, and the limits of an account.

#[cfg(feature = "limits")]
mod brake;
#[cfg(feature = "limits")]
mod checks;
#[cfg(feature = "limits")]
mod limiter;
#[cfg(feature = "polling")]
mod pace;
#[cfg(feature = "limits")]
mod queue;
#[cfg(feature = "limits")]
mod settings;
#[cfg(feature = "limits")]
mod store;

#[cfg(feature = "limits")]
pub(crate) use self::limiter::{Admission, Admitted, JobOutcome, Limiter, failed};
#[cfg(feature = "polling")]
pub(crate) use self::pace::Pace;
#[cfg(feature = "limits")]
pub use self::{
    limiter::LimitsInUse,
    settings::Limits,
    store::{Counter, HeldJob, LimitStore, LocalStore, Taken},
};

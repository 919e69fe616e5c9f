//! The limits of an account, which its calls keep.

mod brake;
mod checks;
mod limiter;
mod queue;
mod settings;
mod store;

pub(crate) use self::checks::Jobs;
pub(crate) use self::limiter::{Admission, Admitted, JobOutcome, Limiter, failed};
pub use self::{
    limiter::LimitsInUse,
    settings::Limits,
    store::{Counter, HeldJob, LimitStore, LocalStore, Taken},
};

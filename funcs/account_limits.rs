//! What a core keeps to: the limits of its account, and what it may spend.

use std::sync::Arc;

use super::job_state::JOBS;
use crate::call::Spending;
use crate::error::CallInfo;
use crate::limits::{self, Limiter};
use crate::{Effect, Error, LeonardoCore, LeonardoCoreBuilder, Limits, LimitsInUse, SpendingLimit, Spent};

impl LeonardoCoreBuilder {
    /// Keeps the calls of this core within the limits of its account, instead of having the service refuse them. Off by
    /// default.
    ///
    /// A call waits for its turn before it is sent, within its deadline: many at once need a longer one than the default
    /// of 5 minutes. With the feature `tracing` it says what it waits for. What the service would refuse beyond that is
    /// retried as ever, at half the pace.
    ///
    /// Each request is counted that this core sends to the API. What a program asks of the account in other ways is not.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.set(Arc::new(Limiter::new(limits, &JOBS)));
        self
    }

    /// What the calls of this core may cost together. Any amount by default, and not counted.
    ///
    /// With a limit, each call that costs credits asks the price calculator first, `POST /v1/pricing-calculator`, unless
    /// it knows what an equal call costs.
    #[must_use]
    pub fn spending_limit(mut self, limit: SpendingLimit) -> Self {
        if let Some(reason) = limit.refused() {
            self.refuse("spending_limit", reason);
        }
        self.set(Spending { limit, price: super::prices::of_call });
        self
    }
}

impl LeonardoCore {
    /// What was spent through the core's [`SpendingLimit`], and what is reserved; nothing without one.
    pub fn spent(&self) -> Spent {
        self.setting::<Spending>().map(|spending| spending.limit.spent()).unwrap_or_default()
    }

    /// How much of its [`Limits`] the core uses; nothing without limits.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] for `limits` if a [store](crate::LimitStore) of your own failed.
    pub async fn limits_in_use(&self) -> Result<LimitsInUse, Error> {
        let Some(limiter) = Limiter::of(self) else { return Ok(LimitsInUse::default()) };
        let info = CallInfo::new("limits_in_use", Effect::Read);
        limiter.in_use().await.map_err(|source| limits::failed(source).into_error(info))
    }
}

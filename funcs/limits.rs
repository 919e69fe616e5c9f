//! What a core keeps to: the limits of its account, and what it may spend.

use crate::spending::Spending;
use crate::{LeonardoCoreBuilder, Limits, SpendingLimit, operations};

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
        self.limits = Some((limits, operations::TABLE));
        self
    }

    /// What the calls of this core may cost together. Any amount by default, and not counted.
    ///
    /// With a limit, each call that costs credits asks the price calculator first, `POST /v1/pricing-calculator`, unless
    /// it knows what an equal call costs.
    #[must_use]
    pub fn spending_limit(mut self, limit: SpendingLimit) -> Self {
        self.spending = Some(Spending { limit, price: super::prices::of_call });
        self
    }
}

//! What the service says that calls will cost.

use std::sync::Mutex;

use bytes::Bytes;

use super::Options;
use crate::core::LeonardoCore;
use crate::error::Error;
use crate::models::Cost;
use crate::runtime::{BoxFuture, lock};
use crate::spending::{KnownCosts, SpendingLimit};

/// The money of a core.
#[derive(Clone)]
pub(crate) struct Spending {
    pub(crate) limit: SpendingLimit,
    pub(crate) price: Price,
}

/// How the price of an operation's request, which is its body, is asked for; `None` if nobody can be asked.
pub(crate) type Price = fn(&'static str, &Bytes) -> Option<Priced>;

/// A call that has a price.
pub(crate) struct Priced {
    /// What calls with the same price have in common.
    pub(crate) key: String,
    /// Asks the service for it.
    pub(crate) ask: Ask,
}

pub(crate) type Ask =
    Box<dyn Fn(&LeonardoCore, &Options) -> BoxFuture<'static, Result<Option<Cost>, Error>> + Send + Sync>;

/// Prices that were asked for, the oldest first.
#[derive(Default)]
pub(crate) struct Prices(Mutex<KnownCosts>);

impl Prices {
    /// The price, which is asked for once.
    pub(crate) async fn ask(
        &self,
        core: &LeonardoCore,
        priced: &Priced,
        options: &Options,
    ) -> Result<Option<Cost>, Error> {
        if let Some(cost) = lock(&self.0).get(&priced.key) {
            return Ok(Some(cost));
        }
        let cost = (priced.ask)(core, options).await?;
        if let Some(cost) = &cost {
            lock(&self.0).insert(priced.key.clone(), cost.clone());
        }
        Ok(cost)
    }
}

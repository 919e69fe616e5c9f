//! What may be spent, what is reserved for calls under way, and what was spent.

mod amount;
mod known;
mod ledger;
mod reason;

use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use self::amount::Amount;
pub(crate) use self::known::KnownCosts;
pub(crate) use self::ledger::Expected;
use self::ledger::{Ledger, Limit, Sent, cost, parsed};
pub use self::reason::SpendingReason;
use crate::models::{Cost, CostUnit};
use crate::runtime::{SystemTime, lock};

/// How much the calls of a core may cost together; see
/// [`LeonardoCoreBuilder::spending_limit`](crate::LeonardoCoreBuilder::spending_limit).
///
/// Before a call that costs credits is sent, what it will cost is reserved; after it, what it has cost is settled. Where
/// both and the new call would exceed the limit, the call ends in
/// [`Error::SpendingLimit`](crate::Error::SpendingLimit), and nothing is sent. Where the outcome of a call is not known, its
/// reservation stays until that is found out: [`CreateOnce`](crate::CreateOnce) does so by itself; otherwise the error and
/// [`Spent::unresolved`] have a [`Reservation`] to settle or release.
///
/// What a call will cost is what an equal one has cost before, or what the price calculator of the service says, or what
/// the call allows ([`Call::cost_at_most`](crate::Call::cost_at_most)). Calls of which nothing is known, such as those of
/// version 2 of the API, are refused unless they allow something.
///
/// Clones share their sums, and so do cores that are built with them. A limit counts what is spent through it, and knows
/// nothing of what was spent elsewhere.
#[derive(Clone)]
pub struct SpendingLimit {
    ledger: Arc<Mutex<Ledger>>,
    /// An amount that is none.
    invalid: Option<String>,
}

impl SpendingLimit {
    /// So many credits.
    #[must_use]
    pub fn credits(credits: u64) -> Self {
        Self::new(&credits.to_string(), CostUnit::Credits)
    }

    /// So many dollars, a decimal such as `"12.50"`. What is no such number makes building the core fail.
    ///
    /// The price calculator counts in credits. For an account that pays in dollars its responses are of use only with
    /// [`dollars_per_credit`](Self::dollars_per_credit).
    #[must_use]
    pub fn dollars(dollars: impl AsRef<str>) -> Self {
        Self::new(dollars.as_ref(), CostUnit::Dollars)
    }

    /// Any amount: what is spent is counted and nothing is refused.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { ledger: Arc::default(), invalid: None }
    }

    fn new(amount: &str, unit: CostUnit) -> Self {
        let parsed = Amount::parse(amount);
        let limit = Limit { amount: parsed.unwrap_or_default(), unit, dollars_per_credit: None };
        let ledger = Ledger::new(Some(limit));
        Self { ledger: Arc::new(Mutex::new(ledger)), invalid: parsed.is_none().then(|| amount.to_owned()) }
    }

    /// What a credit costs this account in dollars, a decimal such as `"0.0021"`, so that what is known in credits counts
    /// for a limit in dollars.
    #[must_use]
    pub fn dollars_per_credit(mut self, price: impl AsRef<str>) -> Self {
        match Amount::parse(price.as_ref()) {
            None => self.invalid = Some(price.as_ref().to_owned()),
            price => {
                if let Some(limit) = &mut lock(&self.ledger).limit {
                    limit.dollars_per_credit = price;
                }
            }
        }
        self
    }

    /// What was spent until now, and what is reserved.
    pub fn spent(&self) -> Spent {
        let ledger = lock(&self.ledger);
        let unresolved = ledger.unresolved().map(|(number, _)| number).collect::<Vec<_>>();
        Spent {
            reserved: ledger.reserved(),
            settled: ledger.settled(),
            inexact: ledger.inexact(),
            left: ledger.left(),
            unresolved: unresolved
                .into_iter()
                .filter_map(|number| Reservation::read(&self.ledger, &ledger, number))
                .collect(),
        }
    }

    /// What is wrong with it.
    pub(crate) fn refused(&self) -> Option<String> {
        self.invalid.as_ref().map(|amount| format!("{amount:?} is no amount of money such as 12.50"))
    }

    /// Whether what a call costs must be known before it is sent.
    pub(crate) fn is_limited(&self) -> bool {
        lock(&self.ledger).limit.is_some()
    }

    /// Whether what equal calls have cost is known.
    pub(crate) fn knows(&self, key: &str) -> bool {
        lock(&self.ledger).knows(key)
    }

    /// Reserves what a call may cost, until [`Open`] is told what became of it.
    pub(crate) fn reserve(&self, operation: &'static str, expected: Expected) -> Result<Open, Box<SpendingReason>> {
        let number = lock(&self.ledger).reserve(operation, expected)?;
        Ok(Open { ledger: self.ledger.clone(), number })
    }
}

/// Whether a cost is an amount of money.
pub(crate) fn is_money(cost: &Cost) -> bool {
    parsed(cost).is_some()
}

/// A number of credits, as a cost.
pub(crate) fn credits(number: f64) -> Option<Cost> {
    Some(cost(Amount::of(number)?, &CostUnit::Credits))
}

impl fmt::Debug for SpendingLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match lock(&self.ledger).left() {
            Some(left) => write!(f, "SpendingLimit({left} left)"),
            None => f.write_str("SpendingLimit(unlimited)"),
        }
    }
}

/// What is reserved for a call under way. It must be told what became of the call; dropped, it releases nothing.
#[derive(Debug)]
pub(crate) struct Open {
    ledger: Arc<Mutex<Ledger>>,
    number: u64,
}

impl Open {
    pub(crate) fn settle(self, cost: Option<&Cost>) {
        lock(&self.ledger).settle(self.number, cost);
    }

    pub(crate) fn release(self) {
        lock(&self.ledger).release(self.number);
    }

    /// Leaves it reserved for a call whose outcome is not known.
    pub(crate) fn leave(&self, at: SystemTime, request: Bytes, id: Option<String>) -> Option<Reservation> {
        let mut ledger = lock(&self.ledger);
        ledger.leave_unresolved(self.number, Sent { at, request, id });
        Reservation::read(&self.ledger, &ledger, self.number)
    }
}

/// What was spent through a [`SpendingLimit`], exact to the last digit, by unit.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Spent {
    /// What is reserved for calls that are under way, or whose outcome is not known.
    pub reserved: Vec<Cost>,
    /// What calls have cost.
    pub settled: Vec<Cost>,
    /// The part of `settled` of which the service told no cost: the estimates count instead. One without a unit stands
    /// for calls of which there was no estimate either.
    pub inexact: Vec<Cost>,
    /// What of the limit is neither reserved nor settled; `None` without a limit.
    pub left: Option<Cost>,
    /// Calls whose outcome is not known.
    pub unresolved: Vec<Reservation>,
}

impl fmt::Display for Spent {
    /// As in `0.0147 DOLLARS spent, 0.0294 DOLLARS reserved`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |costs: &[Cost]| match costs {
            [] => "nothing".to_owned(),
            costs => costs.iter().map(Cost::to_string).collect::<Vec<_>>().join(" and "),
        };
        write!(f, "{} spent", list(&self.settled))?;
        if !self.inexact.is_empty() {
            f.write_str(" (in part by estimate)")?;
        }
        if !self.reserved.is_empty() {
            write!(f, ", {} reserved", list(&self.reserved))?;
        }
        if let Some(left) = &self.left {
            write!(f, ", {left} left")?;
        }
        Ok(())
    }
}

/// What stays reserved for a call whose outcome is not known, until [`settle`](Self::settle) or
/// [`release`](Self::release) says what became of it. Dropping it changes nothing, and saying it twice does nothing more.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reservation {
    /// The operation.
    pub operation: &'static str,
    /// When it was sent, by this machine's clock.
    pub sent_at: SystemTime,
    /// The request's body, as JSON.
    pub request: Bytes,
    /// The id of what it made, if that could be read.
    pub id: Option<String>,
    /// What is reserved.
    pub estimate: Option<Cost>,
    ledger: Arc<Mutex<Ledger>>,
    number: u64,
}

impl Reservation {
    fn read(shared: &Arc<Mutex<Ledger>>, ledger: &Ledger, number: u64) -> Option<Self> {
        let entry = ledger.entry(number)?;
        let sent = entry.unresolved.clone()?;
        Some(Self {
            operation: entry.operation,
            sent_at: sent.at,
            request: sent.request,
            id: sent.id,
            estimate: entry.estimate.as_ref().map(|(amount, unit)| cost(*amount, unit)),
            ledger: shared.clone(),
            number,
        })
    }

    /// The work was done, and has cost this; `None` if that is not known, so that the estimate counts.
    pub fn settle(&self, cost: Option<&Cost>) {
        lock(&self.ledger).settle(self.number, cost);
    }

    /// The work was not done.
    pub fn release(&self) {
        lock(&self.ledger).release(self.number);
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("operation", &self.operation)
            .field("sent_at", &self.sent_at)
            .field("id", &self.id)
            .field("estimate", &self.estimate)
            .finish_non_exhaustive()
    }
}

//! What is reserved, and what is spent.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::amount::Amount;
use super::prices::Memory;
use crate::error::SpendingReason;
use crate::models::{Cost, CostUnit};
use crate::runtime::SystemTime;

/// The sums of a limit, and what is open of them.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) limit: Option<Limit>,
    next: u64,
    open: BTreeMap<u64, Entry>,
    settled: Sums,
    /// The part of it that is only an estimate.
    inexact: Sums,
    /// What is settled, in the unit of the limit.
    used: Amount,
    /// What equal calls have cost.
    known: Memory,
}

#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) amount: Amount,
    pub(super) unit: CostUnit,
    /// What a credit costs in dollars.
    pub(super) dollars_per_credit: Option<Amount>,
}

/// Sums by the name of their unit.
#[derive(Debug, Default)]
struct Sums(BTreeMap<String, (CostUnit, Amount)>);

/// A call that may cost something.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) operation: &'static str,
    /// What it is expected to cost, if that is known.
    pub(super) estimate: Option<(Amount, CostUnit)>,
    /// The same in the unit of the limit.
    counted: Amount,
    /// What equal calls have in common.
    key: Option<String>,
    /// Its outcome is not known.
    pub(super) unresolved: Option<Sent>,
}

/// What was sent, and perhaps carried out.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: SystemTime,
    pub(super) request: Bytes,
    pub(super) id: Option<String>,
}

/// What a call may cost, as far as that is known before it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// What the service says of it.
    pub(crate) estimate: Option<Cost>,
    /// What the caller allows.
    pub(crate) at_most: Option<Cost>,
    /// What equal calls have in common.
    pub(crate) key: Option<String>,
}

/// Calls with an unknown outcome that are remembered where there is no limit, which they would use up.
const MOST_UNRESOLVED: usize = 1024;

impl Ledger {
    pub(super) fn new(limit: Option<Limit>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Reserves what a call may cost.
    pub(super) fn reserve(&mut self, operation: &'static str, expected: Expected) -> Result<u64, Box<SpendingReason>> {
        let Expected { estimate, at_most, key } = expected;
        let known = key.as_ref().and_then(|key| self.known.get(key)).as_ref().and_then(parsed);
        let estimates: Vec<_> = known.into_iter().chain(estimate.as_ref().and_then(parsed)).collect();
        let at_most = at_most.as_ref().and_then(parsed);
        // What was paid for the same says more than an estimate.
        let mut expected = estimates.first().cloned().or_else(|| at_most.clone());
        let mut counted = Amount::ZERO;
        if let Some(limit) = &self.limit {
            let in_its_unit = |sum: &(Amount, CostUnit)| limit.converted(sum);
            counted = estimates
                .iter()
                .find_map(in_its_unit)
                .or_else(|| at_most.as_ref().and_then(in_its_unit))
                .ok_or_else(|| Box::new(SpendingReason::NoEstimate))?;
        }
        if let Some(at_most) = &at_most {
            let in_its_unit = |sum: &(Amount, CostUnit)| match &self.limit {
                _ if sum.1 == at_most.1 => Some(sum.0),
                Some(limit) if limit.unit == at_most.1 => limit.converted(sum),
                _ => None,
            };
            match estimates.iter().find_map(in_its_unit) {
                Some(amount) if amount > at_most.0 => {
                    let (estimate, at_most) = (cost(amount, &at_most.1), cost(at_most.0, &at_most.1));
                    return Err(Box::new(SpendingReason::CallLimit { estimate, at_most }));
                }
                Some(_) => {}
                None => expected = Some(at_most.clone()),
            }
        }
        if let Some(limit) = &self.limit {
            let reserved: Amount = self.open.values().map(|entry| entry.counted).sum();
            let needed: Amount = [self.used, reserved, counted].into_iter().sum();
            if needed > limit.amount {
                let of = |amount| cost(amount, &limit.unit);
                let (needed, limit, reserved) = (of(counted), of(limit.amount), of(reserved));
                return Err(Box::new(SpendingReason::Limit { needed, limit, reserved, settled: of(self.used) }));
            }
        }
        let number = self.next;
        self.next += 1;
        self.open.insert(number, Entry { operation, estimate: expected, counted, key, unresolved: None });
        Ok(number)
    }

    /// The call has cost this; without a cost, what was expected of it.
    pub(super) fn settle(&mut self, number: u64, actual: Option<&Cost>) {
        let Some(entry) = self.open.remove(&number) else { return };
        // By now an equal call may have told what it cost.
        let known = entry.key.as_ref().and_then(|key| self.known.get(key)).as_ref().and_then(parsed);
        if let (Some(key), Some(actual)) = (entry.key, actual) {
            self.known.insert(key, actual.clone());
        }
        let actual = actual.and_then(parsed);
        let estimate = known.or(entry.estimate);
        let counted = match (&self.limit, actual.as_ref().or(estimate.as_ref())) {
            (Some(limit), Some(cost)) => limit.converted(cost).unwrap_or(entry.counted),
            _ => entry.counted,
        };
        self.used += counted;
        match (actual, estimate) {
            (Some(actual), _) => self.settled.add(actual),
            (None, Some(estimate)) => {
                self.inexact.add(estimate.clone());
                self.settled.add(estimate);
            }
            // Nothing is known of it, and that is to be seen.
            (None, None) => self.inexact.add((Amount::ZERO, CostUnit::default())),
        }
    }

    /// The call has cost nothing.
    pub(super) fn release(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// It is not known whether the call has cost anything.
    pub(super) fn leave_unresolved(&mut self, number: u64, sent: Sent) {
        if let Some(entry) = self.open.get_mut(&number) {
            entry.unresolved = Some(sent);
        }
        if self.limit.is_none() {
            let mut unresolved =
                self.open.iter().filter(|(_, entry)| entry.unresolved.is_some()).map(|(number, _)| *number);
            let oldest = unresolved.next().filter(|_| unresolved.count() >= MOST_UNRESOLVED);
            if let Some(oldest) = oldest {
                self.settle(oldest, None);
            }
        }
    }

    pub(super) fn unresolved(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.open.iter().filter(|(_, entry)| entry.unresolved.is_some()).map(|(number, entry)| (*number, entry))
    }

    pub(super) fn entry(&self, number: u64) -> Option<&Entry> {
        self.open.get(&number)
    }

    pub(super) fn knows(&self, key: &str) -> bool {
        self.known.get(key).is_some()
    }

    pub(super) fn reserved(&self) -> Vec<Cost> {
        let mut sums = Sums::default();
        self.open.values().filter_map(|entry| entry.estimate.clone()).for_each(|sum| sums.add(sum));
        sums.costs()
    }

    pub(super) fn settled(&self) -> Vec<Cost> {
        self.settled.costs()
    }

    pub(super) fn inexact(&self) -> Vec<Cost> {
        self.inexact.costs()
    }

    /// What of the limit is neither spent nor reserved.
    pub(super) fn left(&self) -> Option<Cost> {
        let limit = self.limit.as_ref()?;
        let mut left = limit.amount;
        left -= self.used;
        left -= self.open.values().map(|entry| entry.counted).sum();
        Some(cost(left, &limit.unit))
    }
}

impl Limit {
    /// A sum in the unit of this limit.
    fn converted(&self, (amount, unit): &(Amount, CostUnit)) -> Option<Amount> {
        match (unit, &self.unit) {
            (unit, of) if unit == of => Some(*amount),
            (CostUnit::Credits, CostUnit::Dollars) => amount.times(self.dollars_per_credit?),
            _ => None,
        }
    }
}

impl Sums {
    fn add(&mut self, (amount, unit): (Amount, CostUnit)) {
        self.0.entry(unit.as_str().to_owned()).or_insert((unit, Amount::ZERO)).1 += amount;
    }

    fn costs(&self) -> Vec<Cost> {
        self.0.values().map(|(unit, amount)| cost(*amount, unit)).collect()
    }
}

pub(super) fn cost(amount: Amount, unit: &CostUnit) -> Cost {
    Cost { amount: amount.to_string(), unit: unit.clone() }
}

pub(super) fn parsed(cost: &Cost) -> Option<(Amount, CostUnit)> {
    Some((Amount::parse(&cost.amount)?, cost.unit.clone()))
}

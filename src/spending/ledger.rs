//! What is reserved, and what is spent.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::amount::Amount;
use super::known::KnownCosts;
use super::reason::SpendingReason;
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
    known: KnownCosts,
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
            expected = Some((counted, limit.unit.clone()));
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
                None if self.limit.is_none() => expected = Some(at_most.clone()),
                None => {}
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expected(amount: u64) -> Expected {
        Expected { estimate: Some(Cost::credits(amount)), ..Expected::default() }
    }

    fn credits(costs: &[Cost]) -> u64 {
        costs.iter().filter(|cost| cost.unit == CostUnit::Credits).map(|cost| cost.amount.parse::<u64>().unwrap()).sum()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Reserve(u64),
        /// Of the calls that are open, one by its place among them.
        Settle(usize, Option<u64>),
        Release(usize),
        Leave(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0_u64..50).prop_map(Step::Reserve),
            2 => (any::<usize>(), prop::option::of(0_u64..50)).prop_map(|(of, cost)| Step::Settle(of, cost)),
            1 => any::<usize>().prop_map(Step::Release),
            1 => any::<usize>().prop_map(Step::Leave),
        ]
    }

    proptest! {
        /// Against sums that are made anew each time.
        #[test]
        fn the_sums_are_right_after_every_step(steps in prop::collection::vec(step(), 1..60), limit in 0_u64..300) {
            let unit = CostUnit::Credits;
            let amount = Amount::parse(&limit.to_string()).unwrap();
            let mut ledger = Ledger::new(Some(Limit { amount, unit, dollars_per_credit: None }));
            let mut open: Vec<(u64, u64, bool)> = Vec::new();
            let (mut settled, mut inexact) = (0, 0);
            for step in steps {
                let reserved: u64 = open.iter().map(|(_, amount, _)| amount).sum();
                let pick = |of: usize| if open.is_empty() { None } else { Some(of % open.len()) };
                match step {
                    Step::Reserve(amount) => {
                        let fits = settled + reserved + amount <= limit;
                        let number = ledger.reserve("x", expected(amount));
                        prop_assert_eq!(number.is_ok(), fits);
                        open.extend(number.ok().map(|number| (number, amount, false)));
                    }
                    Step::Settle(of, cost) => if let Some(of) = pick(of) {
                        let (number, amount, _) = open.remove(of);
                        ledger.settle(number, cost.map(Cost::credits).as_ref());
                        ledger.settle(number, Some(&Cost::credits(1000)));
                        settled += cost.unwrap_or(amount);
                        inexact += if cost.is_none() { amount } else { 0 };
                    },
                    Step::Release(of) => if let Some(of) = pick(of) {
                        ledger.release(open.remove(of).0);
                    },
                    Step::Leave(of) => if let Some(of) = pick(of) {
                        open[of].2 = true;
                        let at = SystemTime::UNIX_EPOCH;
                        ledger.leave_unresolved(open[of].0, Sent { at, request: Bytes::new(), id: None });
                    },
                }
                let reserved: u64 = open.iter().map(|(_, amount, _)| amount).sum();
                prop_assert_eq!(credits(&ledger.reserved()), reserved);
                prop_assert_eq!((credits(&ledger.settled()), credits(&ledger.inexact())), (settled, inexact));
                let left = limit.saturating_sub(settled).saturating_sub(reserved);
                prop_assert_eq!(ledger.left(), Some(Cost::credits(left)));
                prop_assert_eq!(ledger.unresolved().count(), open.iter().filter(|(_, _, left)| *left).count());
            }
        }
    }

    #[test]
    fn without_a_limit_a_bounded_number_stays_unresolved() {
        let mut ledger = Ledger::default();
        for _ in 0..2 * MOST_UNRESOLVED {
            let number = ledger.reserve("x", expected(1)).unwrap();
            let at = SystemTime::UNIX_EPOCH;
            ledger.leave_unresolved(number, Sent { at, request: Bytes::new(), id: None });
        }
        assert_eq!(ledger.unresolved().count(), MOST_UNRESOLVED);
        assert_eq!((credits(&ledger.settled()), credits(&ledger.reserved())), (1024, 1024));
    }
}

//! What calls have cost, or will cost, as far as that was told.

use std::collections::{HashMap, VecDeque};

use crate::models::Cost;

/// The most recent costs, by key.
#[derive(Debug, Default)]
pub(crate) struct KnownCosts {
    costs: HashMap<String, Cost>,
    order: VecDeque<String>,
}

const MOST: usize = 256;

impl KnownCosts {
    pub(crate) fn get(&self, key: &str) -> Option<Cost> {
        self.costs.get(key).cloned()
    }

    pub(crate) fn insert(&mut self, key: String, cost: Cost) {
        if self.costs.insert(key.clone(), cost).is_none() {
            self.order.push_back(key);
            if self.order.len() > MOST {
                self.order.pop_front().map(|oldest| self.costs.remove(&oldest));
            }
        }
    }
}

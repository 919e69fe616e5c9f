//! Faults: all that can go wrong between a client and the service, on purpose and in a known order.
//!
//! A [`FaultPlan`] is asked once for each request. Most faults come in two kinds, before and after the work, because
//! that difference is what a client cannot see and has to live with: after the work a create request is charged, and
//! before it is not.

pub(crate) mod spoil;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::state::ids::mix;
use crate::sync::lock;

/// Something that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing does.
    None,
    /// The request is read, then the connection is reset (RST). No work was done.
    ResetBeforeWork,
    /// The work is done, then the connection is reset (RST) without a response.
    ResetAfterWork,
    /// The request is read, then the connection is closed (FIN) without a response. No work was done.
    CloseBeforeWork,
    /// The work is done, then the connection is closed (FIN) without a response.
    CloseAfterWork,
    /// The work is done; the response's head announces the whole body, half of it follows, then the connection is closed.
    CutBody,
    /// The work is done; the response ends within its header lines, where the connection is closed.
    CutHeaders,
    /// The request is read and never gets a response. No work was done.
    StallBeforeWork,
    /// The work is done and the response never comes.
    StallAfterWork,
    /// The work is done; head and half of the body come, the rest never does.
    StallBody,
    /// The work is done; the body comes byte by byte, in the end whole. See [`FaultPlan::drip_interval`].
    Drip,
    /// The work is done; the body never ends and comes as fast as it is read.
    EndlessBody,
    /// The work is done; the response has header lines without end.
    EndlessHeaders,
    /// A response of this status, in JSON, or in HTML for those that proxies give (502 to 504). No work was done.
    StatusBefore(u16),
    /// As [`Fault::StatusBefore`], but the work is done.
    StatusAfter(u16),
    /// A response of this status with a `Retry-After` header. No work was done.
    RetryAfter {
        /// The status of the response, such as 429 or 503.
        status: u16,
        /// The value of the header: seconds, a date, or something that is neither.
        value: String,
    },
    /// The work is done; the response is bytes that are not HTTP, then the connection is closed.
    Garbage,
    /// The work is done; status 200 and the content type of JSON with a body that is not JSON.
    GarbageJson,
    /// The work is done; status 200 with an HTML page.
    Html,
    /// The work is done; status 200 without a body.
    EmptyBody,
    /// Status 307 with this `Location`. No work was done.
    Redirect(String),
}

impl Fault {
    /// The name of the fault, without its values.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::ResetBeforeWork => "ResetBeforeWork",
            Self::ResetAfterWork => "ResetAfterWork",
            Self::CloseBeforeWork => "CloseBeforeWork",
            Self::CloseAfterWork => "CloseAfterWork",
            Self::CutBody => "CutBody",
            Self::CutHeaders => "CutHeaders",
            Self::StallBeforeWork => "StallBeforeWork",
            Self::StallAfterWork => "StallAfterWork",
            Self::StallBody => "StallBody",
            Self::Drip => "Drip",
            Self::EndlessBody => "EndlessBody",
            Self::EndlessHeaders => "EndlessHeaders",
            Self::StatusBefore(_) => "StatusBefore",
            Self::StatusAfter(_) => "StatusAfter",
            Self::RetryAfter { .. } => "RetryAfter",
            Self::Garbage => "Garbage",
            Self::GarbageJson => "GarbageJson",
            Self::Html => "Html",
            Self::EmptyBody => "EmptyBody",
            Self::Redirect(_) => "Redirect",
        }
    }

    /// Whether the request is carried out although its response goes wrong.
    #[must_use]
    pub fn does_the_work(&self) -> bool {
        !matches!(
            self,
            Self::ResetBeforeWork
                | Self::CloseBeforeWork
                | Self::StallBeforeWork
                | Self::StatusBefore(_)
                | Self::RetryAfter { .. }
                | Self::Redirect(_)
        )
    }
}

type Filter = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Which request meets which fault.
#[derive(Clone)]
#[must_use]
pub struct FaultPlan {
    source: Source,
    filters: Vec<Filter>,
    drip_interval: Duration,
}

#[derive(Debug, Clone)]
enum Source {
    Always(Fault),
    Sequence(VecDeque<Fault>),
    Random { seed: u64, percent: u8, faults: Vec<(u32, Fault)>, asked: u64 },
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan")
            .field("source", &self.source)
            .field("filters", &self.filters.len())
            .field("drip_interval", &self.drip_interval)
            .finish()
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}

impl FaultPlan {
    /// No faults.
    pub fn none() -> Self {
        Self::always(Fault::None)
    }

    /// The same for every request.
    pub fn always(fault: Fault) -> Self {
        Self::of(Source::Always(fault))
    }

    /// One after the other, for the requests in the order in which they arrive; no more after the last.
    pub fn sequence(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::of(Source::Sequence(faults.into_iter().collect()))
    }

    /// Faults for some percent of the requests, chosen among `faults` in proportion to their weights. The same seed
    /// gives the same choices in the same order.
    pub fn random(seed: u64, percent: u8, faults: Vec<(u32, Fault)>) -> Self {
        Self::of(Source::Random { seed, percent, faults, asked: 0 })
    }

    fn of(source: Source) -> Self {
        Self { source, filters: Vec::new(), drip_interval: Duration::from_millis(20) }
    }

    /// Leaves requests with other methods alone; a sequence does not advance at them.
    pub fn on_method(self, method: &str) -> Self {
        let wanted = method.to_ascii_uppercase();
        self.only(move |method, _| method == wanted)
    }

    /// Leaves requests alone for whose method and path, as sent with its query, this is false; a sequence does not
    /// advance at them. Several filters must all agree. A filter must not use the emulator's plan itself, which waits
    /// for it.
    pub fn only(mut self, filter: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// The delay before each byte of [`Fault::Drip`]. Defaults to 20 ms.
    pub fn drip_interval(mut self, interval: Duration) -> Self {
        self.drip_interval = interval;
        self
    }

    fn next(&mut self, method: &str, path: &str) -> Fault {
        if !self.filters.iter().all(|filter| filter(method, path)) {
            return Fault::None;
        }
        match &mut self.source {
            Source::Always(fault) => fault.clone(),
            Source::Sequence(faults) => faults.pop_front().unwrap_or(Fault::None),
            Source::Random { seed, percent, faults, asked } => {
                *asked += 1;
                let chance = mix(*seed ^ mix(*asked));
                if chance % 100 >= u64::from(*percent) {
                    return Fault::None;
                }
                let total: u64 = faults.iter().map(|(weight, _)| u64::from(*weight)).sum();
                if total == 0 {
                    return Fault::None;
                }
                let mut at = mix(chance) % total;
                for (weight, fault) in faults {
                    match at.checked_sub(u64::from(*weight)) {
                        Some(rest) => at = rest,
                        None => return fault.clone(),
                    }
                }
                Fault::None
            }
        }
    }
}

/// The plan in force and the account of what it did.
#[derive(Default)]
pub(crate) struct Faults(Mutex<(FaultPlan, BTreeMap<&'static str, u64>)>);

impl Faults {
    pub(crate) fn set(&self, plan: FaultPlan) {
        lock(&self.0).0 = plan;
    }

    /// What happens to a request, and how slowly if it drips.
    pub(crate) fn next(&self, method: &str, path: &str) -> (Fault, Duration) {
        let (plan, injected) = &mut *lock(&self.0);
        let fault = plan.next(method, path);
        if fault != Fault::None {
            *injected.entry(fault.name()).or_default() += 1;
        }
        (fault, plan.drip_interval)
    }

    pub(crate) fn injected(&self) -> Vec<(&'static str, u64)> {
        lock(&self.0).1.iter().map(|(name, count)| (*name, *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(plan: &mut FaultPlan, count: usize) -> Vec<Fault> {
        (0..count).map(|_| plan.next("POST", "/x")).collect()
    }

    #[test]
    fn sequences_wait_for_their_requests() {
        let mut plan = FaultPlan::sequence(vec![Fault::CutBody, Fault::None, Fault::Html])
            .on_method("post")
            .only(|_, path| path.starts_with("/x"));
        assert_eq!(plan.next("GET", "/x"), Fault::None);
        assert_eq!(plan.next("POST", "/y"), Fault::None);
        assert_eq!(draw(&mut plan, 4), [Fault::CutBody, Fault::None, Fault::Html, Fault::None]);
    }

    #[test]
    fn chance_is_reproducible_and_fair() {
        let faults = vec![(3, Fault::Garbage), (1, Fault::Html), (0, Fault::Drip)];
        let plan = |seed| FaultPlan::random(seed, 20, faults.clone());
        let drawn = draw(&mut plan(7), 10_000);
        assert_eq!(drawn, draw(&mut plan(7), 10_000));
        assert_ne!(drawn, draw(&mut plan(8), 10_000));
        let count = |fault| drawn.iter().filter(|f| **f == fault).count();
        assert!((1350..1650).contains(&count(Fault::Garbage)), "{}", count(Fault::Garbage));
        assert!((430..570).contains(&count(Fault::Html)), "{}", count(Fault::Html));
        assert_eq!(count(Fault::Drip), 0);
        assert!(draw(&mut FaultPlan::random(1, 100, Vec::new()), 9).iter().all(|f| *f == Fault::None));
        assert!(draw(&mut FaultPlan::random(1, 100, faults.clone()), 999).iter().all(|f| *f != Fault::None));
        assert!(draw(&mut FaultPlan::random(1, 0, faults), 999).iter().all(|f| *f == Fault::None));
    }
}

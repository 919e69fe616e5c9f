//! What must hold after every history, whatever it was.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::hazards::{Hazard, Hazards};
use super::history::{Function, History, Of, Policy};
use super::model::{Outcome, Request};
use super::play::{Ended, Left, POLLS, Played, Run};

const MS: Duration = Duration::from_millis(1);
/// Timers count whole milliseconds.
const INEXACT: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A call is charged at most once.
    PaidOnce,
    /// An id is one that this call paid for, or one of the same request with the same chosen seed.
    IdIsOwn,
    /// No two calls end with the same id.
    IdsDiffer,
    /// An id that the service told is the one that the call ends with.
    IdIsNotLost,
    /// A call that says that nothing was charged is right.
    CertaintyIsRight,
    /// A call ends before its deadline.
    Deadline,
    /// A call ends.
    Ends,
    /// A retry comes no sooner than the policy's delay and `Retry-After` allow.
    NotTooSoon,
    /// A call makes no more requests than its policy and its grace period allow.
    NotTooMany,
    /// Retries stay within the budget.
    Budget,
    /// No create begins with too little time for its response.
    TimeForCreate,
    /// Nothing of a core's limits stays taken, but for creates with an unknown outcome; and no more is settled than was
    /// charged.
    NothingLeft,
    /// Nothing panics.
    NoPanic,
}

#[derive(Clone, Debug)]
pub struct Broken {
    pub rule: Rule,
    pub what: String,
}

fn ensure(holds: bool, rule: Rule, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { rule, what: what() }) }
}

pub fn check(history: &History, played: &Played, hazards: Hazards) -> Result<(), Broken> {
    money(history, played)?;
    ids(history, played)?;
    for run in &played.runs {
        let (from, to) = run.requests;
        let requests: Vec<_> = played.requests[from..to].iter().filter(|request| request.call == run.call).collect();
        time(history, run, &requests, hazards)?;
        delays(history, &played.requests, run, &requests, hazards)?;
        number(history, run, &requests, played.records.len())?;
    }
    if hazards.on(Hazard::WorkflowBudget) {
        budget(history, played)?;
    }
    limits(history, played)
}

fn limits(history: &History, played: &Played) -> Result<(), Broken> {
    for (core, left) in played.left.iter().enumerate() {
        let of_core = |call: usize| history.calls[call].core == core;
        let uncertain = |end: &Ended| matches!(end, Ended::Failed { charged: true, .. } | Ended::Dropped | Ended::Hung);
        let uncertain = played.runs.iter().filter(|run| of_core(run.call) && uncertain(&run.end)).count();
        let charged = played.records.iter().filter(|record| record.call.is_some_and(of_core)).count();
        let Left { waiting, unresolved, reserved, settled } = left;
        ensure(*waiting == 0 && !reserved, Rule::NothingLeft, || format!("core {core}: {waiting} wait, {reserved}"))?;
        // A caller that tries again by itself has several creates in one call.
        let naive = history.calls.iter().any(|call| call.core == core && call.function == Function::Naive);
        ensure(*unresolved <= uncertain || naive, Rule::NothingLeft, || {
            format!("core {core}: {unresolved} unresolved, of {uncertain} whose outcome is not known")
        })?;
        let most = 8 * u64::try_from(charged).unwrap();
        ensure(*settled <= most, Rule::NothingLeft, || format!("core {core}: {settled} settled of {most}"))?;
    }
    Ok(())
}

/// Whether no client could know when this call's creates were sent: the wall clock was wrong by more than the tolerance,
/// and `Date` was absent or just as wrong.
fn lost_in_time(history: &History, played: &Played, call: usize) -> bool {
    let mut creates = played.requests.iter().filter(|request| request.call == call && request.of == Of::Create);
    !history.date_is_right() && creates.any(|create| !history.wall_is_right(create.sent))
}

fn money(history: &History, played: &Played) -> Result<(), Broken> {
    for number in 0..history.calls.len() {
        let charges = played.records.iter().filter(|record| record.call == Some(number)).count();
        ensure(charges <= 1 || lost_in_time(history, played, number), Rule::PaidOnce, || {
            format!("call {number} was charged {charges} times")
        })?;
    }
    for run in &played.runs {
        if let Ended::Failed { charged: false, .. } = run.end {
            let charge = played.records.iter().find(|record| record.call == Some(run.call));
            ensure(charge.is_none() || lost_in_time(history, played, run.call), Rule::CertaintyIsRight, || {
                format!("call {} says that nothing was charged, but {} was", run.call, charge.unwrap().id)
            })?;
        }
    }
    Ok(())
}

fn ids(history: &History, played: &Played) -> Result<(), Broken> {
    let mut ended: HashMap<&str, usize> = HashMap::new();
    for run in &played.runs {
        let number = run.call;
        let call = &history.calls[number];
        let id = match &run.end {
            Ended::Made(id) | Ended::Failed { id: Some(id), .. } => Some(id.as_str()),
            _ => None,
        };
        if !matches!(run.end, Ended::Dropped) {
            let (from, to) = run.requests;
            let own = || played.requests[from..to].iter().filter(|request| request.call == number);
            if let Some(told) = own().find_map(|request| request.told.as_deref()) {
                ensure(id == Some(told), Rule::IdIsNotLost, || {
                    format!("call {number} was told {told} and ended with {:?}", run.end)
                })?;
            }
        }
        let Some(id) = id else { continue };
        if lost_in_time(history, played, number) {
            continue;
        }
        let maker = played.records.iter().find(|record| record.id == id).and_then(|record| record.call);
        let own = maker.is_some_and(|maker| {
            let other = &history.calls[maker];
            let same = (other.chosen, other.prompt, other.size) == (call.chosen, call.prompt, call.size);
            maker == number || call.chosen.is_some() && same
        });
        ensure(own, Rule::IdIsOwn, || match maker {
            Some(maker) => format!("call {number} ended with {id}, which call {maker} paid for"),
            None => format!("call {number} ended with {id}, which is not of this history"),
        })?;
        if let Some(other) = ended.insert(id, number) {
            ensure(other == number, Rule::IdsDiffer, || format!("calls {other} and {number} both ended with {id}"))?;
        }
    }
    Ok(())
}

/// By when a run must have ended.
fn limit(history: &History, run: &Run, requests: &[&Request]) -> Option<Duration> {
    let call = &history.calls[run.call];
    let deadline = MS * call.deadline? as u32;
    // A plain create and the wait after it have one each.
    let created = requests.iter().find(|request| request.told.is_some() && call.function == Function::Plain);
    Some(created.map_or(run.began, |created| created.ended) + deadline)
}

fn time(history: &History, run: &Run, requests: &[&Request], hazards: Hazards) -> Result<(), Broken> {
    let call = &history.calls[run.call];
    ensure(!matches!(run.end, Ended::Hung), Rule::Ends, || format!("call {} does not end", run.call))?;
    let Some(limit) = limit(history, run, requests) else { return Ok(()) };
    // What is not polled cannot end; it does so as soon as it is polled again.
    let polled_again = call.unpolled.map_or(run.began, |(from, time)| run.began + MS * (from + time) as u32);
    ensure(run.ended <= limit.max(polled_again) + INEXACT, Rule::Deadline, || {
        format!("call {} was to end at {limit:?} and ended at {:?}", run.call, run.ended)
    })?;
    let late = requests.iter().find(|request| {
        let deadline = MS * call.deadline.unwrap_or(0) as u32;
        request.of == Of::Create && request.sent + 2000 * MS > run.began + deadline + INEXACT
    });
    ensure(late.is_none() || !hazards.on(Hazard::MinTime) || call.unpolled.is_some(), Rule::TimeForCreate, || {
        format!("call {} sent a create at {:?}, too late for its response", run.call, late.unwrap().sent)
    })
}

/// Two requests of a kind, one after the other, of which the first failed.
struct Retry<'a> {
    failed: &'a Request,
    next: &'a Request,
    /// How many retries without `Retry-After` came directly before.
    nth: u32,
}

impl Retry<'_> {
    fn delay(&self) -> Duration {
        self.next.sent.saturating_sub(self.failed.ended)
    }
}

/// `read_between` tells whether a page was read for this call between two times, by another one that searches the same list:
/// what fails after that is the next page's first attempt.
fn retries<'a>(requests: &[&'a Request], read_between: &dyn Fn(Duration, Duration) -> bool) -> Vec<Retry<'a>> {
    let mut all = Vec::new();
    for of in [Of::Create, Of::Me, Of::List, Of::Get] {
        let same: Vec<_> = requests.iter().filter(|request| request.of == of).collect();
        let (mut nth, mut failed_before) = (0, Duration::ZERO);
        for pair in same.windows(2) {
            let (failed, next) = (pair[0], pair[1]);
            if of == Of::List && read_between(failed_before, failed.ended) {
                nth = 0;
            }
            failed_before = failed.ended;
            match failed.outcome {
                Outcome::Good => {
                    nth = 0;
                    continue;
                }
                Outcome::Limited(Some(_)) => all.push(Retry { failed, next, nth }),
                // What comes after it belongs to a search.
                Outcome::Failed | Outcome::GivenUp if of == Of::Create => {
                    all.push(Retry { failed, next, nth: 0 });
                    nth = 0;
                }
                _ => {
                    all.push(Retry { failed, next, nth });
                    nth += 1;
                }
            }
        }
    }
    all
}

fn delays(
    history: &History,
    all: &[Request],
    run: &Run,
    requests: &[&Request],
    hazards: Hazards,
) -> Result<(), Broken> {
    let call = &history.calls[run.call];
    if call.function == Function::Naive {
        return Ok(());
    }
    let (policy, limit) = (&history.cores[call.core].policy, limit(history, run, requests));
    let read_between = |from: Duration, to: Duration| {
        let ended = all.iter().filter(|other| (from..=to).contains(&other.ended));
        ended
            .filter(|other| other.of == Of::List && other.outcome == Outcome::Good)
            .any(|other| other.call != run.call && history.calls[other.call].core == call.core)
    };
    for retry in retries(requests, &read_between) {
        let Retry { failed, next, nth } = &retry;
        let unknown = failed.of == Of::Create && matches!(failed.outcome, Outcome::Failed | Outcome::GivenUp);
        let least = match (failed.of, failed.outcome) {
            (Of::Create, _) if unknown && call.function == Function::Plain => Duration::MAX,
            (Of::Create, _) if unknown => MS * call.grace as u32,
            // The last poll is right before the deadline.
            (Of::Get, _) if limit.is_some_and(|limit| next.sent + 1100 * MS > limit) => Duration::ZERO,
            // So is the last look, where the server asks for a delay beyond it.
            (Of::List | Of::Me, Outcome::Limited(Some(_)))
                if limit.is_some_and(|limit| next.sent + 1100 * MS > limit) =>
            {
                policy.delay(*nth)
            }
            (_, Outcome::Limited(Some(asked))) if !hazards.on(Hazard::ShortRetryAfter) => asked,
            (Of::Get, outcome) => least(&POLLS, *nth, outcome),
            (_, outcome) => least(policy, *nth, outcome),
        };
        ensure(retry.delay() + INEXACT >= least, Rule::NotTooSoon, || {
            format!("call {} sent {:?} again after {:?} instead of {least:?}", run.call, next.of, retry.delay())
        })?;
    }
    Ok(())
}

fn least(policy: &Policy, nth: u32, outcome: Outcome) -> Duration {
    let asked = if let Outcome::Limited(Some(asked)) = outcome { asked } else { Duration::ZERO };
    policy.delay(nth).max(asked)
}

/// How many times a list may be read from its beginning in a search: at once, after 0.2, 0.4, 0.8 s and so on up to every
/// 5 s, and at the end of the grace period; where the policy has another multiplier than 2, by that one.
fn looks(grace: Duration, policy: &Policy) -> usize {
    let policy = Policy { initial: 200, max: 5_000, ..policy.clone() };
    let (mut at, mut looks) = (Duration::ZERO, 2);
    while at < grace {
        at += policy.delay(looks as u32 - 2);
        looks += 1;
    }
    looks
}

/// With C creates, F failed requests, G the looks in a grace period, R the records that there are, p what a page brings that is new, N
/// the records that others make meanwhile and k the number of keys, a run makes at most
///
/// C + F + k + C · G · (R / p + 3 + N)
///
/// requests beside its polls. (A record that comes in moves another one to the next page, which is read for it.) C and F are bounded by the time that it takes, since no retry comes too soon, which
/// `delays` sees to; with a policy of n attempts, C is n at most for a plain create.
fn number(history: &History, run: &Run, requests: &[&Request], records: usize) -> Result<(), Broken> {
    let call = &history.calls[run.call];
    let core = &history.cores[call.core];
    let count = |of: Of| requests.iter().filter(|request| request.of == of).count();
    let failed = requests.iter().filter(|request| request.outcome != Outcome::Good && request.of != Of::Create).count();
    let creates = count(Of::Create);
    let keys = core.keys.iter().collect::<HashSet<_>>().len();
    // Pages reach back into one another, and one that does not connect is read again from further up.
    let page = history.world.page as usize;
    let pages = records / (page - (page / 2).min(3)) + 3 + history.world.foreign.during as usize;
    // One look more where the caller tries again.
    let most = creates + failed + keys + (creates + 1) * looks(MS * call.grace as u32, &core.policy) * pages;
    let made = requests.len() - count(Of::Get);
    ensure(made <= most, Rule::NotTooMany, || {
        format!("call {} made {made} requests where {most} are allowed", run.call)
    })?;
    ensure(call.function != Function::Plain || creates <= core.policy.attempts as usize, Rule::NotTooMany, || {
        format!("call {} made {creates} creates where {} are allowed", run.call, core.policy.attempts)
    })
}

/// A retry that comes sooner than the policy's longest delay takes one from the budget, and a success gives back one at
/// most. So a core's calls make at most budget + successes such retries.
fn budget(history: &History, played: &Played) -> Result<(), Broken> {
    for (number, core) in history.cores.iter().enumerate() {
        let (mut soon, mut good, mut budgets) = (0, 0, 1);
        let mut begun = HashSet::new();
        for run in played.runs.iter().filter(|run| history.calls[run.call].core == number) {
            // Whoever tries again does so with a core of its own.
            budgets += usize::from(!begun.insert(run.call));
            let (from, to) = run.requests;
            let own = played.requests[from..to].iter().filter(|request| request.call == run.call);
            let requests: Vec<_> = own.collect();
            good += requests.iter().filter(|request| request.outcome == Outcome::Good).count();
            let longest = MS * core.policy.max as u32;
            let retries = retries(&requests, &|_, _| false);
            let retries = retries.iter().filter(|retry| retry.failed.of != Of::Get);
            soon += retries.filter(|retry| retry.delay() + INEXACT < longest).count();
        }
        ensure(soon <= core.budget as usize * budgets + good, Rule::Budget, || {
            format!("core {number} made {soon} retries with a budget of {} and {good} successes", core.budget)
        })?;
    }
    Ok(())
}

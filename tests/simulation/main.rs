//! Random histories against a model of the service: nothing is paid for twice, no id is lost or swapped, no call outlasts
//! its deadline, and none makes more requests than it may.
//!
//! Each history follows from one number. `SIMULATION_HISTORIES=1000000` plays that many, `SIMULATION_FROM=…` begins with
//! another number, and `SIMULATION_SEED=123` plays one and, with `-- --nocapture`, prints what happens in it.
//! `SIMULATION_HAZARDS` says what histories may hold (`hazards.rs`), and `SIMULATION_KEEP_GOING=1` counts what fails
//! instead of ending with the first.
#![cfg(feature = "full")]

mod checks;
mod hazards;
mod history;
mod model;
mod play;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use checks::{Broken, Rule, check};
use hazards::Hazards;
use history::{Function, History};
use play::play;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

/// What is broken in a history, if anything is.
fn broken(history: &History, hazards: Hazards) -> Option<Broken> {
    let played = catch_unwind(AssertUnwindSafe(|| check(history, &play(history, false), hazards)));
    match played {
        Ok(checked) => checked.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let what = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
            Some(Broken { rule: Rule::NoPanic, what })
        }
    }
}

/// The smallest history that can be found in which the same rule is broken.
fn shrunk(mut history: History, rule: Rule, hazards: Hazards) -> (History, Broken) {
    let mut found = broken(&history, hazards).expect("a history that repeats exactly");
    let mut tries = 0;
    'smaller: loop {
        for smaller in history.smaller() {
            tries += 1;
            if tries > 3000 {
                break 'smaller;
            }
            if let Some(again) = broken(&smaller, hazards).filter(|again| again.rule == rule) {
                (history, found) = (smaller, again);
                continue 'smaller;
            }
        }
        break;
    }
    (history, found)
}

fn report(history: History, hazards: Hazards) -> Option<Rule> {
    let first = broken(&history, hazards)?;
    let seed = history.seed;
    let (smallest, broken) = shrunk(history, first.rule, hazards);
    let log = catch_unwind(AssertUnwindSafe(|| play(&smallest, true).log)).unwrap_or_default();
    let named =
        std::env::var("SIMULATION_HAZARDS").map(|named| format!("SIMULATION_HAZARDS={named} ")).unwrap_or_default();
    println!("history {seed} breaks {:?}: {}", first.rule, first.what);
    println!("the smallest that does: {smallest}");
    println!("{}", log.join("\n"));
    println!("{:?}: {}", broken.rule, broken.what);
    println!("to repeat it: {named}SIMULATION_SEED={seed} cargo test --features full --test simulation -- --nocapture");
    Some(first.rule)
}

#[test]
fn money_ids_time_and_requests() {
    let hazards = Hazards::from_env();
    if let Some(seed) = number("SIMULATION_SEED") {
        let history = History::new(seed, hazards);
        println!("{history}");
        println!("{}", play(&history, true).log.join("\n"));
        assert_eq!(report(history, hazards), None);
        return;
    }
    let from = number("SIMULATION_FROM").unwrap_or(0);
    let end = from + number("SIMULATION_HISTORIES").unwrap_or(20_000);
    let keep_going = number("SIMULATION_KEEP_GOING") == Some(1);
    let (next, stop) = (AtomicU64::new(from), AtomicBool::new(false));
    let failed: Mutex<HashMap<Rule, (u64, u64)>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    if let Some(broken) = broken(&History::new(seed, hazards), hazards) {
                        let mut failed = failed.lock().unwrap();
                        let (count, first) = failed.entry(broken.rule).or_insert((0, seed));
                        (*count, *first) = (*count + 1, seed.min(*first));
                        stop.store(!keep_going, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    for (rule, (count, first)) in &failed {
        println!("{rule:?}: broken in {count} histories, among them {first}");
    }
    if let Some(first) = failed.values().map(|(_, first)| *first).min() {
        let rule = report(History::new(first, hazards), hazards);
        panic!("history {first} breaks {rule:?}; what happens in it is printed above");
    }
}

#[test]
fn histories_repeat_exactly() {
    let hazards = Hazards::from_env();
    for seed in 0..300 {
        let history = History::new(seed, hazards);
        assert_eq!(history, History::new(seed, hazards));
        let (first, second) = (play(&history, true).log, play(&history, true).log);
        let differ = first.iter().zip(&second).position(|(first, second)| first != second);
        assert_eq!(first, second, "history {seed} is another the second time, from line {differ:?} on");
    }
}

#[test]
fn a_client_that_repeats_blindly_is_found_out_and_the_history_made_small() {
    let hazards = Hazards::from_env();
    let naive = |seed| {
        let mut history = History::new(seed, hazards);
        history.calls.iter_mut().for_each(|call| call.function = Function::Naive);
        broken(&history, hazards).filter(|broken| broken.rule == Rule::PaidOnce).map(|_| history)
    };
    let found: Vec<_> = (0..40).filter_map(naive).collect();
    assert!(found.len() >= 10, "only {} of 40 are found out", found.len());
    let mut smaller = found[0].clone();
    smaller = shrunk(smaller, Rule::PaidOnce, hazards).0;
    assert!(smaller.calls.len() == 1 && smaller.faults.len() == 1, "{smaller}");
}

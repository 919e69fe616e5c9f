//! Creates generations on a service that fails, and reports what was paid for: `chaos [--creates N] [--faults PERCENT]
//! [--seeds N] [--concurrency N] [--late MS] [--grace MS] [--tolerance MS] [--default-delays] [--budget N]`.
//!
//! The emulator fails that many of all requests, the lookups included, about half of them after the work was done. Every
//! create goes through `image_create_generation_once`. A record appears in the list `--late` ms after the create, and
//! `--default-delays` leaves the delays between attempts as they are in a program that sets none. The exit status is 1 unless every create ended with an id, nothing
//! was charged twice and nothing was lost.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leonardo_ai::funcs::image_create_generation_once;
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{LeonardoCore, RetryBudget, RetryPolicy};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

struct Settings {
    creates: usize,
    faults: u8,
    seeds: u64,
    concurrency: usize,
    /// How late a record appears in the list.
    late: Duration,
    grace: Duration,
    tolerance: Duration,
    /// Between attempts.
    delays: RetryPolicy,
    /// How many retries all of them may make, before each waits the longest delay.
    budget: RetryBudget,
}

const USAGE: &str = "usage: chaos [--creates N] [--faults PERCENT] [--seeds N] [--concurrency N] [--late MS] [--grace MS] \
                     [--tolerance MS] [--default-delays] [--budget N]";

fn settings() -> Result<Settings, String> {
    // With the real service, the defaults of grace period and tolerance are right: the emulator has this machine's clock.
    let mut settings = Settings {
        creates: 2000,
        faults: 30,
        seeds: 1,
        concurrency: 64,
        late: Duration::ZERO,
        grace: Duration::from_millis(250),
        tolerance: Duration::from_secs(2),
        delays: RetryPolicy::default()
            .initial_backoff(Duration::from_millis(5))
            .max_backoff(Duration::from_millis(100)),
        budget: RetryBudget::default(),
    };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        if name == "--default-delays" {
            settings.delays = RetryPolicy::default();
            continue;
        }
        let value: u32 = rest.next().and_then(|value| value.parse().ok()).ok_or(format!("{name} needs a number"))?;
        let time = Duration::from_millis(value.into());
        match name.as_str() {
            "--budget" => settings.budget = RetryBudget::new(value),
            "--late" => settings.late = time,
            "--grace" => settings.grace = time,
            "--tolerance" => settings.tolerance = time,
            "--creates" => settings.creates = value as usize,
            "--faults" if value < 100 => settings.faults = value as u8,
            "--seeds" => settings.seeds = value.into(),
            "--concurrency" if value > 0 => settings.concurrency = value as usize,
            _ => return Err(format!("{name} {value} is not an option")),
        }
    }
    Ok(settings)
}

/// What goes wrong, with its weight: as often before the work as after it.
fn faults() -> Vec<(u32, Fault)> {
    vec![
        (4, Fault::ResetBeforeWork),
        (2, Fault::CloseBeforeWork),
        (2, Fault::StatusBefore(500)),
        (2, Fault::StatusBefore(503)),
        (1, Fault::StatusBefore(429)),
        (1, Fault::StallBeforeWork),
        (2, Fault::ResetAfterWork),
        (1, Fault::CloseAfterWork),
        (2, Fault::CutBody),
        (1, Fault::CutHeaders),
        (1, Fault::StatusAfter(500)),
        (1, Fault::StatusAfter(502)),
        (1, Fault::EmptyBody),
        (1, Fault::GarbageJson),
        (1, Fault::Html),
        (1, Fault::StallAfterWork),
    ]
}

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match settings() {
        Ok(settings) => settings,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    println!(
        "| seed | faults | creates | with an id | charges | extra charges | lost ids | requests failed | pages of the list | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut whole = true;
    for seed in 1..=settings.seeds {
        match run(&settings, seed).await {
            Ok(clean) => whole &= clean,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(settings: &Settings, seed: u64) -> Result<bool, Box<dyn Error>> {
    let plan = FaultPlan::random(seed, settings.faults, faults());
    let emulator = Emulator::builder().balance(1e9).record_delay(settings.late).faults(plan).start().await?;
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .timeout(Duration::from_millis(500))
        .retry(settings.delays.clone())
        .retry_budget(settings.budget.clone())
        .build()?;
    let started = Instant::now();
    let at_once = Arc::new(Semaphore::new(settings.concurrency));
    let mut calls = JoinSet::new();
    for number in 0..settings.creates {
        let (core, at_once) = (core.clone(), at_once.clone());
        let (grace, tolerance) = (settings.grace, settings.tolerance);
        calls.spawn(async move {
            let _permit = at_once.acquire_owned().await;
            let prompt = CreateGenerationRequest::new(format!("prompt {number}"));
            image_create_generation_once(&core, prompt).grace(grace).clock_tolerance(tolerance).await
        });
    }
    let mut ids = BTreeSet::new();
    while let Some(ended) = calls.join_next().await {
        match ended? {
            Ok(job) => _ = ids.insert(job.generation_id.into_string()),
            Err(error) => eprintln!("{error}"),
        }
    }
    let charged: BTreeSet<_> = emulator.charges().into_iter().map(|charge| charge.generation_id).collect();
    let extra = charged.len().saturating_sub(settings.creates);
    let lost = charged.difference(&ids).count();
    let failed: u64 = emulator.faults_injected().into_iter().map(|(_, count)| count).sum();
    let pages = emulator.requests().iter().filter(|request| request.path.contains("/generations/user/")).count();
    println!(
        "| {seed} | {} % | {} | {} | {} | {extra} | {lost} | {failed} | {pages} | {:.1} |",
        settings.faults,
        settings.creates,
        ids.len(),
        charged.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(ids.len() == settings.creates && extra == 0 && lost == 0 && ids == charged)
}

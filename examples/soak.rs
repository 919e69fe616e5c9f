//! Everything at once, for as long as wanted: `soak [--generations N] [--tasks N] [--seconds N] [--faults PERCENT]
//! [--creates-per-minute N] [--every SECONDS]`.
//!
//! Generations are created from many tasks, within limits and a spending limit, while requests fail and webhooks are lost
//! and doubled. The emulator runs in a process of its own, so that the memory is that of the client alone. Each minute a line
//! tells how far it is. The exit status is 1 unless all end, none was made twice, nothing was refused because of limits,
//! nothing stays reserved, and what was charged is what `core.spent()` says, to the last digit.

use std::collections::BTreeSet;
use std::error::Error;
use std::future::IntoFuture as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{FromRef, State};
use axum::routing::post;
use leonardo_ai::funcs::{image_generate, user_get_user_self};
use leonardo_ai::models::{Cost, CreateGenerationRequest};
use leonardo_ai::webhook::{Event, Receiver};
use leonardo_ai::{LeonardoCore, Limits, RetryBudget, RetryPolicy, SpendingLimit, reqwest};
use leonardo_ai_emulator::{Delivery, Emulator, Fault, FaultPlan, Limits as ServiceLimits, Plan};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

#[path = "common/child.rs"]
mod child;
#[path = "common/memory.rs"]
mod memory;
#[path = "common/options.rs"]
mod options;

const CALLBACK_KEY: &str = "of-the-emulator";
const BALANCE: &str = "1000";

#[derive(Clone, Copy)]
struct Settings {
    generations: u32,
    tasks: u32,
    seconds: u32,
    faults: u8,
    creates: u32,
    /// Seconds between two lines.
    every: u64,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new();
    let ended = runtime.map_err(Box::<dyn Error>::from).and_then(|runtime| runtime.block_on(run()));
    ended.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let defaults = [
        ("--generations", "5000"),
        ("--tasks", "64"),
        ("--seconds", "3"),
        ("--faults", "20"),
        ("--creates-per-minute", "100"),
        ("--every", "60"),
        ("--serve", ""),
    ];
    let [generations, tasks, seconds, faults, creates, every, serve] = options::options(defaults)?;
    let settings = Settings {
        generations: generations.parse()?,
        tasks: tasks.parse()?,
        seconds: seconds.parse()?,
        faults: faults.parse()?,
        creates: creates.parse()?,
        every: every.parse()?,
    };
    if serve.is_empty() { soak(settings).await } else { emulate(settings, &serve).await }
}

/// The emulator, until standard input ends.
async fn emulate(settings: Settings, webhook: &str) -> Result<ExitCode, Box<dyn Error>> {
    let mut limits = ServiceLimits::service();
    limits.creates_per_minute = Some(settings.creates);
    limits.requests_per_minute = Some(settings.creates.saturating_mul(20));
    // Of five webhooks one is lost and one comes twice.
    let deliveries = (0..settings.generations).map(|number| match number % 5 {
        0 => Delivery::Lost,
        1 => Delivery::Repeated(2),
        _ => Delivery::Once,
    });
    let faults = [
        Fault::ResetBeforeWork,
        Fault::ResetAfterWork,
        Fault::CloseBeforeWork,
        Fault::CloseAfterWork,
        Fault::CutBody,
        Fault::CutHeaders,
        Fault::StatusBefore(503),
        Fault::StatusAfter(500),
        Fault::Garbage,
        Fault::Html,
        Fault::EmptyBody,
    ];
    let plan = FaultPlan::random(7, settings.faults, faults.map(|fault| (1, fault)).into());
    let emulator = Emulator::builder()
        .plan(Plan::PayAsYouGo)
        .balance(BALANCE.parse()?)
        .generation_time(Duration::from_secs(settings.seconds.into()))
        .record_delay(Duration::from_millis(800))
        .limits(limits)
        .faults(plan.only(|_, path| !path.starts_with("/control")))
        .webhook(webhook, CALLBACK_KEY)
        .webhook_deliveries(deliveries)
        .control(true)
        .start()
        .await?;
    Ok(child::serve(emulator).await)
}

#[derive(Clone)]
struct Service {
    core: LeonardoCore,
    receiver: Receiver,
}

impl FromRef<Service> for Receiver {
    fn from_ref(service: &Service) -> Self {
        service.receiver.clone()
    }
}

async fn soak(settings: Settings) -> Result<ExitCode, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let Settings { generations, seconds, faults, creates, .. } = settings;
    let arguments = [
        ("--serve", format!("http://{}/webhook", listener.local_addr()?)),
        ("--generations", generations.to_string()),
        ("--seconds", seconds.to_string()),
        ("--faults", faults.to_string()),
        ("--creates-per-minute", creates.to_string()),
    ];
    let arguments: Vec<_> = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    let (_child, url, key) = child::start(&arguments).await?;
    let limits =
        Limits::default().creates_per_minute(settings.creates).requests_per_minute(settings.creates.saturating_mul(20));
    let spending = SpendingLimit::dollars(BALANCE).dollars_per_credit("0.0021");
    let core = LeonardoCore::builder()
        .bearer_auth(key)
        .server_url(&url)
        .limits(limits)
        .spending_limit(spending)
        .retry(RetryPolicy::default().max_attempts(100).max_elapsed(Duration::from_secs(3600)))
        .retry_budget(RetryBudget::unlimited())
        .build()?;
    let service = Service { core: core.clone(), receiver: Receiver::new([CALLBACK_KEY])? };
    let received = |State(service): State<Service>, event: Event| async move {
        service.core.notify_event(&event);
    };
    let routes = axum::Router::new().route("/webhook", post(received)).with_state(service);
    let _server = tokio::spawn(axum::serve(listener, routes).into_future());

    let before = balance(&core).await?;
    let started = Instant::now();
    let (next, done) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..settings.tasks {
        let (core, next, done) = (core.clone(), next.clone(), done.clone());
        tasks.spawn(async move {
            let (mut ids, mut errors) = (Vec::new(), Vec::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= settings.generations {
                    return (ids, errors);
                }
                let request = CreateGenerationRequest::new(format!("prompt {number}")).num_images(1);
                match image_generate(&core, request).deadline(None).await {
                    Ok(generated) => ids.push(generated.generation.id.to_string()),
                    Err(error) => errors.push(error.to_string()),
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    println!("| minutes | ended | wait for a turn | jobs that hold a place | spent and reserved | resident KiB |");
    println!("|---|---|---|---|---|---|");
    let mut tick = tokio::time::interval(Duration::from_secs(settings.every));
    let (mut ids, mut errors) = (Vec::new(), Vec::new());
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                Some(ended) => {
                    let (made, failed) = ended?;
                    ids.extend(made);
                    errors.extend(failed);
                }
                None => break,
            },
            _ = tick.tick() => line(&core, started, done.load(Ordering::Relaxed)).await?,
        }
    }
    line(&core, started, done.load(Ordering::Relaxed)).await?;
    let held = core.limits_in_use().await?;
    println!("Held at the end: {held:?}");
    report(&core, &url, before, settings, ids, errors).await
}

async fn line(core: &LeonardoCore, started: Instant, done: u32) -> Result<(), Box<dyn Error>> {
    let in_use = core.limits_in_use().await?;
    let jobs: u64 = in_use.jobs.iter().map(|(_, count)| count).sum();
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    println!(
        "| {minutes:.1} | {done} | {} | {jobs} | {} | {} |",
        in_use.waiting,
        core.spent(),
        memory::resident("VmRSS").map_or("?".into(), |kib| kib.to_string())
    );
    Ok(())
}

/// In ten-thousandths of a dollar, in which the emulator counts.
async fn balance(core: &LeonardoCore) -> Result<i64, Box<dyn Error>> {
    let balance = user_get_user_self(core).await?.api_paid_tokens.ok_or("the service tells no balance")?;
    #[allow(clippy::cast_possible_truncation, reason = "a balance is far below 2^53")]
    Ok((balance * 10_000.0).round() as i64)
}

async fn report(
    core: &LeonardoCore,
    url: &str,
    before: i64,
    settings: Settings,
    ids: Vec<String>,
    errors: Vec<String>,
) -> Result<ExitCode, Box<dyn Error>> {
    let control = |path: &str| format!("{}/control/{path}", url.trim_end_matches("/api/rest"));
    let client = reqwest::Client::new();
    let read = async |path: &str| -> Result<serde_json::Value, Box<dyn Error>> {
        Ok(serde_json::from_slice(&client.get(control(path)).send().await?.bytes().await?)?)
    };
    let charges = read("charges").await?;
    let charged: BTreeSet<_> =
        charges["charges"].as_array().into_iter().flatten().map(|charge| charge["generationId"].to_string()).collect();
    let charges = charges["charges"].as_array().map_or(0, Vec::len);
    let requests = read("requests").await?;
    let injected = read("faults").await?;
    let used = before - balance(core).await?;
    let spent = core.spent();
    let settled: Vec<_> = spent.settled.iter().map(Cost::to_string).collect();
    let exact = format!("{}.{:04}", used / 10_000, used % 10_000);
    let exact = exact.trim_end_matches('0').trim_end_matches('.');
    let distinct: BTreeSet<_> = ids.iter().collect();

    println!(
        "Ended with a generation: {} of {}, {} of them different",
        ids.len(),
        settings.generations,
        distinct.len()
    );
    for error in errors.iter().take(5) {
        println!("Failed: {error}");
    }
    println!("Charges: {charges}, of {} generations", charged.len());
    println!("Requests: {requests}; faults: {injected}");
    println!("Balance used: {exact} DOLLARS; settled: {}; reserved: {:?}", settled.join(" and "), spent.reserved);
    let holds = ids.len() == settings.generations as usize
        && distinct.len() == ids.len()
        && charges == ids.len()
        && requests["refusedByLimits"] == 0
        && spent.reserved.is_empty()
        && settled == [format!("{exact} DOLLARS")];
    println!("{}", if holds { "All of it holds." } else { "It does not hold." });
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! Waits for many generations at once, and reports the requests a minute and the memory that it takes: `waits
//! [--waits N] [--seconds N] [--polls N] [--server URL --key KEY]`.
//!
//! The emulator runs in a process of its own, so that the memory is that of the waits alone. With `--server` it is one
//! that was started before, with `--control --no-limits`, and its `--generation-time` counts instead of `--seconds`. The
//! exit status is 1 unless every wait ended with a complete generation, in less than 2000 requests a minute and 64 MiB.

use std::collections::VecDeque;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leonardo_ai::funcs::{image_create_generation, image_wait_for_generation};
use leonardo_ai::models::{CreateGenerationRequest, GenerationId, JobStatus};
use leonardo_ai::{LeonardoCore, reqwest};
use leonardo_ai_emulator::Emulator;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[path = "common/child.rs"]
mod child;
#[path = "common/memory.rs"]
mod memory;

const USAGE: &str = "usage: waits [--waits N] [--seconds N] [--polls N] [--server URL --key KEY]";
const MOST_REQUESTS: u64 = 2000;
const MOST_KIB: u64 = 64 * 1024;

struct Settings {
    waits: u32,
    /// How long a generation takes.
    seconds: u32,
    /// Polls a minute.
    polls: u32,
    server: Option<String>,
    key: Option<String>,
    /// Only runs the emulator.
    serve: bool,
}

fn settings() -> Result<Settings, String> {
    let mut settings = Settings { waits: 1000, seconds: 60, polls: 600, server: None, key: None, serve: false };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        if name == "--serve" {
            settings.serve = true;
            continue;
        }
        let value = rest.next().ok_or(format!("{name} needs a value"))?;
        let number = value.parse().map_err(|_| format!("{name} {value} is not an option"));
        match name.as_str() {
            "--waits" => settings.waits = number?,
            "--seconds" => settings.seconds = number?,
            "--polls" => settings.polls = number?,
            "--server" => settings.server = Some(value),
            "--key" => settings.key = Some(value),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    if settings.server.is_some() != settings.key.is_some() {
        return Err("--server and --key go together".into());
    }
    Ok(settings)
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
    let done = if settings.serve { serve(settings.seconds).await.map(|_| true) } else { run(settings).await };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The emulator, until standard input ends.
async fn serve(seconds: u32) -> Result<ExitCode, Box<dyn Error>> {
    let time = Duration::from_secs(seconds.into());
    Ok(child::serve(Emulator::builder().generation_time(time).balance(1e9).control(true).start().await?).await)
}

/// Creates so many generations, and tells when each was.
async fn created(core: &LeonardoCore, count: u32) -> Result<Vec<(GenerationId, Instant)>, Box<dyn Error>> {
    let at_once = Arc::new(Semaphore::new(32));
    let mut creates = JoinSet::new();
    for number in 0..count {
        let (core, at_once) = (core.clone(), at_once.clone());
        creates.spawn(async move {
            let _permit = at_once.acquire_owned().await;
            let job = image_create_generation(&core, CreateGenerationRequest::new(format!("prompt {number}"))).await;
            job.map(|job| (job.generation_id, Instant::now()))
        });
    }
    let mut ids = Vec::new();
    for made in creates.join_all().await {
        ids.push(made?);
    }
    Ok(ids)
}

async fn run(settings: Settings) -> Result<bool, Box<dyn Error>> {
    let (_child, url, key) = match (settings.server, settings.key) {
        (Some(url), Some(key)) => (None, url, key),
        _ => {
            let arguments = ["--serve", "--seconds", &settings.seconds.to_string()].map(str::to_owned);
            child::start(&arguments).await.map(|(child, url, key)| (Some(child), url, key))?
        }
    };
    let core = LeonardoCore::builder().bearer_auth(key).server_url(&url).polls_per_minute(settings.polls).build()?;

    let ids = created(&core, settings.waits).await?;

    let control = format!("{}/control/requests", url.trim_end_matches("/api/rest"));
    let client = reqwest::Client::new();
    let count = || async {
        let response = client.get(&control).send().await?.error_for_status()?.bytes().await?;
        let response: serde_json::Value = serde_json::from_slice(&response)?;
        response["count"].as_u64().ok_or_else(|| Box::<dyn Error>::from("the server does not tell its requests"))
    };
    let before = count().await?;
    let started = Instant::now();
    let mut waits = JoinSet::new();
    let time = Duration::from_secs(settings.seconds.into());
    for (id, created) in ids {
        let core = core.clone();
        waits.spawn(async move {
            let generation = image_wait_for_generation(&core, id).deadline(None).await;
            generation.map(|generation| (generation, created.elapsed().saturating_sub(time)))
        });
    }
    // From when a generation is complete to when that is reported.
    let mut late = Vec::new();
    // The counts of the last minute, one a second.
    let mut counts = VecDeque::from([before]);
    let (mut most, mut complete) = (0, 0);
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            ended = waits.join_next() => match ended {
                Some(ended) => {
                    let (generation, after) = ended??;
                    complete += u32::from(generation.status == JobStatus::Complete);
                    late.push(after);
                }
                None => break,
            },
            _ = second.tick() => {
                counts.push_back(count().await?);
                if counts.len() > 61 {
                    counts.pop_front();
                }
                most = most.max(counts[counts.len() - 1] - counts[0]);
            }
        }
    }
    let spent = started.elapsed().as_secs_f64();
    let requests = count().await? - before;
    let kib = memory::resident("VmHWM");
    late.sort();
    let share =
        |percent: usize| late.get((late.len() * percent / 100).min(late.len() - 1)).map_or(0.0, Duration::as_secs_f64);
    println!(
        "| waits | complete | polls a minute allowed | requests | most in a minute | seconds late, median | 99 of 100 | resident, at most | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    println!(
        "| {} | {complete} | {} | {requests} | {most} | {:.1} | {:.1} | {} | {spent:.0} |",
        settings.waits,
        settings.polls,
        share(50),
        share(99),
        kib.map_or("?".into(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0)),
    );
    Ok(complete == settings.waits && most < MOST_REQUESTS && kib.is_none_or(|kib| kib < MOST_KIB))
}

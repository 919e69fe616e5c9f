//! Compares the calls per second of 64 threads that wait for them with those of 64 tasks that await them, against the
//! emulator in a process of its own: `blocking_speed [--callers N] [--seconds N] [--rounds N] [--server URL --key KEY]`.
//!
//! The two take turns, and the median of the pairs counts. The exit status is 1 if the threads make fewer than 0.9 times
//! the calls of the tasks. Without the feature `blocking` only the tasks are measured, as they are in a build without it.

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::user_get_user_self;
use leonardo_ai_emulator::{Emulator, Limits};

#[path = "common/child.rs"]
mod child;
#[path = "common/options.rs"]
mod options;

const SERVE: &str = "--serve";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(SERVE) {
        return serve();
    }
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve() -> ExitCode {
    match Emulator::builder().limits(Limits::none()).start().await {
        Ok(emulator) => child::serve(emulator).await,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let [callers, seconds, rounds, server, key] = options::options([
        ("--callers", "64"),
        ("--seconds", "2"),
        ("--rounds", "9"),
        ("--server", ""),
        ("--key", ""),
    ])?;
    let (callers, rounds, time) = (callers.parse::<usize>()?, rounds.parse::<usize>()?, options::seconds(&seconds)?);
    if callers == 0 || rounds == 0 || time.is_zero() {
        return Err("--callers, --rounds and --seconds are at least 1".into());
    }
    if server.is_empty() != key.is_empty() {
        return Err("--server and --key go together".into());
    }
    // The emulator's process ends with this handle of it.
    let runtime = tokio::runtime::Runtime::new()?;
    let (_child, url, key) = if server.is_empty() {
        runtime.block_on(child::start(&[SERVE.to_owned()])).map(|(child, url, key)| (Some(child), url, key))?
    } else {
        (None, server, key)
    };
    let core = || LeonardoCore::builder().bearer_auth(&key).server_url(&url).build();
    measure(rounds, || tasks(&core()?, callers, time), || threads(&core()?, callers, time))
}

type Measured = Result<f64, Box<dyn Error>>;

fn measure(
    rounds: usize,
    tasks: impl Fn() -> Measured,
    threads: impl Fn() -> Measured,
) -> Result<bool, Box<dyn Error>> {
    let (mut awaited, mut waited, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Neither has the better place.
        let first = (round % 2 == 1 && cfg!(feature = "blocking")).then(&threads).transpose()?;
        let by_tasks = tasks()?;
        awaited.push(by_tasks);
        if cfg!(feature = "blocking") {
            let by_threads = first.map_or_else(&threads, Ok)?;
            waited.push(by_threads);
            ratios.push(by_threads / by_tasks);
        }
    }
    println!("| | calls per second, median | least | most |\n|---|---|---|---|");
    let row = |name: &str, rates: &mut Vec<f64>, digits: usize| {
        rates.sort_by(f64::total_cmp);
        let middle = rates.get(rates.len() / 2).copied();
        if let (Some(middle), Some(least), Some(most)) = (middle, rates.first(), rates.last()) {
            println!("| {name} | {middle:.digits$} | {least:.digits$} | {most:.digits$} |");
        }
        middle
    };
    row("tasks that await", &mut awaited, 0);
    row("threads that wait", &mut waited, 0);
    let ratio = row("ratio of a pair", &mut ratios, 3);
    Ok(ratio.is_none_or(|ratio| ratio >= 0.9))
}

/// What is counted: calls that ended in the time, after each caller had made one.
struct Counter {
    calls: AtomicU64,
    until: Instant,
}

impl Counter {
    fn new(time: Duration) -> Self {
        Self { calls: AtomicU64::new(0), until: Instant::now() + time }
    }

    fn goes_on(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Instant::now() < self.until
    }

    fn rate(self, time: Duration) -> f64 {
        self.calls.into_inner() as f64 / time.as_secs_f64()
    }
}

/// Calls per second of tasks, on as many threads as Tokio takes for a program.
#[tokio::main]
async fn tasks(core: &LeonardoCore, callers: usize, time: Duration) -> Measured {
    let counter = std::sync::Arc::new(Counter::new(time));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (core, counter) = (core.clone(), counter.clone());
        tasks.spawn(async move {
            while counter.goes_on() {
                user_get_user_self(&core).await?;
            }
            Ok::<_, leonardo_ai::Error>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(std::sync::Arc::into_inner(counter).ok_or("a task goes on")?.rate(time))
}

/// Calls per second of threads.
#[cfg(feature = "blocking")]
fn threads(core: &LeonardoCore, callers: usize, time: Duration) -> Measured {
    use leonardo_ai::Blocking as _;

    let counter = Counter::new(time);
    std::thread::scope(|scope| {
        let call = || {
            while counter.goes_on() {
                user_get_user_self(core).send_blocking()?;
            }
            Ok::<_, leonardo_ai::Error>(())
        };
        let threads: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?.map_err(Box::<dyn Error>::from))
    })?;
    Ok(counter.rate(time))
}

#[cfg(not(feature = "blocking"))]
fn threads(_: &LeonardoCore, _: usize, _: Duration) -> Measured {
    Err("the feature blocking is not there".into())
}

//! Compares the calls per second of 64 threads that wait for them with those of 64 tasks that await them, against the
//! emulator in a process of its own: `blocking_speed [--callers N] [--seconds N] [--rounds N] [--server URL --key KEY]`.
//!
//! The two take turns, and the median of the pairs counts. The exit status is 1 if the threads make fewer than 0.9 times
//! the calls of the tasks. Without the feature `blocking` only the tasks are measured, as they are in a build without it.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::user_get_user_self;
use leonardo_ai_emulator::{Emulator, Limits};

const USAGE: &str = "usage: blocking_speed [--callers N] [--seconds N] [--rounds N] [--server URL --key KEY]";

struct Settings {
    callers: usize,
    /// How long each measures before it is the other's turn.
    seconds: u64,
    rounds: usize,
    server: Option<String>,
    key: Option<String>,
    /// Only runs the emulator.
    serve: bool,
}

fn settings() -> Result<Settings, String> {
    let mut settings = Settings { callers: 64, seconds: 2, rounds: 9, server: None, key: None, serve: false };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        if name == "--serve" {
            settings.serve = true;
            continue;
        }
        let value = rest.next().ok_or(format!("{name} needs a value"))?;
        let number = value.parse::<usize>().ok().filter(|&number| number > 0);
        let number = number.ok_or(format!("{name} {value} is not an option"));
        match name.as_str() {
            "--callers" => settings.callers = number?,
            "--seconds" => settings.seconds = number? as u64,
            "--rounds" => settings.rounds = number?,
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

fn main() -> ExitCode {
    let settings = match settings() {
        Ok(settings) => settings,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = if settings.serve { serve().map(|()| true) } else { run(settings) };
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
#[tokio::main]
async fn serve() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::builder().limits(Limits::none()).start().await?;
    println!("{}\n{}", emulator.base_url(), emulator.key());
    tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await??;
    Ok(())
}

/// Starts this program as the emulator, which ends with this one's end of its input.
fn emulator() -> Result<(Child, String, String), Box<dyn Error>> {
    let mut child =
        Command::new(std::env::current_exe()?).arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("the emulator says nothing")?).lines();
    let url = lines.next().ok_or("the emulator did not start")??;
    let key = lines.next().ok_or("the emulator did not start")??;
    Ok((child, url, key))
}

fn run(settings: Settings) -> Result<bool, Box<dyn Error>> {
    let (child, url, key) = match (settings.server, settings.key) {
        (Some(url), Some(key)) => (None, url, key),
        _ => emulator().map(|(child, url, key)| (Some(child), url, key))?,
    };
    let core = || LeonardoCore::builder().bearer_auth(&key).server_url(&url).build();
    let time = Duration::from_secs(settings.seconds);
    let measured = measure(
        settings.rounds,
        || tasks(&core()?, settings.callers, time),
        || threads(&core()?, settings.callers, time),
    );
    if let Some(mut child) = child {
        drop(child.stdin.take());
        child.wait()?;
    }
    measured
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

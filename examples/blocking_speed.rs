//! Compares the calls per second of 64 threads that wait for them with those of 64 tasks that await them, against the
//! emulator in a process of its own: `blocking_speed [--calls me,create,get,list] [--latency SECONDS] [--callers N]
//! [--seconds N] [--rounds N]`.
//!
//! Every response takes the latency. Without any, which is the default, the time of the processor, which the emulator needs as
//! well, is all that limits the callers; the service takes far longer. The two take turns, and the median of the pairs
//! counts. The exit status is 1 if, of any of the calls, the threads make fewer than 0.9 times those of the tasks.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use leonardo_ai::funcs::{
    image_create_generation, image_get_generation_by_id, image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::models::{CreateGenerationRequest, GenerationId, GetGenerationsByUserIdRequest, UserId};
use leonardo_ai::{Blocking as _, LeonardoCore};
use leonardo_ai_emulator::{Emulator, Limits};

#[path = "common/child.rs"]
mod child;
#[path = "common/options.rs"]
mod options;

const SERVE: &str = "--serve";
/// How many generations there are before anything is measured, and how many a page of the list has at most.
const PAGE: u32 = 50;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(SERVE) {
        let latency = arguments.next().and_then(|latency| options::seconds(&latency).ok());
        return serve(latency.unwrap_or_default());
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
async fn serve(latency: Duration) -> ExitCode {
    let emulator = Emulator::builder().limits(Limits::none()).generation_time(Duration::ZERO).latency(latency);
    match emulator.start().await {
        Ok(emulator) => child::serve(emulator).await,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let [calls, latency, callers, seconds, rounds] = options::options([
        ("--calls", "me,create,get,list"),
        ("--latency", "0"),
        ("--callers", "64"),
        ("--seconds", "1"),
        ("--rounds", "15"),
    ])?;
    let (callers, rounds, time) = (callers.parse::<usize>()?, rounds.parse::<usize>()?, options::seconds(&seconds)?);
    if callers == 0 || rounds == 0 || time.is_zero() {
        return Err("--callers, --rounds and --seconds are at least 1".into());
    }
    // The emulator's process reads it, and could not say that it is none.
    options::seconds(&latency)?;
    println!("| call | tasks that await, calls per second | threads that wait | ratio of a pair | least | most |");
    println!("|---|---|---|---|---|---|");
    let mut is_fast = true;
    for call in calls.split(',') {
        // The emulator's process ends with this handle of it, and none has what another call has left behind.
        let runtime = tokio::runtime::Runtime::new()?;
        let (_child, url, key) = runtime.block_on(child::start(&[SERVE.to_owned(), latency.clone()]))?;
        let target = Target::new(call, &url, &key)?;
        let (mut awaited, mut waited, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            // Neither has the better place.
            let (by_tasks, by_threads) = if round % 2 == 0 {
                let by_tasks = tasks(&target, callers, time)?;
                (by_tasks, threads(&target, callers, time)?)
            } else {
                let by_threads = threads(&target, callers, time)?;
                (tasks(&target, callers, time)?, by_threads)
            };
            awaited.push(by_tasks);
            waited.push(by_threads);
            ratios.push(by_threads / by_tasks);
        }
        let (awaited, waited, ratio) = (median(&mut awaited), median(&mut waited), median(&mut ratios));
        let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
        println!("| {call} | {awaited:.0} | {waited:.0} | {ratio:.2} | {least:.2} | {most:.2} |");
        is_fast &= ratio >= 0.9;
    }
    Ok(is_fast)
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// What is called.
#[derive(Clone)]
struct Target {
    call: String,
    url: String,
    key: String,
    user: UserId,
    generation: GenerationId,
}

impl Target {
    fn new(call: &str, url: &str, key: &str) -> Result<Self, Box<dyn Error>> {
        if !["me", "create", "get", "list"].contains(&call) {
            return Err(format!("{call} is none of me, create, get and list").into());
        }
        let mut target =
            Self { call: call.into(), url: url.into(), key: key.into(), user: "".into(), generation: "".into() };
        let core = target.core()?;
        target.user = user_get_user_self(&core).send_blocking()?.user.ok_or("no user")?.id;
        for _ in 0..PAGE {
            target.generation = image_create_generation(&core, request()).send_blocking()?.generation_id;
        }
        Ok(target)
    }

    fn core(&self) -> Result<LeonardoCore, leonardo_ai::Error> {
        LeonardoCore::builder().bearer_auth(&self.key).server_url(&self.url).build()
    }

    async fn call(&self, core: &LeonardoCore) -> Result<(), leonardo_ai::Error> {
        match self.call.as_str() {
            "me" => user_get_user_self(core).await.map(drop),
            "create" => image_create_generation(core, request()).await.map(drop),
            "get" => image_get_generation_by_id(core, &self.generation).await.map(drop),
            _ => {
                let page = GetGenerationsByUserIdRequest::default().limit(PAGE);
                image_get_generations_by_user_id(core, &self.user, page).await.map(drop)
            }
        }
    }
}

fn request() -> CreateGenerationRequest {
    CreateGenerationRequest::new("a harbour in the morning").num_images(1).width(512_u32).height(512_u32)
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

type Measured = Result<f64, Box<dyn Error>>;

/// Calls per second of tasks, on as many threads as Tokio takes for a program.
#[tokio::main]
async fn tasks(target: &Target, callers: usize, time: Duration) -> Measured {
    let shared = Arc::new((target.clone(), target.core()?, Counter::new(time)));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let shared = shared.clone();
        tasks.spawn(async move {
            let (target, core, counter) = &*shared;
            while counter.goes_on() {
                target.call(core).await?;
            }
            Ok::<_, leonardo_ai::Error>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let (_, _, counter) = Arc::into_inner(shared).ok_or("a task goes on")?;
    Ok(counter.rate(time))
}

/// Calls per second of threads.
fn threads(target: &Target, callers: usize, time: Duration) -> Measured {
    let (core, counter) = (target.core()?, Counter::new(time));
    std::thread::scope(|scope| {
        let call = || {
            while counter.goes_on() {
                target.call(&core).send_blocking()?;
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

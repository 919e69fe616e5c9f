//! Plays one history: its calls, on Tokio's paused time, against the model of the service.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use leonardo_ai::funcs::{
    image_create_generation, image_create_generation_once, image_generate, image_wait_for_generation,
};
use leonardo_ai::models::{CostUnit, CreateGenerationRequest};
use leonardo_ai::{CreateOnce, Error, LeonardoCore, Limits, RetryBudget, RetryPolicy, SpendingLimit};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};

use super::history::{Call, Function, History, Policy};
use super::model::{BEGINNING, CALL, MODEL, Record, Request, Service, prompt};

const MS: Duration = Duration::from_millis(1);

/// Longer than any call may take, also one without a deadline.
const LIMIT: Duration = Duration::from_secs(86_400);

/// The delays between polls.
pub const POLLS: Policy = Policy { attempts: 1, initial: 1_000, max: 10_000, multiplier: 15 };

/// What came of a history.
pub struct Played {
    pub requests: Vec<Request>,
    pub records: Vec<Record>,
    pub runs: Vec<Run>,
    pub log: Vec<String>,
    /// What is left of each core's limits when all is over.
    pub left: Vec<Left>,
}

pub struct Left {
    /// How many calls wait for a turn.
    pub waiting: u64,
    /// How many creates are reserved for whose outcome is not known, and whether anything else is.
    pub unresolved: usize,
    pub reserved: bool,
    /// What was settled, in credits.
    pub settled: u64,
}

/// A call as the caller sees it: one of the crate's futures, from its first poll to its end.
#[derive(Debug)]
pub struct Run {
    pub call: usize,
    pub began: Duration,
    pub ended: Duration,
    /// The numbers of the requests that were sent meanwhile, by this and by other calls.
    pub requests: (usize, usize),
    pub end: Ended,
}

#[derive(Debug)]
pub enum Ended {
    Made(String),
    Failed {
        /// What `may_have_been_charged` says.
        charged: bool,
        /// The id in the error.
        id: Option<String>,
    },
    Dropped,
    /// It was still under way when everything else was over.
    Hung,
}

/// What the caller of a call has when it tries again.
struct Again {
    request: CreateGenerationRequest,
    sent_after: SystemTime,
    /// Whether the seed came from the crate.
    random: bool,
}

pub fn play(history: &History, logged: bool) -> Played {
    // Where random numbers come from a generator that can be set, they are the same each time.
    fastrand::seed(history.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = Arc::new(Player::new(history, logged));
        let ended: Vec<_> = history.calls.iter().map(|_| Arc::<Signal>::default()).collect();
        let mut tasks = Vec::new();
        for (number, call) in history.calls.iter().enumerate() {
            let before = call.after.map(|after| ended[after].clone());
            let (player, ended) = (world.clone(), ended[number].clone());
            tasks.push(tokio::spawn(CALL.scope(number, async move {
                if let Some(before) = before {
                    before.wait().await;
                }
                let at = MS * player.history.calls[number].at as u32;
                sleep(at.saturating_sub(player.now())).await;
                let runs = timeout(LIMIT, player.both(number)).await;
                ended.give();
                runs
            })));
        }
        let mut runs = Vec::new();
        for (call, task) in tasks.into_iter().enumerate() {
            match task.await {
                Ok(Ok(done)) => runs.extend(done),
                Ok(Err(_)) => {
                    let now = world.now();
                    runs.push(Run { call, began: now, ended: now, requests: (0, 0), end: Ended::Hung });
                }
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        let left = world.left().await;
        let mut state = world.service.lock();
        let (requests, records) = (std::mem::take(&mut state.requests), std::mem::take(&mut state.records));
        let log = state.take_log();
        Played { requests, records, runs, log, left }
    })
}

/// That a call has ended. It reaches those that wait in the order in which they came, which that of a `watch` does not.
#[derive(Default)]
struct Signal(AtomicBool, Notify);

impl Signal {
    async fn wait(&self) {
        if !self.0.load(Ordering::Relaxed) {
            self.1.notified().await;
        }
    }

    fn give(&self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.notify_waiters();
    }
}

struct Player {
    history: Arc<History>,
    service: Service,
    began: Instant,
    cores: Vec<LeonardoCore>,
    /// What each core may ask for and spend, also after a restart.
    limits: Vec<(Limits, SpendingLimit)>,
    /// A part of host names, so that what a process remembers of one history does not count in the next.
    number: u64,
}

impl Player {
    fn new(history: &History, logged: bool) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let history = Arc::new(history.clone());
        let service = Service::new(history.clone(), logged);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let limits = history.cores.iter().map(|core| {
            let limits = Limits::default().creates_per_minute(core.creates).jobs(1_000, 1_000);
            (limits, SpendingLimit::unlimited())
        });
        let limits = limits.collect();
        let mut player = Self { history, service, began: Instant::now(), cores: Vec::new(), limits, number };
        let cores = (0..player.history.cores.len()).map(|core| player.core(core, 0)).collect();
        player.cores = cores;
        player
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// A core of the history, in its own process or in one that was started `restarts` times since.
    fn core(&self, number: usize, restarts: usize) -> LeonardoCore {
        let core = &self.history.cores[number];
        // What a process shares between its calls, it shares by the name of the server.
        let host = format!("https://p{}r{restarts}.h{}.test", core.process, self.number);
        let policy = policy(&core.policy).max_attempts(core.policy.attempts).max_elapsed(Duration::MAX);
        let builder = LeonardoCore::builder().server_url(host).transport(self.service.clone()).retry(policy);
        let builder = builder.retry_budget(RetryBudget::new(core.budget)).timeout(MS * core.timeout as u32);
        let (history, began) = (self.history.clone(), self.began);
        let builder = builder.wall_clock(move || {
            let now = began.elapsed();
            let seconds = (BEGINNING + now).as_secs().saturating_add_signed(history.wall_off(now));
            SystemTime::UNIX_EPOCH + Duration::new(seconds, (BEGINNING + now).subsec_nanos())
        });
        let keys = core.keys.clone();
        let builder = if let [key] = keys[..] {
            builder.bearer_auth(format!("key-{key}"))
        } else {
            let asked = AtomicUsize::new(0);
            builder.bearer_auth_provider(move || {
                let key = keys[asked.fetch_add(1, Ordering::Relaxed) % keys.len()];
                async move { Ok::<_, std::convert::Infallible>(format!("key-{key}")) }
            })
        };
        if core.creates == 0 {
            return builder.build().unwrap();
        }
        let (limits, spending) = self.limits[number].clone();
        builder.limits(limits).spending_limit(spending).build().unwrap()
    }

    async fn left(&self) -> Vec<Left> {
        let mut left = Vec::new();
        for core in &self.cores {
            let spent = core.spent();
            let in_credits = spent.settled.iter().filter(|cost| cost.unit == CostUnit::Credits);
            left.push(Left {
                waiting: core.limits_in_use().await.unwrap().waiting,
                unresolved: spent.unresolved.len(),
                reserved: !spent.reserved.is_empty() && spent.unresolved.is_empty(),
                settled: in_credits.map(|cost| cost.amount.parse::<u64>().unwrap()).sum(),
            });
        }
        left
    }

    /// The call, and what its caller does after it did not end well.
    async fn both(&self, number: usize) -> Vec<Run> {
        let call = &self.history.calls[number];
        if self.history.cores[call.core].same_random {
            fastrand::seed(self.history.seed);
        }
        let (run, again) = self.run(number, &self.cores[call.core], None).await;
        let mut runs = vec![run];
        if let (Some(after), Some(again)) = (call.again, again) {
            // Whatever the first attempts made has appeared by then.
            sleep(MS * (after + call.grace) as u32).await;
            let core = self.core(call.core, 1);
            runs.push(self.run(number, &core, Some(again)).await.0);
        }
        runs
    }

    async fn run(&self, number: usize, core: &LeonardoCore, again: Option<Again>) -> (Run, Option<Again>) {
        let call = &self.history.calls[number];
        let first = self.service.lock().requests.len();
        let began = self.now();
        self.service.log(|| format!("call {number} begins, {:?} on core {}", call.function, call.core));
        let wall = SystemTime::UNIX_EPOCH + BEGINNING + began;
        let mut next = call.chosen.map(|_| Again { request: request(call), sent_after: wall, random: false });
        let dropped = call.dropped.filter(|_| again.is_none()).map(|after| MS * after as u32);
        let future = Unpolled::new(call.unpolled, Box::pin(self.called(number, core, again)));
        let ended = match dropped {
            Some(after) => timeout(after, future).await.ok(),
            None => Some(future.await),
        };
        let end = match ended {
            None => Ended::Dropped,
            Some(Ok(id)) => {
                next = None;
                Ended::Made(id)
            }
            Some(Err(failure)) => {
                let Failure { charged, id, text, unknown } = failure;
                self.service.log(|| format!("call {number}   {}", text.replace(core.server_url(), "SERVER")));
                next = unknown.map(|(body, sent_after)| Again {
                    request: serde_json::from_slice(&body).unwrap(),
                    sent_after,
                    random: call.chosen.is_none(),
                });
                Ended::Failed { charged, id }
            }
        };
        self.service.log(|| format!("call {number} ends: {end:?}"));
        let last = self.service.lock().requests.len();
        (Run { call: number, began, ended: self.now(), requests: (first, last), end }, next)
    }

    /// The functions under test.
    async fn called(&self, number: usize, core: &LeonardoCore, again: Option<Again>) -> Result<String, Failure> {
        let call = &self.history.calls[number];
        let deadline = call.deadline.map(|deadline| MS * deadline as u32);
        let grace = MS * call.grace as u32;
        let asked = again.as_ref().map_or_else(|| request(call), |again| again.request.clone());
        match call.function {
            Function::Once => {
                let once = image_create_generation_once(core, asked).grace(grace).deadline(deadline);
                Ok(with_new_setters(once, call, again.as_ref()).await?.generation_id.into_string())
            }
            Function::Generate => {
                let generate = image_generate(core, asked).grace(grace).deadline(deadline).poll_delays(policy(&POLLS));
                match generate.await {
                    Ok(generated) => {
                        assert_eq!(generated.job.generation_id, generated.generation.id);
                        Ok(generated.generation.id.into_string())
                    }
                    Err(error) => {
                        let (charged, text) = (error.may_have_been_charged(), error.to_string());
                        let id = error.id.map(|id| id.into_string());
                        Err(Failure { charged, id, text, unknown: None })
                    }
                }
            }
            Function::Plain => {
                let job = image_create_generation(core, asked).deadline(deadline).await?;
                let id = job.generation_id;
                let wait = image_wait_for_generation(core, &id).deadline(deadline).poll_delays(policy(&POLLS));
                if let Err(error) = wait.await {
                    assert_eq!(error.id.as_ref(), Some(&id));
                    let text = error.to_string();
                    return Err(Failure { charged: true, id: Some(id.into_string()), text, unknown: None });
                }
                Ok(id.into_string())
            }
            Function::Naive => loop {
                if let Ok(job) = image_create_generation(core, asked.clone()).deadline(deadline).await {
                    return Ok(job.generation_id.into_string());
                }
            },
        }
    }
}

/// `unique_seed` where the caller promises it, or where the crate drew the seed of an earlier call, and `look_first` where
/// the caller tries again.
fn with_new_setters(
    once: CreateOnce<CreateGenerationRequest>,
    call: &Call,
    again: Option<&Again>,
) -> CreateOnce<CreateGenerationRequest> {
    let once = once.unique_seed(call.unique || again.is_some_and(|again| again.random));
    match again {
        Some(again) => once.look_first(again.sent_after),
        None => once,
    }
}

fn request(call: &Call) -> CreateGenerationRequest {
    CreateGenerationRequest {
        seed: call.chosen,
        width: Some(call.size),
        height: Some(call.size),
        model_id: Some(MODEL.into()),
        ..CreateGenerationRequest::new(prompt(call))
    }
}

/// Without jitter, so that a history repeats exactly.
fn policy(policy: &Policy) -> RetryPolicy {
    RetryPolicy::default()
        .initial_backoff(MS * policy.initial as u32)
        .max_backoff(MS * policy.max as u32)
        .multiplier(policy.multiplier as f64 / 10.0)
        .jitter(0.0)
}

struct Failure {
    charged: bool,
    id: Option<String>,
    text: String,
    /// The request as it was sent, and when, if the outcome is unknown.
    unknown: Option<(Vec<u8>, SystemTime)>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (charged, text) = (error.may_have_been_charged(), error.to_string());
        let unknown = match error {
            Error::OutcomeUnknown(unknown) => Some((unknown.request.to_vec(), unknown.sent_at)),
            _ => None,
        };
        Self { charged, id: None, text, unknown }
    }
}

/// A future that is not polled for a while, as one is that its caller holds and does not look after.
struct Unpolled<F> {
    future: Pin<Box<F>>,
    rest: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<F> Unpolled<F> {
    fn new(rest: Option<(u64, u64)>, future: Pin<Box<F>>) -> Self {
        let rest = rest.map(|(from, time)| {
            let from = Instant::now() + MS * from as u32;
            (from, Box::pin(sleep_until(from + MS * time as u32)))
        });
        Self { future, rest }
    }
}

impl<F: Future> Future for Unpolled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if let Some((from, rest)) = &mut self.rest {
            if Instant::now() >= *from && rest.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
        self.future.as_mut().poll(context)
    }
}

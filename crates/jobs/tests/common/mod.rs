//! What the tests share: a ledger in a directory of its own, quick workers, and worker processes.

#![allow(dead_code, reason = "no test uses all of it")]

#[cfg(unix)]
pub mod process;
#[cfg(unix)]
pub mod server;
#[cfg(unix)]
pub mod troubles;

use std::collections::HashSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{LeonardoCore, RetryBudget, RetryPolicy};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use leonardo_ai_jobs::{Directory, Job, Jobs, Money, Settings, State, Submission, Worker};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const ACCOUNT: &str = "studio";

/// A directory with a database and a place for pictures.
pub struct Place {
    pub directory: TempDir,
    pub url: String,
}

impl Place {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("out")).unwrap();
        let url = format!("sqlite:{}", directory.path().join("jobs.sqlite").display());
        Self { directory, url }
    }

    pub fn out(&self) -> std::path::PathBuf {
        self.directory.path().join("out")
    }
}

/// Workers notice within three seconds that another is gone.
pub fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.heartbeat = Duration::from_secs(1);
    settings.missed_heartbeats = 2;
    settings.poll = Duration::from_millis(100);
    settings.max_age = Duration::from_secs(1);
    settings.create_timeout = Duration::from_secs(3);
    settings.grace = Duration::from_millis(800);
    settings.longest_delay = Duration::from_secs(1);
    settings
}

pub fn core(url: &str, key: &str) -> LeonardoCore {
    let delays =
        RetryPolicy::default().initial_backoff(Duration::from_millis(50)).max_backoff(Duration::from_millis(200));
    LeonardoCore::builder()
        .server_url(url)
        .bearer_auth(key)
        .retry(delays.clone().max_attempts(10))
        .poll_delays(delays)
        .retry_budget(RetryBudget::new(100_000))
        .build()
        .unwrap()
}

pub fn request(prompt: &str) -> CreateGenerationRequest {
    CreateGenerationRequest::new(prompt).num_images(1).width(64).height(64)
}

pub fn submissions(count: usize) -> Vec<Submission> {
    (0..count).map(|number| Submission::new(format!("key-{number}"), request(&format!("prompt {number}")))).collect()
}

/// A worker in this process, for the account [`ACCOUNT`].
pub struct Running {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    pub fn start(jobs: &Jobs, core: &LeonardoCore, out: &Path, settings: Settings) -> Self {
        let core = core.clone();
        Self::with_cores(jobs, move |_| Some(core.clone()), out, settings)
    }

    pub fn with_cores(
        jobs: &Jobs,
        cores: impl Fn(&str) -> Option<LeonardoCore> + Send + Sync + 'static,
        out: &Path,
        settings: Settings,
    ) -> Self {
        let worker = Worker::new(jobs, cores, Directory::new(out)).settings(settings);
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            worker.run(async move { drop(stopped.await) }).await.unwrap();
        });
        Self { stop, ended }
    }

    pub async fn stop(self) {
        drop(self.stop);
        self.ended.await.unwrap();
    }
}

/// Waits until it is so, and tells whether it was in time.
pub async fn within(limit: Duration, mut is_so: impl AsyncFnMut() -> bool) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < limit {
        if is_so().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

pub async fn count(jobs: &Jobs, state: State) -> u64 {
    jobs.status(ACCOUNT).await.unwrap().count(state)
}

/// A process with a worker: this test program again, with the test `worker_process` alone.
pub fn spawn(place: &Place, emulator: &Emulator) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker_process"])
        .env("JOBS_TEST_DATABASE", &place.url)
        .env("JOBS_TEST_OUT", place.out())
        .env("JOBS_TEST_SERVER", emulator.base_url())
        .env("JOBS_TEST_KEY", emulator.key())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// What such a process does. It ends when it is killed.
pub async fn worker_process() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let jobs = Jobs::connect(&variable("JOBS_TEST_DATABASE")).await.unwrap();
    let core = core(&variable("JOBS_TEST_SERVER"), &variable("JOBS_TEST_KEY"));
    let sink = Directory::new(variable("JOBS_TEST_OUT"));
    let worker = Worker::new(&jobs, move |_| Some(core.clone()), sink).settings(quick());
    worker.run(std::future::pending()).await.unwrap();
}

/// Which troubles come, and to how many prompts; a longer run has others, by hand.
pub fn seed_and_prompts() -> (u64, usize) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>().unwrap());
    (number("JOBS_TEST_SEED").unwrap_or(1).into(), number("JOBS_TEST_PROMPTS").unwrap_or(60) as usize)
}

pub fn faults(seed: u64) -> FaultPlan {
    let faults = [
        Fault::ResetBeforeWork,
        Fault::ResetAfterWork,
        Fault::CloseAfterWork,
        Fault::CutBody,
        Fault::CutHeaders,
        Fault::StatusBefore(503),
        Fault::StatusAfter(500),
        Fault::Garbage,
        Fault::EmptyBody,
    ];
    FaultPlan::random(seed, 30, faults.map(|fault| (1, fault)).into())
}

/// What must hold once all is done, whatever happened.
pub async fn check(jobs: &Jobs, emulator: &Emulator, count: usize) {
    let all: Vec<Job> = jobs.export().map(Result::unwrap).collect().await;
    let open: Vec<_> = all.iter().filter(|job| job.state != State::Done).collect();
    assert!(open.is_empty() && all.len() == count, "not done: {open:?}");
    let charges = emulator.charges();
    let seeds: HashSet<_> = charges.iter().map(|charge| charge.seed).collect();
    assert_eq!((charges.len(), seeds.len()), (count, count), "charged twice, or not at all");
    let paid: HashSet<_> = charges.iter().map(|charge| charge.generation_id.clone()).collect();
    for job in &all {
        assert!(paid.contains(job.generation.as_ref().unwrap().as_ref()));
        let [file] = &job.files[..] else { panic!("{job:?}") };
        let bytes = std::fs::read(file).unwrap();
        // A whole JPEG file, from its first marker to its last.
        assert!(bytes.starts_with(&[0xff, 0xd8]) && bytes.ends_with(&[0xff, 0xd9]), "{file} is not whole");
    }
    let status = jobs.status(ACCOUNT).await.unwrap();
    assert_eq!((status.held, status.reserved), (0, Money::default()));
    assert_eq!(emulator.refused_by_limits(), 0);
}

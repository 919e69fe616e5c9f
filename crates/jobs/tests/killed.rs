//! Workers are killed, stopped and woken, while requests fail: every prompt is paid for once, and none is lost.

mod common;

use std::collections::HashSet;
use std::process::Child;
use std::time::{Duration, Instant};

use common::{ACCOUNT, Place, spawn, submissions};
use futures_util::StreamExt as _;
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan, Limits};
use leonardo_ai_jobs::{Account, Job, Jobs, Money, State};

/// Not a test: what the processes do that the others start.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "started by the other tests"]
async fn worker_process() {
    common::worker_process().await;
}

/// A process that is killed when its test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn faults(seed: u64) -> FaultPlan {
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
async fn check(jobs: &Jobs, emulator: &Emulator, count: usize) {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_prompt_is_paid_for_once_whoever_is_killed() {
    const PROMPTS: usize = 40;
    let mut limits = Limits::none();
    (limits.pending_jobs, limits.creates_per_minute) = (Some(6), Some(90));
    let emulator = Emulator::builder().generation_time(Duration::from_millis(300)).limits(limits).faults(faults(11));
    let (place, emulator) = (Place::new(), emulator.start().await.unwrap());
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT).jobs(6).creates_per_minute(90)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(PROMPTS)).await.unwrap();

    let start = || Process(spawn(&place, &emulator));
    let mut workers = [start(), start(), start()];
    let (begin, mut killed) = (Instant::now(), 0_usize);
    while !jobs.is_idle().await.unwrap() {
        assert!(begin.elapsed() < Duration::from_secs(55), "{:?}", jobs.status(ACCOUNT).await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Each in turn, in an order that is not theirs. After a while they may finish.
        if begin.elapsed() < Duration::from_secs(25) {
            workers[killed * 7 % 5 % 3] = start();
            killed += 1;
        }
    }
    println!("{killed} killed in {:?}; creates: {}", begin.elapsed(), emulator.faults_injected().len());
    assert!(killed >= 3);
    check(&jobs, &emulator, PROMPTS).await;
}

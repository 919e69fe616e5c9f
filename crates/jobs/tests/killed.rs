//! Workers are killed, stopped and woken, while requests fail: every prompt is paid for once, and none is lost.

#![cfg(unix)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::process::Process;
use common::troubles::troubles;
use common::{ACCOUNT, Place, Running, check, core, count, faults, quick, spawn, submissions, within};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use leonardo_ai::LeonardoCore;
use leonardo_ai::models::Generation;
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use leonardo_ai_jobs::{Account, Job, Jobs, Sink, SinkError, State, Worker};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Not a test: what the processes do that the others start.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn worker_process() {
    // Without an address it is run among the tests, and has nothing to do.
    if std::env::var_os("JOBS_TEST_DATABASE").is_some() {
        common::worker_process().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_prompt_is_paid_for_once_whoever_is_killed() {
    troubles(&Place::new(), common::seed_and_prompts(), |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_stopped_and_woken_sends_nothing_again() {
    const PROMPTS: usize = 16;
    let emulator = Emulator::builder().generation_time(Duration::from_millis(300)).faults(faults(5));
    let (place, emulator) = (Place::new(), emulator.start().await.unwrap());
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT).jobs(6)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(PROMPTS)).await.unwrap();
    let first = Process(spawn(&place, &emulator));
    // In the midst of its work.
    assert!(within(Duration::from_secs(20), async || !emulator.charges().is_empty()).await);
    loop {
        first.signal("-STOP");
        // In the midst of a transaction it would hold the lock of the file, which nobody can take from it.
        if tokio::time::timeout(Duration::from_secs(2), jobs.notify("nothing")).await.is_ok() {
            break;
        }
        first.signal("-CONT");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert!(count(&jobs, State::Done).await < PROMPTS as u64);
    let second = Process(spawn(&place, &emulator));
    let done = within(Duration::from_secs(40), async || jobs.is_idle().await.unwrap()).await;
    assert!(done, "{:?}", jobs.status(ACCOUNT).await);
    first.signal("-CONT");
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop((first, second));
    check(&jobs, &emulator, PROMPTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_that_was_sent_by_a_dead_worker_is_found_by_its_seed() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(100));
    // The work is done, and its worker never learns of it.
    let stalls = FaultPlan::sequence([Fault::StallAfterWork]).on_method("POST");
    let (place, emulator) = (Place::new(), emulator.faults(stalls).start().await.unwrap());
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    let ids = jobs.submit(ACCOUNT, &submissions(1)).await.unwrap();
    let first = Process(spawn(&place, &emulator));
    assert!(within(Duration::from_secs(20), async || !emulator.charges().is_empty()).await);
    assert_eq!(jobs.job(ids[0]).await.unwrap().state, State::Sent);
    drop(first);
    let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
    assert!(within(Duration::from_secs(30), async || jobs.is_idle().await.unwrap()).await);
    worker.stop().await;
    check(&jobs, &emulator, 1).await;
    assert_eq!(jobs.job(ids[0]).await.unwrap().epoch, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_told_to_stop_hands_back_what_it_has() {
    const PROMPTS: usize = 8;
    let emulator = Emulator::builder().generation_time(Duration::from_secs(3));
    let (place, emulator) = (Place::new(), emulator.start().await.unwrap());
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(PROMPTS)).await.unwrap();
    let core = core(&emulator.base_url(), emulator.key());
    let worker = Running::start(&jobs, &core, &place.out(), quick());
    assert!(within(Duration::from_secs(20), async || emulator.charges().len() == PROMPTS).await);
    let asked = Instant::now();
    worker.stop().await;
    assert!(asked.elapsed() < Duration::from_millis(2500), "it waited for generations: {:?}", asked.elapsed());
    let left: Vec<Job> = jobs.export().map(Result::unwrap).collect().await;
    assert!(left.iter().all(|job| job.owner.is_none() && job.state == State::Created), "{left:?}");
    // Another has them at once, and not when a heartbeat is missed.
    let taken = Instant::now();
    let mut patient = quick();
    (patient.heartbeat, patient.missed_heartbeats) = (Duration::from_secs(1), 60);
    let worker = Running::start(&jobs, &core, &place.out(), patient);
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await);
    assert!(taken.elapsed() < Duration::from_secs(15));
    worker.stop().await;
    check(&jobs, &emulator, PROMPTS).await;
}

/// Hands connections on to the emulator, and holds the first create back until it is told: as if its worker had been
/// stopped between the ledger's word and the first byte, for longer than anybody waits.
async fn late_door(to: &str) -> (String, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = to.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let url = to.replace(&host, &listener.local_addr().unwrap().to_string());
    let (release, is_first) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(true)));
    let released = release.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (host, released, is_first) = (host.clone(), released.clone(), is_first.clone());
            tokio::spawn(async move {
                // Requests are short, and come at once.
                let mut head = vec![0; 65_536];
                tokio::time::sleep(Duration::from_millis(20)).await;
                let length = client.read(&mut head).await.unwrap_or(0);
                let line = head.windows(2).position(|bytes| bytes == b"\r\n").unwrap_or(0);
                // Each request has a connection of its own, so that none passes unseen.
                let request = [&head[..line], b"\r\nconnection: close", &head[line..length]].concat();
                let mut server = TcpStream::connect(host).await.unwrap();
                let is_create = head.starts_with(b"POST");
                if is_create && is_first.swap(false, Ordering::Relaxed) {
                    released.notified().await;
                    // Its client is long gone.
                    server.write_all(&request).await.unwrap();
                    let _ = server.read(&mut head).await;
                    return;
                }
                server.write_all(&request).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (url, release)
}

/// The links lead past the door, so they are not followed.
struct Nowhere;

impl Sink for Nowhere {
    fn store<'a>(
        &'a self,
        _: &'a LeonardoCore,
        _: &'a Job,
        _: &'a Generation,
    ) -> BoxFuture<'a, Result<Vec<String>, SinkError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// The window that remains, and what it costs: nothing can take a request back that left before the ledger's word was old,
/// and arrived after everybody had stopped looking for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_that_arrives_after_everything_is_paid_for_as_well() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(100)).start().await.unwrap();
    let place = Place::new();
    let (url, release) = late_door(&emulator.base_url()).await;
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(1)).await.unwrap();
    let core = core(&url, emulator.key());
    let worker = Worker::new(&jobs, move |_| Some(core.clone()), Nowhere).settings(quick());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async move { drop(stopped.await) }));
    let is_done = within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await;
    assert!(is_done, "{:?}", jobs.job(1).await);
    drop(stop);
    running.await.unwrap().unwrap();
    assert_eq!((count(&jobs, State::Done).await, emulator.charges().len()), (1, 1));
    release.notify_one();
    assert!(within(Duration::from_secs(5), async || emulator.charges().len() == 2).await);
    // It can be told afterwards: both have the job's seed, and the ledger has the other's id.
    let charges = emulator.charges();
    assert_eq!(charges[0].seed, charges[1].seed);
    assert_ne!(charges[0].generation_id, charges[1].generation_id);
}

//! Many waits at once: one of them reads the account's list for all.

use std::collections::BTreeSet;
use std::future::IntoFuture as _;
use std::time::{Duration, Instant};

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{LeonardoCore, RetryPolicy, WaitErrorReason};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use tokio::task::JoinSet;

const MS: Duration = Duration::from_millis(1);

fn core(emulator: &Emulator) -> LeonardoCore {
    LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .poll_delays(RetryPolicy::default().initial_backoff(50 * MS).max_backoff(200 * MS))
        .timeout(500 * MS)
        .polls_per_minute(60_000)
        .build()
        .unwrap()
}

async fn started(time: Duration) -> (Emulator, LeonardoCore) {
    let emulator = Emulator::builder().generation_time(time).start().await.unwrap();
    let core = core(&emulator);
    (emulator, core)
}

async fn created(core: &LeonardoCore, count: u32) -> Vec<GenerationId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let request = CreateGenerationRequest::new(format!("prompt {number}")).num_images(1);
        ids.push(image_create_generation(core, request).await.unwrap().generation_id);
    }
    ids
}

/// The requests since, by what they read.
fn reads(emulator: &Emulator, since: usize) -> (usize, usize) {
    let requests = &emulator.requests()[since..];
    let of_list = requests.iter().filter(|request| request.path.contains("/generations/user/")).count();
    let by_id = requests.iter().filter(|request| request.path.contains("/generations/")).count() - of_list;
    (of_list, by_id)
}

async fn all(core: &LeonardoCore, ids: &[GenerationId]) -> BTreeSet<GenerationId> {
    let mut waits = JoinSet::new();
    for id in ids {
        waits.spawn(image_wait_for_generation(core, id).into_future());
    }
    waits.join_all().await.into_iter().map(|generation| generation.unwrap().id).collect()
}

#[tokio::test]
async fn many_waits_read_the_list_and_few_poll_for_themselves() {
    let (emulator, core) = started(1500 * MS).await;
    let ids = created(&core, 60).await;
    let before = emulator.requests().len();
    let began = Instant::now();
    assert_eq!(all(&core, &ids).await, ids.iter().cloned().collect());
    let (of_list, by_id) = reads(&emulator, before);
    // Two pages a round, and a round every 2 s; the last few waits poll for themselves.
    assert!((2..=10).contains(&of_list) && by_id < 30, "{of_list} pages, {by_id} by id in {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let (emulator, core) = started(500 * MS).await;
    let ids = created(&core, 4).await;
    let before = emulator.requests().len();
    all(&core, &ids).await;
    assert_eq!(reads(&emulator, before).0, 0);
}

#[tokio::test]
async fn creates_that_wait_share_the_list_too_and_tell_their_steps() {
    let (emulator, core) = started(1200 * MS).await;
    let mut made = JoinSet::new();
    for number in 0..30 {
        let core = core.clone();
        made.spawn(async move {
            let request = CreateGenerationRequest::new(format!("prompt {number}")).num_images(1);
            image_generate(&core, request).await.unwrap().generation.id
        });
    }
    let ids: BTreeSet<_> = made.join_all().await.into_iter().collect();
    let (of_list, by_id) = reads(&emulator, 0);
    assert_eq!((ids.len(), emulator.charges().len()), (30, 30));
    assert!(of_list > 0 && by_id < 40, "{of_list} {by_id}");
}

#[tokio::test]
async fn whoever_leads_may_leave() {
    let (_emulator, core) = started(2500 * MS).await;
    let ids = created(&core, 40).await;
    let mut waits = JoinSet::new();
    for (number, id) in ids.iter().enumerate() {
        let wait = image_wait_for_generation(&core, id).into_future();
        // Most are dropped, one after the other, and among them whoever leads at that time.
        let left = if number < 28 { Duration::from_millis(60 * number as u64) } else { Duration::from_secs(30) };
        waits.spawn(async move { tokio::time::timeout(left, wait).await });
    }
    let ended: Vec<_> = waits.join_all().await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 12);
}

#[tokio::test]
async fn what_the_list_does_not_show_is_polled_by_id() {
    let (emulator, core) = started(700 * MS).await;
    let ids = created(&core, 12).await;
    for id in &ids[..3] {
        image_delete_generation_by_id(&core, id).await.unwrap();
    }
    let mut waits = JoinSet::new();
    for id in ids {
        waits.spawn(image_wait_for_generation(&core, id).appear_within(100 * MS).into_future());
    }
    let ended = waits.join_all().await;
    let gone = ended.iter().filter(|ended| ended.as_ref().is_err_and(|error| error.is_not_found())).count();
    assert_eq!((gone, ended.iter().filter(|ended| ended.is_ok()).count()), (3, 9));
    assert!(reads(&emulator, 0).0 > 0);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_leaves_each_to_itself() {
    for (fault, over) in [(Fault::StatusBefore(403), false), (Fault::StatusBefore(503), true)] {
        let (emulator, core) = started(600 * MS).await;
        let ids = created(&core, 20).await;
        emulator.set_faults(FaultPlan::always(fault.clone()).only(|_, path| path.ends_with("/me")));
        if over {
            let emulator = &emulator;
            let (ended, ()) = tokio::join!(all(&core, &ids), async {
                tokio::time::sleep(300 * MS).await;
                emulator.set_faults(FaultPlan::none());
            });
            assert_eq!(ended.len(), 20, "{fault:?}");
        } else {
            assert_eq!(all(&core, &ids).await.len(), 20, "{fault:?}");
            assert!(reads(&emulator, 0).1 >= 20, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_fails_again_and_again_leaves_each_to_itself() {
    for path in ["/me", "/generations/user/"] {
        let (emulator, core) = started(300 * MS).await;
        let ids = created(&core, 20).await;
        let fails = FaultPlan::always(Fault::StatusBefore(503));
        emulator.set_faults(fails.only(move |_, asked| asked.contains(path)));
        assert_eq!(all(&core, &ids).await.len(), 20, "{path}");
        assert!(reads(&emulator, 0).1 >= 20, "{path}");
    }
}

#[tokio::test]
async fn deadlines_wakes_and_failures_are_each_wait_s_own() {
    let (emulator, core) = started(5000 * MS).await;
    let mut ids = created(&core, 12).await;
    let failing = CreateGenerationRequest::new("fail this slow 200ms").num_images(1);
    ids.push(image_create_generation(&core, failing).await.unwrap().generation_id);
    let mut rest = JoinSet::new();
    for id in &ids[..11] {
        rest.spawn(image_wait_for_generation(&core, id).into_future());
    }
    let began = Instant::now();
    let late = image_wait_for_generation(&core, &ids[11]).deadline(400 * MS);
    let failed = image_wait_for_generation(&core, &ids[12]);
    let (late, failed) = tokio::join!(late.into_future(), failed.into_future());
    assert!(matches!(late.unwrap_err().reason, WaitErrorReason::Deadline { .. }));
    assert!(matches!(failed.unwrap_err().reason, WaitErrorReason::Failed(_)) && began.elapsed() < 4900 * MS);
    // Woken, it looks by itself at once.
    let before = emulator.requests().len();
    let wait = image_wait_for_generation(&core, &ids[11]).deadline(1000 * MS);
    let waker = wait.waker();
    let waiting = tokio::spawn(wait.into_future());
    tokio::time::sleep(100 * MS).await;
    waker.wake();
    tokio::time::sleep(200 * MS).await;
    assert_eq!(reads(&emulator, before).1, 1);
    waiting.abort();
    assert_eq!(rest.join_all().await.iter().filter(|ended| ended.is_ok()).count(), 11);
}

#[tokio::test]
async fn several_waits_for_one_generation_all_end() {
    let (_emulator, core) = started(600 * MS).await;
    let id = created(&core, 1).await.remove(0);
    let mut waits = JoinSet::new();
    for _ in 0..12 {
        waits.spawn(image_wait_for_generation(&core, &id).into_future());
    }
    assert!(waits.join_all().await.into_iter().all(|ended| ended.unwrap().id == id));
}

#[tokio::test]
async fn faults_are_survived() {
    let (emulator, core) = started(1000 * MS).await;
    let ids = created(&core, 40).await;
    let faults = [Fault::ResetAfterWork, Fault::CutBody, Fault::Html, Fault::StatusBefore(503), Fault::StallAfterWork];
    emulator.set_faults(FaultPlan::random(5, 50, faults.map(|fault| (1, fault)).to_vec()));
    assert_eq!(all(&core, &ids).await.len(), 40);
}

#[tokio::test]
async fn with_a_provider_of_keys_each_polls_for_itself() {
    let (emulator, fixed) = started(300 * MS).await;
    let ids = created(&fixed, 12).await;
    let key = emulator.key().to_owned();
    let core = LeonardoCore::builder()
        .bearer_auth_provider(move || std::future::ready(Ok::<_, std::io::Error>(key.clone())))
        .server_url(emulator.base_url())
        .polls_per_minute(60_000)
        .build()
        .unwrap();
    let before = emulator.requests().len();
    assert_eq!(all(&core, &ids).await.len(), 12);
    assert_eq!(reads(&emulator, before).0, 0);
}

//! `image_create_generation_once`: exactly one generation, or certainty that there is none.

use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leonardo_ai::funcs::{image_create_generation, image_create_generation_once};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{ApiErrorKind, CreateOnce, Error, LeonardoCore, Retry, RetryPolicy};
use leonardo_ai_emulator::{Emulator, EmulatorBuilder, Fault, FaultPlan};

const MS: Duration = Duration::from_millis(1);

fn core(emulator: &Emulator) -> LeonardoCore {
    LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .timeout(400 * MS)
        .min_time_for_billable(MS)
        .build()
        .unwrap()
}

async fn start(builder: EmulatorBuilder) -> (Emulator, LeonardoCore) {
    let emulator = builder.start().await.unwrap();
    let core = core(&emulator);
    (emulator, core)
}

fn request(prompt: &str) -> CreateGenerationRequest {
    CreateGenerationRequest { num_images: Some(1), ..CreateGenerationRequest::new(prompt) }
}

fn once(core: &LeonardoCore, prompt: &str) -> CreateOnce<CreateGenerationRequest> {
    image_create_generation_once(core, request(prompt)).grace(300 * MS)
}

fn creates(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.method == "POST").count()
}

fn asked_for_user(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.path.ends_with("/me")).count()
}

/// All that leaves the outcome unknown although the work was done.
fn after_the_work() -> Vec<Fault> {
    vec![
        Fault::ResetAfterWork,
        Fault::CloseAfterWork,
        Fault::CutBody,
        Fault::CutHeaders,
        Fault::StallAfterWork,
        Fault::StallBody,
        Fault::EndlessHeaders,
        Fault::StatusAfter(500),
        Fault::StatusAfter(502),
        Fault::StatusAfter(503),
        Fault::StatusAfter(504),
        Fault::StatusAfter(408),
        Fault::Garbage,
        Fault::GarbageJson,
        Fault::Html,
        Fault::EmptyBody,
    ]
}

/// All that leaves the outcome unknown although the work was not done.
fn before_the_work() -> Vec<Fault> {
    vec![
        Fault::ResetBeforeWork,
        Fault::CloseBeforeWork,
        Fault::StallBeforeWork,
        Fault::StatusBefore(500),
        Fault::StatusBefore(502),
        Fault::StatusBefore(503),
        Fault::Redirect("http://127.0.0.1:1/".into()),
    ]
}

#[tokio::test]
async fn without_faults_it_costs_one_request_and_picks_a_seed() {
    let (emulator, core) = start(Emulator::builder()).await;
    let job = once(&core, "a pier").await.unwrap();
    assert_eq!(emulator.requests().len(), 1);
    let charges = emulator.charges();
    assert_eq!((charges.len(), charges[0].generation_id.as_str()), (1, job.generation_id.as_str()));
    assert!(job.cost.is_some());
    let other = once(&core, "a pier").await.unwrap();
    assert_ne!(other.generation_id, job.generation_id);
    let charges = emulator.charges();
    assert_ne!(charges[0].seed, charges[1].seed, "both calls chose the same seed");
}

#[tokio::test]
async fn work_that_was_done_is_found_and_not_paid_for_again() {
    for fault in after_the_work() {
        let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([fault.clone()]))).await;
        let job = once(&core, "a pier").await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let charges = emulator.charges();
        assert_eq!(charges.len(), 1, "{fault:?}");
        assert_eq!(charges[0].generation_id, job.generation_id.as_str(), "{fault:?}");
        assert_eq!((creates(&emulator), asked_for_user(&emulator)), (1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn work_that_was_not_done_is_done_after_the_grace_period() {
    for fault in before_the_work() {
        let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([fault.clone()]))).await;
        let job = once(&core, "a pier").await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let charges = emulator.charges();
        assert_eq!((charges.len(), creates(&emulator)), (1, 2), "{fault:?}");
        assert_eq!(charges[0].generation_id, job.generation_id.as_str(), "{fault:?}");
    }
}

#[tokio::test]
async fn the_time_of_the_search_counts_towards_the_delay_before_the_next_create() {
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([Fault::ResetBeforeWork]))).await;
    let delays = Arc::new(Mutex::new(Vec::new()));
    let told = delays.clone();
    let tell = move |retry: &Retry| {
        if retry.operation == "image_create_generation" {
            told.lock().unwrap().push(retry.next_in);
        }
    };
    // The delays of this core are at most 10 ms, and the search takes 300 ms.
    once(&core, "a pier").on_retry(tell).await.unwrap();
    assert_eq!((creates(&emulator), &delays.lock().unwrap()[..]), (2, &[Duration::ZERO][..]));
}

#[tokio::test]
async fn a_record_that_appears_late_is_waited_for() {
    let (emulator, core) =
        start(Emulator::builder().record_delay(500 * MS).faults(FaultPlan::sequence([Fault::ResetAfterWork]))).await;
    let job = once(&core, "a pier").grace(Duration::from_secs(20)).await.unwrap();
    assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 1));
    assert_eq!(emulator.charges()[0].generation_id, job.generation_id.as_str());
}

#[tokio::test]
async fn the_service_s_clock_may_be_wrong() {
    for skew in [-3_600_000, 3_600_000] {
        let (emulator, core) =
            start(Emulator::builder().clock_skew(skew).faults(FaultPlan::sequence([Fault::ResetAfterWork]))).await;
        let made = once(&core, "a pier").await;
        assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 1), "{skew} ms");
        let id = &emulator.charges()[0].generation_id;
        match made {
            Ok(job) => assert_eq!(job.generation_id.as_str(), id),
            // It looks an hour older than the call.
            Err(Error::OutcomeUnknown(unknown)) => assert_eq!((skew, &unknown.candidates[0]), (-3_600_000, id)),
            Err(error) => panic!("{skew} ms: {error}"),
        }
    }
    // Within the tolerance it counts.
    for skew in [-40_000, 40_000] {
        let (emulator, core) =
            start(Emulator::builder().clock_skew(skew).faults(FaultPlan::sequence([Fault::ResetAfterWork]))).await;
        let request = CreateGenerationRequest { seed: Some(42), ..request("a pier") };
        image_create_generation_once(&core, request).grace(300 * MS).await.unwrap();
        assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 1), "{skew} ms");
    }
}

#[tokio::test]
async fn the_work_is_found_behind_many_others() {
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([Fault::ResetAfterWork]))).await;
    // It is lost first, and 120 others are made before it is looked for.
    let lost = image_create_generation(&core, CreateGenerationRequest { seed: Some(7), ..request("lost") }).await;
    assert!(matches!(lost, Err(Error::OutcomeUnknown(_))));
    for other in 0..120 {
        image_create_generation(&core, request(&format!("other {other}"))).await.unwrap();
    }
    emulator.set_faults(FaultPlan::sequence([Fault::ResetBeforeWork]));
    // The same seed and prompt, so that the lost one counts as this call's.
    let job = image_create_generation_once(&core, CreateGenerationRequest { seed: Some(7), ..request("lost") })
        .grace(300 * MS)
        .await
        .unwrap();
    assert_eq!(job.generation_id.as_str(), emulator.charges()[0].generation_id);
    assert_eq!(emulator.charges().len(), 121);
}

#[tokio::test]
async fn what_the_service_refuses_is_certain_at_once() {
    let (emulator, core) = start(Emulator::builder()).await;
    let moderated = once(&core, "a forbiddenword").await.unwrap_err();
    assert_eq!(moderated.api().unwrap().kind, ApiErrorKind::Moderation);
    let wrong = CreateGenerationRequest { width: Some(7), ..request("a pier") };
    let wrong = image_create_generation_once(&core, wrong).await.unwrap_err();
    assert_eq!(wrong.api().unwrap().kind, ApiErrorKind::InvalidRequest);
    for key in ["11111111-2222-4333-8444-000000000000", "not-a-uuid"] {
        let stranger = LeonardoCore::builder().bearer_auth(key).server_url(emulator.base_url()).build().unwrap();
        let refused = once(&stranger, "a pier").await.unwrap_err();
        assert_eq!(refused.api().unwrap().kind, ApiErrorKind::Authentication);
        assert!(!refused.may_have_been_charged());
        assert!(refused.to_string().starts_with("image_create_generation_once failed after 1 attempt"), "{refused}");
    }
    assert_eq!((creates(&emulator), emulator.charges().len()), (4, 0));
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_beyond_the_policy_s_attempts() {
    let limited = || Fault::RetryAfter { status: 429, value: "0".into() };
    let plan = FaultPlan::sequence(std::iter::repeat_with(limited).take(9));
    let (emulator, core) = start(Emulator::builder().faults(plan)).await;
    once(&core, "a pier").await.unwrap();
    assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 10));
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_has_charged_nothing() {
    let (emulator, core) = start(Emulator::builder()).await;
    emulator.refuse_connections(true);
    let error = once(&core, "a pier").deadline(300 * MS).await.unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error:?}");
    assert!(!error.may_have_been_charged());
    assert!(error.call().unwrap().attempts > 1, "{error}");
}

#[tokio::test]
async fn with_too_little_time_for_another_create_the_last_failure_is_the_error() {
    let (emulator, _core) = start(Emulator::builder()).await;
    emulator.refuse_connections(true);
    let least = Duration::from_secs(20);
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .min_time_for_billable(least)
        .build()
        .unwrap();
    let error = once(&core, "a pier").deadline(least + 100 * MS).await.unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error:?}");
    assert!(error.call().unwrap().elapsed < least, "{error}");
    let error = once(&core, "a pier").deadline(least / 2).await.unwrap_err();
    assert!(matches!(&error, Error::InvalidRequest(refused) if refused.field == "deadline"), "{error:?}");
    assert!(!error.may_have_been_charged());
}

#[tokio::test]
async fn when_looking_it_up_fails_until_the_deadline_the_outcome_is_unknown() {
    let plan = FaultPlan::sequence(
        [Fault::ResetAfterWork].into_iter().chain(std::iter::repeat_n(Fault::StatusBefore(503), 10_000)),
    );
    let (emulator, core) = start(Emulator::builder().faults(plan)).await;
    let error = once(&core, "a pier").deadline(900 * MS).await.unwrap_err();
    let Error::OutcomeUnknown(unknown) = &error else { panic!("{error:?}") };
    assert!(unknown.lookup.is_some());
    assert_eq!((emulator.charges().len(), creates(&emulator)), (1, 1));
    let sent: CreateGenerationRequest = serde_json::from_slice(&unknown.request).unwrap();
    assert_eq!(sent.seed, Some(emulator.charges()[0].seed), "what is needed to find it");
    assert!(error.to_string().contains("Looking for it failed as well"), "{error}");
}

#[tokio::test]
async fn when_looking_it_up_is_refused_the_outcome_is_unknown_at_once() {
    let plan = FaultPlan::sequence([Fault::ResetAfterWork, Fault::StatusBefore(403)]);
    let (emulator, core) = start(Emulator::builder().faults(plan)).await;
    let error = once(&core, "a pier").grace(Duration::from_secs(30)).await.unwrap_err();
    assert!(error.may_have_been_charged());
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn a_deadline_within_the_grace_period_leaves_the_outcome_unknown() {
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([Fault::ResetBeforeWork]))).await;
    let error = once(&core, "a pier").grace(Duration::from_secs(30)).deadline(500 * MS).await.unwrap_err();
    assert!(error.may_have_been_charged());
    assert_eq!(creates(&emulator), 1);
}

#[tokio::test]
async fn identical_calls_do_not_take_each_others_generations() {
    let plan =
        FaultPlan::random(5, 50, vec![(1, Fault::ResetAfterWork), (1, Fault::ResetBeforeWork)]).on_method("POST");
    let (emulator, core) = start(Emulator::builder().faults(plan)).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let core = core.clone();
        calls.spawn(async move {
            let request = CreateGenerationRequest { seed: Some(77), ..request("twins") };
            image_create_generation_once(&core, request).grace(60 * MS).await.unwrap().generation_id
        });
    }
    let mut ids: Vec<String> = calls.join_all().await.into_iter().map(|id| id.into_string()).collect();
    let mut charged: Vec<String> = emulator.charges().into_iter().map(|charge| charge.generation_id).collect();
    ids.sort();
    charged.sort();
    assert_eq!(ids, charged, "every call has one generation, and every generation one call");
}

#[tokio::test]
async fn an_older_generation_of_the_same_request_is_not_taken_for_the_new_one() {
    let plan = || FaultPlan::sequence([Fault::ResetBeforeWork]);
    let (emulator, core) = start(Emulator::builder()).await;
    let same = || CreateGenerationRequest { seed: Some(5), ..request("again") };
    let first = image_create_generation_once(&core, same()).await.unwrap();
    emulator.set_faults(plan());
    let second = image_create_generation_once(&core, same()).grace(100 * MS).await.unwrap();
    assert_ne!(first.generation_id, second.generation_id, "this process knows whose the first is");
    // What another process made is told apart by its time.
    let third = image_create_generation(&core, same()).await.unwrap();
    tokio::time::sleep(300 * MS).await;
    emulator.set_faults(plan());
    let fourth =
        image_create_generation_once(&core, same()).grace(100 * MS).clock_tolerance(Duration::ZERO).await.unwrap();
    assert_ne!(third.generation_id, fourth.generation_id);
}

#[tokio::test]
async fn the_user_is_asked_for_once_for_all_clones() {
    let plan = FaultPlan::always(Fault::ResetAfterWork).on_method("POST");
    let (emulator, core) = start(Emulator::builder().faults(plan)).await;
    let calls = (0..8).map(|call| {
        let core = core.clone();
        tokio::spawn(async move { once(&core, &format!("a pier {call}")).await.map(drop) })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!((emulator.charges().len(), asked_for_user(&emulator)), (8, 1));
}

#[tokio::test]
async fn a_seed_in_extra_is_the_caller_s() {
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([Fault::ResetAfterWork]))).await;
    let mut with_extra = request("a pier");
    with_extra.extra.insert("seed".into(), 9.into());
    image_create_generation_once(&core, with_extra.clone()).grace(300 * MS).await.unwrap();
    assert_eq!((emulator.charges().len(), emulator.charges()[0].seed), (1, 9));
    with_extra.seed = Some(9);
    let twice = image_create_generation_once(&core, with_extra).await.unwrap_err();
    assert!(matches!(twice, Error::InvalidRequest(_)), "{twice:?}");
}

#[tokio::test]
async fn dropping_it_ends_it_and_lets_its_twin_go_on() {
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([Fault::StallBeforeWork]))).await;
    let same = || CreateGenerationRequest { seed: Some(3), ..request("dropped") };
    let dropped = tokio::time::timeout(50 * MS, image_create_generation_once(&core, same()).into_future()).await;
    assert!(dropped.is_err());
    image_create_generation_once(&core, same()).grace(100 * MS).await.unwrap();
    assert_eq!(emulator.charges().len(), 1);
}

const CHILD: &str = "ONCE_TEST_SERVER";

/// The part of a process of its own in the test below; on its own it does nothing.
#[tokio::test]
async fn child_of_two_processes() {
    let Ok(server) = std::env::var(CHILD) else { return };
    let (url, key) = server.split_once(' ').expect("a URL and a key");
    // As programs do that want to repeat what they do.
    fastrand::seed(7);
    let core = LeonardoCore::builder()
        .bearer_auth(key)
        .server_url(url)
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .build()
        .unwrap();
    for number in 0..12 {
        let job = once(&core, &format!("picture {number}")).await.unwrap();
        println!("made {}", job.generation_id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_ask_for_the_same_never_share_a_generation() {
    let faults = vec![(1, Fault::ResetAfterWork), (1, Fault::ResetBeforeWork), (1, Fault::CutBody)];
    let plan = FaultPlan::random(11, 50, faults).on_method("POST");
    let emulator = Emulator::builder().faults(plan).start().await.unwrap();
    let server = format!("{} {}", emulator.base_url(), emulator.key());
    let child = || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "once::child_of_two_processes", "--nocapture"])
            .env(CHILD, &server)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [child(), child()];
    let mut ids = Vec::new();
    for child in children {
        let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let text = String::from_utf8(output.stdout).unwrap();
        ids.extend(text.lines().filter_map(|line| Some(line.split_once("made ")?.1.to_owned())));
    }
    let mut charged: Vec<String> = emulator.charges().into_iter().map(|charge| charge.generation_id).collect();
    ids.sort();
    charged.sort();
    assert_eq!(ids.len(), 24);
    assert_eq!(ids, charged, "every call has one generation, and every generation one call");
}

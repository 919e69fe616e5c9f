//! `image_wait_for_generation`, `image_generate` and `image_list_generations`: what they promise, against the emulator.

use std::collections::{BTreeSet, HashSet};
use std::future::{Future, IntoFuture as _};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leonardo_ai::funcs::{
    GenerationError, GenerationErrorReason, GenerationProgress, GenerationStream, GenerationWaker, ListGenerations,
    image_create_generation, image_delete_generation_by_id, image_generate, image_list_generations,
    image_wait_for_generation,
};
use leonardo_ai::models::{CreateGenerationRequest, Generation, GenerationId, JobStatus};
use leonardo_ai::{Error, LeonardoCore, LeonardoCoreBuilder, RetryPolicy};
use leonardo_ai_emulator::{Emulator, EmulatorBuilder, Fault, FaultPlan};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn builder(emulator: &Emulator) -> LeonardoCoreBuilder {
    LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .polls_per_minute(60_000)
        .min_time_for_billable(MS)
}

async fn start(builder_of: EmulatorBuilder) -> (Emulator, LeonardoCore) {
    let emulator = builder_of.start().await.unwrap();
    let core = builder(&emulator).build().unwrap();
    (emulator, core)
}

fn request(prompt: impl Into<String>) -> CreateGenerationRequest {
    CreateGenerationRequest { num_images: Some(1), ..CreateGenerationRequest::new(prompt) }
}

async fn create(core: &LeonardoCore, prompt: impl Into<String>) -> GenerationId {
    image_create_generation(core, request(prompt)).await.unwrap().generation_id
}

fn polls(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.method == "GET").count()
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_wait_ends_when_the_generation_is_complete() {
    let (emulator, core) = start(Emulator::builder().generation_time(200 * MS)).await;
    let id = create(&core, "a pier").await;
    let wait = image_wait_for_generation(&core, &id).first_delay(10 * MS).longest_delay(50 * MS);
    let generation = assert_send(wait.into_future()).await.unwrap();
    assert_eq!((&generation.id, &generation.status), (&id, &JobStatus::Complete));
    assert_eq!(generation.generated_images.len(), 1);
    assert!(polls(&emulator) >= 2);
}

#[tokio::test]
async fn what_was_just_created_is_not_read_before_the_first_delay() {
    let (emulator, core) = start(Emulator::builder()).await;
    assert!(timeout(300 * MS, image_generate(&core, request("a pier")).into_future()).await.is_err());
    assert_eq!(polls(&emulator), 0, "the first poll comes after about a second");
}

#[tokio::test]
async fn a_wait_for_what_is_complete_takes_one_poll_and_no_delay() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let id = create(&core, "a pier").await;
    sleep(10 * MS).await;
    let wait = image_wait_for_generation(&core, &id).first_delay(MINUTE);
    timeout(SECOND, wait.into_future()).await.expect("at once").unwrap();
    assert_eq!(polls(&emulator), 1);
}

#[tokio::test]
async fn workflows_can_be_spawned_kept_and_joined() {
    let (_emulator, core) = start(Emulator::builder().generation_time(20 * MS)).await;
    let core = core.clone();
    let wait_of = |id: GenerationId| image_wait_for_generation(&core, id).first_delay(5 * MS);
    let spawned = tokio::spawn(image_generate(&core, request("spawned")).first_delay(5 * MS).into_future());
    let kept = (core.clone(), wait_of(create(&core, "kept").await));
    let mut joined = JoinSet::new();
    for prompt in ["a", "b", "c"] {
        joined.spawn(image_create_generation(&core, request(prompt)).into_future());
    }
    assert_eq!(joined.join_all().await.into_iter().filter(Result::is_ok).count(), 3);
    let mut waits = JoinSet::new();
    for prompt in ["d", "e", "f"] {
        waits.spawn(wait_of(create(&core, prompt).await).into_future());
    }
    let waited = waits.join_all().await;
    assert!(waited.iter().all(|ended| ended.as_ref().is_ok_and(Generation::is_complete)), "{waited:?}");
    assert!(spawned.await.unwrap().unwrap().generation.is_complete());
    assert!(kept.1.await.unwrap().is_complete());
}

/// What a caller may do with these, said to the compiler.
#[test]
fn workflows_are_send_and_have_no_lifetime() {
    fn is_send<T: Send + 'static>() {}
    fn is_sync<T: Sync>() {}
    is_send::<leonardo_ai::funcs::WaitForGeneration>();
    is_send::<leonardo_ai::funcs::Generate>();
    is_send::<leonardo_ai::CreateOnce<CreateGenerationRequest>>();
    is_send::<leonardo_ai::funcs::FindGeneration>();
    is_send::<ListGenerations>();
    is_send::<leonardo_ai::Call<Generation>>();
    is_send::<<leonardo_ai::funcs::WaitForGeneration as std::future::IntoFuture>::IntoFuture>();
    is_send::<<leonardo_ai::funcs::Generate as std::future::IntoFuture>::IntoFuture>();
    is_send::<GenerationStream<Generation>>();
    is_send::<GenerationStream<GenerationProgress>>();
    // `Generate` is not: what it reports to need not be.
    is_sync::<leonardo_ai::funcs::WaitForGeneration>();
    is_sync::<GenerationWaker>();
    is_sync::<GenerationError>();
    is_sync::<leonardo_ai::LeonardoCore>();
}

#[tokio::test]
async fn a_failure_carries_the_record() {
    let (_emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let id = create(&core, "fail this").await;
    let error = image_wait_for_generation(&core, &id).first_delay(5 * MS).await.unwrap_err();
    assert_eq!(error.id.as_ref(), Some(&id));
    assert!(error.to_string().starts_with(&format!("generation {id} failed: ")), "{error}");
    assert!(error.may_have_been_charged() && std::error::Error::source(&error).is_none());
    let GenerationErrorReason::Failed(record) = error.reason else { panic!("{error:?}") };
    assert_eq!((record.prompt.as_str(), &record.status), ("fail this", &JobStatus::Failed));
}

#[tokio::test]
async fn the_deadline_s_error_has_the_id_and_the_wait_can_be_made_again() {
    let (emulator, core) = start(Emulator::builder().generation_time(600 * MS)).await;
    let id = create(&core, "a pier").await;
    let started = Instant::now();
    let wait = || image_wait_for_generation(&core, &id).first_delay(20 * MS).longest_delay(40 * MS);
    let error = wait().deadline(200 * MS).await.unwrap_err();
    assert!(started.elapsed() >= 200 * MS);
    let GenerationErrorReason::Deadline { limit, last_failure: None, .. } = &error.reason else { panic!("{error:?}") };
    assert_eq!((error.id.as_ref(), *limit), (Some(&id), 200 * MS));
    for part in [id.as_str(), "within 0.2 s", "goes on", "paid for", "wait for it again by its id"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(error.may_have_been_charged());
    assert_eq!(wait().await.unwrap().id, id);
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn there_is_one_more_look_shortly_before_the_deadline() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let id = create(&core, "a pier").await;
    image_wait_for_generation(&core, &id).first_delay(MINUTE).longest_delay(MINUTE).deadline(SECOND).await.unwrap();
    assert_eq!(polls(&emulator), 1);
}

#[tokio::test]
async fn a_poll_that_is_not_answered_ends_with_the_deadline() {
    let (_emulator, core) = start(Emulator::builder().faults(FaultPlan::always(Fault::StallAfterWork))).await;
    let wait = image_wait_for_generation(&core, "a").first_delay(MS).deadline(200 * MS);
    let error = timeout(10 * SECOND, wait.into_future()).await.unwrap().unwrap_err();
    assert!(matches!(error.reason, GenerationErrorReason::Deadline { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_transient_is_survived_and_nothing_else() {
    let plan = FaultPlan::sequence([
        Fault::ResetBeforeWork,
        Fault::CutBody,
        Fault::StatusBefore(500),
        Fault::StatusBefore(429),
        Fault::RetryAfter { status: 503, value: "0".into() },
        Fault::Garbage,
        Fault::GarbageJson,
        Fault::Html,
        Fault::EmptyBody,
        Fault::StallBody,
        Fault::CloseAfterWork,
    ])
    .on_method("GET");
    let (emulator, core) = start(Emulator::builder().generation_time(MS).faults(plan)).await;
    let id = create(&core, "a pier").await;
    let wait = || image_wait_for_generation(&core, &id).first_delay(MS).longest_delay(5 * MS).timeout(200 * MS);
    wait().await.unwrap();
    assert_eq!(polls(&emulator), 12);

    emulator.set_faults(FaultPlan::sequence([Fault::StatusBefore(400)]));
    let refused = wait().await.unwrap_err();
    assert!(matches!(refused.reason, GenerationErrorReason::Call(Error::Api(_))), "{refused:?}");
    assert!(
        refused.to_string().contains(id.as_str()) && refused.to_string().contains("A wait charges nothing"),
        "{refused}"
    );
    assert_eq!(polls(&emulator), 13);

    emulator.refuse_connections(true);
    let error = wait().deadline(100 * MS).await.unwrap_err();
    // A connection from before may still have been there for its first poll.
    let failure = match &error.reason {
        GenerationErrorReason::Deadline { last_failure: Some(failure), .. } => failure,
        GenerationErrorReason::Call(failure) => failure,
        _ => panic!("{error:?}"),
    };
    assert!(matches!(failure, Error::Connection(_)), "{failure:?}");
    assert!(error.to_string().contains("no connection"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn retry_after_is_waited_for_even_when_woken() {
    let plan = FaultPlan::sequence([Fault::RetryAfter { status: 429, value: "1".into() }]).on_method("GET");
    let (_emulator, core) = start(Emulator::builder().generation_time(MS).faults(plan)).await;
    let id = create(&core, "a pier").await;
    let wait = image_wait_for_generation(&core, &id).first_delay(MS).longest_delay(MS);
    let (waker, started) = (wait.waker(), Instant::now());
    let waking = async {
        sleep(300 * MS).await;
        waker.wake();
    };
    let (done, ()) = tokio::join!(wait.into_future(), waking);
    done.unwrap();
    assert!(started.elapsed() >= SECOND);
}

#[tokio::test]
async fn a_generation_may_appear_late() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS).record_delay(300 * MS)).await;
    let id = create(&core, "a pier").await;
    let wait = |id: &GenerationId| image_wait_for_generation(&core, id).first_delay(MS).longest_delay(20 * MS);
    wait(&id).await.unwrap();
    assert!(polls(&emulator) > 1);
    let never = GenerationId::from("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
    let started = Instant::now();
    let error = wait(&never).appear_within(200 * MS).await.unwrap_err();
    assert!(started.elapsed() >= 200 * MS);
    assert!(matches!(&error.reason, GenerationErrorReason::Call(error) if error.is_not_found()), "{error:?}");
    assert_eq!(error.id.as_ref(), Some(&never));
    assert!(!error.to_string().contains("goes on"), "{error}");
    let at_once = wait(&"".into()).await.unwrap_err();
    assert!(matches!(at_once.reason, GenerationErrorReason::Call(Error::InvalidRequest(_))), "{at_once:?}");
}

/// Waits that only waking can end in time.
#[tokio::test]
async fn waking_makes_the_next_poll_come_at_once() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let id = create(&core, "a pier").await;
    sleep(50 * MS).await;
    let wait = || image_wait_for_generation(&core, &id).first_delay(MINUTE).longest_delay(MINUTE);

    let before = wait();
    assert_send(before.waker()).wake();
    timeout(20 * SECOND, before.into_future()).await.expect("it was woken before it began").unwrap();

    let during = wait();
    let waker = during.waker();
    let other = waker.clone();
    tokio::spawn(async move {
        sleep(100 * MS).await;
        other.wake();
    });
    timeout(20 * SECOND, during.into_future()).await.expect("it was woken").unwrap();
    waker.wake();
    assert_eq!(polls(&emulator), 2);
}

#[tokio::test]
async fn waking_too_early_begins_the_delays_anew() {
    let (_emulator, core) = start(Emulator::builder().generation_time(300 * MS)).await;
    let id = create(&core, "a pier").await;
    let delays = RetryPolicy::default().initial_backoff(100 * MS).max_backoff(MINUTE).multiplier(600.0).jitter(0.0);
    let wait = image_wait_for_generation(&core, &id).poll_delays(delays);
    let waker = wait.waker();
    tokio::spawn(async move {
        // After the first poll, before the generation is complete.
        sleep(200 * MS).await;
        waker.wake();
        sleep(300 * MS).await;
        waker.wake();
    });
    timeout(20 * SECOND, wait.into_future()).await.expect("the delay was short again").unwrap();
}

fn unknown_ids(count: usize) -> impl Iterator<Item = GenerationId> {
    (0..count).map(|number| GenerationId::from(format!("aaaaaaaa-bbbb-4ccc-8ddd-{number:012}")))
}

/// Waits for so many ids that never appear.
fn waits(core: &LeonardoCore, count: usize) -> JoinSet<Result<Generation, GenerationError>> {
    let mut waits = JoinSet::new();
    for id in unknown_ids(count) {
        let core = core.clone();
        waits.spawn(async move {
            // With a header of its own, each polls for itself.
            let wait = image_wait_for_generation(&core, id).header("x-request-source", "nightly");
            wait.first_delay(MS).longest_delay(2 * MS).appear_within(MINUTE).await
        });
    }
    waits
}

#[tokio::test]
async fn all_waits_of_a_core_share_one_pace() {
    let emulator = Emulator::start().await.unwrap();
    for (per_minute, window) in [(600, 1500 * MS), (6000, 2300 * MS)] {
        let core = builder(&emulator).polls_per_minute(per_minute).build().unwrap();
        let (before, started) = (emulator.requests().len(), Instant::now());
        let waits = waits(&core, 200);
        sleep(window).await;
        drop(waits);
        let spent = started.elapsed();
        sleep(100 * MS).await;
        let requests = emulator.requests().split_off(before);
        let most = 1 + spent.as_millis() as usize * per_minute as usize / 60_000;
        assert!(requests.len() <= most, "{} requests in {spent:?} are more than {most}", requests.len());
        assert!(requests.len() > most / 2, "{} requests in {spent:?}: {most} were possible", requests.len());
        // Nobody comes a second time before everybody came.
        let different: HashSet<_> = requests.iter().take(200).map(|request| &request.path).collect();
        assert!(different.len() + 10 >= requests.len().min(200), "{} of {}", different.len(), requests.len());
    }
}

#[tokio::test]
async fn a_woken_wait_goes_before_those_that_are_not() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let id = create(&core, "a pier").await;
    // One a second, so the turn of the last would come after three minutes.
    let core = builder(&emulator).polls_per_minute(60).build().unwrap();
    let waits = waits(&core, 200);
    sleep(200 * MS).await;
    let wait = image_wait_for_generation(&core, &id).first_delay(MS);
    let waker = wait.waker();
    tokio::spawn(async move {
        sleep(200 * MS).await;
        waker.wake();
    });
    timeout(30 * SECOND, wait.into_future()).await.expect("it was woken").unwrap();
    drop(waits);
}

#[tokio::test]
async fn a_wait_that_is_not_polled_holds_up_no_other() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let id = create(&core, "a pier").await;
    let core = builder(&emulator).polls_per_minute(600).build().unwrap();
    let wait = || image_wait_for_generation(&core, &id).first_delay(MS);
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut future = wait().into_future();
        // Far enough to have asked for its turn.
        let _ = timeout(5 * MS, &mut future).await;
        idle.push(future);
    }
    timeout(10 * SECOND, wait().into_future()).await.expect("the turns of the others go by").unwrap();
}

#[tokio::test]
async fn a_dropped_wait_leaves_nothing_running() {
    let (emulator, core) = start(Emulator::builder().generation_time(MINUTE)).await;
    let id = create(&core, "a pier").await;
    let wait = image_wait_for_generation(&core, &id).first_delay(MS).longest_delay(5 * MS);
    assert!(timeout(200 * MS, wait.into_future()).await.is_err());
    let mut states = image_wait_for_generation(&core, &id).first_delay(MS).longest_delay(5 * MS).states();
    for _ in 0..3 {
        assert_eq!(states.next().await.unwrap().unwrap().status, JobStatus::Pending);
    }
    drop(states);
    sleep(50 * MS).await;
    let then = polls(&emulator);
    sleep(300 * MS).await;
    assert_eq!(polls(&emulator), then);
}

#[tokio::test]
async fn states_come_in_order_and_end() {
    let (emulator, core) = start(Emulator::builder().generation_time(200 * MS)).await;
    let id = create(&core, "a pier").await;
    let states = image_wait_for_generation(&core, &id).first_delay(MS).longest_delay(40 * MS).states();
    let mut states = assert_send(Box::pin(states));
    let mut seen = Vec::new();
    while let Some(state) = states.next().await {
        seen.push(state.unwrap().status);
    }
    assert_eq!(seen.pop(), Some(JobStatus::Complete));
    assert!(!seen.is_empty() && seen.iter().all(|status| *status == JobStatus::Pending), "{seen:?}");
    assert_eq!(polls(&emulator), seen.len() + 1);
    assert!(states.next().await.is_none());

    let id = create(&core, "fail this slow 1ms").await;
    let mut states = image_wait_for_generation(&core, &id).first_delay(20 * MS).states();
    let error = loop {
        match states.next().await.unwrap() {
            // The first poll may come before the end.
            Ok(generation) => assert_eq!(generation.status, JobStatus::Pending),
            Err(error) => break error,
        }
    };
    assert!(matches!(error.reason, GenerationErrorReason::Failed(_)), "{error:?}");
    assert!(states.next().await.is_none());
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let core = LeonardoCore::new("test").unwrap();
    let mut future = pin!(image_wait_for_generation(&core, "a").into_future());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = Future::poll(future.as_mut(), &mut context) else { panic!("no error") };
    assert!(error.to_string().contains("Tokio runtime"), "{error}");
}

#[tokio::test]
async fn generate_gives_the_images_and_the_cost_and_tells_its_progress() {
    let (emulator, core) = start(Emulator::builder().generation_time(200 * MS)).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let generate = image_generate(&core, request("a pier"))
        .first_delay(5 * MS)
        .longest_delay(40 * MS)
        .on_progress(move |step| telling.lock().unwrap().push(step.clone()));
    let generated = assert_send(generate.into_future()).await.unwrap();
    assert_eq!(generated.job.generation_id, generated.generation.id);
    assert!(generated.job.cost.is_some());
    assert_eq!(generated.generation.generated_images.len(), 1);
    let mut told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(told.pop(), Some(GenerationProgress::Complete(Box::new(generated.clone()))));
    assert_eq!(told.remove(0), GenerationProgress::Created(generated.job));
    assert!(!told.is_empty());
    assert!(told.iter().all(|step| matches!(step, GenerationProgress::Pending { .. })), "{told:?}");
    assert_eq!((emulator.charges().len(), polls(&emulator)), (1, told.len() + 1));
}

#[tokio::test]
async fn generate_s_progress_is_a_stream_too() {
    let (emulator, core) = start(Emulator::builder().generation_time(100 * MS)).await;
    let mut steps = image_generate(&core, request("a pier")).first_delay(5 * MS).longest_delay(20 * MS).progress();
    assert!(emulator.requests().is_empty());
    let Some(Ok(GenerationProgress::Created(job))) = steps.next().await else { panic!("not created") };
    let mut complete = None;
    while let Some(step) = steps.next().await {
        match step.unwrap() {
            GenerationProgress::Complete(generated) => complete = Some(generated.generation.id),
            step => assert!(matches!(step, GenerationProgress::Pending { .. }), "{step:?}"),
        }
    }
    assert_eq!(complete, Some(job.generation_id));
}

#[tokio::test]
async fn generate_can_be_woken() {
    let (_emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let generate = image_generate(&core, request("a pier")).first_delay(MINUTE).longest_delay(MINUTE);
    let waker = generate.waker();
    let generate = generate.on_progress(move |step| {
        if let GenerationProgress::Created(_) = step {
            let waker = waker.clone();
            tokio::spawn(async move {
                sleep(100 * MS).await;
                waker.wake();
            });
        }
    });
    timeout(20 * SECOND, generate.into_future()).await.expect("it was woken").unwrap();
}

fn faults() -> Vec<(u32, Fault)> {
    vec![
        (4, Fault::ResetBeforeWork),
        (2, Fault::StatusBefore(503)),
        (1, Fault::StatusBefore(429)),
        (1, Fault::StallBeforeWork),
        (3, Fault::ResetAfterWork),
        (2, Fault::CutBody),
        (1, Fault::StatusAfter(500)),
        (1, Fault::GarbageJson),
        (1, Fault::EmptyBody),
    ]
}

#[tokio::test]
async fn with_forty_percent_faults_everything_is_generated_once() {
    let (emulator, core) =
        start(Emulator::builder().generation_time(100 * MS).faults(FaultPlan::random(11, 40, faults()))).await;
    let mut generates = JoinSet::new();
    for number in 0..30 {
        let core = core.clone();
        generates.spawn(async move {
            image_generate(&core, request(format!("prompt {number}")))
                .grace(200 * MS)
                .clock_tolerance(2 * SECOND)
                .first_delay(10 * MS)
                .longest_delay(50 * MS)
                .timeout(250 * MS)
                .await
                .unwrap()
        });
    }
    let generated = generates.join_all().await;
    assert!(generated.iter().all(|one| one.generation.status == JobStatus::Complete));
    assert!(generated.iter().all(|one| one.generation.id == one.job.generation_id));
    let ids: BTreeSet<_> = generated.into_iter().map(|one| one.generation.id.into_string()).collect();
    let charged: Vec<_> = emulator.charges().into_iter().map(|charge| charge.generation_id).collect();
    assert_eq!(charged.len(), 30, "each was paid for once");
    assert_eq!(ids, charged.into_iter().collect());
}

#[tokio::test]
async fn generate_s_error_has_the_id_as_soon_as_there_is_one() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let generate = |core, prompt: &str| image_generate(core, request(prompt)).first_delay(20 * MS).appear_within(MS);
    let newest = || GenerationId::from(emulator.charges().pop().unwrap().generation_id);

    let failed = generate(&core, "fail this").await.unwrap_err();
    assert!(matches!(failed.reason, GenerationErrorReason::Failed(_)), "{failed:?}");
    assert_eq!(failed.id, Some(newest()));

    let late = generate(&core, "slow 60s").deadline(300 * MS).await.unwrap_err();
    let GenerationErrorReason::Deadline { limit, .. } = &late.reason else { panic!("{late:?}") };
    assert_eq!((late.id.clone(), *limit), (Some(newest()), 300 * MS));

    let mut steps = generate(&core, "slow 60s").progress();
    let Some(Ok(GenerationProgress::Created(job))) = steps.next().await else { panic!("not created") };
    image_delete_generation_by_id(&core, &job.generation_id).await.unwrap();
    let gone = steps.next().await.unwrap().unwrap_err();
    assert!(matches!(&gone.reason, GenerationErrorReason::Call(error) if error.is_not_found()), "{gone:?}");
    assert_eq!(gone.id, Some(job.generation_id));
    assert!(steps.next().await.is_none());
    drop(steps);

    let keys = Mutex::new(vec!["not-a-uuid".to_owned(), emulator.key().to_owned()]);
    let locked_out = LeonardoCore::builder()
        .bearer_auth_provider(move || {
            let key = keys.lock().unwrap().pop().unwrap_or_else(|| "not-a-uuid".into());
            async move { Ok::<_, std::io::Error>(key) }
        })
        .server_url(emulator.base_url())
        .build()
        .unwrap();
    let refused = generate(&locked_out, "a pier").await.unwrap_err();
    assert!(matches!(refused.reason, GenerationErrorReason::Call(Error::Api(_))), "{refused:?}");
    assert_eq!(refused.id, Some(newest()));

    for (error, id) in [(&failed, &failed.id), (&late, &late.id), (&gone, &gone.id), (&refused, &refused.id)] {
        assert!(error.to_string().contains(id.as_ref().unwrap().as_str()), "{error}");
        assert!(error.may_have_been_charged());
    }
}

#[tokio::test]
async fn without_an_id_the_create_s_error_is_the_error() {
    let (emulator, core) = start(Emulator::builder()).await;
    let refused = image_generate(&core, request("a forbiddenword")).await.unwrap_err();
    assert!(refused.id.is_none() && !refused.may_have_been_charged());
    assert!(refused.to_string().starts_with("image_create_generation_once failed"), "{refused}");
    let plan = [Fault::ResetAfterWork].into_iter().chain(std::iter::repeat_n(Fault::StatusBefore(503), 10_000));
    emulator.set_faults(FaultPlan::sequence(plan));
    let unknown = image_generate(&core, request("a pier")).deadline(300 * MS).await.unwrap_err();
    let GenerationErrorReason::Call(Error::OutcomeUnknown(_)) = &unknown.reason else { panic!("{unknown:?}") };
    assert!(unknown.id.is_none() && unknown.may_have_been_charged());
}

#[cfg(feature = "tracing")]
#[tokio::test]
async fn dropping_generate_after_the_create_reports_the_id() {
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (_emulator, core) = start(Emulator::builder().generation_time(MINUTE)).await;
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut steps = image_generate(&core, request("a pier")).progress();
    let Some(Ok(GenerationProgress::Created(job))) = steps.next().await else { panic!("not created") };
    let said = |what: &str| String::from_utf8_lossy(&written.0.lock().unwrap()).contains(what);
    assert!(!said("dropped"));
    drop(steps);
    assert!(said("dropped before the generation was complete") && said(job.generation_id.as_str()));
}

async fn ids(list: &mut ListGenerations) -> Vec<GenerationId> {
    let mut ids = Vec::new();
    while let Some(generation) = list.next().await {
        ids.push(generation.unwrap().id);
    }
    ids
}

/// An account with so many generations; their ids, newest first.
async fn account(generations: usize) -> (Emulator, LeonardoCore, Vec<GenerationId>) {
    let (emulator, core) = start(Emulator::builder().generation_time(Duration::ZERO)).await;
    let mut made = Vec::new();
    for number in 0..generations {
        made.push(create(&core, format!("prompt {number}")).await);
    }
    made.reverse();
    (emulator, core, made)
}

#[tokio::test]
async fn every_generation_is_listed_once_and_in_order() {
    let (emulator, core, made) = account(137).await;
    for (page_size, requests) in [(50, 4), (137, 3), (200, 2), (0, 138)] {
        let before = polls(&emulator);
        let mut list = assert_send(image_list_generations(&core, emulator.user_id()).page_size(page_size));
        assert!(ids(&mut list).await == made, "pages of {page_size}");
        assert_eq!(polls(&emulator) - before, requests, "pages of {page_size}");
        assert_eq!(list.position(), 137);
        assert!(list.next().await.is_none());
    }
    let mut rest = image_list_generations(&core, emulator.user_id()).offset(100);
    assert!(ids(&mut rest).await == made[100..]);
    let mut beyond = image_list_generations(&core, emulator.user_id()).offset(1000);
    assert!(beyond.next().await.is_none());
}

#[tokio::test]
async fn it_works_with_the_stream_s_trait() {
    fn is_stream<S: futures_core::Stream<Item = Result<Generation, Error>> + Send + Unpin>(stream: S) -> S {
        stream
    }
    let (emulator, core, made) = account(3).await;
    let mut list = is_stream(image_list_generations(&core, emulator.user_id()));
    let first = std::future::poll_fn(|context| futures_core::Stream::poll_next(Pin::new(&mut list), context)).await;
    assert_eq!(first.unwrap().unwrap().id, made[0]);
}

#[tokio::test]
async fn a_list_that_changes_is_neither_skipped_nor_repeated() {
    for look_ahead in [true, false] {
        let (emulator, core, made) = account(137).await;
        let gone: HashSet<_> = made.iter().skip(4).step_by(5).cloned().collect();
        let changing = async {
            for id in &gone {
                create(&core, "a new one").await;
                image_delete_generation_by_id(&core, id).await.unwrap();
                if emulator.charges().len() % 3 == 0 {
                    create(&core, "another new one").await;
                }
                sleep(3 * MS).await;
            }
        };
        let mut list = image_list_generations(&core, emulator.user_id()).page_size(12).look_ahead(look_ahead);
        let mut seen = vec![list.next().await.unwrap().unwrap().id];
        let listing = async {
            while let Some(generation) = list.next().await {
                seen.push(generation.unwrap().id);
                sleep(MS).await;
            }
        };
        tokio::join!(changing, listing);
        let (stayed, gone): (Vec<_>, Vec<_>) = made.iter().partition(|id| !gone.contains(*id));
        let seen_of_stayed: Vec<_> = seen.iter().filter(|id| !gone.contains(id)).collect();
        let missing: Vec<_> =
            stayed.iter().enumerate().filter(|(_, id)| !seen.contains(id)).map(|(at, _)| at).collect();
        assert!(seen_of_stayed == stayed, "look_ahead {look_ahead}: {missing:?} are missing, {}", seen_of_stayed.len());
        assert!(seen.iter().all(|id| made.contains(id)), "new ones are not listed");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len());
    }
}

#[tokio::test]
async fn one_page_at_most_is_asked_for_ahead() {
    let (emulator, core, _) = account(60).await;
    let before = polls(&emulator);
    for (look_ahead, ahead) in [(true, 1), (false, 0)] {
        let before = polls(&emulator);
        let mut list = image_list_generations(&core, emulator.user_id()).page_size(20).look_ahead(look_ahead);
        for _ in 0..20 {
            list.next().await.unwrap().unwrap();
            sleep(5 * MS).await;
            assert_eq!(polls(&emulator) - before, 1 + ahead);
        }
        list.next().await.unwrap().unwrap();
        sleep(50 * MS).await;
        assert_eq!(polls(&emulator) - before, 2 + ahead);
    }
    let unused = image_list_generations(&core, emulator.user_id());
    drop(unused);
    assert_eq!(polls(&emulator) - before, 5);
}

#[tokio::test]
async fn an_error_ends_the_list_which_can_be_resumed() {
    let (emulator, core, made) = account(60).await;
    let core = builder(&emulator).retry(RetryPolicy::none()).build().unwrap_or(core);
    let list = || image_list_generations(&core, emulator.user_id()).page_size(20);
    // What fails ahead is asked for again when it is needed.
    emulator.set_faults(FaultPlan::sequence([Fault::None, Fault::StatusBefore(503)]));
    assert!(ids(&mut list()).await == made);
    emulator.set_faults(FaultPlan::sequence([Fault::None, Fault::StatusBefore(503), Fault::StatusBefore(503)]));
    let mut broken = list();
    let mut seen = Vec::new();
    let error = loop {
        match broken.next().await.expect("an error comes first") {
            Ok(generation) => seen.push(generation.id),
            Err(error) => break error,
        }
    };
    assert_eq!(error.api().unwrap().status, 503);
    assert!(broken.next().await.is_none());
    assert_eq!((seen.len(), broken.position()), (20, 20));
    seen.extend(ids(&mut list().offset(broken.position())).await);
    assert!(seen == made);
    // And a policy of its own survives it.
    emulator.set_faults(FaultPlan::sequence([Fault::StatusBefore(503), Fault::None, Fault::CutBody]));
    assert!(ids(&mut list().retry(RetryPolicy::default().initial_backoff(MS))).await == made);
}

/// A server of 45 generations that never gives more than 7 of them at once.
#[tokio::test]
async fn a_server_may_give_smaller_pages() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {}
                let offset = line.split_once("offset=").unwrap().1;
                let offset: usize = offset[..offset.find(['&', ' ']).unwrap()].parse().unwrap();
                let page: Vec<_> = (offset..45.min(offset + 7)).map(|at| format!(r#"{{"id":"{at}"}}"#)).collect();
                let body = format!(r#"{{"generations":[{}]}}"#, page.join(","));
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.get_mut().write_all(format!("{head}{body}").as_bytes()).await;
            });
        }
    });
    let core = LeonardoCore::builder().bearer_auth("test").server_url(format!("http://{address}")).build().unwrap();
    let listed = ids(&mut image_list_generations(&core, "someone")).await;
    let expected: Vec<_> = (0..45).map(|at| GenerationId::from(at.to_string())).collect();
    assert_eq!(listed, expected);
}

/// A server that is off.
fn unreachable() -> (tokio::net::TcpSocket, LeonardoCoreBuilder) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/api/rest", socket.local_addr().unwrap());
    let policy = RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS);
    (socket, LeonardoCore::builder().bearer_auth("test").server_url(url).retry(policy))
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_told_within_the_retry_policy_s_limits() {
    let (_socket, builder) = unreachable();
    let core = builder.build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let error = image_generate(&core, request("a pier"))
        .on_progress(move |progress| {
            if let GenerationProgress::Retrying(retry) = progress {
                telling.lock().unwrap().push(retry.clone());
            }
        })
        .await
        .unwrap_err();
    assert!(error.id.is_none() && !error.may_have_been_charged());
    let GenerationErrorReason::Call(Error::Connection(connection)) = &error.reason else { panic!("{error}") };
    assert_eq!(connection.call.attempts, 4, "the policy's");
    let told = told.lock().unwrap().clone();
    assert_eq!(told.iter().map(|retry| retry.attempts).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(told[0].to_string().contains("no connection to") && told[0].to_string().contains("Next attempt in"));
    // As a stream, and for a wait.
    let mut steps = image_generate(&core, request("a pier")).progress();
    let mut seen = 0;
    while let Some(step) = steps.next().await {
        seen += 1;
        assert_eq!(matches!(step, Ok(GenerationProgress::Retrying(_))), seen <= 3, "{step:?}");
    }
    assert_eq!(seen, 4);
    let told = Arc::new(Mutex::new(0));
    let telling = told.clone();
    let wait = image_wait_for_generation(&core, "an-id").first_delay(MS).longest_delay(MS);
    let error = wait.on_retry(move |_| *telling.lock().unwrap() += 1).await.unwrap_err();
    assert!(matches!(&error.reason, GenerationErrorReason::Call(Error::Connection(_))), "{error}");
    assert_eq!((*told.lock().unwrap(), error.may_have_been_charged()), (3, false));
}

#[tokio::test]
async fn a_wait_that_has_reached_the_server_outlives_it_until_the_deadline() {
    let (emulator, core) = start(Emulator::builder().generation_time(MINUTE)).await;
    let id = create(&core, "a pier").await;
    let mut states = image_wait_for_generation(&core, &id).first_delay(MS).longest_delay(MS).deadline(SECOND).states();
    states.next().await.unwrap().unwrap();
    emulator.refuse_connections(true);
    let error = loop {
        match states.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error.reason, GenerationErrorReason::Deadline { last_failure: Some(_), .. }), "{error}");
    assert!(error.exists && error.may_have_been_charged() && error.to_string().contains("goes on"), "{error}");
}

#[tokio::test]
async fn a_wait_says_nothing_of_money_where_it_knows_nothing() {
    let (emulator, core) = start(Emulator::builder()).await;
    let nowhere = || image_wait_for_generation(&core, "11111111-2222-4333-8444-555555555555").first_delay(MS);
    let absent = nowhere().appear_within(Duration::ZERO).await.unwrap_err();
    let late = nowhere().deadline(100 * MS).await.unwrap_err();
    for error in [absent, late] {
        let text = error.to_string();
        assert!(!error.exists && !error.may_have_been_charged(), "{text}");
        assert!(!text.contains("paid for") && text.contains("A wait charges nothing"), "{text}");
        assert!(emulator.charges().is_empty());
    }
    // What was seen is paid for.
    let id = create(&core, "a pier").await;
    image_wait_for_generation(&core, &id).first_delay(MS).await.unwrap();
    emulator.set_faults(FaultPlan::always(Fault::StatusBefore(403)));
    let refused = image_wait_for_generation(&core, &id).first_delay(MS).await.unwrap_err();
    assert!(!refused.may_have_been_charged() && refused.to_string().contains("A wait charges nothing"), "{refused}");
}

#[tokio::test]
async fn debug_of_a_generation_s_error_reads_as_its_display_does() {
    let (_emulator, core) = start(Emulator::builder().fail_every(1)).await;
    let failed = image_generate(&core, request("a pier")).first_delay(MS).await.unwrap_err();
    assert_eq!(format!("{failed:?}"), format!("WaitError({failed})"));
    assert!(!format!("{:?}", failed.reason).contains("generated_images"), "{:?}", failed.reason);
}

#[tokio::test]
async fn a_retry_after_of_an_hour_does_not_keep_a_wait_from_a_last_look() {
    let (emulator, core) = start(Emulator::builder()).await;
    let id = create(&core, "a pier").await;
    emulator.set_faults(FaultPlan::sequence([Fault::RetryAfter { status: 429, value: "3600".into() }]));
    let found = image_wait_for_generation(&core, &id).first_delay(MS).deadline(600 * MS).await.unwrap();
    assert_eq!(found.status, JobStatus::Complete);
}

#[tokio::test]
async fn a_zero_deadline_sends_nothing() {
    let (emulator, core) = start(Emulator::builder()).await;
    let wait = image_wait_for_generation(&core, "an-id").deadline(Duration::ZERO).await.unwrap_err();
    assert!(matches!(wait.reason, GenerationErrorReason::Deadline { .. }) && !wait.may_have_been_charged(), "{wait}");
    let generate = image_generate(&core, request("a pier")).deadline(Duration::ZERO).await.unwrap_err();
    assert!(matches!(&generate.reason, GenerationErrorReason::Call(Error::InvalidRequest(_))), "{generate}");
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn polls_that_fail_take_from_the_retry_budget_and_are_no_burst() {
    let plan = FaultPlan::always(Fault::RetryAfter { status: 503, value: "0".into() });
    let (emulator, _) = start(Emulator::builder().faults(plan)).await;
    let budget = leonardo_ai::RetryBudget::new(3);
    let core = builder(&emulator).retry_budget(budget.clone()).build().unwrap();
    let polls_of = RetryPolicy::default().initial_backoff(MS).max_backoff(300 * MS).multiplier(1.0).jitter(0.0);
    image_wait_for_generation(&core, "an-id").poll_delays(polls_of).deadline(SECOND).await.unwrap_err();
    assert_eq!(budget.available(), 0);
    // One, three at once, and one every 300 ms.
    assert!(polls(&emulator) <= 1 + 3 + 4 + 1, "{}", polls(&emulator));
}

#[tokio::test]
async fn a_wait_hands_its_options_to_each_poll() {
    let (emulator, core) = start(Emulator::builder().generation_time(200 * MS)).await;
    let id = create(&core, "a pier").await;
    let elsewhere =
        LeonardoCore::builder().bearer_auth(emulator.key()).server_url("https://127.0.0.1:1").build().unwrap();
    let wait = image_wait_for_generation(&elsewhere, &id).first_delay(5 * MS).longest_delay(40 * MS);
    wait.server_url(emulator.base_url()).header("x-request-source", "t3am").await.unwrap();
    let requests = emulator.requests();
    let sources: Vec<_> =
        requests.iter().filter(|request| request.method == "GET").map(|r| r.header("x-request-source")).collect();
    assert!(sources.len() >= 2 && sources.iter().all(|source| *source == Some("t3am")), "{sources:?}");
}

#[tokio::test]
async fn a_wait_s_own_policy_limits_the_attempts_to_reach_a_server() {
    let (_socket, builder) = unreachable();
    let core = builder.build().unwrap();
    let told = Arc::new(Mutex::new(0));
    let telling = told.clone();
    let wait = image_wait_for_generation(&core, "an-id").first_delay(MS).longest_delay(MS);
    let wait = wait.retry(RetryPolicy::default().max_attempts(2)).on_retry(move |_| *telling.lock().unwrap() += 1);
    let error = wait.await.unwrap_err();
    assert!(matches!(&error.reason, GenerationErrorReason::Call(Error::Connection(_))), "{error}");
    assert_eq!(*told.lock().unwrap(), 1);
}

#[tokio::test]
async fn the_delays_between_polls_can_be_set_for_a_core() {
    let delays = |delay| RetryPolicy::default().initial_backoff(delay).max_backoff(delay);
    let (emulator, _) = start(Emulator::builder().generation_time(300 * MS)).await;
    let core = builder(&emulator).poll_delays(delays(5 * MS)).build().unwrap();
    image_wait_for_generation(&core, create(&core, "a pier").await).await.unwrap();
    assert!(polls(&emulator) > 3, "{}: after a second, the second would have been the last", polls(&emulator));
    // A wait's own go before them.
    let (emulator, _) = start(Emulator::builder().generation_time(MINUTE)).await;
    let core = builder(&emulator).poll_delays(delays(MS)).build().unwrap();
    let wait = image_wait_for_generation(&core, create(&core, "a pier").await).poll_delays(delays(MINUTE));
    assert!(timeout(300 * MS, wait.into_future()).await.is_err());
    assert_eq!(polls(&emulator), 1);
}

#[tokio::test]
async fn an_option_that_is_refused_is_told_before_anything_is_paid_for() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let generate = || image_generate(&core, request("a pier")).first_delay(MS);
    for (field, generate) in [
        ("header", generate().header("not a name", "x")),
        ("timeout", generate().timeout(Duration::ZERO)),
        ("server_url", generate().server_url("ftp://elsewhere.example")),
    ] {
        let error = generate.await.unwrap_err();
        assert!(error.id.is_none() && !error.exists && !error.may_have_been_charged(), "{error}");
        let GenerationErrorReason::Call(Error::InvalidRequest(invalid)) = &error.reason else { panic!("{error}") };
        assert_eq!((invalid.call.operation, &*invalid.field), ("image_generate", field));
    }
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn options_of_generate_are_those_of_its_create_too() {
    let (emulator, core) = start(Emulator::builder().generation_time(MS)).await;
    let (other, _) = start(Emulator::builder().generation_time(MS).key(emulator.key())).await;
    let generate = image_generate(&core, request("a pier")).first_delay(MS).header("x-source", "a batch");
    generate.server_url(other.base_url()).await.unwrap();
    assert_eq!((emulator.charges().len(), other.charges().len()), (0, 1));
    for request in other.requests() {
        assert_eq!(request.header("x-source"), Some("a batch"), "{} {}", request.method, request.path);
    }
}

//! Waits that are notified, against the emulator's webhooks.

use std::future::IntoFuture as _;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::routing::post;
use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::webhook::{Event, Receiver};
use leonardo_ai::{LeonardoCore, LeonardoCoreBuilder, RetryPolicy};
use leonardo_ai_emulator::{Delivery, Emulator, EmulatorBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::events::CALLBACK_KEY;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// How many waits there are where there are many.
const MANY: usize = 200;

#[derive(Clone)]
struct Service {
    core: LeonardoCore,
    receiver: Receiver,
}

impl FromRef<Service> for Receiver {
    fn from_ref(service: &Service) -> Self {
        service.receiver.clone()
    }
}

async fn webhook(State(service): State<Service>, event: Event) {
    service.core.notify_event(&event);
}

/// Polls that only there for what is lost.
fn every(delay: Duration) -> RetryPolicy {
    RetryPolicy::default().initial_backoff(delay).max_backoff(delay)
}

/// An emulator that sends webhooks, and a core that they notify.
async fn started(
    builder: EmulatorBuilder,
    settings: impl FnOnce(LeonardoCoreBuilder) -> LeonardoCoreBuilder,
) -> (Emulator, LeonardoCore) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let emulator = builder.webhook(url, CALLBACK_KEY).start().await.unwrap();
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url());
    let core = settings(core.polls_per_minute(60_000)).build().unwrap();
    let service = Service { core: core.clone(), receiver: Receiver::new([CALLBACK_KEY]).unwrap() };
    let routes = Router::new().route("/hook", post(webhook)).with_state(service);
    tokio::spawn(axum::serve(listener, routes).into_future());
    (emulator, core)
}

fn request(number: usize) -> CreateGenerationRequest {
    CreateGenerationRequest::new(format!("prompt {number}")).num_images(1)
}

/// Everything that was read, whatever it was: generations, pages of the list, the account.
fn reads(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.method == "GET").count()
}

/// Creates and waits for so many, each in one call.
async fn generated(core: &LeonardoCore, count: usize) {
    let mut works = JoinSet::new();
    for number in 0..count {
        works.spawn(image_generate(core, request(number)).into_future());
    }
    for made in works.join_all().await {
        assert!(made.unwrap().generation.is_complete());
    }
}

/// Creates so many, and waits for them with these settings.
async fn waited(core: &LeonardoCore, count: usize, wait: fn(WaitForGeneration) -> WaitForGeneration) {
    let mut works = JoinSet::new();
    for number in 0..count {
        let core = core.clone();
        works.spawn(async move {
            let id = image_create_generation(&core, request(number)).await.unwrap().generation_id;
            wait(image_wait_for_generation(&core, id)).await
        });
    }
    for record in works.join_all().await {
        assert!(record.unwrap().is_complete());
    }
}

fn most(reads: usize, of: usize) {
    println!("{reads} reads for {of} generations");
    assert!(reads * 10 <= of * 11, "{reads} reads for {of} generations");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_webhooks_each_of_many_creates_that_wait_takes_one_read() {
    let time = Emulator::builder().generation_time(2 * SECOND);
    let (emulator, core) = started(time, |core| core.poll_delays(every(MINUTE))).await;
    let began = Instant::now();
    generated(&core, MANY).await;
    assert!(began.elapsed() < 20 * SECOND, "{:?}", began.elapsed());
    most(reads(&emulator), MANY);
    assert_eq!((emulator.charges().len(), emulator.webhooks_delivered()), (MANY, MANY as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_webhooks_each_of_many_waits_takes_one_read() {
    let time = Emulator::builder().generation_time(2 * SECOND);
    let (emulator, core) = started(time, |core| core.poll_delays(every(MINUTE))).await;
    waited(&core, MANY, WaitForGeneration::just_created).await;
    most(reads(&emulator), MANY);
}

/// With every default, waits read the account's list together, and each that is woken looks at once by itself.
#[tokio::test(flavor = "multi_thread")]
async fn with_webhooks_and_every_default_reads_are_few_too() {
    let (emulator, core) = started(Emulator::builder(), |core| core.polls_per_minute(600)).await;
    let mut works = JoinSet::new();
    for number in 0..60 {
        let core = core.clone();
        works.spawn(async move {
            let request = request(number).prompt(format!("slow {}ms", 1000 + 120 * number));
            let id = image_create_generation(&core, request).await.unwrap().generation_id;
            let ended = image_wait_for_generation(&core, id).await.unwrap();
            let completed = ended.created_at.unwrap().to_system_time().unwrap() + (1000 + 120 * number as u32) * MS;
            completed.elapsed().unwrap_or_default()
        });
    }
    let mut late = works.join_all().await;
    late.sort();
    println!("late: {:?} in the middle, {:?} at most", late[30], late[59]);
    assert!(late[30] < 500 * MS, "{late:?}");
    let reads = reads(&emulator);
    println!("{reads} reads for 60 generations");
    assert!(reads < 90, "{reads} reads");
}

/// So many are complete at once that the pace would have the last of them wait for 20 s.
#[tokio::test(flavor = "multi_thread")]
async fn when_many_are_woken_at_once_the_list_is_read_for_them() {
    let time = Emulator::builder().generation_time(4 * SECOND);
    let (emulator, core) = started(time, |core| core.polls_per_minute(600)).await;
    let began = Instant::now();
    waited(&core, MANY, |wait| wait).await;
    println!("{:?}", began.elapsed());
    assert!(began.elapsed() < 12 * SECOND, "{:?}", began.elapsed());
    let reads = reads(&emulator);
    assert!(reads < MANY / 2, "{reads} reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_are_lost_late_or_doubled_leave_no_wait_behind() {
    // A fifth of each.
    let kinds = [Delivery::Once, Delivery::Lost, Delivery::Once, Delivery::Repeated(2), Delivery::Late(800 * MS)];
    let deliveries = kinds.into_iter().cycle().take(MANY);
    let builder = Emulator::builder().generation_time(SECOND).webhook_deliveries(deliveries);
    let (emulator, core) = started(builder, |core| core.poll_delays(every(10 * SECOND))).await;
    let began = Instant::now();
    generated(&core, MANY).await;
    assert!(began.elapsed() < 40 * SECOND, "{:?}", began.elapsed());
    // What is doubled is not read twice.
    most(reads(&emulator), MANY);
}

#[tokio::test]
async fn without_any_webhook_every_wait_ends_by_its_polls() {
    let builder = Emulator::builder().generation_time(200 * MS).webhook_deliveries(vec![Delivery::Lost; 20]);
    let (emulator, core) = started(builder, |core| core.poll_delays(every(500 * MS))).await;
    generated(&core, 20).await;
    assert_eq!(emulator.webhooks_delivered(), 0);
}

/// A wait that only a notification can end in time.
fn patient(core: &LeonardoCore, id: &GenerationId) -> WaitForGeneration {
    image_wait_for_generation(core, id).first_delay(MINUTE).longest_delay(MINUTE).just_created()
}

async fn quiet() -> (Emulator, LeonardoCore) {
    let emulator = Emulator::builder().generation_time(100 * MS).start().await.unwrap();
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    (emulator, core)
}

async fn create(core: &LeonardoCore) -> GenerationId {
    image_create_generation(core, request(0)).await.unwrap().generation_id
}

/// Notifies until somebody waits, and tells how many did.
async fn notify(core: &LeonardoCore, id: &GenerationId) -> usize {
    for _ in 0..1000 {
        match core.notify(id) {
            0 => sleep(5 * MS).await,
            waits => return waits,
        }
    }
    panic!("nobody waits for {id}");
}

#[tokio::test]
async fn a_notification_reaches_all_waits_for_the_id_and_no_others() {
    let (emulator, core) = quiet().await;
    let (id, other) = (create(&core).await, create(&core).await);
    sleep(150 * MS).await;
    let mut waits = JoinSet::new();
    for core in [core.clone(), core.clone()] {
        waits.spawn(patient(&core, &id).into_future());
    }
    let others = tokio::spawn(patient(&core, &other).into_future());
    sleep(100 * MS).await;
    assert_eq!((core.notify("unknown"), reads(&emulator)), (0, 0));
    assert_eq!(core.clone().notify(id.as_str()), 2);
    for ended in timeout(20 * SECOND, waits.join_all()).await.expect("they were woken") {
        assert_eq!(ended.unwrap().id, id);
    }
    assert_eq!((reads(&emulator), others.is_finished()), (2, false));

    // Those that have ended, and those that are dropped, are gone.
    assert_eq!((core.notify(&id), core.notify(&other)), (0, 1));
    others.abort();
    let _ = others.await;
    assert_eq!(core.notify(&other), 0);
}

#[tokio::test]
async fn a_notification_that_comes_before_the_wait_counts() {
    let (emulator, core) = quiet().await;
    let id = create(&core).await;
    sleep(150 * MS).await;
    assert_eq!(core.notify(&id), 0);
    timeout(20 * SECOND, patient(&core, &id).into_future()).await.expect("it was notified").unwrap();
    assert_eq!(reads(&emulator), 1);
}

#[tokio::test]
async fn a_notification_that_comes_too_early_is_followed_up_soon() {
    let (emulator, core) = quiet().await;
    let id = image_create_generation(&core, request(0).prompt("slow 1500ms")).await.unwrap().generation_id;
    let began = Instant::now();
    let wait = tokio::spawn(patient(&core, &id).into_future());
    assert_eq!(notify(&core, &id).await, 1);
    assert!(timeout(20 * SECOND, wait).await.expect("it looks again").unwrap().unwrap().is_complete());
    let reads = reads(&emulator);
    assert!(reads <= 4, "{reads} reads in {:?}", began.elapsed());
}

#[tokio::test]
async fn a_forged_notification_ends_nothing() {
    let (emulator, core) = quiet().await;
    let id = image_create_generation(&core, request(0).prompt("slow 60s")).await.unwrap().generation_id;
    let wait = tokio::spawn(patient(&core, &id).deadline(2 * SECOND).into_future());
    notify(&core, &id).await;
    let error = wait.await.unwrap().unwrap_err();
    assert!(matches!(error.reason, GenerationErrorReason::Deadline { .. }), "{error}");
    assert!(reads(&emulator) <= 4);
}

#[tokio::test]
async fn every_kind_of_wait_can_be_notified() {
    let (_emulator, core) = quiet().await;
    let image =
        image_generate(&core, request(0)).first_delay(100 * MS).await.unwrap().generation.generated_images.remove(0).id;

    // A create that waits: the id is known from its progress.
    let (send, created) = tokio::sync::oneshot::channel();
    let mut send = Some(send);
    let generate = image_generate(&core, request(1)).first_delay(MINUTE).longest_delay(MINUTE);
    let generate = generate.on_progress(move |step| {
        if let (GenerationProgress::Created(job), Some(send)) = (step, send.take()) {
            let _ = send.send(job.generation_id.clone());
        }
    });
    let generate = tokio::spawn(generate.into_future());
    let id = created.await.unwrap();
    sleep(150 * MS).await;
    notify(&core, &id).await;
    timeout(20 * SECOND, generate).await.expect("it was notified").unwrap().unwrap();

    // One of another kind, as a stream.
    let upscale = CreateVariationUpscaleRequest::new(image);
    let mut steps = variation_upscale_and_wait(&core, upscale).first_delay(MINUTE).longest_delay(MINUTE).progress();
    let Some(Ok(leonardo_ai::JobProgress::Created(job))) = steps.next().await else { panic!("not created") };
    sleep(150 * MS).await;
    core.notify(&job.id);
    let done = timeout(20 * SECOND, steps.next()).await.expect("it was notified").unwrap().unwrap();
    assert!(matches!(done, leonardo_ai::JobProgress::Complete(_)), "{done:?}");
    // It is over, though the stream is still there.
    assert_eq!(core.notify(&job.id), 0);
}

//! Places of jobs, which are free when the job has ended and not before.

use std::future::IntoFuture as _;
use std::time::Duration;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{JobKind, LeonardoCore, Limits, RetryPolicy};
use leonardo_ai_emulator::Emulator;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::service::{MINUTE, MS, Rules, Service};

const SECOND: Duration = Duration::from_secs(1);

fn request(number: u64) -> CreateGenerationRequest {
    CreateGenerationRequest::new(format!("prompt {number}")).num_images(1)
}

async fn held(core: &LeonardoCore, kind: JobKind) -> u64 {
    let in_use = core.limits_in_use().await.unwrap();
    in_use.jobs.into_iter().find(|(other, _)| *other == kind).unwrap().1
}

fn limits() -> Limits {
    Limits::default().creates_per_minute(10_000).requests_per_minute(60_000)
}

fn rules(unfinished: usize) -> Rules {
    Rules { creates: 10_000, requests: 60_000, unfinished, ..Rules::default() }
}

#[tokio::test(start_paused = true)]
async fn a_place_is_held_until_the_job_has_ended_though_nobody_waits() {
    let service = Service::new(rules(3));
    let core = service.builder().limits(limits().jobs(2, 1)).build().unwrap();
    let began = Instant::now();
    for number in 0..30 {
        image_create_generation(&core, request(number)).await.unwrap();
    }
    assert_eq!(service.seen(|seen| (seen.refused, seen.most_unfinished)), (0, 3));
    // The service works at ten at a time, but has three: each takes 3 s. Ends are seen within a second or two.
    let elapsed = began.elapsed();
    assert!((SECOND * 27..SECOND * 60).contains(&elapsed), "{elapsed:?}");
    // Nobody looks at jobs while nobody needs their places.
    let reads = service.seen(|seen| seen.reads);
    sleep(MINUTE).await;
    assert_eq!(service.seen(|seen| seen.reads), reads);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_job_frees_its_place() {
    let service = Service::new(rules(2));
    let polls = RetryPolicy::default().initial_backoff(SECOND).max_backoff(SECOND).jitter(0.0);
    let core = service.builder().limits(limits().jobs(2, 0)).poll_delays(polls).build().unwrap();
    let mut all = JoinSet::new();
    for number in 0..10 {
        all.spawn(image_generate(&core, request(number)).deadline(None).into_future());
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert_eq!(service.seen(|seen| (seen.refused, seen.most_unfinished)), (0, 2));
    assert_eq!(held(&core, JobKind::Generation).await, 0);
    // Each is polled by whoever waits for it, about four times, and by nobody else.
    let reads = service.seen(|seen| seen.reads);
    assert!(reads <= 60, "{reads}");
}

#[tokio::test(start_paused = true)]
async fn a_notification_has_the_job_looked_at() {
    // The first jobs are slow, so that they are looked at seldom.
    let service = Service::new(Rules { takes: MINUTE * 5, ..rules(2) });
    let core = service.builder().limits(limits().jobs(2, 0)).build().unwrap();
    for number in 0..2 {
        image_create_generation(&core, request(number)).await.unwrap();
    }
    let waiting = tokio::spawn(image_create_generation(&core, request(2)).into_future());
    sleep(MINUTE * 5 - SECOND).await;
    assert!(!waiting.is_finished());
    sleep(SECOND + MS * 500).await;
    core.notify("job-1");
    let notified = Instant::now();
    waiting.await.unwrap().unwrap();
    assert!(notified.elapsed() < SECOND * 2, "{:?}", notified.elapsed());
    assert_eq!(service.seen(|seen| seen.most_unfinished), 2);
}

#[tokio::test(start_paused = true)]
async fn a_notification_alone_frees_nothing() {
    let service = Service::new(Rules { takes: MINUTE * 5, ..rules(1) });
    let core = service.builder().limits(limits().jobs(1, 0)).build().unwrap();
    image_create_generation(&core, request(0)).await.unwrap();
    core.notify("job-1");
    let early = image_create_generation(&core, request(1)).deadline(MINUTE).await;
    assert!(early.is_err());
    assert_eq!(service.seen(|seen| (seen.creates, seen.refused)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_or_never_appears_holds_no_place_for_good() {
    let service = Service::new(rules(1000));
    let core = service.builder().limits(limits().jobs(1, 0)).build().unwrap();
    image_create_generation(&core, request(0)).await.unwrap();
    service.forget_jobs();
    let began = Instant::now();
    image_create_generation(&core, request(1)).await.unwrap();
    let elapsed = began.elapsed();
    assert!((SECOND * 50..SECOND * 130).contains(&elapsed), "{elapsed:?}");
}

/// Each kind of job that the emulator makes: its place is held, and free once it has ended.
#[tokio::test]
async fn every_kind_of_job_can_be_looked_at() {
    let emulator = Emulator::builder().generation_time(MS * 300).balance(1e6).start().await.unwrap();
    let kinds =
        [JobKind::Generation, JobKind::Variation, JobKind::MotionVariation, JobKind::Texture, JobKind::Blueprint];
    let one_each = kinds.into_iter().chain([JobKind::Element, JobKind::Model]);
    let limits = one_each.clone().fold(limits(), |limits, kind| limits.jobs_of(kind, 1, 0));
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .limits(limits)
        .build()
        .unwrap();

    let job = image_generate(&core, request(0)).await.unwrap();
    let image = job.generation.generated_images[0].id.clone();
    let upscale = || CreateVariationUpscaleRequest::new(image.clone());
    variation_create_variation_upscale(&core, upscale()).await.unwrap();
    assert_eq!(held(&core, JobKind::Variation).await, 1);
    variation_create_variation_upscale(&core, upscale()).await.unwrap();

    let video = || CreateTextToVideoGenerationRequest::new("waves");
    let first = motion_create_text_to_video_generation(&core, video()).await.unwrap();
    assert_eq!(held(&core, JobKind::Generation).await, 1);
    motion_create_text_to_video_generation(&core, video()).await.unwrap();
    let upscale = || CreateVideoUpscaleRequest::new(first.generation_id.clone(), VideoResolution::P720);
    motion_create_video_upscale(&core, upscale()).await.unwrap();
    assert_eq!(held(&core, JobKind::MotionVariation).await, 1);
    motion_create_video_upscale(&core, upscale()).await.unwrap();

    v2_create_generation(&core, CreateV2GenerationRequest::new("gemini-2.5-flash-image", V2Parameters::new("a pier")))
        .await
        .unwrap();
    assert_eq!(held(&core, JobKind::Generation).await, 1);
    image_create_generation(&core, request(1)).await.unwrap();
}

//! Requests and creates a minute.

use std::error::Error as _;
use std::future::{Future, IntoFuture as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{
    BoxFuture, Counter, Error, HeldJob, JobKind, LimitStore, Limits, LocalStore, RetryBudget, RetryPolicy, Taken,
    TimeoutScope,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::service::{MINUTE, MS, Rules, Service};

fn request(number: u64) -> CreateGenerationRequest {
    CreateGenerationRequest::new(format!("prompt {number}")).num_images(1)
}

#[tokio::test(start_paused = true)]
async fn many_at_once_run_into_no_limit_and_use_what_is_allowed() {
    let service = Service::new(Rules::default());
    let core = service.builder().limits(Limits::default()).build().unwrap();
    let began = Instant::now();
    let mut all = JoinSet::new();
    for number in 0..500 {
        all.spawn(image_generate(&core, request(number)).deadline(None).into_future());
    }
    let generated = all.join_all().await;
    assert_eq!(generated.iter().filter(|generated| generated.is_ok()).count(), 500);
    assert_eq!(service.seen(|seen| (seen.creates, seen.refused)), (500, 0));
    // Five times 100, a minute apart: the last can begin after four minutes.
    let last = service.seen(|seen| seen.arrived.last().unwrap().0);
    assert!(last <= (MINUTE * 4).mul_f64(1.0 / 0.95), "{last:?}");
    assert!(began.elapsed() < MINUTE * 5);
}

#[tokio::test(start_paused = true)]
async fn without_limits_the_service_refuses() {
    let service = Service::new(Rules::default());
    let core = service.builder().retry(RetryPolicy::none()).build().unwrap();
    let mut all = JoinSet::new();
    for number in 0..120 {
        all.spawn(image_create_generation(&core, request(number)).into_future());
    }
    all.join_all().await;
    assert_eq!(service.seen(|seen| seen.refused), 20);
}

#[tokio::test(start_paused = true)]
async fn polls_count_as_requests_do() {
    let service = Service::new(Rules { requests: 50, creates: 1000, ..Rules::default() });
    let core = service.builder().limits(Limits::default().requests_per_minute(50)).build().unwrap();
    let mut all = JoinSet::new();
    for number in 0..120 {
        all.spawn(image_get_generation_by_id(&core, format!("job-{number}")).into_future());
    }
    all.join_all().await;
    assert_eq!(service.seen(|seen| (seen.reads, seen.refused)), (120, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_come_in_the_order_in_which_they_were_made() {
    let service = Service::new(Rules { latency: 0, ..Rules::default() });
    let core = service.builder().limits(Limits::default().creates_per_minute(2)).build().unwrap();
    let mut all = JoinSet::new();
    for number in 0..9 {
        all.spawn(image_create_generation(&core, request(number)).into_future());
        // Each has asked for its turn before the next one does.
        tokio::task::yield_now().await;
    }
    all.join_all().await;
    let order = service.seen(|seen| {
        let prompt = |body: &String| body.split("prompt ").nth(1).unwrap()[..1].parse::<u32>().unwrap();
        seen.arrived.iter().map(|(_, body)| prompt(body)).collect::<Vec<_>>()
    });
    assert_eq!(order, (0..9).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_for_a_turn_and_nothing_was_sent() {
    let service = Service::new(Rules::default());
    let core = service.builder().limits(Limits::default().creates_per_minute(1)).build().unwrap();
    image_create_generation(&core, request(0)).await.unwrap();
    let began = Instant::now();
    let error = image_create_generation(&core, request(1)).deadline(Duration::from_secs(10)).await.unwrap_err();
    // 2 s before its end an attempt that costs credits may not begin any more.
    assert!(began.elapsed() <= Duration::from_secs(8) + MS, "{:?}", began.elapsed());
    let Error::Timeout(timeout) = &error else { panic!("{error}") };
    assert_eq!((timeout.scope, timeout.sent, timeout.call.attempts), (TimeoutScope::Turn, false, 0));
    assert!(!error.may_have_been_charged());
    assert_eq!(
        error.to_string(),
        "image_create_generation failed: the core's limits left no turn within 10 s, the call's deadline. Nothing was sent. \
         Nothing was charged. Allow more time, or make fewer calls at once."
    );
    // The turn that it gave up is another's.
    image_create_generation(&core, request(2)).await.unwrap();
    assert_eq!(service.seen(|seen| seen.creates), 2);
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_less_is_asked_for() {
    // The account has a fifth of the limit that the program believes in.
    let service = Service::new(Rules { creates: 20, unfinished: 10_000, ..Rules::default() });
    let core = service
        .builder()
        .limits(Limits::default().jobs(10, 10_000))
        .retry_budget(RetryBudget::unlimited())
        .build()
        .unwrap();
    let mut all = JoinSet::new();
    let retry = RetryPolicy::default().max_attempts(1000).max_elapsed(MINUTE * 600);
    for number in 0..300 {
        all.spawn(image_create_generation(&core, request(number)).retry(retry.clone()).into_future());
    }
    let made = all.join_all().await;
    assert_eq!(service.seen(|seen| seen.creates), 300, "{:?}", made.iter().find(|made| made.is_err()));
    let refused = service.seen(|seen| seen.refused);
    // 80 of the first 100, and then what is tried once in a while.
    assert!((80..300).contains(&refused), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn what_the_service_asks_to_wait_holds_for_all() {
    let service = Service::new(Rules { creates: 1, retry_after: Some("60"), latency: 10, ..Rules::default() });
    let core = service.builder().limits(Limits::default()).build().unwrap();
    let retry = RetryPolicy::default().max_attempts(10).max_elapsed(MINUTE * 600);
    image_create_generation(&core, request(0)).await.unwrap();
    let refused = tokio::spawn(image_create_generation(&core, request(1)).retry(retry.clone()).into_future());
    sleep(MS * 100).await;
    assert_eq!(service.seen(|seen| seen.refused), 1);
    let other = tokio::spawn(image_create_generation(&core, request(2)).retry(retry).into_future());
    sleep(MINUTE - MS * 200).await;
    assert_eq!(service.seen(|seen| (seen.creates, seen.refused)), (1, 1));
    refused.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn cores_with_clones_of_limits_share_them() {
    let service = Service::new(Rules { latency: 0, ..Rules::default() });
    let limits = Limits::default().creates_per_minute(3);
    let cores = [(); 2].map(|()| service.builder().limits(limits.clone()).build().unwrap());
    for number in 0..3 {
        image_create_generation(&cores[number % 2], request(0)).await.unwrap();
    }
    let began = Instant::now();
    image_create_generation(&cores[1], request(0)).await.unwrap();
    assert!(began.elapsed() >= MINUTE - MS);
}

/// A store as another process would keep it, which fails after some time.
#[derive(Clone, Default)]
struct Elsewhere {
    counts: Arc<LocalStore>,
    takes: Arc<AtomicU32>,
    fails_from: u32,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl LimitStore for Elsewhere {
    fn take<'a>(&'a self, counter: Counter, most: u32, token: u64) -> BoxFuture<'a, Result<Taken, Failed>> {
        Box::pin(async move {
            sleep(MS).await;
            if self.takes.fetch_add(1, Ordering::Relaxed) >= self.fails_from {
                return Err("the database is gone".into());
            }
            self.counts.take(counter, most, token).await
        })
    }

    fn end(&self, counter: Counter, token: u64) {
        self.counts.end(counter, token);
    }

    fn give_back(&self, counter: Counter, token: u64) {
        self.counts.give_back(counter, token);
    }

    fn set_job(&self, kind: JobKind, token: u64, id: Option<&str>) {
        self.counts.set_job(kind, token, id);
    }

    fn job_ended(&self, id: &str) {
        self.counts.job_ended(id);
    }

    fn jobs(&self, kind: JobKind) -> BoxFuture<'_, Result<Vec<HeldJob>, Failed>> {
        self.counts.jobs(kind)
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_of_ones_own_keeps_the_counts() {
    let service = Service::new(Rules { creates: 10, ..Rules::default() });
    let store = Elsewhere { fails_from: u32::MAX, ..Elsewhere::default() };
    // Two processes.
    let cores = [(); 2].map(|()| {
        let limits = Limits::default().creates_per_minute(10).store(store.clone());
        service.builder().limits(limits).build().unwrap()
    });
    let mut all = JoinSet::new();
    for number in 0..40 {
        all.spawn(image_create_generation(&cores[number % 2], request(0)).into_future());
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert_eq!(service.seen(|seen| (seen.creates, seen.refused)), (40, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_fails_the_call_before_it_is_sent() {
    let service = Service::new(Rules::default());
    // A create takes three: of its operation, of its kind of job, and of all requests.
    let store = Elsewhere { fails_from: 5, ..Elsewhere::default() };
    let core = service.builder().limits(Limits::default().store(store.clone())).build().unwrap();
    image_create_generation(&core, request(0)).await.unwrap();
    let error = image_create_generation(&core, request(1)).await.unwrap_err();
    let Error::InvalidRequest(invalid) = &error else { panic!("{error}") };
    assert_eq!((&*invalid.field, invalid.call.attempts), ("limits", 0));
    assert_eq!(invalid.source().unwrap().to_string(), "the database is gone");
    assert_eq!(service.seen(|seen| seen.creates), 1);
    // What the second took before is given back.
    assert_eq!(store.counts.jobs(JobKind::Generation).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_can_be_asked_for() {
    let service = Service::new(Rules { takes: MINUTE * 10, ..Rules::default() });
    let core = service.builder().limits(Limits::default().creates_per_minute(2)).build().unwrap();
    let mut all = JoinSet::new();
    for number in 0..5 {
        all.spawn(image_create_generation(&core, request(number)).into_future());
    }
    sleep(Duration::from_secs(1)).await;
    let in_use = core.limits_in_use().await.unwrap();
    assert_eq!(in_use.waiting, 3);
    assert_eq!(in_use.jobs.iter().find(|(kind, _)| *kind == JobKind::Generation).unwrap().1, 2);
    all.abort_all();
    while all.join_next().await.is_some() {}
    assert_eq!(core.limits_in_use().await.unwrap().waiting, 0);
    let without = service.builder().build().unwrap();
    assert_eq!(without.limits_in_use().await.unwrap(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_polled_holds_up_no_other() {
    let service = Service::new(Rules { latency: 0, ..Rules::default() });
    let core = service.builder().limits(Limits::default().creates_per_minute(1)).build().unwrap();
    image_create_generation(&core, request(0)).await.unwrap();
    // Each of these has come to its place in the queue, and is polled no more.
    let mut silent = Vec::new();
    for number in 1..4 {
        let mut call = Box::pin(image_create_generation(&core, request(number)).into_future());
        assert!(poll_once(call.as_mut()).is_none());
        silent.push(call);
    }
    let began = Instant::now();
    image_create_generation(&core, request(4)).await.unwrap();
    assert!(began.elapsed() < MINUTE + Duration::from_secs(5), "{:?}", began.elapsed());
    // They come first again when they are polled.
    let mut later = Box::pin(image_create_generation(&core, request(5)).into_future());
    assert!(poll_once(later.as_mut()).is_none());
    silent.remove(0).await.unwrap();
    assert_eq!(service.seen(|seen| seen.creates), 3);
    drop(silent);
    later.await.unwrap();
}

/// Polls once.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

//! A service with limits, as a transport in Tokio's paused time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use leonardo_ai::bytes::Bytes;
use leonardo_ai::http::{HeaderMap, HeaderValue, StatusCode};
use leonardo_ai::{
    BoxFuture, LeonardoCore, LeonardoCoreBuilder, Transport, TransportError, TransportErrorKind, TransportRequest,
    TransportResponse,
};
use tokio::time::{Instant, sleep};

pub const MS: Duration = Duration::from_millis(1);
pub const MINUTE: Duration = Duration::from_secs(60);

/// What the service allows, and how it works.
#[derive(Clone)]
pub struct Rules {
    pub requests: usize,
    pub creates: usize,
    pub at_a_time: usize,
    pub unfinished: usize,
    pub takes: Duration,
    /// How long a request takes to arrive, and its response to come back, at most.
    pub latency: u64,
    pub retry_after: Option<&'static str>,
    /// Every so many creates, the response is lost.
    pub lost: Option<u64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            requests: 2000,
            creates: 100,
            at_a_time: 10,
            unfinished: 200,
            takes: Duration::from_secs(3),
            latency: 200,
            retry_after: None,
            lost: None,
        }
    }
}

/// What was seen of it.
#[derive(Default)]
pub struct Seen {
    pub creates: u64,
    pub reads: u64,
    pub estimates: u64,
    pub refused: u64,
    pub most_unfinished: usize,
    pub charged: u64,
    /// The creates as they arrived: when, and their bodies.
    pub arrived: Vec<(Duration, String)>,
}

#[derive(Clone)]
pub struct Service(Arc<Mutex<State>>);

struct State {
    rules: Rules,
    seen: Seen,
    began: Instant,
    requests: VecDeque<Instant>,
    creates: VecDeque<Instant>,
    /// When each job ends, and what its request echoes.
    jobs: HashMap<String, (Instant, String)>,
    /// When each place to work at is free.
    places: Vec<Instant>,
    random: fastrand::Rng,
}

impl Service {
    pub fn new(rules: Rules) -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State {
            places: vec![now; rules.at_a_time],
            rules,
            seen: Seen::default(),
            began: now,
            requests: VecDeque::new(),
            creates: VecDeque::new(),
            jobs: HashMap::new(),
            random: fastrand::Rng::with_seed(7),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.lock().seen)
    }

    /// Forgets every job, as if each were deleted.
    pub fn forget_jobs(&self) {
        self.lock().jobs.clear();
    }

    pub fn builder(&self) -> LeonardoCoreBuilder {
        let core = LeonardoCore::builder().bearer_auth("test").server_url("http://localhost:1");
        core.transport(self.clone()).deadline(None)
    }
}

fn fits(times: &mut VecDeque<Instant>, most: usize) -> bool {
    while times.front().is_some_and(|time| time.elapsed() >= MINUTE) {
        times.pop_front();
    }
    let fits = times.len() < most;
    if fits {
        times.push_back(Instant::now());
    }
    fits
}

impl State {
    fn unfinished(&self) -> usize {
        let now = Instant::now();
        self.jobs.values().filter(|(end, _)| *end > now).count()
    }

    fn respond(&mut self, request: &TransportRequest) -> (StatusCode, String) {
        if !fits(&mut self.requests, self.rules.requests) {
            return self.refuse();
        }
        let path = request.url.path();
        if path.ends_with("/pricing-calculator") {
            self.seen.estimates += 1;
            return (StatusCode::OK, r#"{"calculateProductionApiServiceCost":{"cost":7}}"#.into());
        }
        if path.ends_with("/generations") {
            return self.create(request);
        }
        self.seen.reads += 1;
        if path.ends_with("/me") {
            return (StatusCode::OK, r#"{"user_details":[{"user":{"id":"u-1"}}]}"#.into());
        }
        if path.ends_with("/generations/user/u-1") {
            let of = |name: &str| request.url.query_pairs().find(|(key, _)| key == name)?.1.parse::<usize>().ok();
            let (offset, limit) = (of("offset").unwrap_or(0), of("limit").unwrap_or(10));
            let numbers = (1..=self.jobs.len()).rev().skip(offset).take(limit);
            let records: Vec<_> = numbers.map(|number| self.record(&format!("job-{number}"))).collect();
            return (StatusCode::OK, format!(r#"{{"generations":[{}]}}"#, records.join(",")));
        }
        let id = path.rsplit('/').next().unwrap_or_default();
        (StatusCode::OK, format!(r#"{{"generations_by_pk":{}}}"#, self.record(id)))
    }

    fn record(&self, id: &str) -> String {
        let Some((end, echoed)) = self.jobs.get(id) else { return "null".into() };
        let status = if *end <= Instant::now() { "COMPLETE" } else { "PENDING" };
        format!(r#"{{"id":"{id}","status":"{status}","generated_images":[],{echoed}}}"#)
    }

    fn create(&mut self, request: &TransportRequest) -> (StatusCode, String) {
        let unfinished = self.unfinished();
        if unfinished >= self.rules.unfinished || !fits(&mut self.creates, self.rules.creates) {
            return self.refuse();
        }
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).into_owned();
        let sent: serde_json::Value = serde_json::from_str(&body).unwrap();
        let echoed = format!(r#""prompt":{},"seed":{}"#, sent["prompt"], sent["seed"]);
        self.seen.arrived.push((self.began.elapsed(), body));
        self.seen.creates += 1;
        self.seen.charged += 7;
        self.seen.most_unfinished = self.seen.most_unfinished.max(unfinished + 1);
        self.places.sort();
        let end = self.places[0].max(Instant::now()) + self.rules.takes;
        self.places[0] = end;
        let id = format!("job-{}", self.seen.creates);
        let body = format!(
            r#"{{"sdGenerationJob":{{"generationId":"{id}","apiCreditCost":7,"cost":{{"amount":"7","unit":"CREDITS"}}}}}}"#
        );
        self.jobs.insert(id, (end, echoed));
        (StatusCode::OK, body)
    }

    fn refuse(&mut self) -> (StatusCode, String) {
        self.seen.refused += 1;
        (StatusCode::TOO_MANY_REQUESTS, r#"{"error":"slow down","path":"$","code":"unexpected"}"#.into())
    }
}

impl Transport for Service {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async move {
            let wait = |service: &Self| {
                let mut state = service.lock();
                let latency = state.rules.latency;
                MS * u32::try_from(state.random.u64(0..=latency)).unwrap()
            };
            let there = wait(self);
            sleep(there).await;
            let (status, body) = self.lock().respond(&request);
            let back = wait(self);
            sleep(back).await;
            let state = self.lock();
            let lost = state.rules.lost.is_some_and(|each| state.seen.creates % each == 0);
            if lost && status == StatusCode::OK && request.url.path().ends_with("/generations") {
                return Err(TransportError::new(TransportErrorKind::Exchange, "the response was lost"));
            }
            let mut headers = HeaderMap::new();
            if let (StatusCode::TOO_MANY_REQUESTS, Some(after)) = (status, state.rules.retry_after) {
                headers.insert("retry-after", HeaderValue::from_static(after));
            }
            Ok(TransportResponse::new(status, headers, Bytes::from(body)))
        })
    }
}

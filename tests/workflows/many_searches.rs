//! Many searches at once: one of them reads the account's list for all.

use std::collections::BTreeSet;
use std::future::{IntoFuture as _, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use leonardo_ai::funcs::{FindGeneration, Lookup, image_create_generation_once, image_find_generation};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{
    BoxFuture, Error, LeonardoCore, RetryPolicy, Transport, TransportError, TransportRequest, TransportResponse,
};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::common::{KEY, response};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const OTHER_KEY: &str = "99999999-8888-4777-8666-000000000000";

fn core(emulator: &Emulator) -> LeonardoCore {
    LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(10 * MS))
        .timeout(500 * MS)
        .min_time_for_billable(MS)
        .build()
        .unwrap()
}

/// How often the list was read.
fn pages(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.path.contains("/generations/user/")).count()
}

async fn all(core: &LeonardoCore, count: usize, grace: Duration) -> BTreeSet<String> {
    let mut calls = JoinSet::new();
    for number in 0..count {
        let request = CreateGenerationRequest::new(format!("prompt {number}")).num_images(1);
        calls.spawn(image_create_generation_once(core, request).grace(grace).into_future());
    }
    calls.join_all().await.into_iter().map(|job| job.unwrap().generation_id.into_string()).collect()
}

fn charged(emulator: &Emulator) -> BTreeSet<String> {
    emulator.charges().into_iter().map(|charge| charge.generation_id).collect()
}

#[tokio::test]
async fn many_lost_creates_take_few_pages_and_each_finds_its_own() {
    let plan = FaultPlan::random(3, 70, vec![(1, Fault::ResetAfterWork), (1, Fault::ResetBeforeWork)]);
    let builder = Emulator::builder().balance(1e9).record_delay(300 * MS).faults(plan.on_method("POST"));
    let emulator = builder.start().await.unwrap();
    let ids = all(&core(&emulator), 100, 1500 * MS).await;
    assert_eq!((ids.len(), emulator.charges().len()), (100, 100));
    assert_eq!(ids, charged(&emulator));
    // About 70 and then 35, 12 and 4 search, and each would read a dozen pages and more by itself.
    assert!(pages(&emulator) < 250, "{} pages", pages(&emulator));
}

#[tokio::test]
async fn failures_of_reads_are_survived_together() {
    let faults = [Fault::ResetAfterWork, Fault::ResetBeforeWork, Fault::Html, Fault::StatusBefore(503), Fault::CutBody];
    let plan = FaultPlan::random(4, 60, faults.map(|fault| (1, fault)).to_vec());
    let emulator = Emulator::builder().balance(1e9).record_delay(300 * MS).faults(plan).start().await.unwrap();
    let ids = all(&core(&emulator), 120, SECOND).await;
    assert_eq!((ids.len(), emulator.charges().len()), (120, 120));
    assert_eq!(ids, charged(&emulator));
}

/// An account's list without a network: what tests say is in it, newest first, with delays of its own.
#[derive(Default)]
struct Account {
    records: Mutex<Vec<(i64, String)>>,
    /// How long each read of the list takes; the last one again and again.
    delays: Mutex<Vec<Duration>>,
    reads: Mutex<Vec<Read>>,
    revoked: AtomicUsize,
}

#[derive(Clone)]
struct Read {
    at: Instant,
    offset: usize,
    key: String,
    url: String,
    label: Option<String>,
}

#[derive(Clone)]
struct Listing(Arc<Account>);

const FOREVER: Duration = Duration::from_secs(100_000);

impl Transport for Listing {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async move { Ok(self.0.reply(&request).await) })
    }
}

impl Account {
    async fn reply(&self, request: &TransportRequest) -> TransportResponse {
        let url = request.url.to_string();
        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let key = header("authorization").unwrap().trim_start_matches("Bearer ").to_owned();
        let user = if key == OTHER_KEY { "user-2" } else { "user-1" };
        if url.ends_with("/me") {
            return json_of(&json!({"user_details": [{"user": {"id": user}}]}));
        }
        let number = |name: &str| {
            let rest = url.split(['?', '&']).find_map(|field| field.strip_prefix(name)).unwrap();
            rest.trim_start_matches('=').parse::<usize>().unwrap()
        };
        let offset = number("offset");
        let delay = {
            let mut reads = self.reads.lock().unwrap();
            reads.push(Read { at: Instant::now(), offset, key, url: url.clone(), label: header("x-label") });
            let delays = self.delays.lock().unwrap();
            delays.get(reads.len() - 1).or(delays.last()).copied().unwrap_or_default()
        };
        if self.revoked.load(Ordering::SeqCst) > 0 && header("authorization").unwrap().ends_with(KEY) {
            let body = r#"{"error":"Authentication hook unauthorized this request","path":"$","code":"access-denied"}"#;
            return response(401, &[], body);
        }
        sleep(delay).await;
        let records = self.records.lock().unwrap();
        let page =
            records.iter().skip(offset).take(number("limit")).map(
                |(seed, id)| json!({"id": id, "seed": seed, "prompt": id, "status": "COMPLETE", "createdAt": now()}),
            );
        json_of(&json!({ "generations": page.collect::<Vec<_>>() }))
    }

    fn reads(&self) -> Vec<Read> {
        self.reads.lock().unwrap().clone()
    }

    fn add(&self, seed: i64, id: &str) {
        self.records.lock().unwrap().insert(0, (seed, id.to_owned()));
    }

    /// With so many records of others.
    fn with(others: i64, delays: &[Duration]) -> Arc<Self> {
        let account = Arc::new(Self { delays: Mutex::new(delays.to_vec()), ..Self::default() });
        (0..others).for_each(|number| account.add(1_000_000 + number, &format!("other-{number}")));
        account
    }

    fn core(self: &Arc<Self>) -> LeonardoCore {
        LeonardoCore::builder()
            .bearer_auth(KEY)
            .transport(Listing(self.clone()))
            .timeout(FOREVER)
            .retry(RetryPolicy::default().initial_backoff(10 * MS).max_backoff(10 * MS))
            .build()
            .unwrap()
    }
}

fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // From days since 1970 to a date.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

fn json_of(body: &serde_json::Value) -> TransportResponse {
    response(200, &[("content-type", "application/json")], body.to_string())
}

fn find(core: &LeonardoCore, seed: i64, id: &str) -> FindGeneration {
    let request = CreateGenerationRequest { seed: Some(seed), ..CreateGenerationRequest::new(id) };
    image_find_generation(core, &request, SystemTime::now() - SECOND).unique_seed(true).grace(Duration::ZERO)
}

async fn found(core: &LeonardoCore, seed: i64, id: &str) -> bool {
    found_by(find(core, seed, id), id).await
}

async fn found_by(find: FindGeneration, id: &str) -> bool {
    matches!(find.await, Ok(Lookup::Found(found)) if found.id.as_str() == id)
}

#[tokio::test(start_paused = true)]
async fn a_round_that_began_before_a_search_did_proves_nothing_to_it() {
    // Three pages, of a second each.
    let account = Account::with(120, &[SECOND]);
    let core = account.core();
    let first = tokio::spawn(find(&core, 1, "not there").into_future());
    sleep(1200 * MS).await;
    // It is on the first page, which was read before.
    account.add(2, "new");
    sleep(300 * MS).await;
    assert!(found(&core, 2, "new").await, "concluded from pages that were older than the search");
    assert_eq!(first.await.unwrap().unwrap(), Lookup::Absent);
    // Three pages, one that is empty, and the first one again.
    let offsets: Vec<_> = account.reads().iter().map(|read| read.offset).collect();
    assert_eq!(offsets, [0, 47, 94, 121, 0]);
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_that_began_before_the_grace_period_was_over() {
    let account = Account::with(120, &[SECOND]);
    let core = account.core();
    let search = tokio::spawn(find(&core, 1, "late").grace(1500 * MS).into_future());
    sleep(1200 * MS).await;
    account.add(1, "late");
    assert!(matches!(search.await.unwrap(), Ok(Lookup::Found(_))));
}

#[tokio::test(start_paused = true)]
async fn another_one_goes_on_when_the_one_that_reads_is_dropped() {
    // The second page does not come at first.
    let account = Account::with(120, &[SECOND, SECOND, FOREVER, SECOND]);
    let core = account.core();
    account.add(2, "behind the others");
    account.records.lock().unwrap().rotate_left(1);
    let mut searches = Vec::new();
    for seed in [1, 1, 2, 2, 2] {
        searches.push(tokio::spawn(find(&core, seed, "behind the others").into_future()));
        tokio::task::yield_now().await;
    }
    // While it reads the first page, and the next one while it reads the second.
    sleep(500 * MS).await;
    let began = Instant::now();
    searches.remove(0).abort();
    sleep(1500 * MS).await;
    searches.remove(0).abort();
    for search in searches {
        assert!(matches!(search.await.unwrap(), Ok(Lookup::Found(_))));
    }
    // What was read stays read.
    assert_eq!(account.reads().iter().map(|read| read.offset).collect::<Vec<_>>(), [0, 0, 47, 47, 94]);
    assert!(began.elapsed() < 3600 * MS, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_polled_or_waits_for_a_slow_page_stops_nobody() {
    for polled in [true, false] {
        let account = Account::with(3, &[FOREVER, MS]);
        account.add(1, "there");
        let core = account.core();
        let mut leader = find(&core, 2, "not there").deadline(None).into_future();
        // Until it has sent its request.
        for _ in 0..20 {
            poll_fn(|context| {
                assert!(leader.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            tokio::task::yield_now().await;
        }
        assert_eq!(account.reads().len(), 1);
        let leader = if polled { Ok(tokio::spawn(leader)) } else { Err(leader) };
        let began = Instant::now();
        let mut others = JoinSet::new();
        for _ in 0..20 {
            let core = core.clone();
            others.spawn(async move { found(&core, 1, "there").await });
        }
        assert!(others.join_all().await.into_iter().all(|found| found));
        assert!(began.elapsed() < 3 * SECOND && account.reads().len() < 5, "{:?}", began.elapsed());
        // What others read is shown to it as well.
        if let Ok(leader) = leader {
            assert!(timeout(SECOND, leader).await.is_err(), "its own look began before those pages");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deadlines_are_each_search_s_own() {
    let account = Account::with(3, &[FOREVER]);
    let core = account.core();
    let leader = tokio::spawn(find(&core, 1, "there").into_future());
    sleep(10 * MS).await;
    let began = Instant::now();
    let late = find(&core, 2, "late").deadline(700 * MS).await.unwrap_err();
    assert!(matches!(late, Error::Timeout(_)), "{late}");
    assert!((700 * MS..800 * MS).contains(&began.elapsed()), "{:?}", began.elapsed());
    leader.abort();
    // One whose time is over while it reads leaves the page to the others.
    let account = Account::with(3, &[FOREVER, MS]);
    account.add(1, "there");
    let core = account.core();
    let late = tokio::spawn(find(&core, 2, "late").deadline(500 * MS).into_future());
    sleep(10 * MS).await;
    let began = Instant::now();
    assert!(found(&core, 1, "there").await);
    assert!(began.elapsed() < 600 * MS, "{:?}", began.elapsed());
    assert!(late.await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn those_with_other_keys_servers_headers_or_limits_read_for_themselves() {
    let account = Account::with(3, &[SECOND]);
    account.add(1, "there");
    let asked = AtomicUsize::new(0);
    let core = LeonardoCore::builder()
        .bearer_auth_provider(move || {
            let key = if asked.fetch_add(1, Ordering::SeqCst) % 2 == 0 { KEY } else { OTHER_KEY };
            std::future::ready(Ok::<_, std::io::Error>(key.to_owned()))
        })
        .transport(Listing(account.clone()))
        .build()
        .unwrap();
    // Their keys are asked for in this order.
    let searches = [
        find(&core, 1, "there"),
        find(&core, 1, "there"),
        find(&core, 1, "there").server_url("https://other.test"),
        find(&core, 1, "there"),
        find(&core, 1, "there").header("x-label", "one"),
        find(&core, 1, "there"),
        find(&core, 1, "there").timeout(20 * SECOND),
    ];
    let mut running = JoinSet::new();
    for search in searches {
        running.spawn(found_by(search, "there"));
    }
    assert!(running.join_all().await.into_iter().all(|found| found));
    let reads = account.reads();
    let by = |key: &str| reads.iter().filter(|read| read.key == key).collect::<Vec<_>>();
    // Four of the first account, none of which would send the same; three of the other one, which share a read.
    assert_eq!((by(KEY).len(), by(OTHER_KEY).len()), (4, 1));
    assert!(by(KEY).iter().all(|read| read.url.contains("/user/user-1")));
    assert!(by(OTHER_KEY).iter().all(|read| read.url.contains("/user/user-2")));
    assert_eq!(reads.iter().filter(|read| read.url.starts_with("https://other.test")).count(), 1);
    assert_eq!(reads.iter().filter(|read| read.label.is_some()).count(), 1);
    // Two cores have nothing in common.
    let before = reads.len();
    let (one, two) = (account.core(), account.core());
    assert_eq!(tokio::join!(found(&one, 1, "there"), found(&two, 1, "there")), (true, true));
    assert_eq!(account.reads().len(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_replaced_is_replaced_for_each() {
    const NEW_KEY: &str = "99999999-8888-4777-8666-111111111111";
    let account = Account::with(3, &[SECOND]);
    let shared = account.clone();
    let core = LeonardoCore::builder()
        .bearer_auth_provider(move || {
            let key = if shared.revoked.load(Ordering::SeqCst) > 0 { NEW_KEY } else { KEY };
            std::future::ready(Ok::<_, std::io::Error>(key.to_owned()))
        })
        .transport(Listing(account.clone()))
        .build()
        .unwrap();
    let mut searches = JoinSet::new();
    for number in 0..10 {
        let search = find(&core, number, &format!("there-{number}")).grace(30 * SECOND);
        searches.spawn(async move { found_by(search, &format!("there-{number}")).await });
    }
    sleep(1500 * MS).await;
    account.revoked.store(1, Ordering::SeqCst);
    (0..10).for_each(|number| account.add(number, &format!("there-{number}")));
    assert!(searches.join_all().await.into_iter().all(|found| found));
    let reads = account.reads();
    assert!(reads.iter().any(|read| read.key == NEW_KEY));
    // Once each with the old key, and together with the new one.
    assert!(reads.len() < 20, "{}", reads.len());
}

#[tokio::test(start_paused = true)]
async fn rounds_are_some_time_apart() {
    let account = Account::with(3, &[MS]);
    let core = account.core();
    let mut searches = JoinSet::new();
    for seed in 0..40 {
        searches.spawn(find(&core, seed, "not there").grace(20 * SECOND).into_future());
    }
    let all = searches.join_all().await;
    assert!(all.into_iter().all(|sought| matches!(sought, Ok(Lookup::Absent))));
    let reads = account.reads();
    let firsts: Vec<_> = reads.iter().filter(|read| read.offset == 0).map(|read| read.at).collect();
    assert!(firsts.windows(2).all(|two| two[1] - two[0] >= SECOND - 10 * MS || firsts.len() < 3), "too often");
    assert!(reads.len() <= 2 * 22, "{}", reads.len());
}

#[tokio::test]
async fn a_failure_to_read_delays_only_the_one_that_failed() {
    let plan = FaultPlan::sequence([Fault::StatusBefore(503)]).only(|_, path| path.contains("/generations/user/"));
    let emulator = Emulator::builder().faults(plan).start().await.unwrap();
    let slow = RetryPolicy::default().initial_backoff(20 * SECOND).jitter(0.0);
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).retry(slow);
    let core = core.build().unwrap();
    let began = Instant::now();
    let mut searches = JoinSet::new();
    for seed in 0..3 {
        searches.spawn(find(&core, seed, "not there").into_future());
    }
    assert!(searches.join_all().await.into_iter().all(|sought| matches!(sought, Ok(Lookup::Absent))));
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
}

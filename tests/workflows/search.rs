//! Looking for a create whose response was lost: what is recognised, by which clocks, and what it may cost.

use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use leonardo_ai::funcs::{
    Lookup, image_create_generation_once, image_find_generation, image_generate, user_get_user_self,
};
use leonardo_ai::models::{CreateGenerationRequest, GenerationJob};
use leonardo_ai::{CreateOnce, Error, LeonardoCore, LeonardoCoreBuilder, RetryBudget, RetryPolicy};
use serde_json::{Value, json};

use crate::common::{KEY, Received, Reply, Server, quick};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const OTHER_KEY: &str = "99999999-8888-4777-8666-000000000000";

/// What the service does with one create.
#[derive(Clone)]
enum Create {
    Done,
    /// It does the work, and the response is lost.
    Lost,
    /// The same, and the record appears with the next request but so many to the list.
    LostAndLate(usize),
    /// The request is lost.
    Undone,
    Refused(Reply),
}

type Alter = Box<dyn FnMut(&mut Value) + Send>;
type Reads = Box<dyn FnMut(&Received) -> Option<Reply> + Send>;
type Change = (&'static str, fn(&mut Value));

/// A service with two accounts, whose records a test can change.
struct Service {
    creates: Mutex<Vec<Create>>,
    /// Newest first, each with its account.
    records: Mutex<Vec<(String, Value)>>,
    late: Mutex<Vec<(usize, String, Value)>>,
    /// What is changed about the record of each create.
    alter: Mutex<Alter>,
    /// Instead of the lists and the account.
    reads: Mutex<Reads>,
    charged: Mutex<Vec<String>>,
    /// By how much `date` is ahead of the records' times, in s; none is sent at the lowest.
    date_ahead: AtomicI64,
    /// How many records an odd server gives at most.
    cap: AtomicUsize,
}

const NO_DATE: i64 = i64::MIN;

fn account_of(request: &Received) -> String {
    let key = request.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
    if key == OTHER_KEY { "user-2" } else { "user-1" }.to_owned()
}

/// In the form of the service: seconds from now on.
fn time(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(now.saturating_add_signed(seconds));
    let text = httpdate::fmt_http_date(at);
    let words: Vec<_> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|month| *month == words[2]).unwrap() + 1;
    format!("{}-{month:02}-{}T{}", words[3], words[1], words[4])
}

fn record(id: &str, prompt: &str, seed: i64, seconds: i64) -> Value {
    json!({
        "id": id, "status": "COMPLETE", "prompt": prompt, "seed": seed, "createdAt": time(seconds),
        "imageWidth": 1024, "imageHeight": 768, "modelId": "b24e16ff-06e3-43eb-8d33-4416c2d75876",
        "generated_images": [], "public": false
    })
}

impl Service {
    async fn start(creates: impl IntoIterator<Item = Create>) -> (Arc<Self>, Server) {
        let mut creates: Vec<_> = creates.into_iter().collect();
        creates.reverse();
        let service = Arc::new(Self {
            creates: Mutex::new(creates),
            records: Mutex::default(),
            late: Mutex::default(),
            alter: Mutex::new(Box::new(|_| ())),
            reads: Mutex::new(Box::new(|_| None)),
            charged: Mutex::default(),
            date_ahead: AtomicI64::new(0),
            cap: AtomicUsize::new(usize::MAX),
        });
        let shared = service.clone();
        let server = Server::start(move |_, request| shared.reply(request)).await;
        (service, server)
    }

    fn reply(&self, request: &Received) -> Reply {
        let account = account_of(request);
        if request.method == "POST" {
            return self.create(request, account);
        }
        if let Some(reply) = (self.reads.lock().unwrap())(request) {
            return reply;
        }
        if request.target.ends_with("/me") {
            return self.json(json!({"user_details": [{"user": {"id": account, "username": "name"}}]}));
        }
        let mut late = self.late.lock().unwrap();
        late.retain_mut(|(lists, owner, record)| {
            let appears = *lists == 0;
            match appears {
                true => self.records.lock().unwrap().insert(0, (owner.clone(), record.take())),
                false => *lists -= 1,
            }
            !appears
        });
        drop(late);
        let (path, query) = request.target.split_once('?').expect("a page");
        let number = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)).expect("a field of the query");
            value.trim_start_matches('=').parse::<usize>().unwrap()
        };
        let records = self.records.lock().unwrap();
        let of_account = records.iter().filter(|(owner, _)| path.ends_with(&format!("/user/{owner}")));
        let limit = number("limit").min(self.cap.load(Ordering::SeqCst));
        let page: Vec<_> = of_account.skip(number("offset")).take(limit).map(|(_, record)| record).collect();
        self.json(json!({ "generations": page }))
    }

    fn json(&self, body: Value) -> Reply {
        match self.date_ahead.load(Ordering::SeqCst) {
            NO_DATE => Reply::json(200, body.to_string()),
            ahead => {
                let now = SystemTime::now() + Duration::from_secs(ahead.max(0).unsigned_abs());
                let date = httpdate::fmt_http_date(now - Duration::from_secs(ahead.min(0).unsigned_abs()));
                Reply::with(200, &[("content-type", "application/json"), ("date", &date)], body.to_string())
            }
        }
    }

    fn create(&self, request: &Received, account: String) -> Reply {
        let what = self.creates.lock().unwrap().pop().unwrap_or(Create::Done);
        if let Create::Refused(reply) = what {
            return reply;
        }
        if let Create::Undone = what {
            return Reply::Reset;
        }
        let body = request.json();
        let id = format!("generation-{}", self.charged.lock().unwrap().len() + 1);
        let mut record = record(&id, body["prompt"].as_str().unwrap(), body["seed"].as_i64().unwrap_or(-1), 0);
        record["imageWidth"] = body["width"].clone();
        (self.alter.lock().unwrap())(&mut record);
        self.charged.lock().unwrap().push(id.clone());
        match what {
            Create::LostAndLate(lists) => self.late.lock().unwrap().push((lists, account, record)),
            _ => self.records.lock().unwrap().insert(0, (account, record)),
        }
        match what {
            Create::Done => {
                let job =
                    json!({"sdGenerationJob": {"generationId": id, "cost": {"amount": "0.01", "unit": "DOLLARS"}}});
                Reply::json(200, job.to_string())
            }
            _ => Reply::Reset,
        }
    }

    fn add(&self, record: Value) {
        self.records.lock().unwrap().insert(0, ("user-1".into(), record));
    }

    fn charged(&self) -> usize {
        self.charged.lock().unwrap().len()
    }

    /// Responses every request to read something so.
    fn reads(&self, reply: impl FnMut(&Received) -> Option<Reply> + Send + 'static) {
        *self.reads.lock().unwrap() = Box::new(reply);
    }
}

fn builder(server: &Server) -> LeonardoCoreBuilder {
    server.builder().timeout(2 * SECOND).min_time_for_billable(MS)
}

fn core(server: &Server) -> LeonardoCore {
    builder(server).build().unwrap()
}

/// A request with a prompt that no other test has, since calls of one process know one another by it.
fn request(prompt: &str, seed: Option<i64>) -> CreateGenerationRequest {
    CreateGenerationRequest { num_images: Some(1), seed, ..CreateGenerationRequest::new(prompt) }
}

fn once(core: &LeonardoCore, request: CreateGenerationRequest) -> CreateOnce<CreateGenerationRequest> {
    image_create_generation_once(core, request).grace(150 * MS)
}

fn id(job: &GenerationJob) -> &str {
    job.generation_id.as_str()
}

/// A core whose wall clock steps by so many seconds when the list is first read.
fn stepping(server: &Server, before: i64, after: i64, service: &Service) -> LeonardoCore {
    let ahead = Arc::new(AtomicI64::new(before));
    let (clock, steps) = (ahead.clone(), ahead);
    service.reads(move |_| {
        steps.store(after, Ordering::SeqCst);
        None
    });
    let now = move || {
        let ahead = clock.load(Ordering::SeqCst);
        let hour = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { SystemTime::now() - hour } else { SystemTime::now() + hour }
    };
    builder(server).wall_clock(now).build().unwrap()
}

#[tokio::test]
async fn a_wall_clock_that_steps_does_not_pay_twice() {
    for seed in [Some(11), None] {
        for (before, after) in [(0, 120), (0, -120), (120, 0), (-120, 0), (0, 7200), (0, -7200), (7200, 0), (-7200, 0)]
        {
            for date_ahead in [0, NO_DATE] {
                let (service, server) = Service::start([Create::Lost]).await;
                service.date_ahead.store(date_ahead, Ordering::SeqCst);
                let core = stepping(&server, before, after, &service);
                let made = once(&core, request("a clock", seed)).await;
                assert_eq!(service.charged(), 1, "{seed:?} {before} {after} {date_ahead}");
                match made {
                    Ok(job) => assert_eq!(id(&job), "generation-1"),
                    // Without a date there is only this machine's clock, and it cannot be believed any more.
                    Err(Error::OutcomeUnknown(unknown)) if seed.is_some() && date_ahead == NO_DATE => {
                        assert!((before - after).abs() > 300, "{before} {after}");
                        assert_eq!(unknown.candidates, ["generation-1"]);
                    }
                    Err(error) => panic!("{seed:?} {before} {after} {date_ahead}: {error}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_date_ahead_of_the_records_times_does_not_pay_twice() {
    for seed in [Some(12), None] {
        let (service, server) = Service::start([Create::LostAndLate(2)]).await;
        service.date_ahead.store(90, Ordering::SeqCst);
        let job = once(&core(&server), request("a date", seed)).grace(SECOND).await.unwrap();
        assert_eq!((id(&job), service.charged()), ("generation-1", 1), "{seed:?}");
    }
}

#[tokio::test]
async fn a_record_behind_newer_ones_is_found_with_a_date_that_is_ahead() {
    for seed in [Some(13), None] {
        let (service, server) = Service::start([Create::Lost]).await;
        service.date_ahead.store(90, Ordering::SeqCst);
        let shared = service.clone();
        let mut added = false;
        service.reads(move |_| {
            if !std::mem::replace(&mut added, true) {
                (0..60)
                    .for_each(|number| shared.add(record(&format!("newer-{number}"), "newer", 6_000_000 + number, 0)));
            }
            None
        });
        let job = once(&core(&server), request("behind", seed)).await.unwrap();
        assert_eq!((id(&job), service.charged()), ("generation-1", 1), "{seed:?}");
    }
}

#[tokio::test]
async fn a_record_that_shows_something_else_is_still_recognised() {
    let changes: [Change; 6] = [
        ("blanks", |record| record["prompt"] = "a sign that says hello".into()),
        ("case", |record| record["prompt"] = "A Sign  that says \"hello\"".to_uppercase().replace('"', "").into()),
        ("1:1", |record| (record["imageWidth"], record["imageHeight"]) = (1024.into(), 1024.into())),
        ("enlarged", |record| (record["imageWidth"], record["imageHeight"]) = (1792.into(), 1344.into())),
        ("model", |record| record["modelId"] = "another".into()),
        ("all", |record| {
            record["prompt"] = "a sign that\nsays hello ".into();
            (record["modelId"], record["imageWidth"]) = ("another".into(), 8.into());
        }),
    ];
    for (number, (what, change)) in changes.into_iter().enumerate() {
        for seed in [Some(100 + number as i64), None] {
            let (service, server) = Service::start([Create::Lost]).await;
            *service.alter.lock().unwrap() = Box::new(change);
            let job = once(&core(&server), request(" a sign  that says\thello", seed)).await;
            let job = job.unwrap_or_else(|error| panic!("{what} {seed:?}: {error}"));
            assert_eq!((id(&job), service.charged()), ("generation-1", 1), "{what} {seed:?}");
        }
    }
}

#[tokio::test]
async fn of_several_that_may_be_it_the_one_most_like_it_is_taken() {
    let (service, server) = Service::start([Create::Lost]).await;
    let mut other = record("other", "several", 21, 0);
    other["imageWidth"] = 512.into();
    let mut model = record("model", "several", 21, 0);
    (model["imageWidth"], model["modelId"]) = (512.into(), "another".into());
    service.add(other);
    // Its own has another height, as if the service had changed it.
    *service.alter.lock().unwrap() = Box::new(|record| record["imageHeight"] = 1024.into());
    let shared = service.clone();
    service.reads(move |_| {
        let mut records = shared.records.lock().unwrap();
        if !records.iter().any(|(_, record)| record["id"] == "model") {
            records.insert(0, ("user-1".into(), model.clone()));
        }
        None
    });
    let job = once(&core(&server), request("several", Some(21))).await.unwrap();
    assert_ne!(id(&job), "model", "it has neither size nor model");
    assert_eq!(service.charged(), 1);
}

#[tokio::test]
async fn one_with_the_seed_but_another_prompt_is_neither_taken_nor_paid_for_again() {
    for create in [Create::Lost, Create::Undone] {
        let (service, server) = Service::start([create]).await;
        *service.alter.lock().unwrap() = Box::new(|record| record["prompt"] = "rewritten by the service".into());
        service.add(record("foreign", "of somebody else", 22, 0));
        let before = service.charged();
        let error = once(&core(&server), request("of mine", Some(22))).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{error}") };
        assert!(unknown.candidates.contains(&"foreign".to_owned()), "{:?}", unknown.candidates);
        assert!(error.to_string().contains("foreign"), "{error}");
        assert!(service.charged() <= before + 1);
    }
}

#[tokio::test]
async fn a_seed_that_is_the_caller_s_alone_decides_by_itself() {
    let (service, server) = Service::start([Create::Lost]).await;
    *service.alter.lock().unwrap() = Box::new(|record| {
        record["prompt"] = "rewritten by the service".into();
        record["createdAt"] = time(-5000).into();
    });
    let job = once(&core(&server), request("a mark", Some(23))).unique_seed(true).await.unwrap();
    assert_eq!((id(&job), service.charged()), ("generation-1", 1));
}

#[tokio::test]
async fn an_old_record_with_the_same_seed_is_not_taken() {
    // With a chosen seed it is simply another one.
    let (service, server) = Service::start([Create::Undone]).await;
    service.add(record("old", "old one", 24, -3600));
    let job = once(&core(&server), request("old one", Some(24))).await.unwrap();
    assert_eq!((id(&job), service.charged()), ("generation-1", 1));
    // With a random one it is a coincidence, or a clock that is wrong by that much: neither taken nor paid for again.
    let (service, server) = Service::start([Create::Lost]).await;
    *service.alter.lock().unwrap() = Box::new(|record| record["createdAt"] = time(-3600).into());
    let error = once(&core(&server), request("old one", None)).await.unwrap_err();
    assert!(error.may_have_been_charged() && error.to_string().contains("generation-1"), "{error}");
    assert_eq!(service.charged(), 1);
}

#[tokio::test]
async fn programs_that_seed_their_generators_alike_do_not_take_each_others_work() {
    let (service, server) = Service::start([Create::Done, Create::Undone]).await;
    let mut ids = Vec::new();
    for prompt in ["a first program", "a second program"] {
        fastrand::seed(7);
        ids.push(once(&core(&server), request(prompt, None)).await.unwrap().generation_id);
    }
    assert_ne!(ids[0], ids[1]);
    let records = service.records.lock().unwrap();
    assert_ne!(records[0].1["seed"], records[1].1["seed"]);
}

#[tokio::test]
async fn no_call_outlives_its_deadline_because_another_is_stalled() {
    let (service, server) = Service::start([Create::Lost, Create::Lost]).await;
    service.reads(|request| request.target.ends_with("/me").then(|| Reply::Stall(Vec::new())));
    let core = server.builder().timeout(60 * SECOND).min_time_for_billable(MS).build().unwrap();
    let stalled = tokio::spawn({
        let core = core.clone();
        async move { once(&core, request("stalled", None)).deadline(None).await }
    });
    server.expect(2).await;
    let ended = once(&core, request("in time", None)).deadline(1200 * MS).into_future();
    let ended = tokio::time::timeout(20 * SECOND, ended).await.expect("it ends by its own deadline").unwrap_err();
    assert!(ended.may_have_been_charged() && !stalled.is_finished(), "{ended}");
    // One whose own lookup succeeds does not wait for the stalled one.
    service.reads(|_| None);
    once(&core, request("succeeds", None)).await.unwrap();
    stalled.abort();
}

#[tokio::test]
async fn a_key_that_changes_accounts_is_remembered_with_its_user() {
    let (service, server) = Service::start([Create::Lost, Create::Lost]).await;
    let asked = AtomicUsize::new(0);
    // The first call's create is sent with one account's key, and the other account's key comes right after it.
    let core = builder(&server)
        .bearer_auth_provider(move || {
            let key = if asked.fetch_add(1, Ordering::SeqCst) % 2 == 0 { KEY } else { OTHER_KEY };
            async move { Ok::<_, std::io::Error>(key.to_owned()) }
        })
        .build()
        .unwrap();
    let first = once(&core, request("an account", None)).await.unwrap();
    let second = once(&core, request("another account", None)).await.unwrap();
    assert_eq!((id(&first), id(&second), service.charged()), ("generation-1", "generation-2", 2));
    // A key that was replaced by another one of the same account is no obstacle.
    let (service, server) = Service::start([Create::Lost, Create::Lost]).await;
    let keys = Arc::new(Mutex::new((KEY, false)));
    let provider = keys.clone();
    let core = builder(&server)
        .bearer_auth_provider(move || {
            let key = provider.lock().unwrap().0.to_owned();
            async move { Ok::<_, std::io::Error>(key) }
        })
        .build()
        .unwrap();
    once(&core, request("before", None)).await.unwrap();
    service.reads(move |request| {
        let mut keys = keys.lock().unwrap();
        *keys = ("99999999-8888-4777-8666-111111111111", true);
        let revoked = request.header("authorization").is_some_and(|header| header.ends_with(KEY));
        let body = r#"{"error":"Authentication hook unauthorized this request","path":"$","code":"access-denied"}"#;
        revoked.then(|| Reply::json(401, body))
    });
    let renewed = once(&core, request("after", None)).await.unwrap();
    assert_eq!((id(&renewed), service.charged()), ("generation-2", 2));
}

#[tokio::test]
async fn a_server_s_wish_for_no_delay_is_no_burst() {
    let refused = |status: u16, value: &str| Reply::with(status, &[("retry-after", value)], r#"{"error":"busy"}"#);
    let policy = || RetryPolicy::default().initial_backoff(100 * MS).max_backoff(100 * MS).jitter(0.0);
    for value in ["0", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        // Creates.
        let (service, server) = Service::start(vec![Create::Refused(refused(429, value)); 10_000]).await;
        let error = once(&core(&server), request("a burst", None)).retry(policy()).deadline(SECOND).await.unwrap_err();
        assert!(!error.may_have_been_charged(), "{error}");
        assert!((2..=11).contains(&server.count()), "{} creates", server.count());
        assert_eq!(service.charged(), 0);
        // Lookups.
        let (service, server) = Service::start([Create::Lost]).await;
        let value = value.to_owned();
        service.reads(move |_| Some(refused(503, &value)));
        let error = once(&core(&server), request("a burst", None)).retry(policy()).deadline(SECOND).await.unwrap_err();
        assert!(error.may_have_been_charged(), "{error}");
        assert!((3..=13).contains(&server.count()), "{} requests", server.count());
    }
}

#[tokio::test]
async fn workflows_take_from_the_retry_budget_and_slow_down_when_it_is_spent() {
    let (service, server) = Service::start([Create::Lost]).await;
    service.reads(|_| Some(Reply::json(503, "")));
    let budget = RetryBudget::new(5);
    let policy = RetryPolicy::default().initial_backoff(MS).max_backoff(400 * MS).multiplier(1.0).jitter(0.0);
    let core = builder(&server).retry_budget(budget.clone()).build().unwrap();
    let error = once(&core, request("a budget", None)).retry(policy).deadline(SECOND).await.unwrap_err();
    assert!(error.may_have_been_charged());
    assert_eq!(budget.available(), 0);
    // The create, the lookup, five at once, and one every 400 ms.
    assert!(server.count() <= 1 + 1 + 5 + 3 + 1, "{}", server.count());
}

#[tokio::test]
async fn equal_calls_are_told_apart_as_long_as_either_is_alive() {
    // Many other seeds make this process forget what it can.
    let (service, server) = Service::start([Create::Done, Create::Lost]).await;
    let core = core(&server);
    let first = once(&core, request("equal", Some(31))).deadline(None).clock_tolerance(Duration::ZERO);
    let second = once(&core, request("equal", Some(31))).deadline(None).clock_tolerance(60 * SECOND);
    let first = first.await.unwrap();
    for seed in 0..300 {
        once(&core, request("equal", Some(10_000 + seed))).clock_tolerance(Duration::ZERO).await.unwrap();
    }
    service.creates.lock().unwrap().push(Create::Undone);
    let second = second.await.unwrap();
    assert_ne!(first.generation_id, second.generation_id);
    // Those that differ in their prompts run at the same time, and know one another's generations by these.
    let (service, server) = Service::start([Create::LostAndLate(0), Create::Lost]).await;
    let core = builder(&server).build().unwrap();
    let (one, two) = tokio::join!(
        once(&core, request("a prompt", Some(32))).into_future(),
        once(&core, request("another prompt", Some(32))).into_future()
    );
    assert_ne!(one.unwrap().generation_id, two.unwrap().generation_id);
    assert_eq!(service.charged(), 2);
}

#[tokio::test]
async fn a_caller_can_look_first() {
    let (service, server) = Service::start([Create::Lost]).await;
    let lost = server.builder().min_time_for_billable(MS).build().unwrap();
    let before = SystemTime::now();
    // It ends before it could be told.
    let unknown = once(&lost, request("look first", Some(41))).grace(60 * SECOND).deadline(100 * MS);
    service.reads(|_| Some(Reply::json(503, "")));
    let Error::OutcomeUnknown(unknown) = unknown.await.unwrap_err() else { panic!("it is not known") };
    service.reads(|_| None);
    let core = core(&server);
    let same = || request("look first", Some(41));
    match image_find_generation(&core, &same(), unknown.sent_at).grace(150 * MS).await.unwrap() {
        Lookup::Found(found) => assert_eq!(found.id.as_str(), "generation-1"),
        other => panic!("{other:?}"),
    }
    for _ in 0..2 {
        let again = once(&core, same()).look_first(before).await.unwrap();
        assert_eq!((id(&again), service.charged()), ("generation-1", 1));
    }
    // What is not there is absent for certain, and is created.
    let absent = request("look first at nothing", Some(42));
    let found = image_find_generation(&core, &absent, before).grace(150 * MS).await.unwrap();
    assert_eq!(found, Lookup::Absent);
    once(&core, absent).look_first(before).await.unwrap();
    assert_eq!(service.charged(), 2);
    // What cannot be told is not paid for.
    service.add(record("foreign", "of somebody else", 43, 0));
    let unclear = request("look first at another's", Some(43));
    match image_find_generation(&core, &unclear, before).grace(50 * MS).await.unwrap() {
        Lookup::Unclear { candidates, .. } => assert_eq!(candidates, ["foreign"]),
        other => panic!("{other:?}"),
    }
    let error = once(&core, unclear).look_first(before).await.unwrap_err();
    assert!(error.may_have_been_charged() && error.to_string().contains("foreign"), "{error}");
    assert_eq!(service.charged(), 2);
    // Without a seed there is nothing to look for.
    for error in [
        image_find_generation(&core, &request("no seed", None), before).await.unwrap_err(),
        once(&core, request("no seed", None)).look_first(before).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    }
}

#[tokio::test]
async fn generating_can_look_first_and_ends_with_what_an_earlier_process_made() {
    let (service, server) = Service::start([]).await;
    service.add(record("earlier", "a restart", 44, 0));
    service.reads(|request| {
        let one = json!({"generations_by_pk": record("earlier", "a restart", 44, 0)});
        request.target.contains("/generations/earlier").then(|| Reply::json(200, one.to_string()))
    });
    let core = core(&server);
    let made = image_generate(&core, request("a restart", Some(44)))
        .look_first(SystemTime::now() - SECOND)
        .grace(100 * MS)
        .first_delay(MS)
        .await
        .unwrap();
    assert_eq!((made.generation.id.as_str(), service.charged()), ("earlier", 0));
}

#[tokio::test]
async fn a_server_that_lies_about_pages_is_found_out() {
    // It ignores the offset.
    let (service, server) = Service::start([Create::Undone]).await;
    service.reads(|request| {
        let page: Vec<_> = (0..50).map(|number| record(&format!("same-{number}"), "x", 1_000 + number, 0)).collect();
        request.target.contains("offset").then(|| Reply::json(200, json!({ "generations": page }).to_string()))
    });
    let error = once(&core(&server), request("pages", None)).await.unwrap_err();
    assert!(error.may_have_been_charged(), "{error}");
    assert_eq!(service.charged(), 0);
    assert!(server.count() < 40, "{}", server.count());
    // It gives fewer than it was asked for, and removes some while they are read.
    for cap in [2, 7, 49] {
        let (service, server) = Service::start([Create::Lost]).await;
        service.cap.store(cap, Ordering::SeqCst);
        let shared = service.clone();
        let mut reads = 0;
        service.reads(move |request| {
            if request.target.contains("offset") {
                reads += 1;
                let mut records = shared.records.lock().unwrap();
                if reads == 1 {
                    for number in 0..120 {
                        records
                            .insert(0, ("user-1".into(), record(&format!("newer-{number}"), "x", 2_000 + number, 0)));
                    }
                } else if reads % 2 == 0 && records.len() > 30 {
                    records.remove(0);
                }
            }
            None
        });
        let job = once(&core(&server), request("pages", None)).grace(SECOND).await.unwrap();
        assert_eq!((id(&job), service.charged()), ("generation-1", 1), "{cap}");
    }
    // It never ends.
    let (service, server) = Service::start([Create::Undone]).await;
    let mut number = 0;
    service.reads(move |request| {
        let mut page = Vec::new();
        for _ in 0..50 {
            number += 1;
            page.push(json!({"id": format!("endless-{number}"), "seed": 3}));
        }
        request.target.contains("offset").then(|| Reply::json(200, json!({ "generations": page }).to_string()))
    });
    let error = once(&core(&server), request("pages", None)).await.unwrap_err();
    assert!(error.may_have_been_charged() && service.charged() == 0, "{error}");
}

#[tokio::test]
async fn time_that_is_too_short_or_none_sends_no_create() {
    let (service, server) = Service::start([Create::Refused(Reply::json(429, r#"{"error":"busy"}"#))]).await;
    // By default an attempt that costs credits needs 2 s.
    let core = server.builder().retry(quick()).build().unwrap();
    let error = once(&core, request("no time", None)).deadline(1900 * MS).await.unwrap_err();
    assert!(matches!(&error, Error::InvalidRequest(invalid) if invalid.field == "deadline"), "{error}");
    assert_eq!(server.count(), 0);
    // After a refusal, what is certain stays so.
    let policy = RetryPolicy::default().initial_backoff(300 * MS).jitter(0.0);
    let error = once(&core, request("no time", None)).retry(policy).deadline(2200 * MS).await.unwrap_err();
    assert!(error.api().is_some() && !error.may_have_been_charged(), "{error}");
    assert_eq!((server.count(), service.charged()), (1, 0));
    let error = once(&core, request("no time", None)).deadline(Duration::ZERO).await.unwrap_err();
    assert!(matches!(&error, Error::InvalidRequest(invalid) if invalid.field == "deadline"), "{error}");
    let find = image_find_generation(&core, &request("no time", Some(1)), SystemTime::now());
    let error = find.deadline(Duration::ZERO).await.unwrap_err();
    assert!(matches!(&error, Error::InvalidRequest(_)), "{error}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn retries_are_told_before_they_are_made() {
    let (_, server) = Service::start([Create::Refused(Reply::json(429, r#"{"error":"busy"}"#)), Create::Lost]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let (core, telling) = (core(&server), told.clone());
    let once = once(&core, request("told", None)).on_retry(move |retry| telling.lock().unwrap().push(retry.clone()));
    once.await.unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told[0].operation, "image_create_generation");
    assert!(told[0].reason.contains("busy") && told[0].attempts == 1, "{told:?}");
    assert!(told[0].to_string().contains("Next attempt in"), "{}", told[0]);
}

#[tokio::test]
async fn options_reach_every_request_and_another_server_has_accounts_of_its_own() {
    let (_, first) = Service::start([Create::Lost]).await;
    let (other, second) = Service::start([Create::Lost]).await;
    // The same key is of another user there.
    other.records.lock().unwrap().push(("user-9".into(), record("foreign", "of another", 60, 0)));
    other.reads(|request| {
        let me = json!({"user_details": [{"user": {"id": "user-9", "username": "name"}}]});
        request.target.ends_with("/me").then(|| Reply::json(200, me.to_string()))
    });
    let core = core(&first);
    once(&core, request("options", Some(61))).header("x-request-source", "a test").await.unwrap();
    assert!(first.received().iter().all(|request| request.header("x-request-source") == Some("a test")));
    let before = first.count();
    let find = image_find_generation(&core, &request("of another", Some(60)), SystemTime::now() - SECOND);
    match find.server_url(second.url()).header("x-request-source", "a test").grace(MS).await.unwrap() {
        Lookup::Found(found) => assert_eq!(found.id.as_str(), "foreign"),
        found => panic!("{found:?}"),
    }
    assert_eq!((first.count(), second.count()), (before, 2));
    assert!(second.received().iter().all(|request| request.header("x-request-source") == Some("a test")));
    // What cannot be used is told by the workflow, and nothing is sent.
    let wrong = || once(&core, request("options", Some(62)));
    for error in
        [wrong().timeout(Duration::ZERO).await, wrong().server_url("ftp://x").await, wrong().header("a b", "c").await]
    {
        let error = error.unwrap_err();
        assert!(matches!(&error, Error::InvalidRequest(_)), "{error}");
        assert!(error.to_string().starts_with("image_create_generation_once"), "{error}");
    }
    assert_eq!((first.count(), second.count()), (before, 2));
}

#[tokio::test]
async fn the_user_is_asked_for_once_for_each_key() {
    let (service, server) = Service::start(vec![Create::Lost; 8]).await;
    let core = core(&server);
    let calls = (0..8).map(|number| {
        let core = core.clone();
        tokio::spawn(async move { once(&core, request(&format!("one of many {number}"), None)).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    user_get_user_self(&core).await.unwrap();
    let asked = server.received().iter().filter(|request| request.target.ends_with("/me")).count();
    assert_eq!((asked, service.charged()), (2, 8));
}

#[tokio::test]
async fn odd_records_of_others_hide_nothing_and_prove_nothing() {
    let odd = || {
        let mut all = Vec::new();
        for (number, (field, value)) in [
            ("public", json!(1)),
            ("imageWidth", json!(512.5)),
            ("seed", json!(1e30)),
            ("seed", json!({})),
            ("generated_images", json!({"a": 1})),
            ("createdAt", json!([])),
            ("prompt", json!(7)),
        ]
        .into_iter()
        .enumerate()
        {
            let mut record = record(&format!("odd-{number}"), "of another", 50, 0);
            record[field] = value;
            all.push(record);
        }
        all.extend([json!(1), json!("x"), json!([]), json!(null), json!({})]);
        all
    };
    for (create, seed) in
        [(Create::Lost, None), (Create::Lost, Some(51)), (Create::Undone, None), (Create::Undone, Some(52))]
    {
        let (service, server) = Service::start([create]).await;
        odd().into_iter().for_each(|record| service.add(record));
        let job = once(&core(&server), request("among odd ones", seed)).await.unwrap();
        assert_eq!((id(&job), service.charged()), ("generation-1", 1));
    }
    // One that may be its own, and whose seed cannot be read, is neither taken nor paid for again.
    let (service, server) = Service::start([Create::Lost]).await;
    *service.alter.lock().unwrap() = Box::new(|record| record["seed"] = json!({}));
    let error = once(&core(&server), request("odd itself", None)).await.unwrap_err();
    assert!(error.may_have_been_charged() && error.to_string().contains("generation-1"), "{error}");
    assert_eq!(service.charged(), 1);
}

#[tokio::test]
async fn what_is_refused_takes_nothing_from_the_retry_budget() {
    let refused = Create::Refused(Reply::json(400, r#"{"error":"width is wrong","path":"$","code":"bad-request"}"#));
    let (_, server) = Service::start([refused]).await;
    let budget = RetryBudget::new(5);
    let core = builder(&server).retry_budget(budget.clone()).build().unwrap();
    once(&core, request("refused", None)).await.unwrap_err();
    assert_eq!((budget.available(), server.count()), (5, 1));
}

//! What the ledger promises, with a worker in this process.

mod common;

use std::time::Duration;

use common::{ACCOUNT, Place, Running, core, count, quick, request, submissions, within};
use futures_util::{StreamExt as _, stream};
use leonardo_ai::models::CostUnit;
use leonardo_ai::{LeonardoCore, RetryPolicy};
use leonardo_ai_emulator::{Emulator, Plan};
use leonardo_ai_jobs::{Account, Error, Job, Jobs, Money, State, Submission};

#[tokio::test]
async fn prompts_become_files() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(100)));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(3)).await.unwrap();
    let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await);
    worker.stop().await;
    let done: Vec<_> = jobs.export().map(Result::unwrap).collect().await;
    assert_eq!(done.len(), 3);
    for job in &done {
        assert_eq!((job.state, job.owner.as_deref(), job.files.len()), (State::Done, None, 1));
        assert!(std::fs::metadata(&job.files[0]).unwrap().len() > 100);
        assert!(job.settled.unwrap() > Money::default());
    }
    let status = jobs.status(ACCOUNT).await.unwrap();
    assert_eq!((status.held, status.reserved), (0, Money::default()));
    let charged: f64 = emulator.charges().iter().map(|charge| charge.amount).sum();
    assert_eq!(Some(status.settled), Money::parse(&charged.to_string()));
}

#[tokio::test]
async fn a_key_of_another_user_does_nothing() {
    let (place, first) = (Place::new(), Emulator::start().await.unwrap());
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(1)).await.unwrap();
    let work = async |emulator: &Emulator, until: &dyn Fn(&Job) -> bool| {
        let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
        let is_so = async || jobs.export().any(async |job| until(&job.unwrap())).await;
        assert!(within(Duration::from_secs(30), is_so).await);
        worker.stop().await;
    };
    work(&first, &|job| job.state == State::Done).await;
    jobs.submit(ACCOUNT, &[Submission::new("another", request("another"))]).await.unwrap();
    let other = Emulator::start().await.unwrap();
    let is_refused = |job: &Job| job.problem.as_deref().is_some_and(|problem| problem.contains("another account"));
    work(&other, &is_refused).await;
    assert!(other.charges().is_empty());
    work(&first, &|job| job.key == "another" && job.state == State::Done).await;
    assert_eq!(first.charges().len(), 2);
}

#[tokio::test]
async fn the_same_key_is_the_same_job() {
    let place = Place::new();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    let many = submissions(1200);
    assert_eq!(jobs.submit_all(ACCOUNT, stream::iter(many.clone())).await.unwrap().new, 1200);
    // From the beginning again, with more: only those are new.
    let more = (1200..1210).map(|number| Submission::new(format!("key-{number}"), request("more")));
    let submitted = jobs.submit_all(ACCOUNT, stream::iter(many).chain(stream::iter(more))).await.unwrap();
    assert_eq!((submitted.new, submitted.known), (10, 1200));
    assert_eq!(count(&jobs, State::Waiting).await, 1210);

    let other = [Submission::new("new", request("new")), Submission::new("key-1", request("another prompt"))];
    assert!(matches!(jobs.submit(ACCOUNT, &other).await, Err(Error::KeyReused(key)) if key == "key-1"));
    // All or none.
    assert!(jobs.find(ACCOUNT, "new").await.unwrap().is_none());
    assert!(matches!(jobs.submit("nobody", &submissions(1)).await, Err(Error::NoAccount(_))));

    let seeds: std::collections::HashSet<_> = jobs.export().map(|job| job.unwrap().seed).collect().await;
    assert_eq!(seeds.len(), 1210);
    let taken = *seeds.iter().next().unwrap();
    let same = [Submission::new("same seed", request("same seed").seed(taken))];
    assert!(matches!(jobs.submit(ACCOUNT, &same).await, Err(Error::SeedTaken(seed)) if seed == taken));
}

#[tokio::test]
async fn a_job_is_cancelled_and_done_after_all() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(100)));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    let ids = jobs.submit(ACCOUNT, &submissions(2)).await.unwrap();
    jobs.cancel(ids[0]).await.unwrap();
    let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await);
    assert_eq!(emulator.charges().len(), 1);
    assert!(matches!(jobs.cancel(ids[1]).await, Err(Error::State { state: State::Done, .. })));
    assert!(matches!(jobs.retry(ids[1]).await, Err(Error::State { state: State::Done, .. })));
    let seed = jobs.job(ids[0]).await.unwrap().seed;
    jobs.retry(ids[0]).await.unwrap();
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await);
    worker.stop().await;
    let job = jobs.job(ids[0]).await.unwrap();
    assert_eq!((job.state, emulator.charges().len()), (State::Done, 2));
    assert_ne!(job.seed, seed);
}

#[tokio::test]
async fn what_is_refused_or_fails_gives_its_place_back() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(100)));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT).jobs(1).budget(Money::whole(1000))).await.unwrap();
    let prompts = ["a forbiddenword", "fail this", "a pier"];
    let all = prompts.map(|prompt| Submission::new(prompt, request(prompt)).cost(Money::whole(7)));
    jobs.submit(ACCOUNT, &all).await.unwrap();
    let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await);
    worker.stop().await;
    let status = jobs.status(ACCOUNT).await.unwrap();
    assert_eq!((status.count(State::Failed), status.count(State::Done)), (2, 1));
    assert_eq!((status.held, status.reserved), (0, Money::default()));
    let refused = jobs.find(ACCOUNT, "a forbiddenword").await.unwrap().unwrap();
    assert_eq!((refused.settled, refused.generation), (None, None));
    assert!(refused.problem.unwrap().contains("forbiddenword"));
    // A failed job is charged for all the same.
    let failed = jobs.find(ACCOUNT, "fail this").await.unwrap().unwrap();
    assert!(failed.settled.unwrap() > Money::default());
}

#[tokio::test]
async fn a_budget_is_never_passed() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(50)));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT).budget(Money::whole(10))).await.unwrap();
    assert!(matches!(jobs.submit(ACCOUNT, &submissions(1)).await, Err(Error::NoCost(_))));
    // Each is said to cost 4, and costs less: as many fit as the money allows that is left.
    let dear: Vec<_> = submissions(20).into_iter().map(|job| job.cost(Money::whole(4))).collect();
    jobs.submit(ACCOUNT, &dear).await.unwrap();
    let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
    let blocked = async || {
        let status = jobs.status(ACCOUNT).await.unwrap();
        (status.held, status.reserved) == (0, Money::default()) && status.settled > Money::whole(6)
    };
    assert!(within(Duration::from_secs(20), blocked).await);
    let charged: f64 = emulator.charges().iter().map(|charge| charge.amount).sum();
    assert!(charged > 6.0 && charged <= 10.0, "{charged}");
    let before = emulator.charges().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(emulator.charges().len(), before);
    assert!(jobs.status(ACCOUNT).await.unwrap().is_stuck);
    // More money, and it goes on.
    jobs.set_account(&Account::new(ACCOUNT).budget(Money::whole(1000))).await.unwrap();
    assert!(within(Duration::from_secs(20), async || jobs.is_idle().await.unwrap()).await);
    worker.stop().await;
    assert_eq!(count(&jobs, State::Done).await, 20);
}

#[tokio::test]
async fn credits_and_dollars_are_never_added_up() {
    let place = Place::new();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    let account = |unit| Account::new(ACCOUNT).budget(Money::whole(10)).unit(unit);
    let job = |number: usize, unit| submissions(number + 1).remove(number).cost(Money::whole(1)).unit(unit);
    // As long as it has no jobs, it can be changed.
    jobs.set_account(&account(CostUnit::Dollars)).await.unwrap();
    jobs.set_account(&account(CostUnit::Credits)).await.unwrap();
    let is_refused = |result: Result<(), Error>| {
        let told = "account studio pays in CREDITS, and this is in DOLLARS";
        matches!(result, Err(error @ Error::Unit { .. }) if error.to_string() == told)
    };
    let mixed = [job(0, CostUnit::Credits), job(1, CostUnit::Dollars)];
    assert!(is_refused(jobs.submit(ACCOUNT, &mixed).await.map(drop)));
    assert_eq!(count(&jobs, State::Waiting).await, 0);
    jobs.submit(ACCOUNT, &mixed[..1]).await.unwrap();
    assert!(is_refused(jobs.set_account(&account(CostUnit::Dollars)).await));
    jobs.set_account(&account(CostUnit::Credits).jobs(3)).await.unwrap();
    // Without a unit it stays what it was.
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    assert_eq!(jobs.accounts().await.unwrap()[0].unit, Some(CostUnit::Credits));
    // What nobody has said is what the first job says.
    jobs.set_account(&Account::new("new")).await.unwrap();
    let mixed = [job(0, CostUnit::Dollars), job(1, CostUnit::Credits)];
    assert!(matches!(jobs.submit("new", &mixed).await, Err(Error::Unit { has: CostUnit::Dollars, .. })));
    jobs.submit("new", &mixed[1..]).await.unwrap();
    assert_eq!(jobs.status("new").await.unwrap().unit, Some(CostUnit::Credits));
}

#[tokio::test]
async fn an_account_that_is_charged_in_another_unit_is_stopped() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(50)));
    let emulator = emulator.plan(Plan::PayAsYouGo).start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    let account = Account::new(ACCOUNT).jobs(1).budget(Money::whole(100)).unit(CostUnit::Credits);
    jobs.set_account(&account).await.unwrap();
    let all: Vec<_> = submissions(5).into_iter().map(|job| job.cost(Money::whole(7))).collect();
    jobs.submit(ACCOUNT, &all).await.unwrap();
    let worker = Running::start(&jobs, &core(&emulator.base_url(), emulator.key()), &place.out(), quick());
    assert!(within(Duration::from_secs(20), async || jobs.status(ACCOUNT).await.unwrap().is_stuck).await);
    assert!(within(Duration::from_secs(20), async || count(&jobs, State::Done).await == 1).await);
    tokio::time::sleep(Duration::from_millis(500)).await;
    worker.stop().await;
    let status = jobs.status(ACCOUNT).await.unwrap();
    // What was reserved counts, and nothing more is sent.
    assert_eq!((status.count(State::Waiting), status.settled, status.reserved), (4, Money::whole(7), Money::default()));
    assert!(status.problem.unwrap().contains("CREDITS, and this is in DOLLARS"));
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn a_blocked_account_starves_nobody() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(50)));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    // One has had its creates of this minute after two, one has no place, and no worker has the key of the third.
    jobs.set_account(&Account::new("slow").creates_per_minute(2)).await.unwrap();
    jobs.set_account(&Account::new("closed").jobs(0)).await.unwrap();
    jobs.set_account(&Account::new("keyless")).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    for account in ["slow", "closed", "keyless"] {
        jobs.submit(account, &submissions(200)).await.unwrap();
    }
    jobs.submit(ACCOUNT, &submissions(12)).await.unwrap();
    let core = core(&emulator.base_url(), emulator.key());
    let cores = move |account: &str| (account != "keyless").then(|| core.clone());
    let mut settings = quick();
    settings.concurrency = 4;
    let worker = Running::with_cores(&jobs, cores, &place.out(), settings);
    let is_done = async || count(&jobs, State::Done).await == 12;
    assert!(within(Duration::from_secs(20), is_done).await);
    worker.stop().await;
    let of = async |account: &str, state| jobs.status(account).await.unwrap().count(state);
    assert_eq!(of("slow", State::Done).await, 2);
    assert_eq!(of("closed", State::Waiting).await, 200);
    assert_eq!(emulator.charges().len(), 14);
}

#[tokio::test]
async fn an_event_wakes_the_job_wherever_it_is() {
    let (place, emulator) = (Place::new(), Emulator::builder().generation_time(Duration::from_millis(500)));
    let emulator = emulator.start().await.unwrap();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    jobs.submit(ACCOUNT, &submissions(1)).await.unwrap();
    // It would look again only after minutes.
    let core = LeonardoCore::builder()
        .server_url(emulator.base_url())
        .bearer_auth(emulator.key())
        .poll_delays(
            RetryPolicy::default().initial_backoff(Duration::from_secs(300)).max_backoff(Duration::from_secs(300)),
        )
        .build()
        .unwrap();
    let worker = Running::start(&jobs, &core, &place.out(), quick());
    assert!(within(Duration::from_secs(20), async || count(&jobs, State::Created).await == 1).await);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(count(&jobs, State::Created).await, 1);
    // As another process would, that receives the webhook.
    let elsewhere = Jobs::connect(&place.url).await.unwrap();
    elsewhere.notify("another generation").await.unwrap();
    elsewhere.notify(&emulator.charges()[0].generation_id).await.unwrap();
    assert!(within(Duration::from_secs(10), async || count(&jobs, State::Done).await == 1).await);
    worker.stop().await;
}

//! Every fault alone, for each effect, then many mixed: how often a call is attempted, what is charged, and which error
//! says so.

use std::collections::BTreeSet;
use std::time::Duration;

use leonardo_ai::funcs::{
    image_create_generation, image_create_generation_once, image_delete_generation_by_id, image_get_generation_by_id,
};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{DecodeReason, Effect, Error, LeonardoCore, RetryBudget, RetryPolicy, TimeoutScope};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};

pub(super) const MS: Duration = Duration::from_millis(1);

pub(super) fn core(emulator: &Emulator, timeout: Duration) -> LeonardoCore {
    LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_backoff(5 * MS))
        .timeout(timeout)
        .max_response_bytes(256 * 1024)
        .build()
        .unwrap()
}

/// What a failed attempt looks like from the outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seen {
    Connection,
    Timeout,
    Server,
    RateLimited,
    Unexpected,
    NotFound,
    Undecodable,
    TooLarge,
    Other,
}

pub(super) fn seen(error: &Error) -> Seen {
    use leonardo_ai::ApiErrorKind as Kind;
    match error {
        Error::OutcomeUnknown(unknown) => seen(&unknown.cause),
        Error::Connection(_) => Seen::Connection,
        Error::Timeout(timeout) if timeout.scope == TimeoutScope::Attempt => Seen::Timeout,
        Error::Decode(error) if matches!(error.reason, DecodeReason::TooLarge { .. }) => Seen::TooLarge,
        Error::Decode(_) => Seen::Undecodable,
        Error::Api(error) => match error.kind {
            Kind::Server => Seen::Server,
            Kind::RateLimited => Seen::RateLimited,
            Kind::Unexpected => Seen::Unexpected,
            Kind::NotFound => Seen::NotFound,
            _ => Seen::Other,
        },
        _ => Seen::Other,
    }
}

/// Each fault, and what one attempt that meets it looks like.
pub(super) fn faults() -> Vec<(Fault, Seen)> {
    let retry_after = |status| Fault::RetryAfter { status, value: "0".into() };
    vec![
        (Fault::ResetBeforeWork, Seen::Connection),
        (Fault::ResetAfterWork, Seen::Connection),
        (Fault::CloseBeforeWork, Seen::Connection),
        (Fault::CloseAfterWork, Seen::Connection),
        (Fault::CutBody, Seen::Connection),
        (Fault::CutHeaders, Seen::Connection),
        (Fault::StallBeforeWork, Seen::Timeout),
        (Fault::StallAfterWork, Seen::Timeout),
        (Fault::StallBody, Seen::Timeout),
        (Fault::Drip, Seen::Timeout),
        (Fault::EndlessBody, Seen::TooLarge),
        (Fault::EndlessHeaders, Seen::Connection),
        (Fault::StatusBefore(408), Seen::Server),
        (Fault::StatusBefore(429), Seen::RateLimited),
        (Fault::StatusBefore(500), Seen::Server),
        (Fault::StatusBefore(502), Seen::Server),
        (Fault::StatusBefore(503), Seen::Server),
        (Fault::StatusBefore(504), Seen::Server),
        (Fault::StatusAfter(500), Seen::Server),
        (Fault::StatusAfter(502), Seen::Server),
        (Fault::StatusAfter(503), Seen::Server),
        (retry_after(429), Seen::RateLimited),
        (retry_after(503), Seen::Server),
        (Fault::Garbage, Seen::Connection),
        (Fault::GarbageJson, Seen::Undecodable),
        (Fault::Html, Seen::Undecodable),
        (Fault::EmptyBody, Seen::Undecodable),
        (Fault::Redirect("http://127.0.0.1:1/".into()), Seen::Unexpected),
    ]
}

/// A plan for which a dripping body takes longer than an attempt may.
pub(super) fn plan(fault: &Fault) -> FaultPlan {
    FaultPlan::sequence([fault.clone()]).drip_interval(50 * MS)
}

fn since(emulator: &Emulator, before: usize) -> usize {
    emulator.requests().len() - before
}

#[tokio::test]
async fn a_create_that_meets_a_fault_is_retried_only_if_nothing_was_done() {
    for (fault, looks) in faults() {
        let emulator = Emulator::builder().faults(plan(&fault)).start().await.unwrap();
        let result = image_create_generation(&core(&emulator, 250 * MS), CreateGenerationRequest::new("a pier")).await;
        let (requests, charges) = (emulator.requests().len(), emulator.charges().len());
        if looks == Seen::RateLimited {
            let job = result.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
            assert_eq!((requests, charges), (2, 1), "{fault:?}");
            assert_eq!(job.generation_id.as_str(), emulator.charges()[0].generation_id);
            continue;
        }
        let error = result.err().unwrap_or_else(|| panic!("{fault:?} went unnoticed"));
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{fault:?}: {error:?}");
        assert_eq!(seen(&error), looks, "{fault:?}: {error:?}");
        assert_eq!((requests, charges), (1, usize::from(fault.does_the_work())), "{fault:?}");
        let call = error.call().unwrap();
        assert_eq!((call.attempts, call.effect), (1, Effect::Billable), "{fault:?}");
        assert!(!error.to_string().contains("ry again"), "dangerous advice: {error}");
    }
}

#[tokio::test]
async fn a_read_that_meets_a_fault_is_retried_unless_that_is_useless() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, 250 * MS);
    let job = image_create_generation(&core, CreateGenerationRequest::new("a pier")).await.unwrap();
    for (fault, looks) in faults() {
        let before = emulator.requests().len();
        emulator.set_faults(plan(&fault));
        let result = image_get_generation_by_id(&core, &job.generation_id).with_response().await;
        match looks {
            Seen::TooLarge | Seen::Unexpected => {
                let error = result.err().unwrap_or_else(|| panic!("{fault:?} went unnoticed"));
                assert_eq!((seen(&error), since(&emulator, before)), (looks, 1), "{fault:?}: {error:?}");
            }
            _ => {
                let response = result.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                assert_eq!((response.attempts, response.output.id), (2, job.generation_id.clone()), "{fault:?}");
                assert_eq!(since(&emulator, before), 2, "{fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_delete_that_meets_a_fault_is_retried_and_leaves_nothing() {
    for (fault, looks) in faults() {
        let emulator = Emulator::start().await.unwrap();
        let core = core(&emulator, 250 * MS);
        let job = image_create_generation(&core, CreateGenerationRequest::new("a pier")).await.unwrap();
        emulator.set_faults(plan(&fault));
        let result = image_delete_generation_by_id(&core, &job.generation_id).await;
        let requests = emulator.requests().len() - 1;
        match (looks, fault.does_the_work()) {
            (Seen::TooLarge | Seen::Unexpected, _) => {
                assert_eq!((seen(&result.unwrap_err()), requests), (looks, 1), "{fault:?}");
            }
            // The lost response said that it was deleted, so the retry finds nothing to delete.
            (_, true) => assert_eq!((seen(&result.unwrap_err()), requests), (Seen::NotFound, 2), "{fault:?}"),
            (_, false) => assert_eq!((result.unwrap().id, requests), (job.generation_id.clone(), 2), "{fault:?}"),
        }
        emulator.set_faults(FaultPlan::none());
        let gone = image_get_generation_by_id(&core, &job.generation_id).await;
        assert_eq!(gone.is_err_and(|error| error.is_not_found()), looks != Seen::Unexpected, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_charges_nothing_and_is_retried_for_every_effect() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, 250 * MS);
    emulator.refuse_connections(true);
    let create = image_create_generation(&core, CreateGenerationRequest::new("a pier")).await.unwrap_err();
    let read = image_get_generation_by_id(&core, "75925cd2-fb65-4e8c-84c0-6cc010a528e3").await.unwrap_err();
    for error in [create, read] {
        assert!(matches!(error, Error::Connection(_)), "{error:?}");
        assert_eq!((error.call().unwrap().attempts, error.may_have_been_charged()), (4, false), "{error}");
    }
    emulator.refuse_connections(false);
    image_create_generation(&core, CreateGenerationRequest::new("a pier")).await.unwrap();
    assert_eq!(emulator.charges().len(), 1);
}

/// All faults that are over quickly.
pub(super) fn quick() -> Vec<(u32, Fault)> {
    let slow = [Seen::Timeout, Seen::TooLarge, Seen::Unexpected];
    faults().into_iter().filter(|(_, looks)| !slow.contains(looks)).map(|(fault, _)| (1, fault)).collect()
}

/// What 80 creates of one seed come to: for each whether it has an id and what went wrong.
async fn outcomes(seed: u64) -> Vec<Option<Seen>> {
    let emulator = Emulator::builder().faults(FaultPlan::random(seed, 60, quick())).start().await.unwrap();
    let core = core(&emulator, 250 * MS);
    let mut outcomes = Vec::new();
    let mut ids = BTreeSet::new();
    let mut unknown = 0;
    for number in 0..80 {
        match image_create_generation(&core, CreateGenerationRequest::new(format!("prompt {number}"))).await {
            Ok(job) => {
                ids.insert(job.generation_id.into_string());
                outcomes.push(None);
            }
            Err(error) => {
                unknown += usize::from(error.may_have_been_charged());
                outcomes.push(Some(seen(&error)));
            }
        }
    }
    let charges = emulator.charges();
    let prompts: BTreeSet<_> = charges.iter().map(|charge| charge.prompt.clone()).collect();
    assert_eq!(prompts.len(), charges.len(), "a prompt was charged twice");
    let without_id = charges.iter().filter(|charge| !ids.contains(&charge.generation_id)).count();
    assert!(without_id <= unknown, "{without_id} charges without an id, but only {unknown} unknown outcomes");
    assert_eq!(charges.len() - without_id, ids.len(), "an id was given for what was not charged");
    outcomes
}

#[tokio::test]
async fn mixed_faults_never_charge_a_create_twice_and_are_reproducible() {
    let first = outcomes(11).await;
    assert_eq!(first, outcomes(11).await);
    assert_ne!(first, outcomes(12).await);
    assert!(first.iter().any(Option::is_none) && first.iter().any(Option::is_some));
}

#[tokio::test]
async fn every_create_once_ends_with_its_own_id_at_60_percent_faults() {
    let emulator = Emulator::builder().faults(FaultPlan::random(3, 60, quick())).start().await.unwrap();
    let core = core(&emulator, 250 * MS);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..60 {
        let core = core.clone();
        calls.spawn(async move {
            image_create_generation_once(&core, CreateGenerationRequest::new(format!("prompt {number}")))
                .grace(100 * MS)
                .clock_tolerance(2000 * MS)
                .await
        });
    }
    let ids: BTreeSet<_> =
        calls.join_all().await.into_iter().map(|result| result.unwrap().generation_id.into_string()).collect();
    let charged: BTreeSet<_> = emulator.charges().into_iter().map(|charge| charge.generation_id).collect();
    assert_eq!((ids.len(), emulator.charges().len()), (60, 60));
    assert_eq!(ids, charged);
}

#[tokio::test]
async fn a_failing_service_is_not_stormed() {
    let emulator = Emulator::builder().faults(FaultPlan::always(Fault::StatusBefore(503))).start().await.unwrap();
    let budget = RetryBudget::new(20);
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(MS).max_attempts(10))
        .retry_budget(budget.clone())
        .build()
        .unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        // Clones share the budget.
        let core = core.clone();
        calls.spawn(async move { image_get_generation_by_id(&core, "75925cd2-fb65-4e8c-84c0-6cc010a528e3").await });
    }
    let errors: Vec<Error> = calls.join_all().await.into_iter().map(Result::unwrap_err).collect();
    assert_eq!(emulator.requests().len(), 50 + 20);
    assert_eq!((budget.available(), core.retry_budget().available()), (0, 0));
    let spent = errors.iter().filter(|error| error.call().unwrap().out_of_budget).collect::<Vec<_>>();
    assert!(!spent.is_empty() && spent.iter().all(|error| error.to_string().contains("the retry budget is spent")));
    // Successes fill it again.
    emulator.set_faults(FaultPlan::none());
    for _ in 0..10 {
        image_create_generation(&core, CreateGenerationRequest::new("a pier")).await.unwrap();
    }
    assert_eq!(budget.available(), 1);
}

//! Creates whose outcome is not known: the place and the money are held until it is.

use std::future::IntoFuture as _;
use std::time::Duration;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{Error, JobKind, LeonardoCore, Limits, SpendingLimit};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};

use crate::service::{MINUTE, MS, Rules, Service};

async fn held(core: &LeonardoCore) -> u64 {
    let in_use = core.limits_in_use().await.unwrap();
    in_use.jobs.into_iter().find(|(kind, _)| *kind == JobKind::Generation).unwrap().1
}

fn request() -> CreateGenerationRequest {
    CreateGenerationRequest::new("a pier").num_images(1)
}

fn on_creates(faults: impl IntoIterator<Item = Fault>) -> FaultPlan {
    FaultPlan::sequence(faults).only(|method, path| method == "POST" && path.ends_with("/generations"))
}

fn amounts(costs: &[Cost]) -> Vec<String> {
    costs.iter().map(Cost::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn a_place_is_held_for_two_minutes_and_the_money_until_somebody_decides() {
    let service = Service::new(Rules { lost: Some(1), takes: MINUTE * 10, ..Rules::default() });
    let limit = SpendingLimit::credits(14);
    let core = service.builder().limits(Limits::default().jobs(1, 0)).spending_limit(limit.clone()).build().unwrap();
    let error = image_create_generation(&core, request()).await.unwrap_err();
    let Error::OutcomeUnknown(unknown) = &error else { panic!("{error}") };
    assert_eq!((held(&core).await, amounts(&core.spent().reserved)), (1, vec!["7 CREDITS".to_owned()]));

    let began = tokio::time::Instant::now();
    let second = image_create_generation(&core, request()).await.unwrap_err();
    assert!(matches!(second, Error::OutcomeUnknown(_)), "{second}");
    let waited = began.elapsed();
    assert!((Duration::from_secs(115)..Duration::from_secs(125)).contains(&waited), "{waited:?}");

    let third = image_create_generation(&core, request()).await.unwrap_err();
    assert!(matches!(third, Error::SpendingLimit(_)), "{third}");
    assert_eq!(service.seen(|seen| seen.creates), 2);

    // The one that was not made after all.
    unknown.reservation.as_ref().unwrap().release();
    let spent = core.spent();
    assert_eq!((amounts(&spent.reserved), spent.unresolved.len()), (vec!["7 CREDITS".to_owned()], 1));
    // Twice does nothing more.
    unknown.reservation.as_ref().unwrap().settle(Some(&Cost::credits(7)));
    assert!(core.spent().settled.is_empty());
    // The one that was, which cost more than was thought.
    let other = spent.unresolved[0].clone();
    assert_eq!(other.operation, "image_create_generation");
    assert!(serde_json::from_slice::<CreateGenerationRequest>(&other.request).unwrap().prompt == "a pier");
    other.settle(Some(&Cost::credits(9)));
    let spent = limit.spent();
    assert_eq!((amounts(&spent.settled), amounts(&spent.reserved)), (vec!["9 CREDITS".to_owned()], vec![]));
    assert_eq!(spent.left, Some(Cost::credits(5)));
}

#[tokio::test]
async fn once_finds_out_by_itself() {
    let emulator = Emulator::builder().generation_time(MS * 50).record_delay(MS * 100).start().await.unwrap();
    // The response is lost; then the create is.
    emulator.set_faults(on_creates([Fault::ResetAfterWork, Fault::ResetBeforeWork]));
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .limits(Limits::default().jobs(2, 0))
        .spending_limit(SpendingLimit::credits(1000))
        .build()
        .unwrap();
    let made = image_create_generation_once(&core, request()).grace(MS * 800).await.unwrap();
    assert_eq!(emulator.charges()[0].generation_id, made.generation_id.as_str());
    let spent = core.spent();
    assert_eq!((amounts(&spent.reserved), spent.unresolved.len()), (vec![], 0));
    assert_eq!(amounts(&spent.settled), ["7 CREDITS"]);
    // The response with the cost is lost, so that the estimate counts.
    assert_eq!(amounts(&spent.inexact), ["7 CREDITS"]);
    assert_eq!(held(&core).await, 1);

    let other = image_create_generation_once(&core, request()).grace(MS * 800).await.unwrap();
    assert_eq!(emulator.charges().len(), 2);
    let spent = core.spent();
    assert_eq!(amounts(&spent.settled), ["14 CREDITS"]);
    assert_eq!(amounts(&spent.inexact), ["7 CREDITS"]);
    image_wait_for_generation(&core, other.generation_id).await.unwrap();
    image_wait_for_generation(&core, made.generation_id).await.unwrap();
    assert_eq!(held(&core).await, 0);
}

#[tokio::test]
async fn a_create_that_is_dropped_under_way_stays_reserved() {
    let emulator = Emulator::start().await.unwrap();
    emulator.set_faults(on_creates([Fault::StallAfterWork]));
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .spending_limit(SpendingLimit::unlimited())
        .build()
        .unwrap();
    let once = image_create_generation_once(&core, request().seed(5)).cost_at_most(Cost::credits(9));
    let dropped = tokio::time::timeout(MS * 1000, once.into_future()).await;
    assert!(dropped.is_err());
    let spent = core.spent();
    assert_eq!(amounts(&spent.reserved), ["7 CREDITS"]);
    let [left] = &spent.unresolved[..] else { panic!("{spent:?}") };
    // Whoever has the request can look for what it made.
    let sent: CreateGenerationRequest = serde_json::from_slice(&left.request).unwrap();
    let found = image_find_generation(&core, &sent, left.sent_at).await.unwrap();
    assert!(matches!(found, Lookup::Found(_)), "{found:?}");
    left.settle(None);
    assert_eq!(core.spent().to_string(), "7 CREDITS spent (in part by estimate)");
}

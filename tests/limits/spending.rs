//! Money: reserved before a call is sent, settled after it, and never more than allowed.

use std::future::IntoFuture as _;

use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{Error, LeonardoCore, RetryPolicy, SpendingLimit, SpendingReason};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan, Plan};
use tokio::task::JoinSet;

use crate::blueprints::a_run;

fn request() -> CreateGenerationRequest {
    CreateGenerationRequest::new("a pier").num_images(1)
}

fn core(emulator: &Emulator, limit: &SpendingLimit) -> LeonardoCore {
    LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .spending_limit(limit.clone())
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

fn amounts(costs: &[Cost]) -> Vec<String> {
    costs.iter().map(Cost::to_string).collect()
}

fn reason(error: &Error) -> &SpendingReason {
    match error {
        Error::SpendingLimit(error) => &error.reason,
        other => panic!("{other}"),
    }
}

/// How many requests the emulator has seen of that path.
fn requests(emulator: &Emulator, path: &str) -> usize {
    emulator.requests().iter().filter(|request| request.path.ends_with(path)).count()
}

#[tokio::test]
async fn what_would_exceed_the_limit_is_not_sent() {
    let emulator = Emulator::start().await.unwrap();
    let limit = SpendingLimit::credits(24);
    let core = core(&emulator, &limit);
    let mut all = JoinSet::new();
    for _ in 0..10 {
        all.spawn(image_create_generation(&core, request()).into_future());
    }
    let results = all.join_all().await;
    // Three at 7 credits each.
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!((emulator.charges().len(), requests(&emulator, "/generations")), (3, 3));
    let spent = core.spent();
    assert_eq!((amounts(&spent.settled), amounts(&spent.reserved)), (vec!["21 CREDITS".to_owned()], vec![]));
    assert!(spent.inexact.is_empty() && spent.unresolved.is_empty());
    assert_eq!(spent.left, Some(Cost::credits(3)));
    assert_eq!(spent.to_string(), "21 CREDITS spent, 3 CREDITS left");

    let error = image_create_generation(&core, request()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "image_create_generation failed: it would cost 7 CREDITS, and of the limit of 24 CREDITS, 21 CREDITS are spent and 0 \
         CREDITS reserved. Raise the limit, or wait until what is reserved is settled. Nothing was sent, and nothing was \
         charged."
    );
    let call = error.call().unwrap();
    assert_eq!((call.attempts, error.may_have_been_charged()), (0, false));
    // What costs nothing goes on.
    user_get_user_self(&core).await.unwrap();
}

#[tokio::test]
async fn prices_are_asked_for_once() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::credits(1000));
    for number in 0..5 {
        let other_prompt = CreateGenerationRequest::new(format!("prompt {number}")).num_images(1).seed(number);
        image_create_generation(&core, other_prompt).await.unwrap();
    }
    assert_eq!(requests(&emulator, "/pricing-calculator"), 1);
    image_create_generation(&core, request().num_images(2)).await.unwrap();
    assert_eq!(requests(&emulator, "/pricing-calculator"), 2);
    let charged: f64 = emulator.charges().iter().map(|charge| charge.amount).sum();
    assert_eq!(amounts(&core.spent().settled), [format!("{charged} CREDITS")]);
}

#[tokio::test]
async fn what_is_refused_costs_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::credits(7));
    for _ in 0..3 {
        let refused = image_create_generation(&core, request().width(33)).await.unwrap_err();
        assert!(matches!(refused, Error::Api(_)), "{refused}");
    }
    emulator.refuse_connections(true);
    assert!(matches!(image_create_generation(&core, request()).await, Err(Error::Connection(_))));
    emulator.refuse_connections(false);
    let invalid = image_create_generation(&core, request()).header("host", "x").await.unwrap_err();
    assert!(matches!(invalid, Error::InvalidRequest(_)), "{invalid}");
    assert!(core.spent().reserved.is_empty());
    image_create_generation(&core, request()).await.unwrap();
}

#[tokio::test]
async fn retries_reserve_once() {
    let emulator = Emulator::start().await.unwrap();
    let limit = SpendingLimit::credits(7);
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .spending_limit(limit.clone())
        .retry(RetryPolicy::default().initial_backoff(std::time::Duration::from_millis(1)))
        .build()
        .unwrap();
    emulator.set_faults(FaultPlan::sequence([Fault::None, Fault::StatusBefore(429), Fault::StatusBefore(429)]));
    image_create_generation(&core, request()).await.unwrap();
    assert_eq!(amounts(&limit.spent().settled), ["7 CREDITS"]);
}

#[tokio::test]
async fn what_has_no_price_must_say_what_it_may_cost() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::credits(100));
    let error = prompt_prompt_random(&core).await.unwrap_err();
    assert_eq!(*reason(&error), SpendingReason::NoEstimate);
    assert!(error.to_string().contains("cost_at_most"), "{error}");
    assert_eq!(emulator.requests().len(), 0);
    prompt_prompt_random(&core).cost_at_most(Cost::credits(20)).await.unwrap();
    // Settled is what it did cost.
    assert_eq!(amounts(&core.spent().settled), ["4 CREDITS"]);
    let error = prompt_prompt_random(&core).cost_at_most(Cost::credits(97)).await.unwrap_err();
    assert!(matches!(reason(&error), SpendingReason::Limit { .. }), "{error}");
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn a_call_has_a_limit_of_its_own() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::unlimited());
    let error = image_create_generation(&core, request()).cost_at_most(Cost::credits(6)).await.unwrap_err();
    assert!(reason(&error).to_string().starts_with("it would cost 7 CREDITS, and may cost 6 CREDITS at most."));
    assert_eq!(emulator.charges().len(), 0);
    image_create_generation(&core, request()).cost_at_most(Cost::credits(7)).await.unwrap();
    let error = image_generate(&core, request()).cost_at_most(Cost::credits(1)).await.unwrap_err();
    assert!(matches!(Error::from(error), Error::SpendingLimit(_)));
    assert_eq!(amounts(&core.spent().settled), ["7 CREDITS"]);
}

#[tokio::test]
async fn a_call_with_a_limit_needs_a_core_that_counts() {
    let emulator = Emulator::start().await.unwrap();
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    let error = image_create_generation(&core, request()).cost_at_most(Cost::credits(7)).await.unwrap_err();
    let Error::InvalidRequest(invalid) = &error else { panic!("{error}") };
    assert_eq!(invalid.field, "cost_at_most");
    assert_eq!(emulator.requests().len(), 0);
    assert!(core.spent().settled.is_empty() && core.spent().left.is_none());
}

#[tokio::test]
async fn a_response_without_a_cost_settles_at_the_estimate() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::credits(1000));
    // The response to a run of a blueprint tells no cost.
    let run = a_run(&core).await;
    blueprints_execute_blueprint(&core, run).cost_at_most(Cost::credits(60)).await.unwrap();
    let spent = core.spent();
    assert_eq!(amounts(&spent.settled), ["60 CREDITS"]);
    assert_eq!(amounts(&spent.inexact), ["60 CREDITS"]);
    assert_eq!(spent.left, Some(Cost::credits(940)));
}

#[tokio::test]
async fn dollars_are_exact_to_the_last_digit() {
    let emulator = Emulator::builder().plan(Plan::PayAsYouGo).balance(10.0).start().await.unwrap();
    let limit = SpendingLimit::dollars("0.0588");
    let core = core(&emulator, &limit);
    // The price calculator counts in credits.
    let error = image_create_generation(&core, request()).await.unwrap_err();
    assert_eq!(*reason(&error), SpendingReason::NoEstimate);
    image_create_generation(&core, request()).cost_at_most(Cost::dollars("0.02")).await.unwrap();
    assert_eq!(amounts(&limit.spent().settled), ["0.0147 DOLLARS"]);
    // What it did cost is known now, and counts for equal ones.
    image_create_generation(&core, request().seed(3)).await.unwrap();
    image_create_generation(&core, request()).await.unwrap();
    image_create_generation(&core, request()).await.unwrap();
    assert_eq!(limit.spent().left, Some(Cost::dollars("0")));
    let error = image_create_generation(&core, request()).await.unwrap_err();
    assert!(matches!(reason(&error), SpendingReason::Limit { .. }), "{error}");
    let user = user_get_user_self(&core).await.unwrap();
    assert_eq!(format!("{:.4}", 10.0 - user.api_paid_tokens.unwrap()), "0.0588");
}

#[tokio::test]
async fn with_the_price_of_a_credit_estimates_count_in_dollars() {
    let emulator = Emulator::builder().plan(Plan::PayAsYouGo).start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::dollars("0.03").dollars_per_credit("0.0021"));
    image_create_generation(&core, request()).await.unwrap();
    image_create_generation(&core, request().num_images(1).width(512)).await.unwrap();
    let error = image_create_generation(&core, request()).await.unwrap_err();
    assert!(matches!(reason(&error), SpendingReason::Limit { .. }), "{error}");
    assert_eq!(emulator.charges().len(), 2);
    assert_eq!(amounts(&core.spent().settled), ["0.0221 DOLLARS"]);
}

#[tokio::test]
async fn an_estimate_that_fails_fails_the_call_before_it_is_sent() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::credits(1000));
    emulator.set_faults(FaultPlan::always(Fault::StatusBefore(503)));
    let error = image_create_generation(&core, request()).await.unwrap_err();
    assert!(!error.may_have_been_charged(), "{error}");
    assert_eq!(requests(&emulator, "/generations"), 0);
    assert!(core.spent().reserved.is_empty());
}

#[tokio::test]
async fn cores_with_clones_of_a_limit_share_it() {
    let emulator = Emulator::start().await.unwrap();
    let limit = SpendingLimit::credits(14);
    let cores = [core(&emulator, &limit), core(&emulator, &limit)];
    image_create_generation(&cores[0], request()).await.unwrap();
    image_create_generation(&cores[1], request()).await.unwrap();
    for core in &cores {
        assert!(matches!(image_create_generation(core, request()).await, Err(Error::SpendingLimit(_))));
    }
    assert_eq!(format!("{limit:?}"), "SpendingLimit(0 CREDITS left)");
}

#[test]
fn what_is_no_amount_of_money_is_an_error() {
    for limit in [SpendingLimit::dollars("12,50"), SpendingLimit::dollars("5").dollars_per_credit("cheap")] {
        let core = LeonardoCore::builder().bearer_auth("test").spending_limit(limit).build();
        let error = core.unwrap_err().to_string();
        assert!(error.contains("spending_limit") && error.contains("is no amount of money"), "{error}");
    }
}

#[tokio::test]
async fn a_cost_at_most_that_is_no_amount_is_an_error() {
    let emulator = Emulator::start().await.unwrap();
    let core = core(&emulator, &SpendingLimit::credits(5));
    let error = prompt_prompt_random(&core).cost_at_most(Cost::dollars("-1")).await.unwrap_err();
    assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    assert_eq!(emulator.requests().len(), 0);
}

//! The group `user`: the account itself.

use axum::Router;
use axum::extract::State as Extract;
use axum::routing::get;
use serde_json::json;

use super::app::{App, Outcome};
use crate::http::response::{number, ok};
use crate::state::money;
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/me", get(me))
}

async fn me(Extract(App { state, .. }): Extract<App>) -> Outcome {
    let left = state.config.balance - lock(&state.account).spent();
    let left = number(money::units(left));
    Ok(ok(&json!({
        "user_details": [{
            "user": {"id": state.config.user.to_string(), "username": "emulator"},
            "tokenRenewalDate": null,
            "paidTokens": left,
            "subscriptionTokens": 0,
            "subscriptionGptTokens": 0,
            "subscriptionModelTokens": 0,
            "apiConcurrencySlots": state.config.limits.concurrent_jobs.unwrap_or(10),
            "apiSubscriptionTokens": 0,
            "apiPaidTokens": left,
            "apiPlanTokenRenewalDate": null,
        }]
    })))
}

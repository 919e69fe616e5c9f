//! What the groups of operations have in common.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::http::response::ApiError;
use crate::state::State;
use crate::state::limits::Exceeded;
use crate::state::money::{self, Ticks};
use crate::webhook::Webhooks;

/// What every operation may use.
#[derive(Clone)]
pub(super) struct App {
    pub(super) state: Arc<State>,
    pub(super) webhooks: Arc<Webhooks>,
}

/// What comes of a request.
pub(super) type Outcome = Result<Response<Body>, ApiError>;

impl App {
    /// A price as the responses to billable requests show it.
    pub(super) fn cost(&self, price: Ticks) -> Value {
        json!({"amount": money::decimal(price), "unit": self.state.config.plan.unit()})
    }
}

pub(super) fn refused(Exceeded { error, retry_after }: Exceeded) -> ApiError {
    ApiError { retry_after, ..ApiError::new(StatusCode::TOO_MANY_REQUESTS, error, "bad-request") }
}

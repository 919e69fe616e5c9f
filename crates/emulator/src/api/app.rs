//! What the groups of operations have in common.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::cdn::pictures::Pictures;
use crate::http::response::ApiError;
use crate::state::State;
use crate::state::account::{Account, Bill, Made};
use crate::state::life::{self, Life};
use crate::state::limits::{Exceeded, Lane};
use crate::state::money::{self, Ticks};
use crate::state::prices::Work;
use crate::sync::lock;
use crate::webhook::Webhooks;

/// What every operation may use.
#[derive(Clone)]
pub(super) struct App {
    pub(super) state: Arc<State>,
    pub(super) webhooks: Arc<Webhooks>,
    pub(super) pictures: Arc<Pictures>,
}

/// What comes of a request.
pub(super) type Outcome = Result<Response<Body>, ApiError>;

impl App {
    /// Counts a create request of one operation; refused if there were too many.
    pub(super) fn count(&self, operation: &'static str) -> Result<Instant, ApiError> {
        let now = Instant::now();
        lock(&self.state.usage).create(&self.state.config.limits, operation, now).map_err(refused)?;
        Ok(now)
    }

    /// Begins a job; refused if too many are under way. Its words can say how long it takes and that it fails.
    pub(super) fn begin(&self, account: &mut Account, lane: Lane, words: &str) -> Result<Life, ApiError> {
        let config = &self.state.config;
        let (now, created) = (Instant::now(), SystemTime::now());
        let takes = life::takes(words).unwrap_or(config.generation_time);
        let ready = lock(&self.state.usage).job(&config.limits, lane, now, takes).map_err(refused)?;
        let number = account.count_job();
        let unlucky = config.fail_every.is_some_and(|every| number % every == 0);
        Ok(Life {
            created,
            starts: ready - takes,
            ready,
            ends: created + (ready - now),
            visible: now + config.record_delay,
            fails: unlucky || life::fails(words),
        })
    }

    /// Charges for what is no generation, for which [`Account::add`] does it.
    pub(super) fn charge(&self, account: &mut Account, operation: &'static str, made: Made, prompt: &str, work: Work) {
        let price = self.price(work);
        let at = SystemTime::now();
        account.charge(Bill { operation, made, prompt: prompt.into(), seed: 0, num_images: 0, price, at });
    }

    /// What some work costs this account.
    pub(super) fn price(&self, work: Work) -> Ticks {
        self.state.config.plan.price(work)
    }

    /// The response to a billable request: an envelope with its own fields and the price.
    pub(super) fn receipt(&self, envelope: &str, fields: Value, price: Ticks) -> Value {
        let mut job = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        job.insert("apiCreditCost".into(), Value::Null);
        let cost = json!({"amount": money::decimal(price), "unit": self.state.config.plan.unit()});
        job.insert("cost".into(), cost);
        json!({envelope: job})
    }

    /// Whether the account of the key is that of this user; of others a key sees nothing.
    pub(super) fn is_own(&self, user: Uuid) -> bool {
        user == self.state.config.user
    }
}

pub(super) fn refused(Exceeded { error, retry_after }: Exceeded) -> ApiError {
    ApiError { retry_after, ..ApiError::new(StatusCode::TOO_MANY_REQUESTS, error, "bad-request") }
}

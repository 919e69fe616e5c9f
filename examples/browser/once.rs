//! Each create is carried out once, however often it comes. Chromium by itself sends a request again whose connection broke
//! off, and the page does after a reload, which it marks as a repeat.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use leonardo_ai::{Call, Error};
use tokio::sync::{Mutex, OnceCell};

/// What the page gets: JSON, as the API gives it.
pub type Reply = (StatusCode, [(HeaderName, &'static str); 1], Bytes);

/// What comes of a create, once it is there.
type Outcome = Arc<OnceCell<Reply>>;

/// How many creates are known: a repeat comes within seconds.
const KNOWN: usize = 500;

/// What came of the last creates, by their request ids.
#[derive(Clone, Default)]
pub struct Creates(Arc<Mutex<VecDeque<(HeaderValue, Outcome)>>>);

impl Creates {
    /// Sends `call`, or waits for the one with the same request id. Another site's page may not set these headers.
    pub async fn once(&self, headers: &HeaderMap, call: Call) -> Reply {
        let Some(id) = headers.get("x-request-id").filter(|id| id.len() == 36) else {
            return error(StatusCode::BAD_REQUEST, "x-request-id must be a UUID");
        };
        let mut creates = self.0.lock().await;
        let known = creates.iter().find(|(known, _)| known == id).map(|(_, cell)| cell.clone());
        if known.is_none() && headers.contains_key("x-repeat") {
            return error(StatusCode::BAD_GATEWAY, "what came of this create is not known any more");
        }
        let cell = known.unwrap_or_else(|| {
            creates.push_front((id.clone(), Arc::default()));
            creates.truncate(KNOWN);
            creates[0].1.clone()
        });
        drop(creates);
        // A task goes on when the browser gives the connection up, and the repeat waits for what comes of it.
        let work = tokio::spawn(async move {
            let sent = cell.get_or_try_init(|| async {
                match call.await {
                    // Nothing was done, so that it may be tried again.
                    Err(error) if !error.may_have_been_charged() => {
                        Err(reply(Err(error), StatusCode::FAILED_DEPENDENCY))
                    }
                    done => Ok(reply(done, StatusCode::BAD_GATEWAY)),
                }
            });
            sent.await.cloned().unwrap_or_else(|refused| refused)
        });
        work.await.unwrap_or_else(|panic| error(StatusCode::BAD_GATEWAY, &panic.to_string()))
    }
}

/// What the API responded, with its status, or with this one what failed on the way to it.
pub fn reply(outcome: Result<Bytes, Error>, otherwise: StatusCode) -> Reply {
    match outcome {
        Ok(body) => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body),
        Err(failed) => match failed.api() {
            Some(api) => (api.status, [(header::CONTENT_TYPE, "application/json")], api.body.clone()),
            None => error(otherwise, &failed.to_string()),
        },
    }
}

fn error(status: StatusCode, text: &str) -> Reply {
    let body = serde_json::json!({ "error": text }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body.into())
}

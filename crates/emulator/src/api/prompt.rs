//! The group `prompt`: prompts made by the service, at once and at a price.

use axum::Router;
use axum::extract::State as Extract;
use axum::routing::post;
use bytes::Bytes;
use serde_json::json;

use super::app::{App, Outcome};
use super::fields::{Kind, checked, missing, text, unexpected};
use super::moderation::check_prompt;
use crate::http::request::object;
use crate::http::response::{ApiError, ok};
use crate::state::account::Made;
use crate::state::prices::Work;
use crate::sync::lock;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/v1/prompt/improve", post(improve)).route("/v1/prompt/random", post(random))
}

/// A prompt to be improved must be shorter.
const MOST_CHARACTERS: usize = 200;

async fn improve(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "promptImprove";
    app.count(OPERATION)?;
    let known = &[("prompt", Kind::Text), ("promptInstructions", Kind::Text), ("isVideo", Kind::Bool)];
    let fields = checked(&body, known)?;
    let prompt = text(&fields, "prompt").ok_or_else(|| missing("prompt"))?;
    if prompt.chars().count() >= MOST_CHARACTERS {
        return Err(ApiError::bad("Prompt is too long, please keep it under 200 characters"));
    }
    check_prompt(prompt)?;
    let video = fields.get("isVideo").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let how = if video { "a slow camera movement" } else { "soft light and fine detail" };
    let better = match text(&fields, "promptInstructions").filter(|wish| !wish.is_empty()) {
        Some(wish) => format!("{prompt}, {how}, {wish}"),
        None => format!("{prompt}, {how}"),
    };
    Ok(app.prompt(OPERATION, &better))
}

async fn random(Extract(app): Extract<App>, body: Bytes) -> Outcome {
    const OPERATION: &str = "promptRandom";
    const THINGS: [&str; 6] = ["a lighthouse", "a cat", "a quiet lake", "dunes", "a pine forest", "an island"];
    const TIMES: [&str; 5] = ["at dusk", "in the snow", "under an aurora", "at midnight", "in autumn"];
    app.count(OPERATION)?;
    if !body.is_empty() {
        if let Some(name) = object(&body)?.keys().next() {
            return Err(unexpected(name));
        }
    }
    let pick = |words: &[&'static str]| fastrand::choice(words.iter().copied()).unwrap_or_default();
    Ok(app.prompt(OPERATION, &format!("{} {}", pick(&THINGS), pick(&TIMES))))
}

impl App {
    fn prompt(&self, operation: &'static str, prompt: &str) -> axum::response::Response {
        self.charge(&mut lock(&self.state.account), operation, Made::Nothing, prompt, Work::Prompt);
        ok(&self.receipt("promptGeneration", json!({"prompt": prompt}), self.price(Work::Prompt)))
    }
}

//! What `worker.mjs` calls: each function gives the response to one request.

use std::panic;
use std::time::Duration;

use leonardo_ai::funcs::{GenerationErrorReason, image_create_generation, image_wait_for_generation};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{ApiErrorKind, Error, LeonardoCore};
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// A response: its status and its body, which is JSON.
#[wasm_bindgen(getter_with_clone)]
pub struct JsonResponse {
    pub status: u16,
    pub body: String,
}

/// Creates a generation, which costs credits, of `{"prompt": "…"}`. The response has its id, and the pictures follow.
#[wasm_bindgen]
pub async fn create(key: String, server: Option<String>, body: String) -> JsonResponse {
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let Some(prompt) = body["prompt"].as_str().filter(|prompt| !prompt.trim().is_empty()) else {
        return response(400, json!({ "error": "the body must be {\"prompt\": \"…\"}", "mayHaveBeenCharged": false }));
    };
    let request = CreateGenerationRequest::new(prompt).num_images(1);
    let created =
        async { image_create_generation(&core(key, server)?, request).deadline(Duration::from_secs(20)).await };
    match created.await {
        Ok(job) => response(202, json!({ "id": job.generation_id, "status": "PENDING" })),
        Err(error) => failed(&error),
    }
}

/// Waits for a generation, no longer than `seconds`, and gives the links to its pictures.
#[wasm_bindgen]
pub async fn wait(key: String, server: Option<String>, id: String, seconds: u32) -> JsonResponse {
    let core = match core(key, server) {
        Ok(core) => core,
        Err(error) => return failed(&error),
    };
    let limit = Duration::from_secs(seconds.into());
    // Right after a create its id may be unknown for a moment.
    match image_wait_for_generation(&core, id.as_str()).deadline(limit).appear_within(limit / 4).await {
        Ok(made) => {
            let images: Vec<_> = made.generated_images.iter().map(|image| &image.url).collect();
            response(200, json!({ "id": id, "status": made.status, "images": images }))
        }
        Err(error) if error.exists && matches!(error.reason, GenerationErrorReason::Deadline { .. }) => {
            response(202, json!({ "id": id, "status": "PENDING" }))
        }
        Err(error) => failed(&error.into()),
    }
}

/// Makes a core, for this request alone: an edge worker lets no request use what another one opened.
fn core(key: String, server: Option<String>) -> Result<LeonardoCore, Error> {
    let builder = LeonardoCore::builder().bearer_auth(key);
    match server {
        Some(server) => builder.server_url(server),
        None => builder,
    }
    .build()
}

fn failed(error: &Error) -> JsonResponse {
    let status = match (error, error.api().map(|api| api.kind)) {
        (Error::InvalidRequest(_), _) => 400,
        (Error::Api(_), Some(ApiErrorKind::InvalidRequest)) => 400,
        _ if error.is_not_found() => 404,
        (Error::Api(_), Some(ApiErrorKind::Moderation)) => 422,
        (_, Some(ApiErrorKind::RateLimited)) => 429,
        // The key of this worker.
        (Error::Config(_), _) | (_, Some(ApiErrorKind::Authentication)) => 500,
        (Error::Timeout(_), _) => 504,
        _ => 502,
    };
    let (text, charged) = (error.to_string(), error.may_have_been_charged());
    response(status, json!({ "error": text, "mayHaveBeenCharged": charged, "id": error.generation_id() }))
}

fn response(status: u16, body: Value) -> JsonResponse {
    JsonResponse { status, body: body.to_string() }
}

/// A panic ends what it happens in without a response, and may leave the module in any state: the next call makes a new one.
#[wasm_bindgen(start)]
fn start() {
    panic::set_hook(Box::new(|panic| {
        error(&panic.to_string());
        wasm_bindgen::handler::schedule_reinit();
    }));
}

/// Comes before any other call: that one's arguments are put into the module before it is made anew.
#[wasm_bindgen]
pub fn ready() {}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

//! What the page calls: creating a generation, and waiting for it.

use std::time::Duration;

use js_sys::{Error, Function, Reflect};
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{GenerationError, GenerationErrorReason, image_create_generation, image_wait_for_generation};
use leonardo_ai::models::{CreateGenerationRequest, Generation};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// A core, for JavaScript.
#[wasm_bindgen]
pub struct Service(LeonardoCore);

/// A complete generation.
#[wasm_bindgen(getter_with_clone)]
pub struct Pictures {
    pub prompt: String,
    pub links: Vec<String>,
}

#[wasm_bindgen]
impl Service {
    /// For the API at `server`, which is the proxy.
    #[wasm_bindgen(constructor)]
    pub fn new(server: &str) -> Result<Service, JsValue> {
        // A core needs a key. This one is a placeholder: the proxy takes no notice of it and sends its own.
        let core = LeonardoCore::builder().bearer_auth("the-proxy-has-the-key").server_url(server).build();
        core.map(Self).map_err(|error| thrown(&error, false, false))
    }

    /// Creates a generation, which costs credits, and gives its id. The proxy carries out each `request` once, however often
    /// it comes; with `repeat` it only looks up what came of it.
    pub async fn create(&self, prompt: String, request: String, repeat: bool) -> Result<String, JsValue> {
        let mut call =
            image_create_generation(&self.0, CreateGenerationRequest::new(prompt)).header("x-request-id", request);
        if repeat {
            call = call.header("x-repeat", "true");
        }
        let job = call.await.map_err(|error| thrown(&error, error.may_have_been_charged(), false))?;
        Ok(job.generation_id.to_string())
    }

    /// Waits for a generation. Calls `told` with each state that it finds, and with what fails and is tried again.
    pub async fn wait(&self, id: String, told: Function) -> Result<Pictures, JsValue> {
        let tell = move |text: &str| drop(told.call1(&JsValue::NULL, &text.into()));
        let retried = tell.clone();
        let mut states = image_wait_for_generation(&self.0, id)
            .first_delay(Duration::from_millis(500))
            .on_retry(move |retry| retried(&retry.to_string()))
            .states();
        let mut last = Generation::default();
        while let Some(state) = states.next().await {
            last = state.map_err(|error| thrown(&error, error.may_have_been_charged(), can_go_on(&error)))?;
            tell(last.status.as_str());
        }
        let links = last.generated_images.into_iter().map(|image| image.url).collect();
        Ok(Pictures { prompt: last.prompt, links })
    }
}

/// Whether there is still something to wait for.
fn can_go_on(error: &GenerationError) -> bool {
    !error.is_not_found() && !matches!(error.reason, GenerationErrorReason::Failed(_))
}

/// An error for JavaScript, with the SDK's words.
fn thrown(error: &dyn std::error::Error, may_have_been_charged: bool, can_go_on: bool) -> JsValue {
    let thrown = Error::new(&error.to_string());
    for (name, value) in [("mayHaveBeenCharged", may_have_been_charged), ("canGoOn", can_go_on)] {
        // Setting a new field of a new object does not fail.
        let _ = Reflect::set(&thrown, &name.into(), &value.into());
    }
    thrown.into()
}

//! One operation by hand, for a browser.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::Client;
use crate::create::CreateGenerationRequest;

#[path = "../../../reference/client.rs"]
mod client;
#[path = "../../../reference/create.rs"]
mod create;

#[wasm_bindgen]
pub async fn create_generation(url: String, key: String, prompt: String) -> Result<String, String> {
    let client = Client::new(&url, &key).map_err(|error| error.to_string())?;
    let request = CreateGenerationRequest::new(prompt);
    let job = client.create_generation(&request).await.map_err(|error| error.to_string())?;
    Ok(job.generation_id)
}

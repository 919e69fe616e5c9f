//! One operation with the crate, for a browser.

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::image_create_generation;
use leonardo_ai::models::CreateGenerationRequest;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub async fn create_generation(url: String, key: String, prompt: String) -> Result<String, String> {
    let builder = LeonardoCore::builder().bearer_auth(key).server_url(url);
    let core = builder.build().map_err(|error| error.to_string())?;
    let request = CreateGenerationRequest::new(prompt);
    let job = image_create_generation(&core, request).await.map_err(|error| error.to_string())?;
    Ok(job.generation_id.into_string())
}

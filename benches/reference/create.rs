//! `POST /v1/generations`.

use serde::{Deserialize, Serialize};

use crate::client::Client;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateGenerationRequest {
    pub alchemy: bool,
    pub height: u32,
    pub model_id: String,
    #[serde(rename = "num_images")]
    pub num_images: u32,
    pub preset_style: String,
    pub prompt: String,
    pub width: u32,
}

impl CreateGenerationRequest {
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            alchemy: true,
            height: 768,
            model_id: "b24e16ff-06e3-43eb-8d33-4416c2d75876".into(),
            num_images: 4,
            preset_style: "DYNAMIC".into(),
            prompt: prompt.into(),
            width: 1024,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct GenerationJob {
    pub generation_id: String,
    pub api_credit_cost: Option<f64>,
    pub cost: Option<Cost>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
pub struct Cost {
    pub amount: String,
    pub unit: CostUnit,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CostUnit {
    Credits,
    Dollars,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    sd_generation_job: GenerationJob,
}

impl Client {
    pub async fn create_generation(&self, request: &CreateGenerationRequest) -> reqwest::Result<GenerationJob> {
        let body: Created = self
            .http
            .post(format!("{}/v1/generations", self.base))
            .bearer_auth(&self.key)
            .json(request)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(body.sd_generation_job)
    }
}

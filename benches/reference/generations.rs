//! `GET /v1/generations/{id}` and `GET /v1/generations/user/{userId}`.

use serde::{Deserialize, Serialize};

use crate::client::Client;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct Generation {
    pub id: String,
    pub status: JobStatus,
    #[serde(default, rename = "generated_images")]
    pub generated_images: Vec<GeneratedImage>,
    pub created_at: Option<String>,
    pub prompt: String,
    pub negative_prompt: Option<String>,
    pub model_id: Option<String>,
    pub sd_version: Option<SdVersion>,
    pub seed: Option<i64>,
    pub image_width: u32,
    pub image_height: u32,
    pub inference_steps: Option<u32>,
    pub guidance_scale: Option<f64>,
    pub scheduler: Option<Scheduler>,
    pub preset_style: Option<String>,
    pub init_strength: Option<f64>,
    pub public: bool,
    pub photo_real: Option<bool>,
    pub photo_real_strength: Option<f64>,
    pub prompt_magic: Option<bool>,
    pub prompt_magic_version: Option<String>,
    pub prompt_magic_strength: Option<f64>,
    pub ultra: Option<bool>,
    pub fantasy_avatar: Option<bool>,
    pub image_to_video: Option<bool>,
    pub motion: Option<bool>,
    pub motion_model: Option<String>,
    pub motion_strength: Option<i64>,
    #[serde(default, rename = "generation_elements")]
    pub generation_elements: Vec<GenerationElement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct GeneratedImage {
    pub id: String,
    pub url: String,
    pub nsfw: bool,
    pub like_count: i64,
    #[serde(default, rename = "generated_image_variation_generics")]
    pub generated_image_variation_generics: Vec<ImageVariation>,
    #[serde(rename = "motionMP4URL")]
    pub motion_mp4_url: Option<String>,
    pub motion: Option<bool>,
    pub motion_model: Option<String>,
    pub motion_strength: Option<i64>,
    pub image_to_video: Option<bool>,
    pub fantasy_avatar: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct ImageVariation {
    pub id: String,
    pub status: JobStatus,
    pub transform_type: VariationType,
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct GenerationElement {
    pub id: Option<i64>,
    pub lora: Option<Lora>,
    pub weight_applied: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct Lora {
    #[serde(rename = "akUUID")]
    pub ak_uuid: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub creator_name: Option<String>,
    pub url_image: Option<String>,
    pub base_model: Option<SdVersion>,
    pub weight_default: Option<f64>,
    pub weight_min: Option<f64>,
    pub weight_max: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    Pending,
    Complete,
    Failed,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VariationType {
    Outpaint,
    Inpaint,
    Upscale,
    Unzoom,
    Nobg,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scheduler {
    Klms,
    EulerAncestralDiscrete,
    EulerDiscrete,
    Ddim,
    DpmSolver,
    Pndm,
    Leonardo,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Deserialize)]
#[allow(non_camel_case_types)]
pub enum SdVersion {
    v1_5,
    v2,
    v3,
    SDXL_0_8,
    SDXL_0_9,
    SDXL_1_0,
    SDXL_LIGHTNING,
    PHOENIX,
    FLUX,
    FLUX_DEV,
    KINO_2_0,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct One {
    generations_by_pk: Generation,
}

#[derive(Deserialize)]
struct Page {
    generations: Vec<Generation>,
}

#[derive(Debug, Serialize)]
pub struct PageRequest {
    pub offset: u32,
    pub limit: u32,
}

impl Client {
    pub async fn get_generation(&self, id: &str) -> reqwest::Result<Generation> {
        let body: One = self
            .http
            .get(format!("{}/v1/generations/{id}", self.base))
            .bearer_auth(&self.key)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(body.generations_by_pk)
    }

    pub async fn list_generations(&self, user_id: &str, page: &PageRequest) -> reqwest::Result<Vec<Generation>> {
        let body: Page = self
            .http
            .get(format!("{}/v1/generations/user/{user_id}", self.base))
            .query(page)
            .bearer_auth(&self.key)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(body.generations)
    }
}

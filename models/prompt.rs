//! Prompts that the service writes.

use serde_json::{Map, Value};

use super::Cost;
use crate::codec::{Model, Record};

/// Asks for a better prompt.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request, checked)]
pub struct PromptImproveRequest {
    /// The prompt to improve, at most 199 characters.
    #[model(required, length = 1..=199)]
    pub prompt: String,
    /// How to improve it.
    pub prompt_instructions: Option<String>,
    /// Whether the prompt is for a video; the service takes false when this is not sent.
    pub is_video: Option<bool>,
    /// Fields that this type does not have, under their names on the wire.
    #[model(extra)]
    pub extra: Map<String, Value>,
}

impl PromptImproveRequest {
    /// Improves that prompt.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::empty() }
    }
}

/// A prompt that the service has written.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct PromptGeneration {
    /// The prompt.
    #[model(required)]
    pub prompt: String,
    /// The cost in API credits. Deprecated and often absent: use [`cost`](Self::cost).
    pub api_credit_cost: Option<f64>,
    /// What the prompt is charged.
    pub cost: Option<Cost>,
}

use crate::models::{PromptGeneration, PromptImproveRequest};
use crate::{Call, LeonardoCore, operations};

/// Improves a prompt of less than 200 characters: `POST /v1/prompt/improve`. Costs credits, each time anew.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn prompt_prompt_improve(core: &LeonardoCore, request: PromptImproveRequest) -> Call<PromptGeneration> {
    Call::new(core, &operations::PROMPT_PROMPT_IMPROVE).required("prompt", &request.prompt).body(&request)
}

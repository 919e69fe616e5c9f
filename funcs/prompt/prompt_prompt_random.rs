use crate::models::PromptGeneration;
use crate::{Call, LeonardoCore, operations};

/// Writes a prompt of its own: `POST /v1/prompt/random`. Costs credits, each time anew.
///
/// # Errors
///
/// All of [`Error`](crate::Error).
pub fn prompt_prompt_random(core: &LeonardoCore) -> Call<PromptGeneration> {
    Call::new(core, &operations::PROMPT_PROMPT_RANDOM)
}

//! What prompts may say.

use axum::http::StatusCode;

use crate::http::response::ApiError;
use crate::state::generation::has_word;

/// Words that moderation refuses, with which status, and whether it names the word.
const MODERATED: [(&str, StatusCode, bool); 3] = [
    ("forbiddenword", StatusCode::FORBIDDEN, true),
    ("bannedword", StatusCode::BAD_REQUEST, true),
    ("unseemlyword", StatusCode::BAD_REQUEST, false),
];

/// Refuses prompts that are too long or improper.
pub(super) fn check_prompt(prompt: &str) -> Result<(), ApiError> {
    if prompt.chars().count() > 1500 {
        return Err(ApiError::bad("Invalid prompt, maximum length of 1500 characters exceeded"));
    }
    for (word, status, named) in MODERATED {
        if has_word(prompt, word) {
            let error = if named {
                format!("content moderation filter: {word}")
            } else {
                "Your prompt appears to contain inappropriate content. Please revise it and try again.".to_owned()
            };
            return Err(ApiError::new(status, error, "bad-request"));
        }
    }
    Ok(())
}

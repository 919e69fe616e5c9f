//! What prompts may say.

use axum::http::StatusCode;

use crate::http::response::ApiError;
use crate::state::generation::has_word;

/// A word that moderation refuses.
#[derive(Clone, Copy)]
pub(super) struct Moderated {
    pub(super) word: &'static str,
    /// That of the refusal, where a request is refused for it.
    status: StatusCode,
    /// Whether the refusal names the word.
    pub(super) named: bool,
}

const MODERATED: [Moderated; 3] = [
    Moderated { word: "forbiddenword", status: StatusCode::FORBIDDEN, named: true },
    Moderated { word: "bannedword", status: StatusCode::BAD_REQUEST, named: true },
    Moderated { word: "unseemlyword", status: StatusCode::BAD_REQUEST, named: false },
];

/// What moderation finds in a text.
pub(super) fn moderated(text: &str) -> Option<Moderated> {
    MODERATED.into_iter().find(|moderated| has_word(text, moderated.word))
}

/// The longest prompt, in characters.
pub(super) const MOST_CHARACTERS: usize = 1500;

/// Refuses prompts that are too long or improper.
pub(super) fn check_prompt(prompt: &str) -> Result<(), ApiError> {
    if prompt.chars().count() > MOST_CHARACTERS {
        return Err(ApiError::bad("Invalid prompt, maximum length of 1500 characters exceeded"));
    }
    check_words(prompt)
}

/// Refuses prompts that are improper.
pub(super) fn check_words(prompt: &str) -> Result<(), ApiError> {
    let Some(Moderated { word, status, named }) = moderated(prompt) else {
        return Ok(());
    };
    let error = if named {
        format!("content moderation filter: {word}")
    } else {
        "Your prompt appears to contain inappropriate content. Please revise it and try again.".to_owned()
    };
    Err(ApiError::new(status, error, "bad-request"))
}

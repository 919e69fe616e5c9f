//! What a call fails with: every kind of failure, what is known about it afterwards, and what its message says.

mod exchanges;
mod responses;
mod secrets;

use leonardo_ai::{Error, LeonardoCore, OutcomeUnknownError, RetryPolicy};

use crate::common::{KEY, SHORT, Server, assert_hidden};

const PAGE: &str = "<!DOCTYPE html>\n<html><body>Access denied by the proxy</body></html>";

/// A core that makes one attempt within [`LONG`].
fn once(server: &Server) -> LeonardoCore {
    server.builder().retry(RetryPolicy::none()).build().unwrap()
}

/// A core that makes one attempt within [`SHORT`].
fn hurried(server: &Server) -> LeonardoCore {
    server.builder().retry(RetryPolicy::none()).timeout(SHORT).build().unwrap()
}

#[track_caller]
fn unknown(error: &Error) -> &OutcomeUnknownError {
    assert!(error.may_have_been_charged());
    match error {
        Error::OutcomeUnknown(unknown) => unknown,
        other => panic!("{other:?}"),
    }
}

/// Where a message ends in something to do.
const ADVICE: [&str; 11] =
    ["Await ", "Before ", "Change ", "Check ", "Correct ", "Look ", "Pass ", "Raise ", "Send ", "Try ", "Wait"];

#[track_caller]
fn assert_message(error: &Error, operation: &str, attempts: u32) {
    let text = error.to_string();
    let call = error.call().unwrap();
    assert_eq!((call.operation, call.attempts), (operation, attempts), "{text}");
    let s = if attempts == 1 { "" } else { "s" };
    assert!(text.starts_with(&format!("{operation} failed after {attempts} attempt{s} in ")), "{text}");
    assert!(text.ends_with('.') && !text.ends_with("..") && !text.contains(".. "), "{text}");
    let last = text.trim_end_matches('.').rsplit(". ").next().unwrap();
    assert!(ADVICE.iter().any(|word| last.starts_with(word)), "does not end in advice: {text}");
    assert!(!text.contains('\n'), "more than one line: {text}");
    assert_hidden(error, KEY, &text);
}

//! What the feature `test-util` promises: a program's tests can make whatever a function may give.
#![cfg(all(feature = "full", feature = "test-util"))]

use std::time::Duration;

use leonardo_ai::funcs::{
    DownloadError, DownloadReason, Generated, GenerationError, GenerationErrorReason, UploadError, UploadReason,
};
use leonardo_ai::http::StatusCode;
use leonardo_ai::models::{Generation, GenerationJob, JobStatus};
use leonardo_ai::{
    ApiError, ApiErrorKind, CallInfo, ConnectionError, DecodeError, DecodeReason, Error, InvalidRequestError,
    OutcomeUnknownError, TimeoutError, TimeoutScope, TransportError, TransportErrorKind, operations,
};

fn call() -> CallInfo {
    CallInfo::of(&operations::IMAGE_CREATE_GENERATION.info)
}

#[test]
fn errors_are_as_those_of_a_service() {
    for (status, message, code, kind) in [
        (400, "Invalid width", None, ApiErrorKind::InvalidRequest),
        (403, "Content moderation filter: a word", None, ApiErrorKind::Moderation),
        (401, "invalid key", Some("access-denied"), ApiErrorKind::Authentication),
        (429, "slow down", None, ApiErrorKind::RateLimited),
        (404, "gone", None, ApiErrorKind::NotFound),
        (500, "oops", None, ApiErrorKind::Server),
    ] {
        let error = Error::from(ApiError::new(call(), StatusCode::from_u16(status).unwrap(), message, code));
        assert_eq!(error.api().expect("an error of the API").kind, kind, "{error}");
        assert!(error.to_string().contains(message) && !error.may_have_been_charged(), "{error}");
    }
    let broken = || TransportError::new(TransportErrorKind::Exchange, "connection reset");
    let unread = DecodeError::new(call(), StatusCode::OK, DecodeReason::Html, "<html>");
    let timeout = TimeoutError::new(call(), TimeoutScope::Deadline, Duration::from_secs(3), true);
    for (error, says) in [
        (Error::from(InvalidRequestError::new(call(), "id", "it is empty")), "it is empty"),
        (ConnectionError::new(call(), "https://cloud.leonardo.ai", broken()).into(), "connection reset"),
        (timeout.into(), "within 3 s"),
        (unread.into(), "HTML"),
    ] {
        assert!(error.to_string().contains(says) && !error.may_have_been_charged(), "{error}");
        let unknown = Error::from(OutcomeUnknownError::new(error, r#"{"prompt":"a pier"}"#));
        assert!(unknown.to_string().contains(says) && unknown.may_have_been_charged(), "{unknown}");
        assert_eq!(unknown.call().expect("a call").operation, "image_create_generation");
    }
}

#[test]
fn outputs_and_errors_of_workflows_are_as_those_of_a_service() {
    let generation = Generation::default().id("g").status(JobStatus::Complete).seed(7);
    let made = Generated::new(GenerationJob::default().generation_id("g"), generation.clone());
    assert_eq!((&made.job.generation_id, &made.generation), (&generation.id, &generation));

    let failed = GenerationErrorReason::Failed(Box::new(generation.status(JobStatus::Failed)));
    for (reason, says) in
        [(failed, "gave it up"), (GenerationErrorReason::deadline(Duration::from_secs(9)), "within 9 s")]
    {
        let error = GenerationError::new(Some("g".into()), true, reason);
        assert!(error.may_have_been_charged() && error.to_string().contains(says), "{error}");
        let error = Error::from(error);
        assert!(error.may_have_been_charged() && error.generation_id() == Some("g"), "{error}");
    }
    let error =
        Error::from(DownloadError::new("https://cdn.leonardo.ai/a.jpg", DownloadReason::Length { expected: 9 }));
    assert!(
        error.to_string().contains("https://cdn.leonardo.ai/a.jpg") && error.to_string().contains("9 bytes"),
        "{error}"
    );
    assert!(Error::from(UploadError::new(UploadReason::Empty)).to_string().contains("empty"));
}

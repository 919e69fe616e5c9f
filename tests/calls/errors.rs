//! What a call fails with: every kind of failure, what is known about it afterwards, and what its message says.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::common::{
    CREATED, GENERATION, ID, KEY, LONG, ME, Received, Refusing, Reply, SHORT, Server, answer, assert_hidden,
    chunked_head, create, delete, double, everything, get, me,
};
use leonardo_ai::funcs::{image_create_generation, image_get_generation_by_id, image_get_generations_by_user_id};
use leonardo_ai::http::Method;
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{
    ApiErrorKind, Call, DecodeReason, Effect, Error, LeonardoCore, Operation, OutcomeUnknownError, RetryBudget,
    RetryPolicy, TimeoutScope, TransportError, TransportErrorKind,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

struct Row {
    status: u16,
    error: &'static str,
    code: &'static str,
    kind: ApiErrorKind,
}

fn table() -> Vec<Row> {
    use ApiErrorKind::{Authentication, InvalidRequest, Moderation, NotFound, RateLimited, Server};
    let hook = "Invalid response from authorization hook";
    let row = |status, error, code, kind| Row { status, error, code, kind };
    let mut rows = vec![
        row(500, hook, "unexpected", Authentication),
        row(401, "Authentication hook unauthorized this request", "access-denied", Authentication),
        row(401, "something new", "something-new", Authentication),
        row(403, "something new", "something-new", Authentication),
        row(404, "no such endpoint", "not-found", NotFound),
        row(429, "too many", "unexpected", RateLimited),
        row(500, "Service Error", "unexpected", Server),
        row(503, "resting", "unexpected", Server),
    ];
    for status in [400, 403] {
        rows.push(row(status, "content moderation filter: WORD", "unexpected", Moderation));
        let error = "Your prompt appears to contain inappropriate content. Please change it.";
        rows.push(row(status, error, "bad-request", Moderation));
    }
    for error in [
        "invalid dimensions",
        "Too many images",
        "Invalid prompt, maximum length of 1500 characters exceeded",
        "Prompt is too long, please keep it under 200 characters",
        "Unexpected variable 'wdith'",
        "expected a boolean for type 'Boolean'",
        "expecting a value for non-nullable variable: \"prompt\"",
        "couldn't access image",
        "failed to find init variation",
        "invalid init image id",
        "invalid file extension",
        "ID is not supported within the Production API",
    ] {
        rows.push(row(400, error, "bad-request", InvalidRequest));
    }
    rows
}

#[tokio::test]
async fn the_kind_of_an_error_is_read_from_its_body_first_and_its_status_second() {
    for Row { status, error: said, code, kind } in table() {
        let body = json!({"error": said, "path": "$.selectionSet", "code": code}).to_string();
        let server = Server::always(Reply::with(status, &[("x-request-id", "r-1")], &body)).await;
        let core = once(&server);
        for (operation, error) in [
            ("image_get_generation_by_id", get(&core).await.unwrap_err()),
            ("image_delete_generation_by_id", delete(&core).await.unwrap_err()),
            ("image_create_generation", create(&core).await.unwrap_err()),
        ] {
            let context = format!("{operation} {status} {said}: {error}");
            let api = error.api().unwrap_or_else(|| panic!("{context}"));
            assert_eq!((api.kind, api.status.as_u16()), (kind, status), "{context}");
            let parsed = api.error.as_ref().unwrap();
            assert_eq!(parsed.error, said, "{context}");
            assert_eq!((parsed.path.as_deref(), parsed.code.as_deref()), (Some("$.selectionSet"), Some(code)));
            assert_eq!(api.headers["x-request-id"], "r-1", "{context}");
            assert_eq!(api.body, body, "{context}");
            assert_eq!(error.is_not_found(), kind == ApiErrorKind::NotFound, "{context}");
            // Only a failure of the service's own leaves open whether the work was done.
            let open = operation == "image_create_generation" && kind == ApiErrorKind::Server;
            assert_eq!(error.may_have_been_charged(), open, "{context}");
            assert_eq!(matches!(error, Error::Api(_)), !open, "{context}");
            assert_eq!(error.to_string().contains("Nothing was charged"), !open && operation.contains("create"));
            let text = error.to_string();
            assert!(text.contains(said.trim_end_matches('.')) && text.contains(code), "{context}");
            assert_message(&error, operation, 1);
        }
    }
}

/// A gateway, or the service after the work was done, may say anything with a status of its own.
#[tokio::test]
async fn a_5xx_is_a_refusal_only_in_the_words_of_the_authorization_hook() {
    let current = Arc::new(Mutex::new((0, Value::Null)));
    let shared = current.clone();
    let server = Server::start(move |_, _| {
        let (status, body) = &*shared.lock().unwrap();
        Reply::json(*status, body.to_string())
    })
    .await;
    let core = server.builder().retry(crate::common::quick().max_attempts(2)).retry_budget(RetryBudget::unlimited());
    let core = core.build().unwrap();
    let listed = |said: &str, code: &str, status: Option<u16>| json!({"errors": [{"message": said, "extensions": {"code": code, "statusCode": status}}]});
    for status in [500, 502, 503, 599] {
        for (said, code) in [
            ("Authentication failed", "access-denied"),
            ("no", "UNAUTHENTICATED"),
            ("no", "bad-request"),
            ("no", "not-found"),
            ("no", "rate-limited"),
            ("content moderation filter: WORD", "unexpected"),
            ("Your prompt appears to contain inappropriate content.", "forbidden"),
            ("It said: Invalid response from authorization hook", "unexpected"),
        ] {
            for (own, body) in [
                (status, json!({"error": said, "code": code})),
                (status, listed(said, code, Some(401))),
                // The same where the status stands in the body alone.
                (200, listed(said, code, Some(status))),
            ] {
                let before = server.count();
                *current.lock().unwrap() = (own, body.clone());
                let error = create(&core).await.unwrap_err();
                let cause = unknown(&error).cause.api().unwrap_or_else(|| panic!("{error}"));
                assert_eq!((cause.kind, server.count() - before), (ApiErrorKind::Server, 1), "{own} {body}");
                // Whatever it says, it may pass.
                let error = get(&core).await.unwrap_err();
                assert_eq!(error.call().unwrap().attempts, 2, "{own} {body}");
            }
        }
        for said in ["Invalid response from authorization hook", "authentication hook unauthorized this request"] {
            let before = server.count();
            *current.lock().unwrap() = (status, json!({"error": said}));
            let error = create(&core).await.unwrap_err();
            assert!(matches!(&error, Error::Api(api) if api.kind == ApiErrorKind::Authentication), "{error:?}");
            assert!(get(&core).await.is_err());
            assert_eq!(server.count() - before, 2);
        }
    }
}

#[tokio::test]
async fn what_cannot_become_better_is_not_repeated() {
    for Row { status, error: said, code, kind } in table() {
        if matches!(kind, ApiErrorKind::Server | ApiErrorKind::RateLimited) {
            continue;
        }
        let body = json!({"error": said, "path": "$", "code": code}).to_string();
        let server = Server::always(Reply::json(status, body)).await;
        let core = server.core();
        for error in [get(&core).await, me(&core).await.map(|_| unreachable!())].map(Result::unwrap_err) {
            assert_eq!(error.call().unwrap().attempts, 1, "{error}");
        }
        assert_eq!(create(&core).await.unwrap_err().call().unwrap().attempts, 1);
        assert_eq!(server.count(), 3, "{status} {said}");
    }
}

#[tokio::test]
async fn an_errors_array_in_status_200_is_an_error_of_the_api() {
    use ApiErrorKind::{
        Authentication, InvalidRequest, Moderation, NotFound, RateLimited, Server as Failed, Unexpected,
    };
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/errors-in-200.json")).unwrap();
    let only = |error: Value| json!({"errors": [error]});
    for (body, kind, message, code) in [
        (fixture, InvalidRequest, "Invalid parameters", Some("BAD_REQUEST")),
        (only(json!({"message": "m", "extensions": {"code": "x", "statusCode": 401}})), Authentication, "m", Some("x")),
        (only(json!({"message": "m", "extensions": {"statusCode": 404}})), NotFound, "m", None),
        (only(json!({"message": "m", "extensions": {"statusCode": 429}})), RateLimited, "m", None),
        (only(json!({"message": "m", "extensions": {"statusCode": 500}})), Failed, "m", None),
        (
            only(json!({"message": "m", "extensions": {"code": "bad-request"}})),
            InvalidRequest,
            "m",
            Some("bad-request"),
        ),
        (
            only(json!({"message": "m", "extensions": {"code": "validation-failed", "path": "$"}})),
            InvalidRequest,
            "m",
            Some("validation-failed"),
        ),
        (
            only(json!({"message": "m", "extensions": {"code": "access-denied"}})),
            Authentication,
            "m",
            Some("access-denied"),
        ),
        (only(json!({"message": "m", "extensions": {"code": "unexpected"}})), Failed, "m", Some("unexpected")),
        (
            only(json!({"message": "Invalid response from authorization hook", "extensions": {"statusCode": 500}})),
            Authentication,
            "Invalid response from authorization hook",
            None,
        ),
        (
            only(json!({"message": "content moderation filter: WORD", "extensions": {"code": "unexpected"}})),
            Moderation,
            "content moderation filter: WORD",
            Some("unexpected"),
        ),
        (only(json!({"message": "m"})), Unexpected, "m", None),
        (json!({"errors": [{"message": "m"}], "generations_by_pk": null}), Unexpected, "m", None),
        (json!({"generations_by_pk": {"id": ID}, "errors": [{"message": "m"}]}), Unexpected, "m", None),
        (only(json!("just text")), Unexpected, "just text", None),
        (only(json!({"detail": "no"})), Unexpected, r#"{"errors":[{"detail":"no"}]}"#, None),
        (
            only(json!({"detail": "rejected by the content moderation filter"})),
            Moderation,
            r#"{"errors":[{"detail":"rejected by the content moderation filter"}]}"#,
            None,
        ),
    ] {
        let server = Server::always(Reply::json(200, body.to_string())).await;
        let core = once(&server);
        let error = get(&core).await.unwrap_err();
        let Error::Api(api) = &error else { panic!("{body}: {error:?}") };
        assert_eq!((api.kind, api.status.as_u16()), (kind, 200), "{body}");
        let parsed = api.error.as_ref().unwrap();
        assert_eq!((parsed.error.as_str(), parsed.code.as_deref()), (message, code), "{body}");
        assert_message(&error, "image_get_generation_by_id", 1);
        // An error in the API's form is no sign of a wrong server.
        assert!(!error.to_string().contains("server URL"), "{error}");
        assert_eq!(error.to_string().contains("of no known kind"), kind == Unexpected, "{error}");

        // A create is known not to have been carried out only where the kind says so.
        let error = create(&core).await.unwrap_err();
        assert_eq!(error.api().unwrap().kind, kind, "{body}");
        assert_eq!(error.may_have_been_charged(), matches!(kind, Failed | Unexpected), "{body}");
        assert_eq!(server.count(), 2);
    }
}

/// Only what the API itself says proves that nothing was done, and it says that in texts and in whole bodies.
#[tokio::test]
async fn what_looks_like_an_error_of_the_api_proves_nothing() {
    for body in [
        r#"{"error":false,"code":"bad-request"}"#,
        r#"{"error":true,"code":"forbidden"}"#,
        r#"{"error":["no"],"code":"forbidden"}"#,
        r#"{"error":"no","code":"bad-request"} and more"#,
        r#"{"error":"no","code":"bad-request"}{"sdGenerationJob":{"generationId":"g"}}"#,
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let error = create(&once(&server)).await.unwrap_err();
        assert!(error.may_have_been_charged(), "{body}: {error}");
    }
    let body = r#"{"error":"Invalid response from authorization hook"}<html>"#;
    let server = Server::always(Reply::json(500, body)).await;
    assert!(create(&once(&server)).await.unwrap_err().may_have_been_charged());
    // What else stands in it, and in which encoding, does not matter.
    let body = b"{\"error\":\"content moderation filter: WORD\",\"path\":[[1]],\"code\":{},\"x\":\"\xe4\"}";
    let server = Server::always(Reply::with(400, &[("content-type", "application/json")], body.as_slice())).await;
    let error = create(&once(&server)).await.unwrap_err();
    assert_eq!(error.api().unwrap().kind, ApiErrorKind::Moderation, "{error}");
}

#[tokio::test]
async fn debug_says_what_display_says_and_the_cause() {
    let server = Server::always(Reply::json(404, r#"{"error":"no such thing"}"#)).await;
    let error = get(&once(&server)).await.unwrap_err();
    assert_eq!(format!("{error:?}"), format!("Api({error})"));
    let Error::Api(api) = &error else { panic!("{error:?}") };
    assert_eq!(format!("{api:?}"), format!("ApiError({error})"));
    let sealed = || async { Err::<String, _>(std::io::Error::other("the vault is sealed")) };
    let core = server.builder().bearer_auth_provider(sealed).build().unwrap();
    let error = get(&core).await.unwrap_err();
    assert!(!error.to_string().contains("sealed"), "{error}");
    assert_eq!(format!("{error:?}"), format!("InvalidRequest({error} Caused by: the vault is sealed)"));

    let error = TransportError::new(TransportErrorKind::Exchange, std::io::Error::other("the wire is cut"));
    assert_eq!(format!("{error:?} {error:#?}"), "TransportError(the wire is cut) TransportError(the wire is cut)");
    let server = Server::always(Reply::Reset).await;
    let Error::Connection(error) = get(&once(&server)).await.unwrap_err() else { panic!("not a connection error") };
    let text = format!("{:?}", error.source);
    assert!(text.starts_with(&format!("TransportError({}", error.source)) && !text.contains('{'), "{text}");
}

#[tokio::test]
async fn an_errors_array_that_is_empty_or_none_says_nothing() {
    for errors in [json!([]), json!(null)] {
        let body = json!({"errors": errors, "generations_by_pk": {"id": ID}});
        let server = Server::always(Reply::json(200, body.to_string())).await;
        assert_eq!(get(&once(&server)).await.unwrap().id.as_str(), ID, "{body}");
    }
}

#[tokio::test]
async fn a_record_that_is_null_is_not_found() {
    let server = Server::start(|_, request| {
        let body = match (&*request.method, request.target.ends_with("/me")) {
            ("DELETE", _) => r#"{"delete_generations_by_pk":null}"#,
            (_, true) => r#"{"user_details":[]}"#,
            _ => r#"{"generations_by_pk":null}"#,
        };
        Reply::json(200, body)
    })
    .await;
    let core = server.core();
    for error in [
        get(&core).await.map(drop).unwrap_err(),
        delete(&core).await.map(drop).unwrap_err(),
        me(&core).await.map(drop).unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error:?}");
        let api = error.api().unwrap();
        assert_eq!((api.kind, api.status.as_u16()), (ApiErrorKind::NotFound, 200));
        assert_eq!(api.error, None);
        assert!(error.to_string().contains("there is no such record"), "{error}");
        assert_message(&error, error.call().unwrap().operation, 1);
    }
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_told_apart() {
    for (status, kind) in
        [(403, ApiErrorKind::Unexpected), (404, ApiErrorKind::Unexpected), (502, ApiErrorKind::Server)]
    {
        let server = Server::always(Reply::with(status, &[("content-type", "text/html")], PAGE)).await;
        let core = once(&server);
        let error = get(&core).await.unwrap_err();
        let api = error.api().unwrap();
        assert_eq!((api.kind, api.status.as_u16(), &api.error), (kind, status, &None));
        assert_eq!(api.body, PAGE);
        assert!(!error.is_not_found());
        assert!(error.to_string().contains("Access denied by the proxy"), "{error}");
        assert_message(&error, "image_get_generation_by_id", 1);
        // A proxy that refuses has not carried out the work; one that failed may have passed it on.
        let error = create(&core).await.unwrap_err();
        assert_eq!(error.may_have_been_charged(), status == 502, "{error}");
    }
    for page in [PAGE, "\r\n  <html>"] {
        let server = Server::always(Reply::with(200, &[("content-type", "text/html")], page)).await;
        let error = get(&once(&server)).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{error:?}") };
        assert_eq!((&decode.reason, decode.status.as_u16()), (&DecodeReason::Html, 200));
        assert!(error.to_string().contains("HTML"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_says_where_and_shows_what_stands_there() {
    for (body, line, column) in [
        ("{", 1, 1),
        ("{\"generations_by_pk\":\n {\"id\": []}}", 2, 11),
        ("[]", 1, 1),
        ("\"text\"", 1, 6),
        ("{\"generations_by_pk\":{}}", 1, 23),
        ("{\"generations_by_pk\":[]}", 1, 22),
        ("{\"generations_by_pk\":{\"id\":\"\"}}", 1, 29),
        ("{\"generations_by_pk\":{\"id\":\"g\"}} and more", 1, 34),
        ("plain text", 1, 1),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let error = get(&once(&server)).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{error:?}") };
        match &decode.reason {
            DecodeReason::Json { line: l, column: c, message } => {
                assert_eq!(*l, line, "{body}: {error}");
                assert!(c.abs_diff(column) <= 1, "{body}: {error}");
                assert!(!message.is_empty() && !message.contains(" at line "), "{message}");
            }
            other => panic!("{body}: {other:?}"),
        }
        assert_eq!(decode.excerpt, body);
        assert_eq!(error.to_string().matches("at line").count(), 1, "{error}");
        assert!(error.api().is_none() && !error.may_have_been_charged());
    }
}

#[tokio::test]
async fn an_excerpt_is_of_the_place_where_reading_stopped_and_short() {
    let filler = "x".repeat(100_000);
    let body = format!("{{\"filler\":\"{filler}\",\n\"generations_by_pk\":{{\"id\":true}},\"end\":\"{filler}\"}}");
    let server = Server::always(Reply::json(200, body)).await;
    let error = get(&once(&server)).await.unwrap_err();
    let Error::Decode(decode) = &error else { panic!("{error:?}") };
    assert!(decode.excerpt.contains("\"id\":true") && decode.excerpt.len() <= 240, "{}", decode.excerpt);
    assert!(error.to_string().len() < 1000, "{error}");
    // In the midst of characters of several bytes.
    let body = format!("{{\"generations_by_pk\":{{\"id\":[\"{}\"]}}}}", "猫".repeat(1000));
    let server = Server::always(Reply::json(200, body)).await;
    get(&once(&server)).await.unwrap_err();
}

#[tokio::test]
async fn an_object_without_the_record_names_the_field() {
    for body in ["null", "{}", r#"{"other":1}"#, r#"{"error":"","code":"of nothing"}"#] {
        let server = Server::always(Reply::json(200, body)).await;
        let core = once(&server);
        let error = get(&core).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{error:?}") };
        assert_eq!(decode.reason, DecodeReason::MissingField("generations_by_pk"));
        assert_eq!(decode.excerpt, body);
        assert!(error.to_string().contains("`generations_by_pk`"), "{error}");
        let error = image_get_generations_by_user_id(&core, "u", Default::default()).await.unwrap_err();
        assert!(error.to_string().contains("`generations`"), "{error}");
        assert!(me(&core).await.unwrap_err().to_string().contains("`user_details`"));
    }
}

#[tokio::test]
async fn an_error_in_place_of_the_record_is_an_error_of_the_api_whatever_the_status() {
    for (body, kind) in [
        (r#"{"error":"content moderation filter: WORD","code":"bad-request"}"#, ApiErrorKind::Moderation),
        (r#"{"error":"no","code":"validation-failed"}"#, ApiErrorKind::InvalidRequest),
        (r#"{"error":"no","code":"ACCESS-DENIED"}"#, ApiErrorKind::Authentication),
        (r#"{"error":"no"}"#, ApiErrorKind::Unexpected),
        (r#"{"errors":[{"message":"no","extensions":{"statusCode":"429"}}]}"#, ApiErrorKind::RateLimited),
        // A record that cannot be read does not hide the error beside it.
        (
            r#"{"generations_by_pk":7,"errors":[{"message":"no","extensions":{"code":"NOT_FOUND"}}]}"#,
            ApiErrorKind::NotFound,
        ),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let error = get(&once(&server)).await.unwrap_err();
        assert_eq!(error.api().map(|error| error.kind), Some(kind), "{body}: {error:?}");
        let created = create(&once(&server)).await.unwrap_err();
        assert_eq!(created.may_have_been_charged(), kind == ApiErrorKind::Unexpected, "{body}: {created:?}");
    }
}

#[tokio::test]
async fn a_missing_body_is_told_apart() {
    for reply in [
        Reply::json(200, ""),
        Reply::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        Reply::Close(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        Reply::Send(format!("{}0\r\n\r\n", chunked_head(200)).into_bytes()),
    ] {
        let server = Server::always(reply.clone()).await;
        let error = get(&once(&server)).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{reply:?}: {error:?}") };
        assert_eq!(decode.reason, DecodeReason::Empty);
        unknown(&create(&once(&server)).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_message_about_an_answer_that_cannot_be_read_ends_in_advice() {
    for reply in [
        Reply::json(200, ""),
        Reply::json(200, "{}"),
        Reply::json(200, "nonsense"),
        Reply::json(200, PAGE),
        Reply::json(200, "x".repeat(200_000)),
    ] {
        let server = Server::always(reply).await;
        let core = server.builder().retry(RetryPolicy::none()).max_response_bytes(100_000).build().unwrap();
        assert_message(&get(&core).await.unwrap_err(), "image_get_generation_by_id", 1);
    }
}

/// Everything that can go wrong between the request and the end of its answer, all after the request was sent.
fn broken_exchanges() -> Vec<(&'static str, Reply)> {
    let header = b"x-filler: 0123456789012345678901234567890123456789\r\n".repeat(100);
    let kept = |head: &[u8]| Reply::Close([b"HTTP/1.1 200 OK\r\n", head].concat());
    vec![
        ("closed at once", Reply::Close(Vec::new())),
        ("reset", Reply::Reset),
        ("head cut", kept(b"content-le")),
        ("body cut", Reply::cut(200, CREATED)),
        ("body never begun", Reply::cut(200, "")),
        ("chunks cut", Reply::cut_chunked(200, CREATED)),
        ("a chunk's size is garbage", Reply::Close(format!("{}zz\r\n", chunked_head(200)).into_bytes())),
        ("the length is garbage", kept(b"content-length: ten\r\n\r\n")),
        ("two lengths", kept(b"content-length: 1\r\ncontent-length: 2\r\n\r\n{}")),
        ("garbage", Reply::Close(b"\x16\x03\x01 this is not HTTP \r\n\r\n".to_vec())),
        ("another protocol", Reply::Close(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())),
        ("headers without end", Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), header, Duration::ZERO)),
        (
            "a header without end",
            Reply::Endless(b"HTTP/1.1 200 OK\r\nx-a: ".to_vec(), vec![b'x'; 4096], Duration::ZERO),
        ),
    ]
}

#[tokio::test]
async fn an_exchange_that_breaks_off_is_a_connection_error() {
    for (what, reply) in broken_exchanges() {
        let server = Server::always(reply).await;
        let error = get(&once(&server)).await.unwrap_err();
        let Error::Connection(connection) = &error else { panic!("{what}: {error:?}") };
        let kind = connection.source.kind();
        assert!(matches!(kind, TransportErrorKind::Exchange | TransportErrorKind::Body), "{what}: {kind:?}");
        let body = what.starts_with("body") || what.starts_with("chunk") || what.starts_with("a chunk");
        assert_eq!(kind == TransportErrorKind::Body, body, "{what}: {kind:?}");
        assert_eq!(connection.source.status().is_some(), body, "{what}");
        assert!(server.url().starts_with(&connection.server), "{what}: {}", connection.server);
        assert!(error.to_string().contains(&connection.server), "{what}: {error}");
        assert_message(&error, "image_get_generation_by_id", 1);
    }
}

#[tokio::test]
async fn a_create_whose_exchange_breaks_off_has_an_unknown_outcome_and_is_not_repeated() {
    for (what, reply) in broken_exchanges() {
        let server = Server::always(reply).await;
        let error = create(&server.core()).await.unwrap_err();
        assert!(matches!(unknown(&error).cause, Error::Connection(_)), "{what}: {error:?}");
        assert_eq!(server.count(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_create_that_is_broken_off_on_a_connection_used_before_is_not_repeated() {
    for broken in [Reply::Close(Vec::new()), Reply::Reset, Reply::Close(b"HTTP/1.1 2".to_vec())] {
        let server = Server::script(vec![Reply::json(200, ME), broken]).await;
        let core = server.core();
        me(&core).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        unknown(&create(&core).await.unwrap_err());
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn an_unknown_outcome_tells_what_is_needed_to_find_out() {
    let broken = [
        Reply::json(500, r#"{"error":"Service Error","path":"$","code":"unexpected"}"#),
        Reply::json(502, PAGE),
        Reply::json(503, ""),
        Reply::json(504, "{}"),
        Reply::json(408, "{}"),
        Reply::json(200, PAGE),
        Reply::json(200, ""),
        Reply::json(200, "{}"),
        Reply::json(201, r#"{"sdGenerationJob":null}"#),
        Reply::json(200, r#"{"sdGenerationJob":{}}"#),
        Reply::json(200, r#"{"sdGenerationJob":{"generationId":null}}"#),
        Reply::json(200, r#"{"sdGenerationJob":{"generationId":" "}}"#),
        Reply::json(200, r#"{"errors":[{"message":"m"}]}"#),
        Reply::with(302, &[("location", "/elsewhere")], ""),
        Reply::Close(Vec::new()),
        Reply::cut(200, CREATED),
    ];
    for reply in broken {
        let server = Server::always(reply.clone()).await;
        let request = CreateGenerationRequest { seed: Some(42), ..CreateGenerationRequest::new("a cat") };
        let before = SystemTime::now();
        let error = image_create_generation(&server.core(), request).await.unwrap_err();
        let after = SystemTime::now();

        let unknown = unknown(&error);
        assert!((before..=after).contains(&unknown.sent_at), "{reply:?}");
        let received = &server.expect(1).await[0];
        assert_eq!(unknown.request, received.body, "{reply:?}");
        assert!(!unknown.cause.may_have_been_charged(), "{reply:?}");
        assert_eq!(error.api().map(|api| api.status), unknown.cause.api().map(|api| api.status));
        assert!(!error.is_not_found(), "{reply:?}");
        let text = error.to_string();
        assert!(text.contains("may have been carried out and charged"), "{text}");
        assert!(!text.contains("Nothing was charged"), "{text}");
        assert_hidden(&error, KEY, &reply);
    }
}

#[tokio::test]
async fn a_message_about_an_unknown_outcome_does_not_say_to_try_again() {
    for reply in [Reply::json(500, "{}"), Reply::Close(Vec::new()), Reply::cut(200, ""), Reply::Stall(Vec::new())] {
        let server = Server::always(reply.clone()).await;
        let error = create(&hurried(&server)).await.unwrap_err();
        let text = unknown(&error).to_string();
        assert!(!text.to_lowercase().contains("try again"), "{reply:?}: {text}");
        assert_message(&error, "image_create_generation", 1);
    }
}

#[tokio::test]
async fn a_create_that_hands_over_an_id_succeeded_whatever_stands_beside_it() {
    for body in [
        json!({"sdGenerationJob": {"generationId": ID}, "errors": [{"message": "m"}]}),
        json!({"errors": [{"message": "m", "extensions": {"statusCode": 400}}], "sdGenerationJob": {"generationId": ID}}),
        json!({"sdGenerationJob": {"generationId": ID, "cost": "free"}}),
        json!({"sdGenerationJob": {"generationId": ID, "cost": {"amount": [1], "unit": 7}}}),
        json!({"sdGenerationJob": {"generationId": ID, "cost": [], "apiCreditCost": {"a": 1}}}),
        json!({"sdGenerationJob": {"generationId": ID, "apiCreditCost": "much", "new": [[]]}}),
    ] {
        let server = Server::always(Reply::json(200, body.to_string())).await;
        let job = create(&server.core()).await.unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(job.generation_id.as_str(), ID);
        assert_eq!(job.cost, None);
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_create_that_the_api_refuses_was_not_charged() {
    for status in [400, 401, 402, 403, 404, 409, 413, 415, 422, 431] {
        for body in ["", "{}", PAGE, r#"{"error":"no","path":"$","code":"bad-request"}"#] {
            let server = Server::always(Reply::json(status, body)).await;
            let error = create(&server.core()).await.unwrap_err();
            assert!(matches!(error, Error::Api(_)), "{status} {body}: {error:?}");
            assert!(!error.may_have_been_charged());
            assert_eq!(server.count(), 1);
        }
    }
}

#[tokio::test]
async fn a_create_that_the_api_refuses_was_not_charged_even_if_the_body_cannot_be_had() {
    for reply in [Reply::cut(400, "{"), Reply::cut_chunked(401, "{"), Reply::json(403, "x".repeat(200_000))] {
        let server = Server::always(reply.clone()).await;
        let core = server.builder().max_response_bytes(100_000).build().unwrap();
        let error = create(&core).await.unwrap_err();
        assert!(!error.may_have_been_charged(), "{reply:?}: {error}");
    }
}

#[tokio::test]
async fn what_a_server_says_cannot_break_out_of_the_message() {
    for (said, shown) in [
        ("ends in a dot.", "ends in a dot"),
        ("two\nlines\r\n2026-01-01 INFO forged", "forged"),
        ("\u{1b}[31mred\u{7}\0", "red"),
    ] {
        for (status, body) in [
            (400, json!({ "error": said })),
            (400, json!({"error": "e", "code": said})),
            (200, json!({"errors": [{"message": said, "extensions": {"statusCode": 400}}]})),
            (200, json!({ "generations_by_pk": said })),
        ] {
            let core = double(move |_| Ok(answer(status, &[], body.to_string())));
            let error = get(&core.retry(RetryPolicy::none()).build().unwrap()).await.unwrap_err();
            let text = error.to_string();
            assert!(text.contains(shown), "{text:?}");
            assert!(!text.contains(char::is_control) && !text.contains(".."), "{text:?}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::always(Reply::json(200, GENERATION)).await;
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let location = format!("{}/v1/generations/{ID}", other.url());
        let server = Server::always(Reply::with(status, &[("location", &location)], "")).await;
        let core = server.core();
        for error in [get(&core).await.map(drop).unwrap_err(), delete(&core).await.map(drop).unwrap_err()] {
            let Error::Api(api) = &error else { panic!("{error:?}") };
            assert_eq!((api.kind, api.status.as_u16()), (ApiErrorKind::Unexpected, status));
            assert_eq!(api.headers["location"], *location);
            assert_eq!(error.call().unwrap().attempts, 1);
            assert_message(&error, error.call().unwrap().operation, 1);
        }
        unknown(&create(&core).await.unwrap_err());
        assert_eq!(server.count(), 3);
    }
    assert_eq!((other.count(), other.connections()), (0, 0));
}

#[tokio::test]
async fn a_status_that_is_no_answer_is_unexpected() {
    for reply in [
        Reply::Close(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec()),
        Reply::json(600, "{}"),
        Reply::json(999, "{}"),
    ] {
        let server = Server::always(reply.clone()).await;
        let error = get(&once(&server)).await.unwrap_err();
        match &error {
            Error::Api(api) => assert_eq!(api.kind, ApiErrorKind::Unexpected, "{reply:?}"),
            Error::Connection(_) => {}
            other => panic!("{reply:?}: {other:?}"),
        }
        unknown(&create(&once(&server)).await.unwrap_err());
    }
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let answer = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: \
         {}\r\n\r\n{CREATED}",
        CREATED.len()
    );
    let server = Server::always(Reply::Send(answer.into_bytes())).await;
    assert_eq!(create(&once(&server)).await.unwrap().generation_id.as_str(), ID);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    for (limit, fits) in [(GENERATION.len(), true), (GENERATION.len() - 1, false)] {
        let length = GENERATION.len();
        let (first, second) = GENERATION.split_at(length / 2);
        let (head, one, two) = (chunked_head(200), first.len(), second.len());
        let chunks = format!("{head}{one:x}\r\n{first}\r\n{two:x}\r\n{second}\r\n0\r\n\r\n");
        let until_closed = format!("HTTP/1.1 200 OK\r\n\r\n{GENERATION}");
        for reply in
            [Reply::json(200, GENERATION), Reply::Send(chunks.into_bytes()), Reply::Close(until_closed.into_bytes())]
        {
            let server = Server::always(reply).await;
            let core = server.builder().max_response_bytes(limit).build().unwrap();
            match get(&core).await {
                Ok(_) => assert!(fits),
                Err(error) => {
                    assert!(!fits, "{error}");
                    let Error::Decode(decode) = &error else { panic!("{error:?}") };
                    assert_eq!(decode.reason, DecodeReason::TooLarge { limit });
                    assert!(error.to_string().contains("max_response_bytes"), "{error}");
                    // It would be as large again.
                    assert_eq!((error.call().unwrap().attempts, server.count()), (1, 1));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit() {
    let (zeros, chunk) = (vec![b'0'; 4096], [b"1000\r\n", vec![b'0'; 4096].as_slice(), b"\r\n"].concat());
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n";
    for (first, again) in [
        (chunked_head(200), chunk),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), zeros.clone()),
        (announced.to_owned(), zeros),
    ] {
        let server = Server::always(Reply::Endless(first.into_bytes(), again, Duration::ZERO)).await;
        let core = server.builder().max_response_bytes(100_000).build().unwrap();
        let error = get(&core).await.unwrap_err();
        let Error::Decode(decode) = &error else { panic!("{error:?}") };
        assert_eq!(decode.reason, DecodeReason::TooLarge { limit: 100_000 });
        server.expect_left().await;
        let error = create(&core).await.unwrap_err();
        assert!(matches!(unknown(&error).cause, Error::Decode(_)));
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn an_absurd_announced_length_is_no_panic_where_the_limit_is_off() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX - 10);
    let reply = Reply::Endless(head.into_bytes(), b"0".to_vec(), Duration::from_millis(5));
    let server = Server::always(reply).await;
    let core =
        server.builder().retry(RetryPolicy::none()).max_response_bytes(usize::MAX).timeout(SHORT).build().unwrap();
    let error = tokio::spawn(async move { get(&core).await }).await.expect("no panic").unwrap_err();
    assert!(matches!(error, Error::Timeout(_) | Error::Connection(_) | Error::Decode(_)), "{error:?}");
}

#[tokio::test]
async fn an_error_keeps_no_more_than_64_kib_of_its_body() {
    let server = Server::always(Reply::json(400, "x".repeat(300_000))).await;
    let error = get(&once(&server)).await.unwrap_err();
    let body = &error.api().unwrap().body;
    assert_eq!(body.len(), 64 * 1024);
    assert!(error.to_string().len() < 2000);
    let long = json!({"error": "y".repeat(300_000), "path": "$", "code": "z".repeat(300_000)}).to_string();
    let server = Server::always(Reply::json(400, long)).await;
    let error = get(&once(&server)).await.unwrap_err();
    assert!(error.to_string().len() < 2000, "{}", error.to_string().len());
    assert_message(&error, "image_get_generation_by_id", 1);
}

#[tokio::test]
async fn deeply_nested_answers_are_no_stack_overflow() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let (opening, record) = ("{\"a\":".repeat(20_000), format!("{{\"id\":\"{ID}\",\"new\":{deep}}}"));
    for body in [
        deep.clone(),
        opening,
        format!("{{\"errors\":{deep}}}"),
        format!("{{\"error\":{deep}}}"),
        format!("{{\"other\":{deep},\"generations_by_pk\":{record},\"sdGenerationJob\":{{\"cost\":{deep}}}}}"),
        format!("{{\"generations_by_pk\":{{\"seed\":{deep}}}}}"),
    ] {
        for status in [200, 400] {
            let server = Server::always(Reply::json(status, &body)).await;
            let core = once(&server);
            let _ = get(&core).await;
            let _ = create(&core).await;
        }
    }
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_a_timeout() {
    let drip = |head: String| Reply::Endless(head.into_bytes(), b" ".to_vec(), Duration::from_millis(5));
    for (what, reply) in [
        ("says nothing", Reply::Stall(Vec::new())),
        ("stops in the head", Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-".to_vec())),
        ("stops in the body", Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec())),
        ("drips its head", drip("HTTP/1.1 200 OK\r\nx-a: ".into())),
        ("drips its body", drip("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".into())),
    ] {
        let server = Server::always(reply).await;
        let core = hurried(&server);
        let error = get(&core).await.unwrap_err();
        let Error::Timeout(timeout) = &error else { panic!("{what}: {error:?}") };
        assert_eq!((timeout.scope, timeout.limit, timeout.sent), (TimeoutScope::Attempt, SHORT, true), "{what}");
        assert!(error.to_string().contains("0.15 s"), "{error}");
        assert_message(&error, "image_get_generation_by_id", 1);
        server.expect_left().await;

        let before = SystemTime::now();
        let error = create(&core).await.unwrap_err();
        let unknown = unknown(&error);
        assert!(matches!(unknown.cause, Error::Timeout(_)), "{what}: {error:?}");
        assert!((before..=SystemTime::now()).contains(&unknown.sent_at));
        assert_eq!(unknown.request, server.expect(2).await[1].body);
    }
}

#[tokio::test]
async fn a_call_sets_its_own_limits_of_time() {
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let core = once(&server);
    let error = image_get_generation_by_id(&core, ID).timeout(SHORT).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Attempt && t.limit == SHORT), "{error:?}");
    let error = image_get_generation_by_id(&core, ID).deadline(SHORT).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Deadline && t.limit == SHORT), "{error:?}");
    assert!(error.to_string().contains("deadline"), "{error}");
    assert_message(&error, "image_get_generation_by_id", 1);
    // The core's deadline can be taken off.
    let core = server.builder().retry(RetryPolicy::none()).deadline(SHORT / 2).build().unwrap();
    let error = image_get_generation_by_id(&core, ID).deadline(None).timeout(SHORT).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Attempt && t.limit == SHORT), "{error:?}");
    let error = get(&core).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout(t) if t.scope == TimeoutScope::Deadline), "{error:?}");
}

#[tokio::test]
async fn a_deadline_that_passes_during_a_create_leaves_its_outcome_unknown() {
    let server = Server::always(Reply::Stall(Vec::new())).await;
    let core = server.builder().deadline(SHORT).min_time_for_billable(Duration::from_millis(1)).build().unwrap();
    let error = create(&core).await.unwrap_err();
    let cause = &unknown(&error).cause;
    assert!(matches!(cause, Error::Timeout(t) if t.scope == TimeoutScope::Deadline && t.sent), "{error:?}");
    server.expect(1).await;
}

#[tokio::test]
async fn a_create_with_too_little_time_is_not_sent() {
    let server =
        Server::start(|_, request| Reply::json(200, if request.method == "POST" { CREATED } else { GENERATION })).await;
    let second = Duration::from_secs(1);
    let core = server.core();
    for call in [
        image_create_generation(&core, Default::default()).deadline(second),
        image_create_generation(&core, Default::default()).deadline(Duration::from_nanos(1)),
        image_create_generation(&server.builder().deadline(second).build().unwrap(), Default::default()),
        image_create_generation(
            &server.builder().min_time_for_billable(second * 9).build().unwrap(),
            Default::default(),
        )
        .deadline(second * 8),
    ] {
        let error = call.await.unwrap_err();
        let Error::InvalidRequest(refused) = &error else { panic!("{error:?}") };
        assert_eq!((&*refused.field, refused.call.attempts), ("deadline", 0));
        assert!(error.to_string().contains("min_time_for_billable"), "{error}");
        assert!(error.to_string().contains(" 2 s ") || error.to_string().contains(" 9 s "), "{error}");
        assert!(error.to_string().ends_with("Nothing was sent."), "{error}");
    }
    assert_eq!(server.connections(), 0);
    // What costs nothing may be cut short, and what has the time is sent.
    image_get_generation_by_id(&core, ID).deadline(second).await.unwrap();
    image_create_generation(&core, Default::default()).deadline(LONG).await.unwrap();
    let core = server.builder().min_time_for_billable(Duration::ZERO).build().unwrap();
    image_create_generation(&core, Default::default()).deadline(second).await.unwrap();
}

#[tokio::test]
async fn a_limit_of_time_of_zero_is_refused_before_anything_is_sent() {
    let server = Server::always(Reply::json(200, CREATED)).await;
    let core = server.core();
    for (field, call) in [
        ("timeout", image_create_generation(&core, Default::default()).timeout(Duration::ZERO)),
        ("deadline", image_create_generation(&core, Default::default()).deadline(Duration::ZERO)),
    ] {
        let error = call.await.unwrap_err();
        assert!(matches!(&error, Error::InvalidRequest(refused) if refused.field == field), "{field}: {error}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let refusing = Refusing::new();
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(refusing.url()).retry(crate::common::quick());
    let core = core.build().unwrap();
    for (operation, error) in [
        ("image_get_generation_by_id", get(&core).await.unwrap_err()),
        ("image_create_generation", create(&core).await.unwrap_err()),
    ] {
        let Error::Connection(connection) = &error else { panic!("{error:?}") };
        assert_eq!(connection.source.kind(), TransportErrorKind::Connect);
        assert!(!error.may_have_been_charged());
        assert!(refusing.url().starts_with(&connection.server));
        assert_eq!(error.to_string().contains("Nothing was charged"), operation == "image_create_generation");
        assert_message(&error, operation, 4);
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_failed_tls_handshake_proves_that_nothing_was_sent() {
    // A server without TLS.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            connections += 1;
            let mut hello = [0; 4096];
            let length = stream.read(&mut hello).await.unwrap();
            assert!(!String::from_utf8_lossy(&hello[..length]).contains("HTTP/1.1"));
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            if connections == 4 {
                break;
            }
        }
        connections
    });
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(url).retry(crate::common::quick()).build().unwrap();
    let error = create(&core).await.unwrap_err();
    assert!(matches!(&error, Error::Connection(c) if c.source.kind() == TransportErrorKind::Connect), "{error:?}");
    assert!(!error.may_have_been_charged());
    assert_message(&error, "image_create_generation", 4);
    assert_eq!(server.await.unwrap(), 4);
}

#[tokio::test]
async fn an_unknown_outcome_is_found_out_by_its_sources() {
    let server = Server::always(Reply::Close(Vec::new())).await;
    let error = create(&once(&server)).await.unwrap_err();
    let cause = std::error::Error::source(&error).expect("a source");
    assert!(matches!(cause.downcast_ref(), Some(Error::Connection(_))), "{cause:?}");
    let transport = cause.source().expect("a source");
    assert!(transport.downcast_ref::<TransportError>().is_some(), "{transport:?}");
}

#[tokio::test]
async fn elapsed_is_the_time_of_the_whole_call_with_its_pauses() {
    let pause = Duration::from_millis(10);
    let policy = RetryPolicy::default().max_attempts(3).initial_backoff(pause).max_backoff(pause).jitter(0.0);
    let core = double(|_| Ok(answer(503, &[], "{}"))).retry(policy).build().unwrap();
    let started = Instant::now();
    let error = get(&core).await.unwrap_err();
    let elapsed = error.call().unwrap().elapsed;
    assert!(pause * 2 <= elapsed && elapsed <= started.elapsed(), "{elapsed:?}");
}

/// The key that a request carries.
fn key_of(request: &Received) -> String {
    request.header("authorization").unwrap().trim_start_matches("Bearer ").to_owned()
}

#[tokio::test]
async fn a_key_that_the_server_sends_back_is_not_shown() {
    type Echo = fn(&str) -> Reply;
    let echoes: [(&str, Echo); 15] = [
        ("text of an error", |key| Reply::json(500, format!("no {key}, no {key}"))),
        ("message and code", |key| {
            Reply::json(400, json!({"error": format!("bad key {key}!"), "path": key, "code": key}).to_string())
        }),
        ("message in escapes", |key| {
            let escaped: String = key.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
            Reply::json(401, format!(r#"{{"error":"{escaped}","path":"{escaped}","code":"{escaped}"}}"#))
        }),
        ("errors array", |key| {
            let error = json!({"message": key, "extensions": {"code": key, "path": key, "statusCode": 400}});
            Reply::json(200, json!({ "errors": [error] }).to_string())
        }),
        ("errors array without a message", |key| Reply::json(200, json!({"errors": [{"odd": key}]}).to_string())),
        ("headers", |key| {
            let bearer = format!("Bearer {key}");
            let headers = [("x-key", key), ("set-cookie", &*bearer), ("location", &*bearer), ("retry-after", key)];
            Reply::with(302, &headers, "")
        }),
        ("headers of null", |key| Reply::with(200, &[("x-key", key)], r#"{"generations_by_pk":null}"#)),
        ("beside null", |key| Reply::json(200, format!(r#"{{"key":"{key}","generations_by_pk":null}}"#))),
        ("page", |key| Reply::json(403, format!("<html>{key}</html>"))),
        ("page as success", |key| Reply::json(200, format!("<html>{key}</html>"))),
        ("not JSON", |key| Reply::json(200, format!("{{\"key\": \"{key}\", oops"))),
        ("JSON of another type", |key| Reply::json(200, format!(r#"{{"generations_by_pk":"{key}"}}"#))),
        ("value that does not decode", |key| {
            Reply::json(200, format!(r#"{{"generations_by_pk":{{"id":[],"seed":"{key}"}}}}"#))
        }),
        ("field that is missing", |key| Reply::json(200, format!(r#"{{"{key}":"{key}"}}"#))),
        ("cut", |key| Reply::cut(200, key)),
    ];
    for (what, echo) in echoes {
        let server = Server::start(move |_, request| echo(&key_of(request))).await;
        let core = server.builder().retry(RetryPolicy::none()).build().unwrap();
        assert_hidden(&get(&core).await.unwrap_err(), KEY, what);
        assert_hidden(&create(&core).await.unwrap_err(), KEY, what);
        assert_eq!(server.count(), 2);
        // A provider's key is as secret.
        let core = LeonardoCore::builder()
            .bearer_auth_provider(|| async { Ok::<_, std::convert::Infallible>(KEY.to_owned()) })
            .server_url(server.url())
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        assert_hidden(&get(&core).await.unwrap_err(), KEY, what);
        assert_hidden(&create(&core).await.unwrap_err(), KEY, what);
    }
}

#[tokio::test]
async fn a_key_in_the_name_of_a_header_is_not_shown() {
    let server = Server::always(Reply::with(400, &[(&format!("x-{KEY}"), "1")], "{}")).await;
    assert_hidden(&get(&once(&server)).await.unwrap_err(), KEY, "name of a header");
}

#[tokio::test]
async fn no_part_of_the_key_is_shown_wherever_a_text_is_cut() {
    // Around the lengths of an excerpt and of what is kept of a body.
    for filler in (1..10).chain(60..250).chain((65_490..65_540).step_by(7)) {
        for status in [200, 400] {
            let filler = "x".repeat(filler);
            let core = double(move |_| Ok(answer(status, &[], format!("{filler}{KEY}{filler}"))));
            let core = core.retry(RetryPolicy::none()).build().unwrap();
            let error = get(&core).await.unwrap_err();
            let (part, _) = KEY.split_at(8);
            for text in everything(&error) {
                assert!(!text.contains(part), "{status}: {text}");
            }
        }
    }
}

/// All of a text is searched before it is cut, which must take no more memory than the text.
#[tokio::test]
async fn texts_of_an_error_are_kept_up_to_64_kib_without_a_part_of_the_key() {
    for filler in (65_490..65_540).step_by(5) {
        let filler = "x".repeat(filler);
        let text = format!("{filler}{KEY}{filler}");
        for body in [
            json!({"error": text, "path": text, "code": text}),
            json!({"errors": [{"message": text, "extensions": {"path": text, "code": text}}]}),
            json!({"errors": [{"odd": text}]}),
        ] {
            let core = double(move |_| Ok(answer(400, &[], body.to_string()))).build().unwrap();
            let error = get(&core).await.unwrap_err();
            let said = error.api().unwrap().error.as_ref().unwrap();
            for text in [Some(&said.error), said.path.as_ref(), said.code.as_ref()].into_iter().flatten() {
                assert!(text.len() <= 64 * 1024 && text.len() > 60_000, "{}", text.len());
                assert!(!text.contains(KEY.split_at(2).0), "{}", &text[60_000..]);
            }
        }
    }
    // Cut in the midst of a character, and with a key that is shorter than what stands for it.
    let said = json!({"error": format!("x{}", "猫".repeat(30_000))}).to_string();
    let core = double(move |_| Ok(answer(400, &[], &said))).build().unwrap();
    let error = get(&core).await.unwrap_err();
    assert_eq!(error.api().unwrap().error.as_ref().unwrap().error.chars().count(), 21_846);
    let core = double(|_| Ok(answer(400, &[], "kKk and so on"))).bearer_auth("k").build().unwrap();
    assert_eq!(get(&core).await.unwrap_err().api().unwrap().body, "[[[ and so on");
}

#[tokio::test]
async fn no_part_of_a_key_is_shown_that_reads_like_a_number() {
    let core = double(|_| Ok(answer(200, &[], KEY))).retry(RetryPolicy::none()).build().unwrap();
    for error in [get(&core).await.map(drop), create(&core).await.map(drop)].map(Result::unwrap_err) {
        for text in everything(&error) {
            assert!(!text.contains(KEY.split_at(8).0), "{text}");
        }
    }
}

#[tokio::test]
async fn a_key_of_an_earlier_attempt_is_not_shown_either() {
    let server = Server::script(vec![
        Reply::json(503, "{}"),
        Reply::json(400, json!({"error": format!("the key {KEY} was used before")}).to_string()),
    ])
    .await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let core = LeonardoCore::builder()
        .bearer_auth_provider(move || {
            let first = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            async move { Ok::<_, String>(if first { KEY.to_owned() } else { "another-key".to_owned() }) }
        })
        .server_url(server.url())
        .retry(crate::common::quick())
        .build()
        .unwrap();
    let error = get(&core).await.unwrap_err();
    assert_eq!(error.call().unwrap().attempts, 2);
    assert_hidden(&error, KEY, "key of an earlier attempt");
}

#[tokio::test]
async fn what_is_configured_prints_without_the_key() {
    let builder = LeonardoCore::builder().bearer_auth(KEY).default_header("x-other", "hush");
    assert!(!format!("{builder:?} {builder:#?}").contains(KEY));
    let core = builder.build().unwrap();
    let call = image_get_generation_by_id(&core, ID).header("x-more", "hush");
    let texts =
        format!("{core:?} {core:#?} {call:?} {call:#?} {:?}", image_get_generation_by_id(&core, ID).with_response());
    assert!(!texts.contains(KEY) && !texts.contains("hush"), "{texts}");
    assert!(format!("{call:?}").contains("image_get_generation_by_id"));

    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let shared = seen.clone();
    let core = double(move |request| {
        *shared.lock().unwrap() = format!("{request:?} {request:#?}");
        Ok(answer(200, &[], GENERATION))
    });
    get(&core.build().unwrap()).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.contains("authorization") && !seen.contains(KEY), "{seen}");
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_not_shown() {
    for key in [format!("{KEY}\n"), format!(" {KEY}"), format!("{KEY}ä")] {
        let error = LeonardoCore::new(key.clone()).unwrap_err();
        assert_hidden(&error, KEY, &key);
        let given = key.clone();
        let core = LeonardoCore::builder()
            .bearer_auth_provider(move || {
                let given = given.clone();
                async move { Ok::<_, String>(given) }
            })
            .build()
            .unwrap();
        assert_hidden(&get(&core).await.unwrap_err(), KEY, &key);
    }
}

#[tokio::test]
async fn a_transports_errors_decide_what_is_known() {
    for (kind, charged, attempts) in [
        (TransportErrorKind::Invalid, false, 1),
        (TransportErrorKind::Connect, false, 4),
        (TransportErrorKind::Exchange, true, 1),
        (TransportErrorKind::Body, true, 1),
        (TransportErrorKind::TooLarge, true, 1),
    ] {
        let core = double(move |_| Err(TransportError::new(kind, "why"))).build().unwrap();
        let error = create(&core).await.unwrap_err();
        assert_eq!(error.may_have_been_charged(), charged, "{kind:?}: {error}");
        assert_eq!(error.call().unwrap().attempts, attempts, "{kind:?}");
        assert_eq!(error.to_string().contains("Nothing was charged"), !charged, "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn the_innermost_cause_of_a_broken_connection_is_in_the_message_once() {
    let refusing = Refusing::new();
    let core = LeonardoCore::builder().bearer_auth(KEY).server_url(refusing.url()).retry(RetryPolicy::none());
    let error = get(&core.build().unwrap()).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(text.to_lowercase().matches("refused").count(), 1, "{text}");
    // LONG passes only if connecting hangs instead.
    assert!(error.call().unwrap().elapsed < LONG);
}

#[tokio::test]
async fn a_refusal_may_be_a_list_without_an_object_around_it() {
    const REFUSED: &str = r#"[{"message":"An error occurred.","path":["generate"],"locations":[{"line":1}],"extensions":
        {"code":"VALIDATION_ERROR","details":{"message":"Validation failed","statusCode":400,"errors":[{"message":"public must
        be a boolean"}]}}}]"#;
    const UNKNOWN: &str = r#"[{"message":"Blueprint not found","extensions":{"code":"NOT_FOUND","statusCode":404}}]"#;
    let server = Server::always(Reply::json(200, &REFUSED.replace("\n        ", " "))).await;
    let error = create(&once(&server)).await.unwrap_err();
    let api = error.api().unwrap();
    assert_eq!(api.kind, ApiErrorKind::InvalidRequest);
    let told = api.error.as_ref().unwrap();
    assert_eq!(told.error, "An error occurred: Validation failed: public must be a boolean");
    assert_eq!(told.code.as_deref(), Some("VALIDATION_ERROR"));
    assert!(!error.may_have_been_charged());
    assert_message(&error, "image_create_generation", 1);

    let server = Server::always(Reply::json(200, UNKNOWN)).await;
    assert!(get(&once(&server)).await.unwrap_err().is_not_found());
    // A list that says nothing of an error proves nothing.
    for list in ["[]", "[1]", "[null]", r#"[{"id":"x"}]"#] {
        let server = Server::always(Reply::json(200, list)).await;
        unknown(&create(&once(&server)).await.unwrap_err());
    }
}

#[tokio::test]
async fn what_makes_something_at_no_cost_is_not_sent_twice_either() {
    static MAKE: Operation = Operation::new("my_make", Method::POST, "/v1/things", Effect::Create);
    let server = Server::always(Reply::json(500, "{}")).await;
    let error = Call::new(&server.core(), &MAKE).body(&json!({})).await.unwrap_err();
    assert_eq!(server.count(), 1);
    assert!(matches!(error, Error::OutcomeUnknown(_)) && !error.may_have_been_charged());
    let text = error.to_string();
    assert!(text.contains("may have been carried out, and was not retried"), "{text}");
    assert!(!text.contains("charged"), "{text}");

    // A refusal proves that nothing was made.
    let server = Server::start(|number, _| match number {
        0 => Reply::json(429, r#"{"error":"too many"}"#),
        _ => Reply::json(200, "{}"),
    })
    .await;
    Call::new(&server.core(), &MAKE).body(&json!({})).await.unwrap();
    assert_eq!(server.count(), 2);
}

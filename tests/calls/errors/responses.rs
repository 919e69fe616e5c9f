//! What is made of a response: which kind of error it is, and what its message says.

use std::sync::{Arc, Mutex};

use leonardo_ai::funcs::image_get_generations_by_user_id;
use leonardo_ai::http::Method;
use leonardo_ai::{
    ApiErrorKind, Call, DecodeReason, Effect, Error, Operation, RetryBudget, RetryPolicy, TransportError,
    TransportErrorKind,
};
use serde_json::{Value, json};

use super::{PAGE, assert_message, once, unknown};
use crate::common::{ID, Reply, Server, chunked_head, create, delete, get, me};

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
async fn what_cannot_become_better_is_not_retried() {
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
    let fixture: Value = serde_json::from_str(include_str!("../../fixtures/errors-in-200.json")).unwrap();
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

#[tokio::test]
async fn a_refusal_may_be_a_list_without_an_object_around_it() {
    const REFUSED: &str = r#"[{"message":"An error occurred.","path":["generate"],"locations":[{"line":1}],"extensions":
        {"code":"VALIDATION_ERROR","details":{"message":"Validation failed","statusCode":400,"errors":[{"message":"public must
        be a boolean"}]}}}]"#;
    const UNKNOWN: &str = r#"[{"message":"Blueprint not found","extensions":{"code":"NOT_FOUND","statusCode":404}}]"#;
    let server = Server::always(Reply::json(200, REFUSED.replace("\n        ", " "))).await;
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

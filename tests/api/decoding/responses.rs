//! Any response to any function.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use leonardo_ai::bytes::Bytes;
use leonardo_ai::funcs::{
    image_create_generation, image_create_generation_once, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use leonardo_ai::models::{
    ApiErrorBody, CreateGenerationRequest, Generation, GenerationJob, GetGenerationsByUserIdRequest,
};
use leonardo_ai::{ApiErrorKind, Call, Effect, Error, Operation, RetryPolicy, TransportResponse};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{USER, any_body, any_headers, canned, config, responding, wait};
use crate::common::{GENERATION, ID, KEY, ME, double, everything};

/// What must hold of an error whatever led to it.
#[track_caller]
fn assert_error(error: &Error, operation: &str, attempts: u32) {
    let call = error.call().expect("an error of a call");
    assert_eq!((call.operation, call.attempts), (operation, attempts), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("{operation} failed after {attempts} attempt")), "{text}");
    assert!(!everything(error).iter().any(|text| text.contains(KEY)), "{text}");
    if !error.may_have_been_charged() {
        assert!(!text.contains("may have been carried out"), "{text}");
    } else {
        assert!(!text.contains("Nothing was charged"), "{text}");
    }
}

/// Whether a body says, in one of the forms that the API uses, that the request was refused before the work.
fn speaks_of_a_refusal(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let said =
        ["authorization hook", "authentication hook", "access-denied", "moderation filter", "inappropriate content"];
    said.iter().any(|said| text.contains(said))
}

fn check_create(result: Result<GenerationJob, Error>, sent: u32, status: StatusCode, body: &[u8]) {
    let json = serde_json::from_slice::<Value>(body).ok();
    // In a list, a field stands for its place; nobody sends that.
    let in_a_list = json.as_ref().is_some_and(|json| json["sdGenerationJob"].is_array());
    let id = json.as_ref().and_then(|json| match &json["sdGenerationJob"]["generationId"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) if id.is_i64() || id.is_u64() => Some(id.to_string()),
        _ => None,
    });
    let id = id.filter(|id| !id.trim_ascii().is_empty() && status.is_success());
    let listed = |json: &Value| json["errors"].as_array().is_some_and(|list| !list.is_empty());
    let told = |json: &Value| matches!(&json["error"], Value::String(_) | Value::Number(_));
    // An error in the place of a record, rather than beside one.
    let bare = |json: &Value| {
        let first = json.get(0);
        first.is_some_and(|first| [first, &first["message"]].iter().any(|said| said.is_string() || said.is_number()))
    };
    let error_instead = json
        .as_ref()
        .is_some_and(|json| json["sdGenerationJob"].is_null() && (listed(json) || told(json) || bare(json)));

    if sent > 1 {
        assert!(status == 429 || (status.is_success() && error_instead), "{status} was retried");
    }
    let error = match result {
        Ok(job) => {
            assert!(status.is_success());
            assert!(in_a_list || json.is_none() || Some(job.generation_id.as_str()) == id.as_deref());
            return;
        }
        Err(error) => error,
    };
    assert!(id.is_none(), "the id of what was paid for is lost: {error}");
    assert_error(&error, "image_create_generation", sent);
    let charged = error.may_have_been_charged();
    match status.as_u16() {
        200..=299 if error_instead => {}
        200..=299 => assert!(charged, "{error}"),
        408 | 500..=599 | 100..=199 | 300..=399 if !speaks_of_a_refusal(body) => assert!(charged, "{error}"),
        408 | 500..=599 | 100..=199 | 300..=399 => {}
        _ => assert!(!charged && matches!(error, Error::Api(_)), "{error}"),
    }
    if !charged {
        let kind = error.api().expect("only the API's own word is proof").kind;
        assert_ne!(kind, ApiErrorKind::Server, "{error}");
    }
}

fn check_answer(status: u16, headers: &HeaderMap, body: &[u8], retry: &RetryPolicy) {
    let status = StatusCode::from_u16(status).expect("a status");
    let canned = || canned(status, headers.clone(), body.to_vec(), retry.clone());
    fn check<T>(result: Result<T, Error>, operation: &str, sent: &AtomicU32, status: StatusCode) {
        match result {
            Ok(_) => assert!(status.is_success()),
            Err(error) => {
                assert!(!error.may_have_been_charged(), "{error}");
                assert_error(&error, operation, sent.load(Ordering::SeqCst));
            }
        }
    }
    wait(async {
        let (core, sent) = canned();
        let created = image_create_generation(&core, CreateGenerationRequest::default()).await;
        check_create(created, sent.load(Ordering::SeqCst), status, body);
        let (core, sent) = canned();
        check(image_delete_generation_by_id(&core, ID).await, "image_delete_generation_by_id", &sent, status);
        let (core, sent) = canned();
        check(image_get_generation_by_id(&core, ID).await, "image_get_generation_by_id", &sent, status);
        let (core, sent) = canned();
        let page = GetGenerationsByUserIdRequest::default();
        let listed = image_get_generations_by_user_id(&core, USER, page).await;
        check(listed, "image_get_generations_by_user_id", &sent, status);
        let (core, sent) = canned();
        check(user_get_user_self(&core).await, "user_get_user_self", &sent, status);
        let (core, sent) = canned();
        let raw = user_get_user_self(&core).raw().with_response().await;
        if let Ok(raw) = &raw {
            assert_eq!((raw.status, &raw.output[..]), (status, body));
        }
        check(raw, "user_get_user_self", &sent, status);
    });
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn any_answer_is_a_record_or_an_error_that_tells_the_truth(
        status in prop_oneof![100_u16..=599, select(&[200_u16, 201, 204, 400, 401, 403, 404, 408, 429, 500, 502, 503][..])],
        headers in any_headers(),
        body in any_body(),
    ) {
        check_answer(status, &headers, &body, &RetryPolicy::none());
    }

    #[test]
    fn what_costs_credits_is_retried_only_when_nothing_was_done(
        status in prop_oneof![100_u16..=599, select(&[200_u16, 408, 429, 500][..])],
        headers in any_headers(),
        body in any_body(),
    ) {
        // The limit of time keeps a delay that a response asks for from being made.
        let policy = crate::common::quick().initial_backoff(Duration::ZERO).max_elapsed(Duration::from_millis(50));
        check_answer(status, &headers, &body, &policy);
    }
}

/// More requests than can be made in a few milliseconds.
const ENDLESS: u32 = 10_000;

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20, ..config(48) })]

    #[test]
    fn any_answers_end_a_create_that_is_made_once(
        created in (100_u16..=599, any_headers(), any_body()),
        listed in (prop_oneof![2 => Just(200), 1 => 100_u16..=599], any_headers(), any_body()),
        seed in option::of(Just(905_778_432)),
        extreme in any::<bool>(),
    ) {
        let response = |(status, headers, body): (u16, HeaderMap, Vec<u8>)| {
            TransportResponse::new(StatusCode::from_u16(status).unwrap(), headers, body)
        };
        let me = (200, listed.1.clone(), ME.as_bytes().to_vec());
        let (open, body) = ((500..=599).contains(&created.0), created.2.clone());
        let (created, listed, me) = (response(created), response(listed), response(me));
        let asked = AtomicU32::new(0);
        let core = double(move |request| {
            assert!(asked.fetch_add(1, Ordering::SeqCst) < ENDLESS, "it asks without end");
            let response = match request.url.path() {
                "/api/rest/v1/me" => &me,
                "/api/rest/v1/generations" => &created,
                _ => &listed,
            };
            Ok(response.clone())
        });
        let core = core.min_time_for_billable(Duration::from_millis(1)).build().unwrap();
        let result = wait(async {
            let request = CreateGenerationRequest { seed, ..CreateGenerationRequest::default() };
            let mut call = image_create_generation_once(&core, request).grace(Duration::ZERO);
            if extreme {
                call = call.grace(Duration::MAX).clock_tolerance(Duration::MAX);
            }
            call.deadline(Duration::from_millis(10)).await
        });
        match result {
            Ok(job) => prop_assert!(!job.generation_id.as_str().trim().is_empty()),
            Err(error) => {
                prop_assert_eq!(error.call().unwrap().operation, "image_create_generation_once");
                // There was no time to see that nothing was made.
                if open && extreme && !speaks_of_a_refusal(&body) {
                    prop_assert!(error.may_have_been_charged(), "{}", error);
                }
                let _ = everything(&error);
            }
        }
    }
}

/// `serde_json` hands numbers over under a name of its own where a crate of the build asks for all of their digits. A
/// server that uses this name for something else must not be able to break a response with it.
#[test]
fn a_name_that_serde_json_uses_itself_is_like_any_other() {
    for name in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        for odd in [json!({ name: null, "z": null }), json!({ name: "1", "z": 2 }), json!({"a": 1, name: {}, "z": []})]
        {
            let job = json!({"generationId": "g", "cost": odd, "apiCreditCost": odd, "other": odd}).to_string();
            let job = serde_json::from_str::<GenerationJob>(&job);
            assert_eq!(job.unwrap_or_else(|error| panic!("{error}: {odd}")).generation_id.as_str(), "g");
            let error = json!({"error": odd, "path": odd, "code": odd}).to_string();
            let error = serde_json::from_str::<ApiErrorBody>(&error);
            assert_eq!(error.unwrap_or_else(|error| panic!("{error}: {odd}")), ApiErrorBody::default());
        }
    }
}

/// Something was made, even if what is said about it cannot be read.
#[test]
fn an_error_beside_a_record_that_cannot_be_read_is_no_proof_that_nothing_was_charged() {
    for job in [json!({}), json!({"generationId": null}), json!({"generationId": true}), json!("g"), json!([["g"]])] {
        for (name, value) in [
            ("errors", json!([{"message": "no", "extensions": {"code": "bad-request", "statusCode": 400}}])),
            ("error", json!("no")),
            ("other", json!("no")),
        ] {
            let body = json!({"sdGenerationJob": job, name: value, "code": "bad-request"}).to_string();
            let (core, sent) =
                canned(StatusCode::OK, HeaderMap::new(), body.clone().into_bytes(), crate::common::quick());
            let error = wait(image_create_generation(&core, CreateGenerationRequest::default())).unwrap_err();
            assert!(error.may_have_been_charged(), "{body}: {error}");
            assert_eq!(sent.load(Ordering::SeqCst), 1, "{body}");
        }
    }
}

/// An id of which not every digit is known is another id.
#[test]
fn a_number_in_place_of_an_id_is_kept_to_the_last_digit_or_refused() {
    let job = |id: &str| {
        let core = responding(&format!(r#"{{"sdGenerationJob":{{"generationId":{id}}}}}"#));
        wait(image_create_generation(&core, CreateGenerationRequest::default()))
    };
    for id in ["7", "-7", "9223372036854775807", "18446744073709551615"] {
        assert_eq!(job(id).unwrap().generation_id.as_str(), id);
    }
    for id in ["1.50", "1e3", "18446744073709551616", "123456789012345678901234567890"] {
        assert!(job(id).unwrap_err().may_have_been_charged(), "{id}");
    }
}

/// A caller's operation is read in another way than those of the crate, but to the same effect.
#[test]
fn an_operation_of_ones_own_reads_what_the_crates_own_read() {
    static LIST: Operation = Operation::new("list", Method::GET, "/v1/list", Effect::Read);
    fn ids<T>(list: Result<Vec<T>, Error>, id: impl Fn(&T) -> &str) -> Result<Vec<String>, String> {
        let error = |error: Error| error.to_string().split_once(": ").unwrap().1.replace(" list", " generations");
        list.map(|list| list.iter().map(|item| id(item).to_owned()).collect()).map_err(error)
    }
    for body in [
        r#"{"generations":[{"id":"a"},null,{"id":"b"}],"x":1}"#,
        r#"{"generations":[]}"#,
        r#"{"generations":null}"#,
        r#"{"generations":[{"id":"a"}],"errors":[]}"#,
        r#"{"generations":[{"id":"a"}],"errors":[{"message":"no"}]}"#,
        r#"{"generations":null,"errors":[1e999]}"#,
        r#"{"errors":null}"#,
        "{}",
        r#"{"error":"no"}"#,
        "",
        "<html>",
    ] {
        let core = responding(body);
        let own = ids(wait(image_get_generations_by_user_id(&core, "u", Default::default())), |item| item.id.as_str());
        let theirs = wait(Call::new(&core, &LIST).list::<Generation>("generations"));
        assert_eq!(own, ids(theirs, |item| item.id.as_str()), "{body}");
        let first = wait(Call::new(&core, &LIST).first::<Generation>("generations")).map(|first| vec![first]);
        match own {
            Ok(ids) if ids.is_empty() => assert!(first.unwrap_err().is_not_found()),
            Ok(own) => assert_eq!(ids(first, |item| item.id.as_str()), Ok(own[..1].to_vec())),
            Err(own) => assert_eq!(ids(first, |item| item.id.as_str()), Err(own)),
        }
    }
}

/// What stands beside the record that was paid for is not needed, so nothing in it may hide the record.
#[test]
fn an_id_that_was_paid_for_is_handed_over_whatever_stands_beside_it() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for beside in ["[]", "[null]", "{}", "[1e999]", r#"["\ud83d"]"#, r#"[{"message":"\ud83d"}]"#, &format!("[{deep}]")]
    {
        for name in ["other", "errors"] {
            let core =
                responding(&format!(r#"{{"{name}":{beside},"sdGenerationJob":{{"generationId":"g","x":{beside}}}}}"#));
            let job = wait(image_create_generation(&core, CreateGenerationRequest::default()));
            let job = job.unwrap_or_else(|error| panic!("{name} {}: {error}", &beside[..beside.len().min(30)]));
            assert_eq!(job.generation_id.as_str(), "g");
        }
    }
}

/// A list that knows no pages, and responds before a timer could end the call.
#[test]
fn a_list_without_end_does_not_outlast_a_create_that_is_made_once() {
    for created_at in [json!(null), json!("2023-11-09T00:42:22.707"), json!("9999-12-31T23:59:59Z")] {
        let page = json!({"generations": [{"id": "another", "seed": 1, "createdAt": created_at}]}).to_string();
        let asked = AtomicU32::new(0);
        let core = double(move |request| {
            assert!(asked.fetch_add(1, Ordering::SeqCst) < ENDLESS, "it asks without end: {created_at}");
            let (status, body) = match request.url.path() {
                "/api/rest/v1/me" => (200, ME),
                "/api/rest/v1/generations" => (500, "{}"),
                _ => (200, &*page),
            };
            Ok(crate::common::response(status, &[], body))
        });
        let core = core.min_time_for_billable(Duration::from_millis(1)).build().unwrap();
        let call = image_create_generation_once(&core, CreateGenerationRequest::default()).grace(Duration::ZERO);
        let error = wait(call.clock_tolerance(Duration::MAX).deadline(Duration::from_millis(20))).unwrap_err();
        assert!(error.may_have_been_charged(), "{error}");
    }
}

/// Where others are made faster than pages are read, page after page holds what the last one held.
#[test]
fn pages_that_repeat_while_others_are_made_are_read_on() {
    let made = "9999-12-31T23:59:59Z";
    let page = json!({"generations": [{"id": "another", "seed": 1, "createdAt": made}]}).to_string();
    let asked = AtomicU32::new(0);
    let creates = AtomicU32::new(0);
    let core = double(move |request| {
        let (status, body) = match request.url.path() {
            "/api/rest/v1/me" => (200, ME),
            "/api/rest/v1/generations" if creates.fetch_add(1, Ordering::SeqCst) == 0 => (500, "{}"),
            "/api/rest/v1/generations" => (200, r#"{"sdGenerationJob":{"generationId":"mine"}}"#),
            // More of them in a row, and it would be a server that knows no pages.
            _ if asked.fetch_add(1, Ordering::SeqCst) < 6 => (200, &*page),
            _ => (200, r#"{"generations":[]}"#),
        };
        Ok(crate::common::response(status, &[], body))
    });
    let core = core.retry(crate::common::quick()).build().unwrap();
    let call = image_create_generation_once(&core, CreateGenerationRequest::default()).grace(Duration::ZERO);
    assert_eq!(wait(call).unwrap().generation_id.as_str(), "mine");
}

/// Plain text of the server's stands in a message as it is, so it must not be able to forge one.
#[test]
fn a_message_is_one_line_whatever_the_server_says() {
    let forged = "no\n2026-01-01T00:00:00Z ERROR all is lost\r\u{1b}[2J\u{7}";
    for (status, body) in [
        (400, json!({"error": forged, "path": forged, "code": forged})),
        (200, json!({"errors": [{"message": forged, "extensions": {"code": forged}}]})),
        (200, json!({"errors": [{ forged: forged }]})),
        (200, json!({ forged: forged })),
        (200, json!({ "generations_by_pk": forged })),
        (200, json!({"generations_by_pk": {"id": "g", "status": forged}, "errors": [forged]})),
        (500, json!(forged)),
    ] {
        let (core, _) = canned(
            StatusCode::from_u16(status).unwrap(),
            HeaderMap::new(),
            body.to_string().into_bytes(),
            RetryPolicy::none(),
        );
        let error = wait(image_get_generation_by_id(&core, ID)).unwrap_err();
        assert!(!error.to_string().contains(char::is_control), "{status} {body}: {:?}", error.to_string());
    }
}

/// A connection reads up to hundreds of KiB at a time, and a response's parts are slices of that.
#[test]
fn what_is_kept_of_an_answer_does_not_keep_what_was_read_with_it() {
    const VALUE: &str = "75925cd2";
    for (status, body) in [
        (200, GENERATION),
        (200, r#"{"errors":[{"message":"no"}]}"#),
        (200, r#"{"generations_by_pk":null}"#),
        (200, "{}"),
        (200, "no JSON"),
        (400, r#"{"error":"no","path":"$","code":"c"}"#),
        (503, "no"),
    ] {
        let read = Bytes::from(format!("{VALUE}{body}").into_bytes());
        let response = Mutex::new(Some(read.clone()));
        let core = double(move |_| {
            let read = response.lock().unwrap().take().expect("one request");
            let value = HeaderValue::from_maybe_shared(read.slice(..VALUE.len())).unwrap();
            let headers = HeaderMap::from_iter([(HeaderName::from_static("x-request-id"), value)]);
            Ok(TransportResponse::new(StatusCode::from_u16(status).unwrap(), headers, read.slice(VALUE.len()..)))
        });
        let core = core.retry(RetryPolicy::none()).build().unwrap();
        let result = wait(image_get_generation_by_id(&core, ID).with_response());
        let headers = match &result {
            Ok(response) => Some(&response.headers),
            Err(Error::Api(error)) => Some(&error.headers),
            Err(_) => None,
        };
        assert!(headers.is_none_or(|headers| headers["x-request-id"] == VALUE), "{body}");
        assert!(read.is_unique(), "{body}: {result:?}");
    }
}

//! Decoding: nothing that a server sends, and nothing that a caller gives, is a panic, and what is known of the API's
//! habits (new enum values, new fields, nulls, numbers in other clothes) still decodes.
//!
//! Of an answer, only these are required: `generationId` of a job that was created, `id` of a generation and of one that
//! was deleted. A cost that stands alone needs its `amount`; in a job, one without it is left out.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{CREATED, DELETED, GENERATION, ID, KEY, ME, double, everything};
use leonardo_ai::bytes::Bytes;
use leonardo_ai::funcs::{
    image_create_generation, image_create_generation_once, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use leonardo_ai::models::{
    ApiErrorBody, CanvasRequestType, ControlnetInput, ControlnetType, Cost, CostUnit, CreateGenerationRequest,
    DeletedGeneration, ElementInput, GeneratedImage, Generation, GenerationJob, GetGenerationsByUserIdRequest,
    ImageVariation, InitImageType, JobStatus, PresetStyle, Scheduler, SdVersion, StrengthType, Timestamp, Transparency,
    UserDetails, UserElementInput, VariationType,
};
use leonardo_ai::url::Url;
use leonardo_ai::{
    ApiErrorKind, Call, DecodeReason, Effect, Error, LeonardoCore, Operation, RetryPolicy, TransportRequest,
    TransportResponse,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

const ERRORS_IN_200: &str = include_str!("../fixtures/errors-in-200.json");
const WEBHOOK: &str = include_str!("../fixtures/webhook-image-generation-complete.json");

const USER: &str = "11111111-2222-4333-8444-555555555555";

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Waits for a future in a runtime of its own.
fn wait<F: IntoFuture>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async { future.await })
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("a sample is JSON")
}

// ---------------------------------------------------------------------------------------------------------------------
// What is generated
// ---------------------------------------------------------------------------------------------------------------------

/// Names that mean something to a decoder.
const NAMES: [&str; 22] = [
    "id",
    "generationId",
    "sdGenerationJob",
    "generations_by_pk",
    "delete_generations_by_pk",
    "generations",
    "user_details",
    "user",
    "errors",
    "error",
    "message",
    "extensions",
    "statusCode",
    "code",
    "path",
    "cost",
    "amount",
    "apiCreditCost",
    "generated_images",
    "generation_elements",
    "seed",
    "createdAt",
];

const TEXTS: [&str; 16] = [
    "",
    " ",
    "g",
    "12",
    "12.5",
    "1e999",
    "-0",
    "NaN",
    "PENDING",
    "DOLLARS",
    "2023-11-09T00:42:22.707",
    "access-denied",
    "not-found",
    "Authentication hook unauthorized this request",
    "content moderation filter: WORD",
    "\u{0}\u{1b}[31m\n\u{202e}\u{1f600}",
];

/// Text of any characters, control characters included.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&TEXTS[..]).prop_map(str::to_owned),
        vec(any::<char>(), 0..12).prop_map(|text| text.into_iter().collect()),
        "[ -~]{0,24}",
    ]
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![3 => select(&NAMES[..]).prop_map(str::to_owned), 1 => any_text()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(any_name(), inner, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every record that is known, under the name of its wrapping.
fn samples() -> Vec<Value> {
    let list = json!({"generations": [parse(GENERATION)["generations_by_pk"], rich_generation()]});
    let error = json!({"error": "Service Error", "path": "$", "code": "unexpected"});
    vec![parse(CREATED), parse(GENERATION), parse(DELETED), parse(ME), parse(ERRORS_IN_200), list, error]
}

/// A sample in which a few values were replaced by others.
fn near_json() -> impl Strategy<Value = Value> {
    (select(samples()), vec((any::<Index>(), any_json()), 0..4)).prop_map(|(mut json, replacements)| {
        for (at, value) in replacements {
            let mut found = pointers(&json);
            let pointer = found.swap_remove(at.index(found.len()));
            *json.pointer_mut(&pointer).expect("a pointer of its own") = value;
        }
        json
    })
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |json: Value| json.to_string().into_bytes();
    prop_oneof![
        1 => vec(any::<u8>(), 0..64),
        1 => any_json().prop_map(bytes),
        2 => (any_name(), any_json()).prop_map(move |(name, json)| bytes(json!({ name: json }))),
        4 => near_json().prop_map(bytes),
        // A sample that is cut off or spoilt somewhere.
        2 => (near_json(), any::<Index>(), option::of(any::<u8>())).prop_map(move |(json, at, byte)| {
            let mut body = bytes(json);
            let at = at.index(body.len());
            match byte {
                Some(byte) => body[at] = byte,
                None => body.truncate(at),
            }
            body
        }),
        1 => select(&["", "{}", "null", "[]", "<html>no</html>", " \n<!DOCTYPE html>", "\u{feff}{}", "{\"a\":1}{}"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

const HEADERS: [&str; 10] = [
    "retry-after",
    "date",
    "content-type",
    "content-length",
    "content-encoding",
    "location",
    "set-cookie",
    "x-request-id",
    "transfer-encoding",
    "x-other",
];

fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let date = "(Mon|Thu|Sunday|Xyz),? [0-9]{1,2}[ -](Jan|Feb|Nov|Foo)[ -][0-9]{2,4} [0-9]{2}:[0-9]{2}:[0-9]{2}( GMT)?";
    let value = prop_oneof![
        vec(any::<u8>(), 0..24),
        "[0-9]{0,40}".prop_map(String::into_bytes),
        "[-+]?[0-9]{1,3}(\\.[0-9]{1,3})?( s)?".prop_map(String::into_bytes),
        date.prop_map(String::into_bytes),
        select(
            &[
                "Thu, 01 Jan 1970 00:00:00 GMT",
                "Wed, 31 Dec 1969 23:59:59 GMT",
                "Fri, 31 Dec 9999 23:59:59 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "Sun Nov  6 08:49:37 1994",
                "Thu, 29 Feb 2024 23:59:60 GMT",
                "Thu, 30 Feb 2023 00:00:00 GMT",
            ][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec((select(&HEADERS[..]), value), 0..6).prop_map(|headers| {
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::from_bytes(&value).ok()?;
            Some((HeaderName::from_static(name), value))
        });
        headers.collect()
    })
}

// ---------------------------------------------------------------------------------------------------------------------
// Any JSON as any type
// ---------------------------------------------------------------------------------------------------------------------

/// Decodes `text` as a `T`, twice: from the text and from a [`Value`], which must agree. What decodes must also survive
/// being encoded again.
fn decoded<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
    let from_text = serde_json::from_str::<T>(text);
    let from_value = serde_json::from_value::<T>(parse(text));
    if let Err(error) = &from_text {
        let _ = format!("{error} {error:?}");
    }
    assert_eq!(from_text.as_ref().ok(), from_value.as_ref().ok(), "text and value differ for {text}");
    let found = from_text.ok()?;
    let encoded = serde_json::to_value(&found).unwrap_or_else(|error| panic!("{found:?} does not encode: {error}"));
    assert_eq!(serde_json::from_value::<T>(encoded).expect("what was encoded decodes"), found);
    let _ = format!("{found:?} {found:#?}");
    Some(found)
}

fn decoded_as_everything(text: &str) {
    decoded::<GenerationJob>(text);
    decoded::<Generation>(text);
    decoded::<Vec<Generation>>(text);
    decoded::<GeneratedImage>(text);
    decoded::<ImageVariation>(text);
    decoded::<UserDetails>(text);
    decoded::<DeletedGeneration>(text);
    decoded::<ApiErrorBody>(text);
    decoded::<JobStatus>(text);
    decoded::<PresetStyle>(text);
    decoded::<SdVersion>(text);
    decoded::<Scheduler>(text);
    decoded::<VariationType>(text);
    decoded::<CostUnit>(text);
    // Requests start from their defaults, so these do not come back as they were.
    let _ = serde_json::from_str::<CreateGenerationRequest>(text);
    let _ = serde_json::from_str::<GetGenerationsByUserIdRequest>(text);
    if let Some(cost) = decoded::<Cost>(text) {
        assert!(cost.amount_f64().is_none_or(f64::is_finite));
    }
    if let Some(time) = decoded::<Timestamp>(text) {
        time.unix_millis();
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn any_json_is_no_panic_as_any_type(json in any_json()) {
        decoded_as_everything(&json.to_string());
    }

    #[test]
    fn a_sample_with_anything_in_it_is_no_panic_as_any_type(json in near_json()) {
        decoded_as_everything(&json.to_string());
        for (_, record) in json.as_object().into_iter().flatten() {
            decoded_as_everything(&record.to_string());
        }
    }

    #[test]
    fn any_object_is_the_body_of_an_error(fields in btree_map(any_name(), any_json(), 0..6)) {
        let json = Value::Object(fields.into_iter().collect()).to_string();
        prop_assert!(serde_json::from_str::<ApiErrorBody>(&json).is_ok(), "{json}");
    }

    #[test]
    fn a_job_needs_nothing_but_its_id(cost in any_json(), credits in any_json(), other in any_json(), name in any_text()) {
        let json = json!({"generationId": "g", "cost": cost, "apiCreditCost": credits, format!("x{name}"): other});
        let job: GenerationJob = serde_json::from_str(&json.to_string()).unwrap();
        prop_assert_eq!(job.generation_id.as_str(), "g");
    }

    #[test]
    fn any_text_is_a_moment_or_none(
        text in prop_oneof![
            any_text(),
            "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,12})?(Z|[-+][0-2][0-9]:[0-5][0-9])?",
        ],
    ) {
        let time = Timestamp::from(&*text);
        if let Some(millis) = time.unix_millis() {
            // The years 0 to 9999, and a day for the zone.
            prop_assert!((-62_167_305_600_000..=253_402_387_199_999).contains(&millis), "{text}: {millis}");
        }
        prop_assert_eq!(time.to_string(), text);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Any answer to any function
// ---------------------------------------------------------------------------------------------------------------------

/// A core whose every request gets the same answer, and the number of requests.
fn canned(status: StatusCode, headers: HeaderMap, body: Vec<u8>, retry: RetryPolicy) -> (LeonardoCore, Arc<AtomicU32>) {
    let sent = Arc::new(AtomicU32::new(0));
    let count = sent.clone();
    let core = double(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(TransportResponse::new(status, headers.clone(), body.clone()))
    });
    (core.retry(retry).build().expect("a good configuration"), sent)
}

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
    let error_instead =
        json.as_ref().is_some_and(|json| json["sdGenerationJob"].is_null() && (listed(json) || told(json)));

    if sent > 1 {
        assert!(status == 429 || (status.is_success() && error_instead), "{status} was repeated");
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
    fn what_costs_credits_is_repeated_only_when_nothing_was_done(
        status in prop_oneof![100_u16..=599, select(&[200_u16, 408, 429, 500][..])],
        headers in any_headers(),
        body in any_body(),
    ) {
        // The limit of time keeps a pause that an answer asks for from being made.
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
        let answer = |(status, headers, body): (u16, HeaderMap, Vec<u8>)| {
            TransportResponse::new(StatusCode::from_u16(status).unwrap(), headers, body)
        };
        let me = (200, listed.1.clone(), ME.as_bytes().to_vec());
        let (open, body) = ((500..=599).contains(&created.0), created.2.clone());
        let (created, listed, me) = (answer(created), answer(listed), answer(me));
        let asked = AtomicU32::new(0);
        let core = double(move |request| {
            assert!(asked.fetch_add(1, Ordering::SeqCst) < ENDLESS, "it asks without end");
            let answer = match request.url.path() {
                "/api/rest/v1/me" => &me,
                "/api/rest/v1/generations" => &created,
                _ => &listed,
            };
            Ok(answer.clone())
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
/// server that uses this name for something else must not be able to break an answer with it.
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
        let core = answered(&format!(r#"{{"sdGenerationJob":{{"generationId":{id}}}}}"#));
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
        let core = answered(body);
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
                answered(&format!(r#"{{"{name}":{beside},"sdGenerationJob":{{"generationId":"g","x":{beside}}}}}"#));
            let job = wait(image_create_generation(&core, CreateGenerationRequest::default()));
            let job = job.unwrap_or_else(|error| panic!("{name} {}: {error}", &beside[..beside.len().min(30)]));
            assert_eq!(job.generation_id.as_str(), "g");
        }
    }
}

/// A list that knows no pages, and answers before a timer could end the call.
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
            Ok(crate::common::answer(status, &[], body))
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
        Ok(crate::common::answer(status, &[], body))
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

/// A connection reads up to hundreds of KiB at a time, and an answer's parts are slices of that.
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
        let answer = Mutex::new(Some(read.clone()));
        let core = double(move |_| {
            let read = answer.lock().unwrap().take().expect("one request");
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

// ---------------------------------------------------------------------------------------------------------------------
// The samples
// ---------------------------------------------------------------------------------------------------------------------

fn answered(body: &str) -> LeonardoCore {
    canned(StatusCode::OK, HeaderMap::new(), body.as_bytes().to_vec(), RetryPolicy::none()).0
}

#[test]
fn the_samples_decode_to_what_is_known_of_them() {
    wait(async {
        let job = image_create_generation(&answered(CREATED), CreateGenerationRequest::default()).await.unwrap();
        assert_eq!(job.generation_id.as_str(), ID);
        assert_eq!(job.api_credit_cost, None);
        let cost = job.cost.unwrap();
        assert_eq!((&*cost.amount, cost.amount_f64(), cost.unit), ("0.0147", Some(0.0147), CostUnit::Dollars));

        let generation = image_get_generation_by_id(&answered(GENERATION), ID).await.unwrap();
        assert_eq!((generation.id.as_str(), &generation.status), (ID, &JobStatus::Complete));
        assert_eq!((generation.image_width, generation.image_height), (512, 512));
        assert_eq!((generation.seed, generation.inference_steps), (Some(905_778_432), Some(30)));
        assert_eq!((generation.guidance_scale, generation.public), (Some(7.0), false));
        assert_eq!(generation.created_at.unwrap().unix_millis(), Some(1_699_490_542_707));
        assert_eq!(generation.sd_version, Some(SdVersion::V2));
        assert_eq!(generation.scheduler, Some(Scheduler::EulerDiscrete));
        assert_eq!((generation.preset_style, generation.photo_real, generation.ultra), (None, Some(false), None));
        let [first, second] = &generation.generated_images[..] else { panic!("two images") };
        assert_eq!(first.url, "https://cdn.leonardo.ai/users/1/generations/2/cat_0.jpg");
        assert!(!first.nsfw && first.motion_mp4_url.is_none() && first.generated_image_variation_generics.is_empty());
        let [variation] = &second.generated_image_variation_generics[..] else { panic!("one variation") };
        assert_eq!((&variation.status, &variation.transform_type), (&JobStatus::Pending, &VariationType::Upscale));

        let me = user_get_user_self(&answered(ME)).await.unwrap();
        let user = me.user.unwrap();
        assert_eq!((user.id.as_str(), user.username.as_deref()), (USER, Some("example-user")));
        assert_eq!((me.paid_tokens, me.api_paid_tokens), (Some(12.4567), Some(12.4567)));
        assert_eq!((me.subscription_tokens, me.api_concurrency_slots), (Some(0.0), Some(10)));
        assert_eq!((me.token_renewal_date, me.api_plan_token_renewal_date), (None, None));

        assert_eq!(image_delete_generation_by_id(&answered(DELETED), ID).await.unwrap().id.as_str(), ID);

        let core = answered(ERRORS_IN_200);
        let page = GetGenerationsByUserIdRequest::default();
        for error in [
            image_create_generation(&core, CreateGenerationRequest::default()).await.map(drop),
            image_delete_generation_by_id(&core, ID).await.map(drop),
            image_get_generation_by_id(&core, ID).await.map(drop),
            image_get_generations_by_user_id(&core, USER, page).await.map(drop),
            user_get_user_self(&core).await.map(drop),
        ]
        .map(Result::unwrap_err)
        {
            let api = error.api().unwrap();
            assert_eq!((api.kind, api.status.as_u16()), (ApiErrorKind::InvalidRequest, 200), "{error}");
            let said = api.error.as_ref().unwrap();
            assert_eq!((&*said.error, said.path.as_deref()), ("Invalid parameters", Some("$")));
            assert_eq!(said.code.as_deref(), Some("BAD_REQUEST"));
            assert!(!error.may_have_been_charged(), "{error}");
        }
    });

    // A webhook shows a generation in a form of its own: the seed is text, and the time has a zone.
    let webhook = parse(WEBHOOK);
    let object = &webhook["data"]["object"];
    let generation: Generation = serde_json::from_value(object.clone()).unwrap();
    assert_eq!((generation.id.as_str(), generation.seed), (ID, Some(905_778_432)));
    assert_eq!(generation.created_at.unwrap().unix_millis(), Some(1_699_490_542_707));
    let image: GeneratedImage = serde_json::from_value(object["images"][0].clone()).unwrap();
    assert_eq!(image.id.as_str(), "33333333-4444-4555-8666-777777777777");
}

/// A generation with something in every field.
fn rich_generation() -> Value {
    let mut generation = parse(GENERATION)["generations_by_pk"].take();
    let fields = json!({
        "motion": true, "motionModel": "MOTION2", "motionStrength": 5, "imageToVideo": false, "negativePrompt": "dogs",
        "public": true, "presetStyle": "DYNAMIC", "initStrength": 0.25, "guidanceScale": 7.5, "promptMagic": true,
        "promptMagicVersion": "v3", "promptMagicStrength": 0.5, "photoReal": true, "photoRealStrength": 0.45,
        "fantasyAvatar": false, "ultra": true,
        "generation_elements": [{"id": 12, "weightApplied": 0.5, "lora": {
            "akUUID": "e7b8c1a2-0000-4000-8000-000000000001", "name": "Baroque", "description": "gold and shadow",
            "creatorName": "someone", "urlImage": "https://cdn.leonardo.ai/element_thumbnails/1.webp",
            "baseModel": "SDXL_1_0", "weightDefault": 1, "weightMin": -1, "weightMax": 2.5}}],
    });
    let images = json!({"motionMP4URL": "https://cdn.leonardo.ai/1.mp4", "motion": true, "motionModel": "MOTION2",
        "motionStrength": 5, "imageToVideo": true, "fantasyAvatar": true});
    let object = generation.as_object_mut().unwrap();
    object.extend(fields.as_object().unwrap().clone());
    for image in object["generated_images"].as_array_mut().unwrap() {
        image.as_object_mut().unwrap().extend(images.as_object().unwrap().clone());
    }
    generation
}

/// A sample of a type, to be changed in every place.
struct Sample {
    name: &'static str,
    json: Value,
    /// Without these it does not decode.
    required: &'static [&'static str],
    /// Decodes it and encodes it again.
    through: fn(&Value) -> Result<Value, String>,
}

fn through<T: DeserializeOwned + Serialize>(json: &Value) -> Result<Value, String> {
    let decoded = serde_json::from_str::<T>(&json.to_string()).map_err(|error| format!("{error}: {json}"))?;
    Ok(serde_json::to_value(decoded).expect("what was decoded encodes"))
}

fn all_samples() -> Vec<Sample> {
    let sample = |name, json, required, through| Sample { name, json, required, through };
    let webhook = parse(WEBHOOK)["data"]["object"].take();
    let rich = rich_generation();
    let image = rich["generated_images"][1].clone();
    let error = json!({"error": "Service Error", "path": "$", "code": "unexpected"});
    let cost = json!({"amount": "0.0147", "unit": "DOLLARS"});
    let deleted = parse(DELETED)["delete_generations_by_pk"].take();
    let complete = parse(GENERATION)["generations_by_pk"].take();
    let list = json!([complete.clone(), rich.clone()]);
    vec![
        sample("job", parse(CREATED)["sdGenerationJob"].take(), &["/generationId"][..], through::<GenerationJob>),
        sample("generation", complete, &["/id"], through::<Generation>),
        sample("rich generation", rich, &["/id"], through::<Generation>),
        sample("generation of a webhook", webhook.clone(), &["/id"], through::<Generation>),
        sample("list", list, &["/0/id", "/1/id"], through::<Vec<Option<Generation>>>),
        sample("image", image.clone(), &[], through::<GeneratedImage>),
        sample("image of a webhook", webhook["images"][0].clone(), &[], through::<GeneratedImage>),
        sample("variation", image["generated_image_variation_generics"][0].clone(), &[], through::<ImageVariation>),
        sample("account", parse(ME)["user_details"][0].take(), &[], through::<UserDetails>),
        sample("deleted generation", deleted, &["/id"], through::<DeletedGeneration>),
        sample("error", error, &[], through::<ApiErrorBody>),
        sample("cost", cost, &["/amount"], through::<Cost>),
    ]
}

/// The JSON pointers of every value, the whole included.
fn pointers(json: &Value) -> Vec<String> {
    fn visit(json: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match json {
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| visit(item, &format!("{at}/{index}"), found));
            }
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                visit(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }),
            _ => {}
        }
    }
    let mut found = Vec::new();
    visit(json, "", &mut found);
    found
}

fn replaced(json: &Value, pointer: &str, value: Value) -> Value {
    let mut json = json.clone();
    *json.pointer_mut(pointer).expect("a pointer into it") = value;
    json
}

fn removed(json: &Value, pointer: &str) -> Value {
    let mut json = json.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("not the whole");
    match json.pointer_mut(parent).expect("a pointer into it") {
        Value::Object(fields) => _ = fields.remove(name).expect("a field"),
        Value::Array(items) => _ = items.remove(name.parse().expect("an index")),
        _ => unreachable!(),
    }
    json
}

/// Values of every form.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!([]),
        json!([[1], {"a": null}]),
        json!({}),
        json!({"id": {"id": []}, "errors": [1]}),
    ]
}

#[test]
fn unknown_fields_change_nothing_in_any_object() {
    let mut mutations = 0;
    for Sample { name, json, through, .. } in all_samples() {
        let expected = through(&json).unwrap();
        for pointer in pointers(&json) {
            let Value::Object(fields) = json.pointer(&pointer).unwrap() else { continue };
            for value in odd_values() {
                // One before all others and one behind them.
                let mut fields = fields.clone();
                fields.insert("aNewField".to_owned(), value.clone());
                fields.insert("zNewField".to_owned(), value);
                let changed = replaced(&json, &pointer, Value::Object(fields));
                assert_eq!(through(&changed).as_ref(), Ok(&expected), "{name}{pointer}");
                mutations += 1;
            }
        }
    }
    assert!(mutations > 200, "{mutations}");
}

#[test]
fn only_ids_are_required() {
    let mut mutations = 0;
    for Sample { name, json, required, through } in all_samples() {
        for pointer in pointers(&json).into_iter().skip(1) {
            let (null, absent) = (replaced(&json, &pointer, Value::Null), removed(&json, &pointer));
            let is_required = required.contains(&&*pointer);
            let (null, absent) = (through(&null), through(&absent));
            assert_eq!((null.is_err(), absent.is_err()), (is_required, is_required), "{name}{pointer}: {null:?}");
            let in_a_list = pointer.rsplit('/').next().is_some_and(|last| last.parse::<usize>().is_ok());
            if !is_required && !in_a_list {
                assert_eq!(null, absent, "{name}{pointer}");
            }
            if is_required && pointer != "/amount" {
                for blank in ["", " ", "\t\n"] {
                    assert!(through(&replaced(&json, &pointer, blank.into())).is_err(), "{name}{pointer}: {blank:?}");
                }
            }
            mutations += 2;
        }
    }
    assert!(mutations > 300, "{mutations}");
}

#[test]
fn text_that_is_not_known_is_kept() {
    let mut enums = 0;
    for Sample { name, json, through, .. } in all_samples() {
        let expected = through(&json).unwrap();
        for pointer in pointers(&json) {
            // What is encoded as other than text is a number that came as text.
            let Some(Value::String(text)) = json.pointer(&pointer) else { continue };
            let Some(Value::String(kept)) = expected.pointer(&pointer) else { continue };
            assert_eq!(text, kept, "{name}{pointer}");
            for new in ["SOMETHING_NEW", "complete", "Größe \u{1f600}", "\0", &"long".repeat(1000)] {
                let changed = through(&replaced(&json, &pointer, new.into()));
                assert_eq!(changed, Ok(replaced(&expected, &pointer, new.into())), "{name}{pointer}");
            }
            let last = pointer.rsplit('/').next().unwrap();
            let is_enum = ["status", "transformType", "scheduler", "presetStyle", "sdVersion", "baseModel", "unit"];
            enums += usize::from(is_enum.contains(&last));
        }
    }
    assert!(enums > 15, "{enums}");
}

#[test]
fn numbers_decode_in_every_form() {
    let mut mutations = 0;
    for Sample { name, json, through, .. } in all_samples() {
        let expected = through(&json).unwrap();
        for pointer in pointers(&json) {
            let Some(number @ Value::Number(_)) = json.pointer(&pointer) else { continue };
            let known = expected.pointer(&pointer).is_some();
            let mut forms = vec![json!(number.to_string()), json!(format!(" {number} "))];
            if let Some(whole) = number.as_i64() {
                forms.extend([json!(whole as f64), json!(format!("{whole}.0")), json!(format!("{whole}.000"))]);
            }
            for form in forms {
                let found = through(&replaced(&json, &pointer, form.clone()));
                assert_eq!(found.as_ref(), Ok(&expected), "{name}{pointer}: {form}");
                mutations += usize::from(known);
            }
        }
    }
    assert!(mutations > 100, "{mutations}");
}

#[test]
fn money_may_have_decimals_anywhere() {
    let me = parse(ME)["user_details"][0].take();
    for pointer in pointers(&me) {
        let Some(Value::Number(_)) = me.pointer(&pointer) else { continue };
        let slots = pointer == "/apiConcurrencySlots";
        for form in [json!(12.4567), json!("12.4567"), json!(3), json!("3"), json!("")] {
            let found = through::<UserDetails>(&replaced(&me, &pointer, form.clone()));
            assert!(found.is_ok() || (slots && form.to_string().contains("12.4567")), "{pointer}: {found:?}");
        }
    }
    let job = parse(CREATED)["sdGenerationJob"].take();
    for (form, number) in [(json!(11), 11.0), (json!(11.5), 11.5), (json!("11"), 11.0), (json!("11.50"), 11.5)] {
        let found: GenerationJob = serde_json::from_value(replaced(&job, "/apiCreditCost", form.clone())).unwrap();
        assert_eq!(found.api_credit_cost, Some(number), "{form}");
        let found: GenerationJob = serde_json::from_value(replaced(&job, "/cost/amount", form.clone())).unwrap();
        assert_eq!(found.cost.unwrap().amount_f64(), Some(number), "{form}");
    }
}

/// What one field holds hides none of the others.
#[test]
fn anything_may_stand_in_a_record_but_for_its_id() {
    let mut mutations = 0;
    for Sample { name, json, required, through } in all_samples() {
        let expected = through(&json).unwrap();
        // Serde's own list insists on every item.
        let Value::Object(expected) = expected else { continue };
        for pointer in pointers(&json).into_iter().skip(1).filter(|pointer| !required.contains(&&**pointer)) {
            let changed = pointer.split('/').nth(1).unwrap();
            for value in odd_values() {
                let odd = replaced(&json, &pointer, value);
                let found = through(&odd).unwrap_or_else(|error| panic!("{name}{pointer}: {error}"));
                for (field, value) in expected.iter().filter(|(field, _)| *field != changed) {
                    assert_eq!(found.get(field), Some(value), "{name}{pointer}: {odd}");
                }
                mutations += 1;
            }
        }
    }
    assert!(mutations > 1000, "{mutations}");
}

#[test]
fn a_value_of_the_wrong_kind_is_like_an_absent_one() {
    let sample = |json: Value| serde_json::from_value::<Generation>(json).unwrap();
    let plain = sample(json!({"id": "g", "status": "COMPLETE"}));
    for (field, odd) in [
        ("public", json!(7)),
        ("public", json!("yes")),
        ("imageWidth", json!(512.5)),
        ("imageHeight", json!(-1)),
        ("seed", json!(u64::MAX)),
        ("seed", json!("x")),
        ("prompt", json!(["a"])),
        ("createdAt", json!({"seconds": 1})),
        ("generated_images", json!({"id": "i"})),
        ("generated_images", json!([7, "x", [], true])),
        ("generation_elements", json!("none")),
        ("presetStyle", json!(true)),
    ] {
        assert_eq!(sample(json!({"status": "COMPLETE", field: odd, "id": "g"})), plain, "{field}: {odd}");
    }
    for (form, public) in [(json!(1), true), (json!(0), false), (json!("true"), true), (json!("false"), false)] {
        let found = sample(json!({"id": "g", "public": form, "ultra": form}));
        assert_eq!((found.public, found.ultra), (public, Some(public)), "{form}");
    }
    let request = |json: Value| serde_json::from_value::<CreateGenerationRequest>(json);
    for odd in [
        json!({"public": 1}),
        json!({"public": "true"}),
        json!({"width": 0.5}),
        json!({"imagePrompts": ["a", {}]}),
        json!({"imagePrompts": "a"}),
        json!({"elements": [7]}),
    ] {
        assert!(request(odd.clone()).is_err(), "{odd}");
    }
}

#[test]
fn an_odd_record_does_not_hide_the_rest_of_a_page() {
    let good = parse(GENERATION)["generations_by_pk"].take();
    for odd in odd_values().into_iter().chain([json!({"id": true}), json!({"prompt": "no id"})]) {
        let page = json!({"generations": [good, odd, good, {"id": "g", "public": odd, "imageWidth": odd}]}).to_string();
        let core = answered(&page);
        let list = wait(image_get_generations_by_user_id(&core, USER, Default::default())).unwrap();
        let ids: Vec<_> = list.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, [ID, ID, "g"], "{odd}");
        assert_eq!((list[0].seed, list[1].image_width), (Some(905_778_432), 512), "{odd}");
    }
    // What is no list at all is no page.
    for odd in [json!(7), json!("x"), json!({}), good] {
        let core = answered(&json!({"generations": odd}).to_string());
        let error = wait(image_get_generations_by_user_id(&core, USER, Default::default())).unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{odd}: {error}");
    }
}

#[test]
fn an_id_that_was_read_is_not_lost_when_the_rest_cannot_be() {
    let create = |body: &[u8]| {
        let (sent, body) = (Arc::new(AtomicU32::new(0)), body.to_vec());
        let count = sent.clone();
        let core = double(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(TransportResponse::new(StatusCode::OK, HeaderMap::new(), body.clone()))
        });
        let core = core.max_response_bytes(20_000).build().unwrap();
        let error = wait(image_create_generation(&core, CreateGenerationRequest::default())).unwrap_err();
        assert_eq!(sent.load(Ordering::SeqCst), 1);
        match error {
            Error::OutcomeUnknown(unknown) => unknown,
            other => panic!("{other}"),
        }
    };
    let begun = format!(r#"{{"sdGenerationJob":{{"generationId":"{ID}","cost":"#);
    let many = format!("{begun}{{{}}}}}}}", [r#""unit":1"#; 5000].join(","));
    for body in [&*begun, &format!("{begun}7]"), &format!("{begun}1e999}}}}"), &format!("{begun}7}}}} and more"), &many]
    {
        let error = create(body.as_bytes());
        let shown = body.get(..100).unwrap_or(body);
        assert_eq!(error.id.as_deref(), Some(ID), "{shown}: {error}");
        assert!(error.to_string().contains(&format!("It made {ID}")), "{error}");
        let Error::Decode(decode) = &error.cause else { panic!("{error}") };
        assert_eq!(decode.reason == DecodeReason::Expands { limit: 65536 }, body == many, "{shown}: {error}");
    }
    assert_eq!(create(&[begun.as_bytes(), b"\"\xff\"}}"].concat()).id.as_deref(), Some(ID));
    for body in ["", r#"{"sdGenerationJob":{"cost":"#, r#"{"sdGenerationJob":{"generationId":"75"#, "{}", "<html>"] {
        let error = create(body.as_bytes());
        assert_eq!(error.id, None, "{body}");
        assert!(error.to_string().contains("newest generations"), "{error}");
    }
    let error = create(begun.replace(ID, KEY).as_bytes());
    assert_eq!(error.id.as_deref(), Some("[key]"));
}

#[test]
fn a_response_that_takes_too_much_memory_is_not_asked_for_again() {
    let records = format!(r#"{{"generations":[{}]}}"#, [r#"{"id":1}"#; 1000].join(","));
    let sent = Arc::new(AtomicU32::new(0));
    let count = sent.clone();
    let core = double(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(crate::common::answer(200, &[], &records))
    });
    let core = core.max_response_bytes(50_000).build().unwrap();
    let error = wait(image_get_generations_by_user_id(&core, USER, Default::default())).unwrap_err();
    let Error::Decode(decode) = &error else { panic!("{error}") };
    assert_eq!((&decode.reason, sent.load(Ordering::SeqCst)), (&DecodeReason::Expands { limit: 150_000 }, 1));
    assert!(error.to_string().contains("max_response_bytes"), "{error}");
}

#[cfg(feature = "tracing")]
#[test]
fn what_is_left_empty_is_reported_by_name_and_kind_without_its_value() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let reports = |generations: &Value| -> Vec<String> {
        let (log, core) = (Log::default(), answered(&json!({"generations": generations}).to_string()));
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            wait(image_get_generations_by_user_id(&core, USER, Default::default())).unwrap();
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(!log.contains("s3cr3t"), "{log}");
        log.lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
    };
    for (item, field, wanted, found) in [
        (json!({"id": "g", "public": "s3cr3t"}), "public", "a boolean", "a string"),
        (json!({"id": "g", "seed": {"s3cr3t": 1}}), "seed", "an integer", "an object"),
        (json!({"id": "g", "imageWidth": 0.5}), "imageWidth", "an integer from 0 to 4294967295", "a number"),
        (json!({"id": "g", "generated_images": [{"id": "i"}, true]}), "generated_images", "an object", "a boolean"),
        (json!({"id": "g", "generated_images": [{"likeCount": ["s3cr3t"]}]}), "likeCount", "an integer", "a list"),
        (json!("s3cr3t"), "generations", "an object", "a string"),
        (json!({"prompt": "s3cr3t"}), "generations", "id", "nothing"),
    ] {
        let found_reports = reports(&json!([item]));
        let [report] = &found_reports[..] else { panic!("{found_reports:?}") };
        for part in [format!("field=\"{field}\""), format!("wanted=\"{wanted}\""), format!("found=\"{found}\"")] {
            assert!(report.contains(&part), "{report}");
        }
        assert!(report.contains("leonardo_ai.call{operation=\"image_get_generations_by_user_id\""), "{report}");
    }
    assert!(reports(&json!([{"id": "g", "public": 1, "seed": null, "new": []}, null])).is_empty());
    // A page that is odd throughout does not fill the log.
    assert_eq!(reports(&Value::from(vec![json!({"id": "g", "seed": true}); 100])).len(), 20);
}

// ---------------------------------------------------------------------------------------------------------------------
// What is sent
// ---------------------------------------------------------------------------------------------------------------------

fn any_number() -> impl Strategy<Value = Option<f64>> {
    let finite = any::<f64>().prop_filter("JSON has no such number", |number| number.is_finite());
    option::of(prop_oneof![(-10_000..10_000).prop_map(|number| f64::from(number) / 64.0), finite])
}

/// An enum's value out of text, known or not.
fn any_value<T: From<String> + std::fmt::Debug>(values: &'static [&'static str]) -> impl Strategy<Value = T> {
    prop_oneof![select(values).prop_map(|known| T::from(known.to_owned())), any_text().prop_map(T::from)]
}

prop_compose! {
    fn any_controlnet()(
        image in any_text(),
        kind in any_value::<InitImageType>(InitImageType::VALUES),
        preprocessor_id in any::<i64>(),
        weight in any_number(),
        strength_type in option::of(any_value::<StrengthType>(StrengthType::VALUES)),
    ) -> ControlnetInput {
        ControlnetInput { init_image_id: image.into(), init_image_type: kind, preprocessor_id, weight, strength_type }
    }
}

prop_compose! {
    fn any_lists()(
        controlnets in option::of(vec(any_controlnet(), 0..3)),
        elements in option::of(vec((any_text(), any_number()), 0..3)),
        user_elements in option::of(vec((option::of(any::<i64>()), any_number()), 0..3)),
        image_prompts in option::of(vec(any_text(), 0..3)),
    ) -> CreateGenerationRequest {
        let element = |(id, weight): (String, _)| ElementInput { ak_uuid: id.into(), weight };
        let user_element = |(number, weight): (Option<i64>, _)| UserElementInput { user_lora_id: number.map(Into::into), weight };
        CreateGenerationRequest {
            controlnets,
            elements: elements.map(|list| list.into_iter().map(element).collect()),
            user_elements: user_elements.map(|list| list.into_iter().map(user_element).collect()),
            image_prompts: image_prompts.map(|list| list.into_iter().map(Into::into).collect()),
            ..CreateGenerationRequest::default()
        }
    }
}

type Enums = (
    Option<PresetStyle>,
    Option<Scheduler>,
    Option<SdVersion>,
    Option<Transparency>,
    Option<ControlnetType>,
    Option<CanvasRequestType>,
);

fn any_enums() -> impl Strategy<Value = Enums> {
    (
        option::of(any_value(PresetStyle::VALUES)),
        option::of(any_value(Scheduler::VALUES)),
        option::of(any_value(SdVersion::VALUES)),
        option::of(any_value(Transparency::VALUES)),
        option::of(any_value(ControlnetType::VALUES)),
        option::of(any_value(CanvasRequestType::VALUES)),
    )
}

prop_compose! {
    fn any_request()(
        lists in any_lists(),
        flags in vec(any::<Option<bool>>(), 15),
        numbers in vec(any_number(), 10),
        texts in vec(option::of(any_text()), 9),
        sizes in vec(any::<Option<u32>>(), 4),
        seed in any::<Option<i64>>(),
        enums in any_enums(),
        prompt in any_text(),
        extra in btree_map("x[a-z]{0,6}", any_json(), 0..3),
    ) -> CreateGenerationRequest {
        let (preset_style, scheduler, sd_version, transparency, control_net_type, canvas_request_type) = enums;
        // Every field is named, so that a new one cannot be forgotten here.
        CreateGenerationRequest {
            alchemy: flags[0],
            contrast_ratio: numbers[0],
            contrast: numbers[1],
            controlnets: lists.controlnets,
            elements: lists.elements,
            user_elements: lists.user_elements,
            expanded_domain: flags[1],
            fantasy_avatar: flags[2],
            guidance_scale: numbers[2],
            height: sizes[0],
            high_contrast: flags[3],
            high_resolution: flags[4],
            image_prompts: lists.image_prompts,
            image_prompt_weight: numbers[3],
            init_generation_image_id: texts[0].clone().map(Into::into),
            init_image_id: texts[1].clone().map(Into::into),
            init_strength: numbers[4],
            model_id: texts[2].clone().map(Into::into),
            negative_prompt: texts[3].clone(),
            num_images: sizes[1],
            num_inference_steps: sizes[2],
            photo_real: flags[5],
            photo_real_version: texts[4].clone(),
            photo_real_strength: numbers[5],
            preset_style,
            prompt,
            prompt_magic: flags[6],
            prompt_magic_strength: numbers[6],
            prompt_magic_version: texts[5].clone(),
            public: flags[7],
            scheduler,
            sd_version,
            seed,
            tiling: flags[8],
            transparency,
            ultra: flags[9],
            unzoom: flags[10],
            unzoom_amount: numbers[7],
            upscale_ratio: numbers[8],
            width: sizes[3],
            control_net: flags[11],
            control_net_type,
            weighting: numbers[9],
            canvas_request: flags[12],
            canvas_request_type,
            canvas_init_id: texts[6].clone().map(Into::into),
            canvas_mask_id: texts[7].clone().map(Into::into),
            enhance_prompt: flags[13],
            enhance_prompt_instruction: texts[8].clone(),
            extra: extra.into_iter().collect::<Map<_, _>>(),
        }
    }
}

/// Whether two values are the same but for the last digit of decimals, which parsing text may change.
fn close(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one != other => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 1e-15 + f64::MIN_POSITIVE
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| close(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| close(value, other)))
        }
        _ => one == other,
    }
}

/// A core that remembers its requests and answers them with an empty object.
fn recorder() -> (leonardo_ai::LeonardoCoreBuilder, Arc<Mutex<Vec<TransportRequest>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let shared = seen.clone();
    let builder = double(move |request| {
        shared.lock().unwrap().push(request);
        Ok(TransportResponse::new(StatusCode::OK, HeaderMap::new(), "{}"))
    });
    (builder.retry(RetryPolicy::none()), seen)
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_request_goes_there_and_back(request in any_request()) {
        let encoded = serde_json::to_value(&request).unwrap();
        // Reading starts from the defaults, so what is not sent has its default afterwards.
        let default = CreateGenerationRequest::default();
        let mut expected = request.clone();
        expected.alchemy = expected.alchemy.or(default.alchemy);
        expected.height = expected.height.or(default.height);
        expected.model_id = expected.model_id.or(default.model_id);
        expected.num_images = expected.num_images.or(default.num_images);
        expected.preset_style = expected.preset_style.or(default.preset_style);
        expected.width = expected.width.or(default.width);
        prop_assert_eq!(&serde_json::from_value::<CreateGenerationRequest>(encoded.clone()).unwrap(), &expected);

        let text = serde_json::to_string(&request).unwrap();
        let read: CreateGenerationRequest = serde_json::from_str(&text).unwrap();
        let (read, expected) = (serde_json::to_value(read).unwrap(), serde_json::to_value(expected).unwrap());
        prop_assert!(close(&read, &expected), "{read} {expected}");

        // What is sent is the same text.
        let (core, seen) = recorder();
        let core = core.build().unwrap();
        let _ = wait(image_create_generation(&core, request));
        let sent = seen.lock().unwrap().pop().unwrap();
        prop_assert_eq!(sent.body.as_deref(), Some(text.as_bytes()));
    }

    #[test]
    fn a_number_that_json_lacks_is_refused_and_nothing_is_sent(
        mut request in any_request(),
        number in select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY][..]),
        at in 0..11,
    ) {
        let controlnets = || vec![ControlnetInput { weight: Some(number), ..ControlnetInput::uploaded("a", 67) }];
        match at {
            0 => request.contrast = Some(number),
            1 => request.contrast_ratio = Some(number),
            2 => request.guidance_scale = Some(number),
            3 => request.image_prompt_weight = Some(number),
            4 => request.init_strength = Some(number),
            5 => request.photo_real_strength = Some(number),
            6 => request.prompt_magic_strength = Some(number),
            7 => request.unzoom_amount = Some(number),
            8 => request.upscale_ratio = Some(number),
            9 => request.weighting = Some(number),
            _ => request.controlnets = Some(controlnets()),
        }
        let (core, seen) = recorder();
        let core = core.build().unwrap();
        let error = wait(image_create_generation(&core, request)).unwrap_err();
        prop_assert!(matches!(error, Error::InvalidRequest(_)), "{}", error);
        prop_assert_eq!(error.call().unwrap().attempts, 0);
        prop_assert!(seen.lock().unwrap().is_empty());
    }
}

fn any_url() -> impl Strategy<Value = String> {
    let segment = select(
        &[
            "v1", "v2", "", "", ".", "..", "%2e", "%2E%2e", "%2f", "%00", "%", "a b", "ä", "\\", "\\..", "api", "rest",
            "V1", "v1;", ";", "@", ":", "?", "#", "\t", "\n", "C:", "|", "\u{202e}", "+", "'", "\"", "<", "{}", "^",
            "~",
        ][..],
    );
    let host = select(
        &[
            "h.example",
            "H.EXAMPLE",
            "127.0.0.1",
            "0x7f.1",
            "[::1]",
            "[::1",
            "user@h",
            "user:password@h",
            "@h",
            ":@h",
            "h:",
            "h:0",
            "h:80",
            "h:443",
            "h:65536",
            "",
            ".",
            "xn--",
            "münchen.example",
            "h%41",
            "h h",
            "h\\x",
            "a_b",
            "1.2.3.4.5",
        ][..],
    );
    let scheme = select(
        &[
            "http://",
            "https://",
            "HTTP://",
            "http:",
            "https:/",
            "http:///",
            "http:\\\\",
            " http://",
            "ftp://",
            "file://",
            "data:",
            "ws://",
            "unix:",
            "//",
            "",
        ][..],
    );
    prop_oneof![
        1 => any_text(),
        1 => any::<String>(),
        8 => (scheme, host, vec(segment, 0..5)).prop_map(|(scheme, host, segments)| {
            let path: String = segments.iter().map(|segment| format!("/{segment}")).collect();
            format!("{scheme}{host}{path}")
        }),
        4 => vec(select(&["v1", "", "a", "%2e", "..", "a b", "%3f"][..]), 0..5)
            .prop_map(|segments| format!("https://h.example/{}", segments.join("/"))),
    ]
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn requests_go_below_the_server_url_or_it_is_refused(text in any_url(), key in prop_oneof![any_text(), "[!-~]{1,40}"]) {
        let (builder, seen) = recorder();
        let builder = builder.bearer_auth(&*key).server_url(&*text).allow_http(true);
        let _ = format!("{builder:?}");
        let core = match builder.build() {
            Ok(core) => core,
            Err(error) => {
                prop_assert!(matches!(error, Error::Config(_)));
                prop_assert!(!error.to_string().contains("password@"));
                let _ = everything(&error);
                return Ok(());
            }
        };
        prop_assert!(key.bytes().all(|byte| byte.is_ascii_graphic()) && !key.is_empty(), "{key:?}");
        let given = Url::parse(&text).unwrap();
        prop_assert!(matches!(given.scheme(), "http" | "https"));
        let base = given.path().trim_end_matches('/');
        let base = base.strip_suffix("/v1").or_else(|| base.strip_suffix("/v2")).unwrap_or(base).trim_end_matches('/');
        prop_assert!(given.as_str().starts_with(core.server_url()), "{}", core.server_url());
        let _ = format!("{core:?}");

        let _ = wait(image_get_generation_by_id(&core, ID));
        let request = seen.lock().unwrap().pop().unwrap();
        prop_assert_eq!(request.url.origin(), given.origin());
        prop_assert_eq!(request.url.path(), format!("{base}/v1/generations/{ID}"));
        prop_assert_eq!((request.url.username(), request.url.password()), ("", None));
        prop_assert_eq!((request.url.query(), request.url.fragment()), (None, None));
        prop_assert_eq!(&Url::parse(request.url.as_str()).unwrap(), &request.url);
        prop_assert_eq!(request.headers["authorization"].to_str().unwrap(), format!("Bearer {key}"));

        // The same text as an option of one call.
        let (other, seen) = recorder();
        let _ = wait(image_get_generation_by_id(&other.allow_http(true).build().unwrap(), ID).server_url(&text));
        prop_assert_eq!(&seen.lock().unwrap().pop().unwrap().url, &request.url);
    }

    #[test]
    fn an_id_stays_one_segment_or_is_refused(
        id in prop_oneof![
            vec(any::<char>(), 0..16).prop_map(|text| text.into_iter().collect()),
            vec(select(&[".", "/", "\\", "%", "2e", "2f", "?", "#", ":", "@", ";", "&", "=", "+", " ", "\u{feff}"][..]), 0..6)
                .prop_map(|parts| parts.concat()),
            any_text(),
        ],
        base in select(&["https://h.example", "https://h.example/api/rest/", "http://[::1]:8080/a/v1"][..]),
    ) {
        static TWO: Operation = Operation::new("two_ids", Method::GET, "/v1/a/{first}/b/{second}", Effect::Read);
        let (core, seen) = recorder();
        let core = core.server_url(base).build().unwrap();
        let depth = Url::parse(base).unwrap().path().trim_matches('/').trim_end_matches("/v1").split('/')
            .filter(|segment| !segment.is_empty() && *segment != "v1").count();
        let refusable = id.is_empty() || id == "." || id == ".." || id.chars().any(char::is_control);
        let results = wait(async {
            let page = GetGenerationsByUserIdRequest { offset: Some(5), limit: None };
            [
                image_get_generation_by_id(&core, &*id).await.map(drop),
                image_delete_generation_by_id(&core, &*id).await.map(drop),
                image_get_generations_by_user_id(&core, &*id, page).await.map(drop),
                Call::new(&core, &TWO).id(&id).id(&id).await.map(drop),
            ]
        });
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        if refusable {
            prop_assert!(seen.is_empty(), "{:?}", seen);
            prop_assert!(results.iter().all(|result| matches!(result, Err(Error::InvalidRequest(_)))));
            return Ok(());
        }
        let expected: [&[&str]; 4] = [
            &["v1", "generations", &id],
            &["v1", "generations", &id],
            &["v1", "generations", "user", &id],
            &["v1", "a", &id, "b", &id],
        ];
        prop_assert_eq!(seen.len(), expected.len());
        for (request, expected) in seen.iter().zip(expected) {
            let segments: Vec<String> =
                request.url.path_segments().unwrap().skip(depth).map(percent_decoded).collect();
            prop_assert_eq!(&segments, expected, "{}", request.url);
            prop_assert_eq!(&Url::parse(request.url.as_str()).unwrap(), &request.url);
            prop_assert!(request.url.fragment().is_none() && request.url.query().is_none_or(|query| query == "offset=5"));
            prop_assert!(request.url.as_str().is_ascii());
        }
    }
}

/// Independent of the crate that the SDK encodes with.
fn percent_decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("text")
}

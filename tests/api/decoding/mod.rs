//! Decoding: nothing that a server sends, and nothing that a caller gives, is a panic, and what is known of the API's
//! habits (new enum values, new fields, nulls, numbers in other clothes) still decodes.
//!
//! Of a response, only these are required: `generationId` of a job that was created, `id` of a generation and of one that
//! was deleted. A cost that stands alone needs its `amount`; in a job, one without it is left out.

mod responses;
mod samples;
mod sent;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use leonardo_ai::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use leonardo_ai::models::{
    ApiErrorBody, Cost, CostUnit, CreateGenerationRequest, DeletedGeneration, GeneratedImage, Generation,
    GenerationJob, GetGenerationsByUserIdRequest, ImageVariation, JobStatus, PresetStyle, Scheduler, SdVersion,
    Timestamp, UserDetails, VariationType,
};
use leonardo_ai::{LeonardoCore, RetryPolicy, TransportResponse};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::common::{CREATED, DELETED, GENERATION, ME, double};

const ERRORS_IN_200: &str = include_str!("../../fixtures/errors-in-200.json");
const WEBHOOK: &str = include_str!("../../fixtures/webhook-image-generation-complete.json");

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

/// A core whose every request gets the same response, and the number of requests.
fn canned(status: StatusCode, headers: HeaderMap, body: Vec<u8>, retry: RetryPolicy) -> (LeonardoCore, Arc<AtomicU32>) {
    let sent = Arc::new(AtomicU32::new(0));
    let count = sent.clone();
    let core = double(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(TransportResponse::new(status, headers.clone(), body.clone()))
    });
    (core.retry(retry).build().expect("a good configuration"), sent)
}

fn responding(body: &str) -> LeonardoCore {
    canned(StatusCode::OK, HeaderMap::new(), body.as_bytes().to_vec(), RetryPolicy::none()).0
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

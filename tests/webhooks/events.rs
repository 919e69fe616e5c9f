//! From a request to an event, whatever is in it.

use std::sync::Arc;

use leonardo_ai::http::{HeaderMap, HeaderValue, StatusCode};
use leonardo_ai::models::{GenerationId, JobStatus, PresetStyle, Scheduler, SdVersion, TrainingStrength};
use leonardo_ai::webhook::{Deduplicator, Event, EventData, EventType, Receiver, WebhookError};
use proptest::prelude::*;
use serde_json::{Value, json};

pub const SAMPLE: &str = include_str!("../fixtures/webhook-image-generation-complete.json");
pub const ID: &str = "75925cd2-fb65-4e8c-84c0-6cc010a528e3";
pub const CALLBACK_KEY: &str = "callback-Key-0001";
/// The keys in the sample.
const API_KEY: &str = "99999999-8888-4777-8666-555555555555";
const SAMPLE_CALLBACK_KEY: &str = "abcd";

fn receiver() -> Receiver {
    Receiver::new([CALLBACK_KEY]).unwrap()
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::try_from(format!("Bearer {CALLBACK_KEY}")).unwrap());
    headers
}

fn receive(body: impl AsRef<[u8]>) -> Result<Event, WebhookError> {
    receiver().receive(&headers(), body.as_ref())
}

fn sample() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

/// The sample with another value, or with a further field, in its object.
fn changed(pointer: &str, value: Value) -> Value {
    let mut sample = sample();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    sample.pointer_mut(parent).unwrap()[name] = value;
    sample
}

/// Everything that an event shows.
fn shown(event: &Event) -> String {
    format!("{event:?} {event:#?} {}", serde_json::to_string(event).unwrap())
}

#[test]
fn the_documented_event_is_read_in_full() {
    let event = receive(SAMPLE).unwrap();
    assert_eq!(event.r#type, EventType::ImageGenerationComplete);
    assert_eq!((event.object.as_deref(), event.api_version.as_deref()), (Some("generation"), Some("v1")));
    assert_eq!(event.timestamp, Some(1_699_490_546_932));
    let since_1970 = event.sent_at().unwrap().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since_1970.as_millis(), 1_699_490_546_932);
    assert_eq!((event.generation_id(), event.id()), (Some(ID), Some(ID)));
    let generation = event.generation().unwrap();
    assert!(generation.is_complete());
    assert_eq!((generation.seed, generation.quantity), (Some(905_778_432), Some(1)));
    assert_eq!(generation.scheduler, Some(Scheduler::EulerDiscrete));
    assert_eq!(generation.sd_version, Some(SdVersion::V2));
    assert_eq!(generation.api_dollar_cost.as_deref(), Some("9"));
    assert_eq!(generation.created_at.as_ref().unwrap().unix_millis(), Some(1_699_490_542_707));
    assert_eq!(generation.model.as_ref().unwrap().name, "Leonardo Creative");
    let [image] = &generation.images[..] else { panic!("{:?}", generation.images) };
    assert_eq!(image.url, "https://cdn.leonardo.ai/users/1/generations/2/cat_0.jpg");
    assert_eq!(image.generation_id.as_ref().unwrap(), ID);
}

/// Fields of the full payload, and of its model, that the sample does not have.
fn full() -> Value {
    let mut full = sample();
    let object = full.pointer_mut("/data/object").unwrap().as_object_mut().unwrap();
    let more = json!({
        "initGeneratedImageId": "i-1", "initImageId": "i-2", "initStrength": 0.4, "initType": "UPLOADED",
        "initUpscaledImageId": "i-3", "imageAspectRatio": "1:1", "presetStyle": "DYNAMIC", "category": "c", "alchemy": true,
        "canvasInitImageId": "i-4", "canvasMaskImageId": "i-5", "poseImage2Image": true,
        "poseImage2ImageType": "POSE", "poseImage2ImageWeight": 0.5, "imagePromptStrength": 0.45, "contrastRatio": 0.5,
        "highResolution": true, "expandedDomain": true, "promptMagicVersion": "v3", "promptMagicStrength": 0.25,
        "photoRealStrength": 0.55, "unzoom": true, "unzoomAmount": 1.5,
    });
    object.extend(more.as_object().unwrap().clone());
    object["images"][0]["nobgId"] = json!("v-1");
    let model = json!({
        "classPrompt": "a cat", "coreModel": "SD", "initDatasetId": "d-1", "trainingEpoch": 100, "trainingSteps": 500,
        "tokenCost": 0, "batchSize": 4, "learningRate": 0.000002, "trainingStrength": "MEDIUM", "featured": true,
        "featuredImageId": "i-6", "featuredPosition": 2, "favouriteCount": 3, "imageCount": 4,
        "enhancedModeration": false, "apiDollarCost": "1.5", "apiKeyId": "k-1", "modelLRN": "lrn:model",
    });
    object["model"].as_object_mut().unwrap().extend(model.as_object().unwrap().clone());
    full
}

#[test]
fn every_field_of_the_full_payload_is_kept_but_the_keys() {
    let mut full = full();
    let event = receive(full.to_string()).unwrap();
    let generation = event.generation().unwrap();
    assert_eq!(generation.preset_style, Some(PresetStyle::Dynamic));
    assert_eq!(generation.model.as_ref().unwrap().training_strength, Some(TrainingStrength::Medium));
    // Written, it is what came without the keys; a seed is a number.
    let object = full.pointer_mut("/data/object").unwrap();
    object.as_object_mut().unwrap().remove("apiKey").unwrap();
    object["seed"] = json!(905_778_432);
    assert_eq!(serde_json::to_value(&event).unwrap(), full);
}

#[test]
fn a_strange_field_hides_nothing_else() {
    let full = full();
    let mut pointers = Vec::new();
    fn all(value: &Value, at: &str, pointers: &mut Vec<String>) {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (name, value) in below {
            let pointer = format!("{at}/{name}");
            all(value, &pointer, pointers);
            pointers.push(pointer);
        }
    }
    all(&full, "", &mut pointers);
    let needed = ["/type", "/data", "/data/object", "/data/object/id"];
    assert!(pointers.len() > 100);
    for pointer in pointers.iter().filter(|pointer| !needed.contains(&pointer.as_str())) {
        for strange in
            [json!(null), json!({"a": [1]}), json!([[]]), json!(1e300), json!(-1), json!("\u{0}"), json!(true)]
        {
            let mut body = full.clone();
            *body.pointer_mut(pointer).unwrap() = strange.clone();
            let event = receive(body.to_string()).unwrap_or_else(|error| panic!("{pointer} {strange}: {error}"));
            assert_eq!(event.generation_id(), Some(ID), "{pointer} {strange}");
            assert!(!shown(&event).contains(API_KEY));
        }
    }
    // A number is an id as well.
    assert_eq!(receive(changed("/data/object/id", json!(17)).to_string()).unwrap().id(), Some("17"));
}

#[test]
fn other_types_are_kept_without_credentials() {
    let mut body = changed("/type", json!("motion_generation.failed"));
    body["data"]["object"]["apiKey"]["key"] = json!(API_KEY.to_uppercase());
    body["data"]["object"]["note"] = json!(format!("asked for with {API_KEY}, told with {CALLBACK_KEY}"));
    let event = receive(body.to_string()).unwrap();
    assert_eq!(event.r#type, EventType::Unknown("motion_generation.failed".into()));
    assert_eq!((event.generation_id(), event.id(), event.generation()), (Some(ID), Some(ID), None));
    let EventData::Other(fields) = &event.data else { panic!("{event:?}") };
    let object = &fields["data"]["object"];
    assert_eq!(
        (&object["prompt"], &object["apiKeyId"]),
        (&json!("An oil painting of a cat"), &body["data"]["object"]["apiKeyId"])
    );
    assert_eq!((object.get("apiKey"), object.get("note")), (None, None));
    let shown = shown(&event).to_lowercase();
    for key in [API_KEY, SAMPLE_CALLBACK_KEY, CALLBACK_KEY] {
        assert!(!shown.contains(&key.to_lowercase()), "{shown}");
    }
    assert!(!shown.contains("webhookcallback"));

    // What it is about may not be a generation, or not be told.
    let of = |body: Value| receive(body.to_string()).unwrap();
    let variation = of(json!({"type": "variation.complete", "data": {"object": {"id": "v-1", "generationId": "g-1"}}}));
    assert_eq!((variation.generation_id(), variation.id()), (Some("g-1"), Some("v-1")));
    let ping = of(json!({"type": "ping", "data": []}));
    assert_eq!((ping.generation_id(), ping.id()), (None, None));
    let nameless = of(json!({"data": {"object": {"id": "g-1"}}}));
    assert_eq!((nameless.r#type.as_str(), nameless.id()), ("", Some("g-1")));
}

#[test]
fn what_is_refused_says_what_to_respond_with() {
    let no_id = |body: Value| assert_eq!(receive(body.to_string()), Err(WebhookError::NoId), "{body}");
    for id in [json!(null), json!(""), json!(" "), json!({}), json!(1.5)] {
        no_id(changed("/data/object/id", id));
    }
    no_id(changed("/data/object", json!(null)));
    no_id(changed("/data", json!([])));
    no_id(json!({}));
    no_id(json!({"type": " ", "data": {}}));
    assert_eq!(WebhookError::NoId.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let deep = format!("{{\"type\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [(&[u8], &str); 9] = [
        (b"", "not an object"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b"\"text\"", "not an object"),
        (b"{\"type\":\"t\"", "not an object"),
        (b"{} {}", "not an object"),
        (b"<html>", "not an object"),
        (b"\xff{}", "not UTF-8"),
        (deep.as_bytes(), "not an object"),
    ];
    for (body, says) in cases {
        let error = receive(body).unwrap_err();
        assert!(
            matches!(error, WebhookError::NotJson { .. }) && error.to_string().contains(says),
            "{error:?}: {error}"
        );
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    }

    let mut none = headers();
    none.remove("authorization");
    let mut wrong = headers();
    wrong.insert("authorization", HeaderValue::from_static("Bearer callback-Key-0002"));
    for (headers, expected) in [(none, WebhookError::NoKey), (wrong, WebhookError::WrongKey)] {
        // Of the body of such a request nothing is looked at.
        for body in [SAMPLE.as_bytes(), b"\xff", &[b' '; 2_000_000]] {
            let error = receiver().receive(&headers, body).unwrap_err();
            assert_eq!((&error, error.status()), (&expected, StatusCode::UNAUTHORIZED));
            assert!(!format!("{error} {error:?}").to_lowercase().contains("key-00"), "{error:?}");
        }
    }
}

#[test]
fn the_id_is_told_if_what_follows_cannot_be_read() {
    for body in [&SAMPLE.as_bytes()[..400], &[&SAMPLE.as_bytes()[..400], b"\xff\xfe"].concat()] {
        let error = receive(body).unwrap_err();
        assert!(matches!(error, WebhookError::NotJson { .. }));
        assert_eq!(error.generation_id(), Some(ID));
    }
    // JavaScript writes half a character so.
    let error = receive(SAMPLE.replace("An oil", "\\ud83d An oil")).unwrap_err();
    assert_eq!(error.generation_id(), Some(ID));
    assert!(receive(&SAMPLE.as_bytes()[..60]).unwrap_err().generation_id().is_none());
}

#[test]
fn bodies_and_what_they_take_in_memory_are_bounded() {
    let small = receiver().max_bytes(SAMPLE.len());
    assert!(small.receive(&headers(), SAMPLE.as_bytes()).is_ok());
    let longer = format!("{SAMPLE} ");
    let refused = small.receive(&headers(), longer.as_bytes()).unwrap_err();
    assert!(matches!(refused, WebhookError::TooLarge { limit, .. } if limit == SAMPLE.len()), "{refused:?}");
    assert_eq!((refused.status(), small.limit()), (StatusCode::PAYLOAD_TOO_LARGE, SAMPLE.len()));
    // Not parsed: it is no JSON.
    let garbage = vec![b'{'; Receiver::DEFAULT_MAX_BYTES + 1];
    assert!(matches!(receive(&garbage), Err(WebhookError::TooLarge { .. })));

    // A few bytes each on the wire, and a few hundred in memory.
    let images = changed("/data/object/images", json!(vec![json!({}); 300_000]));
    assert!(matches!(receive(images.to_string()), Err(WebhookError::TooLarge { .. })));
    let other = json!({"type": "t", "list": vec![json!({}); 300_000]});
    assert!(matches!(receive(other.to_string()), Err(WebhookError::TooLarge { .. })));
}

#[test]
fn repeated_events_are_told() {
    let of = |kind: &str, id: u32| {
        receive(json!({"type": kind, "data": {"object": {"id": id.to_string()}}}).to_string()).unwrap()
    };
    let seen = Deduplicator::new(100);
    assert!(seen.is_first(&of("a", 1)) && !seen.is_first(&of("a", 1)));
    assert!(seen.is_first(&of("b", 1)) && seen.is_first(&of("a", 2)));
    seen.forget(&of("a", 1));
    assert!(seen.is_first(&of("a", 1)) && !seen.is_first(&of("a", 1)));
    // The oldest are forgotten first, and no more are kept than that.
    for id in 3..=99 {
        assert!(seen.is_first(&of("a", id)));
    }
    assert_eq!(format!("{seen:?}"), "Deduplicator { capacity: 100, remembered: 100 }");
    assert!(!seen.is_first(&of("b", 1)));
    assert!(seen.is_first(&of("a", 100)) && seen.is_first(&of("b", 1)) && !seen.is_first(&of("a", 99)));
    // What was forgotten and came again is as new as it was the second time.
    let seen = Deduplicator::new(2);
    assert!(seen.is_first(&of("a", 1)));
    seen.forget(&of("a", 1));
    assert!(seen.is_first(&of("a", 1)) && seen.is_first(&of("a", 2)) && !seen.is_first(&of("a", 1)));
    let nameless = receive(r#"{"type":"ping"}"#).unwrap();
    assert!(seen.is_first(&nameless) && seen.is_first(&nameless));
}

#[test]
fn of_many_threads_one_is_first() {
    let (seen, event) = (Arc::new(Deduplicator::default()), receive(SAMPLE).unwrap());
    let firsts = (0..8).map(|_| {
        let (seen, event) = (seen.clone(), event.clone());
        std::thread::spawn(move || (0..100).filter(|_| seen.is_first(&event)).count())
    });
    let firsts: Vec<_> = firsts.collect();
    assert_eq!(firsts.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>(), 1);
}

/// Any JSON, not too large.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        let name = prop_oneof![
            "[a-z]{0,4}",
            Just("id".to_owned()),
            Just("images".to_owned()),
            Just("apiKey".to_owned()),
            Just("$serde_json::private::Number".to_owned()),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_a_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = receive(body);
    }

    #[test]
    fn no_part_of_the_sample_is_a_panic_or_shows_a_key(
        start in 0..SAMPLE.len(), length in 0..SAMPLE.len(), with in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut body = SAMPLE.as_bytes().to_vec();
        let end = (start + length).min(body.len());
        body.splice(start..end, with);
        // Of a key that is cut off its name, and stands in an id, nobody can tell what it is.
        let cut = String::from_utf8_lossy(&body);
        prop_assume!(!cut.contains(API_KEY) || cut.contains(&format!("\"key\":\"{API_KEY}\"")));
        let text = match receive(body) {
            Ok(event) => shown(&event),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!text.contains(API_KEY));
    }

    #[test]
    fn whatever_stands_in_a_field_the_id_is_kept(at in any::<prop::sample::Index>(), value in any_json(), known in any::<bool>()) {
        let mut body = full();
        if !known {
            body["type"] = json!("another");
        }
        let object = body.pointer_mut("/data/object").unwrap().as_object_mut().unwrap();
        let name = at.get(&object.keys().cloned().collect::<Vec<_>>()).clone();
        if name != "id" {
            object.insert(name, value);
        }
        let event = receive(body.to_string()).unwrap();
        prop_assert_eq!(event.generation_id(), Some(ID));
        prop_assert!(!shown(&event).contains(API_KEY));
    }
}

#[cfg(feature = "test-util")]
#[test]
fn events_can_be_made_for_tests() {
    let generation = leonardo_ai::models::WebhookGeneration::default().id(ID).status(JobStatus::Complete);
    let event = Event::complete(generation);
    assert_eq!(receive(serde_json::to_string(&event).unwrap()).unwrap(), event);
}

#[test]
fn ids_are_those_of_generations() {
    let event = receive(SAMPLE).unwrap();
    assert_eq!(event.generation().unwrap().id, GenerationId::from(ID));
    assert_eq!(event.generation().unwrap().status, JobStatus::Complete);
}

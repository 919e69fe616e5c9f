//! The samples, and what becomes of them when they are changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id, user_get_user_self,
};
use leonardo_ai::http::{HeaderMap, StatusCode};
use leonardo_ai::models::{
    ApiErrorBody, Cost, CostUnit, CreateGenerationRequest, DeletedGeneration, GeneratedImage, Generation,
    GenerationJob, GetGenerationsByUserIdRequest, ImageVariation, JobStatus, Scheduler, SdVersion, UserDetails,
    VariationType,
};
use leonardo_ai::{ApiErrorKind, DecodeReason, Error, TransportResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{ERRORS_IN_200, USER, WEBHOOK, parse, pointers, responding, rich_generation, wait};
use crate::common::{CREATED, DELETED, GENERATION, ID, KEY, ME, double};

#[test]
fn the_samples_decode_to_what_is_known_of_them() {
    wait(async {
        let job = image_create_generation(&responding(CREATED), CreateGenerationRequest::default()).await.unwrap();
        assert_eq!(job.generation_id.as_str(), ID);
        assert_eq!(job.api_credit_cost, None);
        let cost = job.cost.unwrap();
        assert_eq!((&*cost.amount, cost.amount_f64(), cost.unit), ("0.0147", Some(0.0147), CostUnit::Dollars));

        let generation = image_get_generation_by_id(&responding(GENERATION), ID).await.unwrap();
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

        let me = user_get_user_self(&responding(ME)).await.unwrap();
        let user = me.user.unwrap();
        assert_eq!((user.id.as_str(), user.username.as_deref()), (USER, Some("example-user")));
        assert_eq!((me.paid_tokens, me.api_paid_tokens), (Some(12.4567), Some(12.4567)));
        assert_eq!((me.subscription_tokens, me.api_concurrency_slots), (Some(0.0), Some(10)));
        assert_eq!((me.token_renewal_date, me.api_plan_token_renewal_date), (None, None));

        assert_eq!(image_delete_generation_by_id(&responding(DELETED), ID).await.unwrap().id.as_str(), ID);

        let core = responding(ERRORS_IN_200);
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
        let core = responding(&page);
        let list = wait(image_get_generations_by_user_id(&core, USER, Default::default())).unwrap();
        let ids: Vec<_> = list.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, [ID, ID, "g"], "{odd}");
        assert_eq!((list[0].seed, list[1].image_width), (Some(905_778_432), 512), "{odd}");
    }
    // What is no list at all is no page.
    for odd in [json!(7), json!("x"), json!({}), good] {
        let core = responding(&json!({"generations": odd}).to_string());
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
        Ok(crate::common::response(200, &[], &records))
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
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);
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
        let (log, core) = (Log::default(), responding(&json!({"generations": generations}).to_string()));
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            wait(image_get_generations_by_user_id(&core, USER, Default::default())).unwrap();
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(!log.contains("s3cr3t"), "{log}");
        log.lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
    };
    // A span that another test's thread enters first, without a subscriber, is off until the next subscriber is made.
    reports(&json!([{"id": "g", "public": "s3cr3t"}]));
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

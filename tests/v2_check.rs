//! What `v2_check` promises.
#![cfg(feature = "v2-check")]

use leonardo_ai::Error;
use leonardo_ai::funcs::{V2Check, V2NotChecked, V2Warning, v2_check};
use leonardo_ai::models::*;
use serde_json::{Value, json};

fn details(id: &str, name: &str, schema: Value) -> V2ModelDetails {
    serde_json::from_value(json!({"id": id, "name": name, "parameters": schema})).unwrap()
}

/// A schema as the service's are: pairs in `allOf`, and the fields.
fn schema(pairs: &[(u32, u32)]) -> Value {
    let only = |side: u32| json!({"enum": [side]});
    let pair = |(width, height): &(u32, u32)| json!({"type": "object", "properties": {"width": only(*width), "height": only(*height)}});
    let mut all: Vec<Value> = pairs.iter().map(pair).collect();
    all.insert(0, json!({"type": "object", "required": ["width"], "properties": {"width": only(0)}}));
    let sizes = if pairs.is_empty() { json!([{}]) } else { json!([{"anyOf": all}, {}]) };
    json!({
        "type": "object",
        "allOf": sizes,
        "required": ["prompt"],
        "additionalProperties": false,
        "properties": {
            "prompt": {"type": "string", "minLength": 1, "maxLength": 20},
            "width": {"type": "integer", "minimum": 0, "maximum": 6336},
            "height": {"type": "integer"},
            "quantity": {"type": "integer", "minimum": 1, "maximum": 8},
            "seed": {"type": "integer", "minimum": 0, "maximum": 99},
            "quality": {"type": "string", "enum": ["LOW", "HIGH"]},
            "duration": {"type": "number", "multipleOf": 5},
            "tiling": {"type": "boolean"},
            "style_ids": {"type": "array", "maxItems": 1, "items": {"type": "string", "format": "uuid"}},
            "guidances": {
                "type": "object",
                "properties": {
                    "image_reference": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["image", "strength"],
                            "properties": {
                                "image": {"type": "object", "properties": {"data": {"type": "string", "maxLength": 9}}},
                                "strength": {"enum": ["LOW", "MID"]},
                            },
                        },
                    },
                },
            },
        },
    })
}

fn checked(model: V2Model, schema: Value, parameters: V2Parameters) -> Result<V2Check, Violations> {
    let models = [details("another", "Another", json!({})), details("its-own", model.title().unwrap(), schema)];
    v2_check(&models, &CreateV2GenerationRequest::new(model, parameters))
}

fn found(schema: Value, parameters: V2Parameters) -> Vec<String> {
    let found = checked(V2Model::Kling2_6, schema, parameters).unwrap_err();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn parameters_that_keep_to_the_schema_pass() {
    let parameters = V2Parameters::new("a pier").width(1920).height(1080).quantity(8).seed(99).quality("HIGH");
    let parameters = parameters.style_ids(vec![V2Parameters::STYLE_NONE.to_owned()]).duration(10.0);
    assert_eq!(checked(V2Model::Kling2_6, schema(&[(1920, 1080)]), parameters), Ok(V2Check::Passed));
    assert_eq!(checked(V2Model::Kling2_6, schema(&[]), V2Parameters::new("a pier")), Ok(V2Check::Passed));
}

#[test]
fn whatever_is_wrong_is_told_at_once_with_its_field() {
    let reference = V2Guidance::from_image(V2GuidanceImage::from_base64("s3cr3t".repeat(99)));
    let wrong = V2Guidance { strength: Some(V2GuidanceStrength::Ultra), ..reference.clone() };
    let parameters = V2Parameters::new("a pier at the end of the day")
        .width(7000)
        .quantity(9)
        .seed(100)
        .quality("MEDIUM")
        .duration(7.0)
        .style_ids(vec!["dynamic".to_owned()])
        .guidances(V2Guidances::default().image_reference(vec![reference, wrong]))
        .extra("tiling", "yes")
        .extra("frame_interpolation", false);
    let mut all = found(schema(&[]), parameters);
    all.sort_unstable();
    assert_eq!(
        all,
        [
            "parameters.duration: it is 7 and must be a multiple of 5; take the nearest one",
            "parameters.frame_interpolation: it is false and is none of kling-2.6; leave it out",
            "parameters.guidances.image_reference[0].image.data: it is 594 characters long and must have at most 9 \
             characters; shorten it",
            "parameters.guidances.image_reference[0].strength: it is not set and is needed by kling-2.6; set it",
            "parameters.guidances.image_reference[1].image.data: it is 594 characters long and must have at most 9 \
             characters; shorten it",
            "parameters.guidances.image_reference[1].strength: it is \"ULTRA\" and must be one of \"LOW\", \"MID\"; \
             take one of those",
            "parameters.prompt: it is \"a pier at the end of the day\" and must have at most 20 characters; shorten it",
            "parameters.quality: it is \"MEDIUM\" and must be one of \"LOW\", \"HIGH\"; take one of those",
            "parameters.quantity: it is 9 and must be at most 8; lower it to 8",
            "parameters.seed: it is 100 and must be at most 99; lower it to 99",
            "parameters.style_ids[0]: it is \"dynamic\" and must have the form uuid; correct it",
            "parameters.tiling: it is \"yes\" and must be of type boolean; correct it",
            "parameters.width: it is 7000 and must be at most 6336; lower it to 6336",
        ]
    );
    let needed = found(schema(&[]), V2Parameters::default());
    assert_eq!(needed, ["parameters.prompt: it is not set and is needed by kling-2.6; set it"]);
}

#[test]
fn bounds_that_are_excluded_in_the_older_way_are_read() {
    let schema = json!({"properties": {"seed": {"maximum": 100, "exclusiveMaximum": true}}});
    assert_eq!(checked(V2Model::Kling2_6, schema.clone(), V2Parameters::default().seed(99)), Ok(V2Check::Passed));
    let message = "parameters.seed: it is 100 and must be less than 100; lower it";
    assert_eq!(found(schema, V2Parameters::default().seed(100)), [message]);
}

#[test]
fn violations_become_an_error_that_nothing_was_sent_for() {
    let error = Error::from(checked(V2Model::Kling2_6, schema(&[]), V2Parameters::default()).unwrap_err());
    assert_eq!(
        error.to_string(),
        "v2_check failed: parameters.prompt: it is not set and is needed by kling-2.6; set it. Nothing was sent."
    );
}

#[test]
fn a_pair_that_is_none_of_the_models_is_a_violation() {
    let pairs = schema(&[(1920, 1080), (1440, 1440)]);
    let of = |width, height| found(pairs.clone(), V2Parameters::new("p").width(width).height(height));
    let message = "parameters.width: it is 1920 x 1440 and must be, with the height, one of 1920 x 1080, 1440 x 1440; \
                   take one of the pairs of the model";
    assert_eq!(of(1920, 1440), [message]);
    let wide = found(pairs.clone(), V2Parameters::new("p").width(1000));
    assert!(wide[0].starts_with("parameters.width: it is 1000 and must be"), "{wide:?}");
}

#[test]
fn a_pair_that_becomes_a_square_is_a_warning() {
    let square = |model: V2Model, schema: &Value, width, height| match checked(
        model,
        schema.clone(),
        V2Parameters::new("p").width(width).height(height),
    )
    .unwrap()
    {
        V2Check::Passed => false,
        V2Check::Warned(warnings) => {
            let [V2Warning::BecomesSquare { width: w, height: h, .. }] = warnings[..] else { panic!("{warnings:?}") };
            assert_eq!((w, h), (u64::from(width), u64::from(height)));
            assert!(warnings[0].to_string().starts_with(&format!("{width} x {height} is no pair")));
            true
        }
        other => panic!("{other:?}"),
    };
    // By the pairs of the schema, which count alone where there are any.
    let own = schema(&[(1024, 1024), (832, 1248)]);
    for (model, is_warned) in [(V2Model::Gemini2_5FlashImage, true), (V2Model::NanoBanana2, true)] {
        assert!(!square(model.clone(), &own, 832, 1248) && !square(model.clone(), &own, 0, 0));
        assert!(!square(model.clone(), &own, 2048, 2048), "a square stays one");
        assert_eq!(square(model, &own, 1248, 832), is_warned);
    }
    // By those that are documented, where the schema lists none.
    let none = schema(&[]);
    for model in [V2Model::NanoBanana2, V2Model::NanoBanana2Lite, V2Model::GeminiImage2] {
        for (width, height) in [(1376, 768), (2752, 1536), (6336, 2688), (1024, 1024), (0, 768)] {
            assert!(!square(model.clone(), &none, width, height), "{model}: {width} x {height}");
        }
        for (width, height) in [(1376, 848), (1376, 1536), (4128, 2304), (2753, 1537)] {
            assert!(square(model.clone(), &none, width, height), "{model}: {width} x {height}");
        }
    }
    // Of the first one no pair is documented, and other models make what they are asked for.
    assert!(!square(V2Model::Gemini2_5FlashImage, &none, 1344, 896));
    assert!(!square(V2Model::LucidOrigin, &none, 1376, 848));
}

#[test]
fn a_model_is_found_by_its_id_then_by_its_title() {
    let request = CreateV2GenerationRequest::new(V2Model::Motion2_0, V2Parameters::default());
    let id = V2Model::Motion2_0.catalogue_id().unwrap();
    let (strict, lax) = (schema(&[]), json!({"type": "object"}));
    let by_id = [details("x", "Motion 2.0", lax.clone()), details(id, "Renamed", strict.clone())];
    assert!(v2_check(&by_id, &request).is_err());
    let by_title = [details("x", "Motion 2.0", strict), details("y", "Motion 2.0 Fast", lax.clone())];
    assert!(v2_check(&by_title, &request).is_err());

    let not_checked = |models: &[V2ModelDetails], request| match v2_check(models, request) {
        Ok(V2Check::NotChecked(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let twice = [details("x", "Motion 2.0", lax.clone()), details("y", "Motion 2.0", lax.clone())];
    assert_eq!(not_checked(&twice, &request), V2NotChecked::NoModel);
    assert_eq!(not_checked(&[], &request), V2NotChecked::NoModel);
    let newer = CreateV2GenerationRequest::new("acme/newer-1", V2Parameters::default());
    assert_eq!(not_checked(&[details("acme/newer-1", "acme/newer-1", lax)], &newer), V2NotChecked::NoModel);
    assert_eq!(not_checked(&[details(id, "", Value::Null)], &request), V2NotChecked::NoSchema);
    for bad in [json!({"type": 7}), json!({"$ref": "https://example.com/schema.json"}), json!({"pattern": "("})] {
        let reason = not_checked(&[details(id, "", bad)], &request);
        assert!(matches!(&reason, V2NotChecked::BadSchema(reason) if !reason.is_empty()), "{reason}");
    }
}

#[test]
fn ids_of_the_catalogue_are_those_of_version_1() {
    for (model, id) in [
        (V2Model::PhoenixV1_0, ModelId::PHOENIX_1_0),
        (V2Model::LucidOrigin, ModelId::LUCID_ORIGIN),
        (V2Model::LightningXl, ModelId::LIGHTNING_XL),
    ] {
        assert_eq!(model.catalogue_id(), Some(id));
    }
    let ids: Vec<_> = V2Model::KNOWN.iter().filter_map(V2Model::catalogue_id).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (23, 23));
    assert_eq!(V2Model::from("newer").title(), None);
}

//! Each limit and each rule of the table: what keeps to it passes, and what is beyond it fails with the right field.

use std::collections::{BTreeMap, BTreeSet};

use leonardo_ai::models::*;
use leonardo_ai::operations::TABLE;
use leonardo_ai::{Effect, Error};
use serde_json::{Value, json};

use crate::requests::{OPERATIONS, check, fields};
use crate::table::{Table, filled};

fn checked(operation: &str, mut request: Value) -> Result<(), Violations> {
    filled(&mut request, &BTreeMap::from([("JPEG", "data:image/jpeg;base64,/9j/".to_owned())]));
    check(operation, request)
}

#[test]
fn every_request_of_version_1_that_costs_credits_can_be_checked() {
    // It has no request.
    let without = ["prompt_prompt_random"];
    let billable = TABLE.iter().filter(|line| line.effect == Effect::Billable && line.path.starts_with("/v1/"));
    let billable: BTreeSet<_> = billable.map(|line| line.name).filter(|name| !without.contains(name)).collect();
    assert_eq!(billable, OPERATIONS.iter().copied().collect());
    let table = Table::read();
    assert_eq!(table.bases.keys().map(String::as_str).collect::<BTreeSet<_>>(), billable);
    for operation in OPERATIONS {
        assert_eq!(checked(operation, table.request(operation, &Default::default())), Ok(()), "{operation}");
    }
}

#[test]
fn a_value_at_a_bound_passes_and_one_beyond_it_is_named() {
    let table = Table::read();
    let (mut at, mut beyond) = (0, 0);
    for limit in &table.limits {
        for value in limit.at() {
            let request = table.with_value(limit, &value);
            assert_eq!(checked(&limit.operation, request.clone()), Ok(()), "{}: {request}", limit.operation);
            at += 1;
        }
        for (value, bound) in limit.beyond() {
            let request = table.with_value(limit, &value);
            let found = checked(&limit.operation, request.clone());
            assert_eq!(fields(&found), [limit.field.as_str()], "{}: {request}", limit.operation);
            let found = found.unwrap_err();
            let violation = &found.as_slice()[0];
            assert!(violation.bound.contains(&bound), "{violation}: {bound}");
            assert!(!violation.advice.is_empty() && violation.to_string().starts_with(&limit.field), "{violation}");
            beyond += 1;
        }
    }
    assert!(at > 100 && beyond > 100, "{at} and {beyond}");
}

#[test]
fn what_fields_have_to_do_with_one_another() {
    let table = Table::read();
    for rule in &table.rules {
        for with in &rule.passes {
            let request = table.request(&rule.operation, with);
            assert_eq!(checked(&rule.operation, request.clone()), Ok(()), "{}: {request}", rule.rule);
        }
        for fails in &rule.fails {
            let request = table.request(&rule.operation, &fails.with);
            let found = checked(&rule.operation, request.clone());
            assert_eq!(fields(&found), fails.fields, "{}: {request}", rule.rule);
        }
    }
}

#[test]
fn texts_that_the_service_insists_on_must_not_be_blank() {
    let table = Table::read();
    for (operation, field) in [
        ("elements_create_element", "datasetId"),
        ("image_create_generation", "prompt"),
        ("models_create_model", "datasetId"),
        ("models_create_model", "instance_prompt"),
        ("motion_create_image_to_video_generation", "prompt"),
        ("motion_create_image_to_video_generation", "imageId"),
        ("motion_create_svd_motion_generation", "imageId"),
        ("motion_create_text_to_video_generation", "prompt"),
        ("motion_create_video_upscale", "sourceGenerationId"),
        ("prompt_prompt_improve", "prompt"),
        ("realtime_canvas_create_lcm_generation", "prompt"),
        ("realtime_canvas_perform_alchemy_upscale_lcm", "prompt"),
        ("realtime_canvas_perform_inpainting_lcm", "prompt"),
        ("realtime_canvas_perform_instant_refine", "prompt"),
        ("variation_create_variation_no_bg", "id"),
        ("variation_create_variation_unzoom", "id"),
        ("variation_create_variation_upscale", "id"),
    ] {
        for blank in ["", " \n"] {
            let request = table.request(operation, json!({(field): blank}).as_object().unwrap());
            assert_eq!(fields(&checked(operation, request)), [field], "{operation}");
        }
    }
}

#[test]
fn everything_is_found_at_once() {
    let request =
        CreateGenerationRequest::new("a pier").num_images(9).width(1001).contrast(2.0).guidance_scale(f64::NAN);
    let found = request.check().unwrap_err();
    assert_eq!(fields(&Err(found.clone())), ["contrast", "guidance_scale", "num_images", "width"]);
    assert_eq!(
        found.to_string(),
        "contrast: it is 2 and must be 1, 1.3, 1.8, 2.5, 3, 3.5, 4 or 4.5; take 1.8. \
         guidance_scale: it is NaN and must be at least 1; give it a number. \
         num_images: it is 9 and must be from 1 to 4 when a side is longer than 768 pixels; lower it to 4. \
         width: it is 1001 and must be a multiple of 8; take 1000 or 1008"
    );
    assert_eq!(found.iter().count(), 4);
    assert_eq!(found.as_slice(), found.clone().into_iter().collect::<Vec<_>>());
}

#[test]
fn a_violation_is_an_error_that_names_the_first_field_and_keeps_all() {
    let request = CreateGenerationRequest::new("x".repeat(1502)).num_images(0).width(512).height(512);
    let found = request.check().unwrap_err();
    let error = Error::from(request.checked().unwrap_err());
    let Error::InvalidRequest(invalid) = &error else { panic!("{error}") };
    assert_eq!((&*invalid.field, invalid.violations()), ("num_images", Some(&found)));
    assert!(!error.may_have_been_charged() && error.call().is_some_and(|call| call.attempts == 0));
    let message = "CreateGenerationRequest::check failed: num_images: it is 0 and must be from 1 to 8; raise it to 1. \
                   prompt: it is 1502 characters long and must have at most 1500 characters; shorten it by 2. \
                   Nothing was sent.";
    assert_eq!(error.to_string(), message);
    assert_eq!(format!("{error:?}"), format!("InvalidRequest({message})"));
}

#[test]
fn what_is_newer_than_the_crate_is_no_violation() {
    let table = Table::read();
    for (operation, with) in [
        ("image_create_generation", json!({"presetStyle": "NEWER", "alchemy": false, "newer": 1})),
        ("image_create_generation", json!({"photoReal": true, "photoRealVersion": "v3", "presetStyle": "ANIME"})),
        ("elements_create_element", json!({"sd_version": "NEWER", "num_train_epochs": 999, "instance_prompt": null})),
        ("elements_create_element", json!({"sd_version": "FLUX_DEV", "lora_focus": "Newer", "num_train_epochs": 999})),
        ("models_create_model", json!({"sd_version": "NEWER"})),
        (
            "motion_create_image_to_video_generation",
            json!({"model": "NEWER", "seed": 9_999_999_999_i64, "elements": []}),
        ),
        ("motion_create_image_to_video_generation", json!({"model": "KLING2_5", "resolution": "RESOLUTION_2160"})),
        ("motion_create_text_to_video_generation", json!({"model": "NEWER", "seed": 9_999_999_999_i64})),
        ("motion_create_video_upscale", json!({"resolution": "RESOLUTION_2160"})),
    ] {
        let request = table.request(operation, with.as_object().unwrap());
        assert_eq!(checked(operation, request.clone()), Ok(()), "{operation}: {request}");
    }
}

#[test]
fn what_stands_in_extra_is_no_violation_and_counts_as_set() {
    let mut request = CreateGenerationRequest::new("a pier").extra("num_images", 99).extra("width", "wide");
    request.num_images = None;
    request.width = None;
    assert_eq!(request.check(), Ok(()));
    let request =
        CreateGenerationRequest::new("a pier").unzoom(true).extra("unzoomAmount", 2).extra("init_image_id", "i");
    assert_eq!(request.check(), Ok(()));
    let mut request = CreateUniversalUpscalerJobRequest::generated("i").extra("generatedImageId", "i");
    request.generated_image_id = None;
    assert_eq!(request.check(), Ok(()));
}

#[test]
fn neither_pictures_nor_addresses_are_in_what_is_found() {
    let address = format!("https://h/a.jpg?X-Amz-Signature=s3cr3t,{}", "x".repeat(100));
    for picture in [&address, "https://h/a.jpg?s3cr3t,", &format!("data:image/png;base64,{}", "s3cr3t".repeat(100))] {
        let found = CreateLcmGenerationRequest::new(picture, "p").check().unwrap_err();
        let shown = format!("{found} {found:?} {:?}", Error::from(found.clone()));
        assert!(!shown.contains("s3cr3t") && shown.contains("must begin with data:image/jpeg;base64,"), "{shown}");
    }
}

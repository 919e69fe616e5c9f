//! What is checked here and what the emulator checks, which knows nothing of the models: a request that it takes is not
//! refused, and one that is refused for its range is refused by it as well, where it looks at that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::operations::TABLE;
use leonardo_ai::{LeonardoCore, reqwest};
use leonardo_ai_emulator::{Emulator, Limits};
use serde_json::Value;

use crate::requests::{OPERATIONS, check, fields};
use crate::table::{Table, filled};

/// What the emulator takes though it is refused here, since it does not look at it.
const NOT_LOOKED_AT: &[(&str, &str)] = &[
    // It takes any contrast between the least and the largest.
    ("image_create_generation", "contrast"),
    ("image_create_generation", "controlnets[1].weight"),
    // Those of a canvas.
    ("image_create_generation", "init_strength"),
    ("image_create_generation", "num_images"),
    ("image_create_generation", "photoRealStrength"),
    // It tells Flux by `sd_version` alone.
    ("image_create_generation", "seed"),
];

/// The emulator takes elements whatever the model is.
const ELEMENTS: &[&str] = &["motion_create_image_to_video_generation", "motion_create_text_to_video_generation"];

/// The groups that the emulator does not have.
const NOT_THERE: &[&str] = &["blueprints_execute_blueprint", "texture_create_texture_generation"];

struct Account {
    emulator: Emulator,
    http: reqwest::Client,
    names: BTreeMap<&'static str, String>,
}

impl Account {
    /// An account with whatever a request may name.
    async fn new() -> Self {
        let emulator =
            Emulator::builder().generation_time(Duration::ZERO).limits(Limits::none()).start().await.unwrap();
        let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
        let made = image_generate(&core, CreateGenerationRequest::new("a pier").num_images(1)).await.unwrap();
        let image = &made.generation.generated_images[0];
        let http = reqwest::Client::new();
        let picture = http.get(&image.url).send().await.unwrap().bytes().await.unwrap();
        let uploaded = init_images_upload_bytes(&core, picture.clone()).await.unwrap();
        let dataset = dataset_create_dataset(&core, CreateDatasetRequest::new("pictures")).await.unwrap();
        for _ in 0..10 {
            let request = UploadDatasetImageFromGenRequest::new(&image.id);
            dataset_upload_dataset_image_from_gen(&core, &dataset.id, request).await.unwrap();
        }
        let upscale = CreateVariationUpscaleRequest::new(&image.id);
        let variation = variation_upscale_and_wait(&core, upscale).await.unwrap();
        let video = CreateTextToVideoGenerationRequest::new("waves");
        let video = motion_text_to_video_and_wait(&core, video).await.unwrap();
        let names = BTreeMap::from([
            ("IMAGE", image.id.to_string()),
            ("UPLOADED", uploaded.to_string()),
            ("DATASET", dataset.id.to_string()),
            ("VARIATION", variation.record.id.to_string()),
            ("VIDEO", video.record.id.to_string()),
            ("ELEMENT", "01b6184e-3905-4dc7-9ec6-4f09982536d5".to_owned()),
            ("JPEG", format!("data:image/jpeg;base64,{}", STANDARD.encode(&picture))),
        ]);
        Self { emulator, http, names }
    }

    /// What the emulator says to a request: why it refuses it.
    async fn send(&self, operation: &str, request: &Value) -> Result<(), String> {
        let line = TABLE.iter().find(|line| line.name == operation).unwrap();
        let url = format!("{}{}", self.emulator.base_url(), line.path);
        let request = self.http.post(url).bearer_auth(self.emulator.key()).body(request.to_string());
        let response = request.header("content-type", "application/json").send().await.unwrap();
        let status = response.status().as_u16();
        let body = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
        match status {
            200 => Ok(()),
            // One operation says so of an image that it does not find.
            400 | 500 => Err(body),
            _ => panic!("{operation}: {status}: {body}"),
        }
    }
}

/// The request without what is not sent, as the emulator gets it.
fn sent(request: &Value) -> Value {
    let fields = request.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[tokio::test]
async fn the_emulator_refuses_what_is_beyond_a_limit_and_takes_what_is_at_it() {
    let (account, table) = (Account::new().await, Table::read());
    let mut taken = BTreeSet::new();
    for limit in table.limits.iter().filter(|limit| !NOT_THERE.contains(&&*limit.operation)) {
        let at = limit.at().into_iter().map(|value| (value, true));
        let beyond = limit.beyond().into_iter().map(|(value, _)| (value, false));
        for (value, is_at) in at.chain(beyond) {
            let mut request = table.with_value(limit, &value);
            filled(&mut request, &account.names);
            let said = account.send(&limit.operation, &sent(&request)).await;
            let found = check(&limit.operation, request.clone());
            let shown = format!("{}, {}: {value:.80}: {said:?}", limit.operation, limit.field);
            match (is_at, said, found) {
                (true, _, found) => assert_eq!(found, Ok(()), "{shown}"),
                (false, Err(_), Err(_)) => {}
                (false, Ok(()), Err(_)) => _ = taken.insert((limit.operation.clone(), limit.field.clone())),
                (false, _, Ok(())) => panic!("{shown}"),
            }
        }
    }
    let taken: Vec<_> = taken.iter().map(|(operation, field)| (operation.as_str(), field.as_str())).collect();
    assert_eq!(taken, NOT_LOOKED_AT);
}

/// Golden requests that leave out what is needed or contradict themselves, so that one shows every field; and what is found
/// in them.
const CONTRADICTORY: &[(&str, &[&str])] = &[
    // With what its schema requires alone.
    ("elements_create_element", &["instance_prompt"]),
    ("elements_create_element", &["instance_prompt"]),
    ("image_create_generation", &["contrastRatio", "photoReal", "init_generation_image_id", "photoReal"]),
    ("motion_create_image_to_video_generation", &["elements"]),
    ("motion_create_text_to_video_generation", &["elements"]),
    ("variation_create_universal_upscaler_job", &["initImageId", "ultraUpscaleStyle"]),
];

/// A golden request with ids of the account, without what is newer than the crate.
fn of_account(mut body: Value, names: &BTreeMap<&str, String>) -> Value {
    let fields = body.as_object_mut().unwrap();
    fields.remove("newer");
    for (field, name) in [
        ("datasetId", "DATASET"),
        ("generatedImageId", "IMAGE"),
        ("id", "IMAGE"),
        ("imageDataUrl", "JPEG"),
        ("imageId", "IMAGE"),
        ("initImageId", "UPLOADED"),
        ("maskDataUrl", "JPEG"),
        ("sourceGenerationId", "VIDEO"),
    ] {
        if let Some(id) = fields.get_mut(field) {
            *id = names[name].clone().into();
        }
    }
    body
}

#[tokio::test]
async fn a_golden_request_that_the_emulator_takes_is_not_refused() {
    let account = Account::new().await;
    let (mut contradictory, mut taken) = (Vec::new(), BTreeSet::new());
    for operation in OPERATIONS {
        let file = format!("{}/tests/golden/{operation}.json", env!("CARGO_MANIFEST_DIR"));
        let golden: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let cases = golden.as_array().cloned().unwrap_or_else(|| vec![golden]);
        for case in cases {
            let found = check(operation, case["call"]["request"].clone());
            let body = of_account(case["sent"]["body"].clone(), &account.names);
            let is_taken = !NOT_THERE.contains(operation) && account.send(operation, &body).await.is_ok();
            if is_taken {
                taken.insert(*operation);
            }
            if found.is_err() {
                assert!(!is_taken || ELEMENTS.contains(operation), "{operation}: {body:#}: {found:?}");
                contradictory.push((*operation, fields(&found)));
            }
        }
    }
    let contradictory: Vec<(&str, Vec<&str>)> = contradictory
        .iter()
        .map(|(operation, fields)| (*operation, fields.iter().map(String::as_str).collect()))
        .collect();
    let expected: Vec<_> = CONTRADICTORY.iter().map(|(operation, fields)| (*operation, fields.to_vec())).collect();
    assert_eq!(contradictory, expected);
    assert_eq!(taken.len(), OPERATIONS.len() - NOT_THERE.len() - 1, "{taken:?}");
}

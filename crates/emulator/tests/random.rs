//! Random requests to every route: no panic, no error of the emulator's own, and memory that stays bounded.

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Connection, bearer};
use fastrand::Rng;
use leonardo_ai_emulator::Emulator;
use serde_json::{Map, Value, json};

/// Any route, as it is sent before it is made wrong: method, path and body. `{…}` is any id that was given, `@…` one within a
/// body.
type Route = (&'static str, &'static str, Value);

fn routes() -> Vec<Route> {
    [pictures_and_trainings(), files_and_version_2()].concat()
}

fn pictures_and_trainings() -> Vec<Route> {
    let canvas = |extra: Value| {
        let mut body =
            json!({"imageDataUrl": "data:image/jpeg;base64,/9j/", "prompt": "p", "width": 512, "height": 512});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let image = json!({
        "prompt": "a lake", "width": 64, "height": 64, "num_images": 1, "seed": 3, "alchemy": false, "tiling": true,
        "controlnets": [{"initImageId": "@id", "initImageType": "GENERATED", "preprocessorId": 67}],
        "elements": [{"akUUID": "@id", "weight": 0.5}], "init_image_id": "@id", "presetStyle": "DYNAMIC",
        "guidance_scale": 7, "init_strength": 0.4, "scheduler": "EULER_DISCRETE", "transparency": "foreground_only",
    });
    let video = json!({
        "prompt": "waves", "imageId": "@id", "imageType": "GENERATED", "resolution": "RESOLUTION_480",
        "model": "MOTION2", "duration": 5, "seed": 3, "elements": [{"akUUID": "@id", "weight": 1}],
    });
    let training = json!({
        "name": "n", "datasetId": "@id", "instance_prompt": "i", "lora_focus": "Style", "sd_version": "FLUX_DEV",
        "num_train_epochs": 100, "learning_rate": 0.00001, "train_text_encoder": false, "resolution": 1024,
    });
    let price = json!({"service": "IMAGE_GENERATION", "serviceParams": {"IMAGE_GENERATION": {
        "imageWidth": 1472, "imageHeight": 832, "numImages": 4, "inferenceSteps": 10, "isUltra": true,
    }}});
    let none = || Value::Null;
    vec![
        ("POST", "/v1/generations", image),
        ("GET", "/v1/generations/{id}", none()),
        ("DELETE", "/v1/generations/{id}", none()),
        ("GET", "/v1/generations/user/{id}?offset=0&limit=10", none()),
        ("POST", "/v1/init-image", json!({"extension": "png"})),
        ("GET", "/v1/init-image/{id}", none()),
        ("DELETE", "/v1/init-image/{id}", none()),
        ("POST", "/v1/canvas-init-image", json!({"initExtension": "png", "maskExtension": "jpg"})),
        ("POST", "/v1/variations/unzoom", json!({"id": "@id", "isVariation": false})),
        ("POST", "/v1/variations/upscale", json!({"id": "@id"})),
        ("POST", "/v1/variations/nobg", json!({"id": "@id", "isVariation": true})),
        ("POST", "/v1/variations/universal-upscaler", json!({"generatedImageId": "@id", "upscalerStyle": "GENERAL"})),
        ("GET", "/v1/variations/{id}", none()),
        ("GET", "/v1/motion-variations/{id}", none()),
        ("POST", "/v1/generations-image-to-video", video.clone()),
        ("POST", "/v1/generations-text-to-video", video),
        ("POST", "/v1/generations-motion-svd", json!({"imageId": "@id", "motionStrength": 3, "isInitImage": false})),
        ("POST", "/v1/generations-video-upscale", json!({"sourceGenerationId": "@id", "resolution": "RESOLUTION_720"})),
        ("POST", "/v1/datasets", json!({"name": "n", "description": "d"})),
        ("GET", "/v1/datasets/{id}", none()),
        ("DELETE", "/v1/datasets/{id}", none()),
        ("POST", "/v1/datasets/{id}/upload", json!({"extension": "png"})),
        ("POST", "/v1/datasets/{id}/upload/gen", json!({"generatedImageId": "@id"})),
        ("POST", "/v1/elements", training.clone()),
        ("GET", "/v1/elements", none()),
        ("GET", "/v1/elements/123456", none()),
        ("DELETE", "/v1/elements/123456", none()),
        ("GET", "/v1/elements/user/{id}", none()),
        ("POST", "/v1/models", json!({"name": "n", "datasetId": "@id", "instance_prompt": "i", "resolution": 512})),
        ("GET", "/v1/models/{id}", none()),
        ("DELETE", "/v1/models/{id}", none()),
        ("GET", "/v1/models/user/{id}", none()),
        ("GET", "/v1/platformModels", none()),
        ("POST", "/v1/prompt/improve", json!({"prompt": "a pier", "promptInstructions": "dusk"})),
        ("POST", "/v1/prompt/random", none()),
        ("POST", "/v1/pricing-calculator", price),
        ("POST", "/v1/generations-lcm", canvas(json!({"steps": 4, "guidance": 1, "style": "ANIME", "seed": 3}))),
        ("POST", "/v1/lcm-instant-refine", canvas(json!({"strength": 0.5}))),
        ("POST", "/v1/lcm-inpainting", canvas(json!({"maskDataUrl": "data:image/jpeg;base64,/9j/"}))),
        ("POST", "/v1/lcm-upscale", canvas(json!({"refineCreative": true, "refineStrength": 0.6}))),
    ]
}

fn files_and_version_2() -> Vec<Route> {
    let run = json!({"blueprintVersionId": "@id", "input": {
        "nodeInputs": [{"nodeId": "@id", "settingName": "text", "value": "t"}], "public": false, "collectionIds": [],
    }});
    let v2 = json!({"model": "lucid-origin", "public": false, "parameters": {
        "prompt": "p", "width": 1024, "height": 1024, "quantity": 1, "seed": 4, "style_ids": ["@id"],
        "guidances": {"image_reference": [{"image": {"id": "@id", "type": "GENERATED"}, "strength": "MID"}]},
    }});
    let cut = json!({"model": "remove-bg", "public": false, "base64": true, "parameters": {
        "size": "preview", "crop": true, "bg_color": "fff", "guidances": {
            "image_reference": [{"image": {"type": "BASE64", "data": "iVBORw0KGgo="}}],
        },
    }});
    let none = || Value::Null;
    vec![
        ("GET", "/v1/me", none()),
        ("POST", "/v1/media", json!({"extension": "mp4", "originalFilename": "a.mp4"})),
        ("GET", "/v1/media/{id}", none()),
        ("DELETE", "/v1/media/{id}", none()),
        ("POST", "/v1/models-3d/upload", json!({"modelExtension": "obj", "name": "n"})),
        ("GET", "/v1/models-3d/{id}", none()),
        ("GET", "/v1/models-3d/user/{id}?offset=0&limit=10", none()),
        ("DELETE", "/v1/models-3d/{id}", none()),
        ("POST", "/v1/generations-texture", json!({"modelAssetId": "@id", "prompt": "silver", "preview": true})),
        ("GET", "/v1/generations-texture/{id}", none()),
        ("DELETE", "/v1/generations-texture/{id}", none()),
        ("GET", "/v1/generations-texture/model/{id}?offset=0&limit=10", none()),
        ("GET", "/v1/blueprints", json!({"first": 2, "platforms": ["API"], "categories": ["c"]})),
        ("GET", "/v1/blueprints/{id}", none()),
        ("GET", "/v1/blueprints/{id}/versions", none()),
        ("POST", "/v1/blueprint-executions", run),
        ("GET", "/v1/blueprint-executions/{id}", none()),
        ("GET", "/v1/blueprint-executions/{id}/generations?first=10", none()),
        ("POST", "/v2/generations", v2),
        ("POST", "/v2/generationssync", cut),
        ("GET", "/v2/models", none()),
    ]
}

/// A value that fits nowhere in particular.
fn odd(random: &mut Rng) -> Value {
    match random.usize(..16) {
        0 => Value::Null,
        1 => true.into(),
        2 => json!(-1),
        3 => json!(0),
        4 => json!(i64::MAX),
        5 => json!(u64::MAX),
        6 => json!(1e308),
        7 => json!(-0.5),
        8 => json!(""),
        9 => json!("\u{0}\u{202e}ﷺ🏳️‍🌈"),
        10 => json!("x".repeat(random.usize(..3000))),
        11 => json!("00000000-0000-4000-8000-000000000000"),
        12 => json!([]),
        13 => json!({}),
        14 => json!([{"a": [null]}, 1, "s"]),
        _ => json!(random.i64(..)),
    }
}

/// Makes something in a value wrong, if chance will have it.
fn spoil(value: &mut Value, random: &mut Rng) {
    match random.usize(..14) {
        0 => *value = odd(random),
        1 => {
            if let Value::Object(fields) = value {
                fields.insert(["seed", "extra", "width", "prompt", "type", ""][random.usize(..6)].into(), odd(random));
            }
        }
        2 => {
            if let Value::Object(fields) = value {
                let names: Vec<_> = fields.keys().cloned().collect();
                if let Some(name) = random.choice(names) {
                    fields.remove(&name);
                }
            }
        }
        3 => {
            if let Value::Array(items) = value {
                items.resize(random.usize(..60), items.first().cloned().unwrap_or(Value::Null));
            }
        }
        _ => match value {
            Value::Object(fields) => fields.values_mut().for_each(|value| spoil(value, random)),
            Value::Array(items) => items.iter_mut().for_each(|value| spoil(value, random)),
            Value::Number(_) if random.u8(..8) == 0 => *value = json!(random.i32(-3..5000)),
            _ => {}
        },
    }
}

/// Puts ids in the places for them.
fn fill(value: &mut Value, id: &mut impl FnMut() -> String) {
    match value {
        Value::String(text) if text == "@id" => *text = id(),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, id)),
        Value::Array(items) => items.iter_mut().for_each(|value| fill(value, id)),
        _ => {}
    }
}

/// Gathers what looks like an id.
fn gather(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() == 36 && text.matches('-').count() == 4 => {
            if ids.len() < 400 {
                ids.push(text.clone());
            } else {
                let at = fastrand::usize(..ids.len());
                ids[at].clone_from(text);
            }
        }
        Value::Object(fields) => fields.values().for_each(|value| gather(value, ids)),
        Value::Array(items) => items.iter().for_each(|value| gather(value, ids)),
        _ => {}
    }
}

async fn bombard(emulator: &Emulator, seed: u64, requests: usize, ids: &Mutex<Vec<String>>) -> BTreeMap<u16, usize> {
    let mut random = Rng::with_seed(seed);
    let routes = routes();
    let key = bearer(emulator);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let mut connection = Connection::open(emulator).await;
    let mut statuses = BTreeMap::new();
    for _ in 0..requests {
        let (method, path, body) = &routes[random.usize(..routes.len())];
        let mut id = || {
            let ids = ids.lock().unwrap();
            match random.u8(..20) {
                0 => "no-id".to_owned(),
                1 => "%00%ff".to_owned(),
                _ => ids[random.usize(..ids.len())].clone(),
            }
        };
        let mut path = format!("/api/rest{}", path.replace("{id}", &id()));
        let mut body = body.clone();
        fill(&mut body, &mut id);
        spoil(&mut body, &mut random);
        let mut bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        match random.usize(..60) {
            0 => bytes.truncate(random.usize(..=bytes.len())),
            1 => bytes.iter_mut().for_each(|byte| *byte ^= u8::from(random.u8(..50) == 0) << random.u8(..8)),
            2 => path.push_str("?offset=-1&limit=99999999999999999999&first=0&last=x&after=%zz"),
            3 => path.push_str("/more"),
            _ => {}
        }
        let method = if random.u8(..100) == 0 { ["PUT", "PATCH", "DELETE", "GET"][random.usize(..4)] } else { method };
        let reply = connection.request(method, &path, &headers, &bytes).await;
        // The service responds so, too, to a generation's id in place of an image's.
        let known = reply.status == 500 && reply.text().contains("\"Service Error\"") && path.contains("motion-svd");
        let asked = || format!("{method} {path} {}: {}", String::from_utf8_lossy(&bytes), reply.text());
        assert!(reply.status < 500 || known, "{}", asked());
        if reply.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            let said: Value = serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("{}", asked()));
            gather(&said, &mut ids.lock().unwrap());
        }
        if reply.header("connection") == Some("close") {
            connection = Connection::open(emulator).await;
        }
        *statuses.entry(reply.status).or_insert(0) += 1;
    }
    statuses
}

/// How many requests are sent; `RANDOM_REQUESTS` says otherwise.
const REQUESTS: usize = 12_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_is_responded_to() {
    let requests = std::env::var("RANDOM_REQUESTS").map_or(REQUESTS, |text| text.parse().unwrap());
    let seed = std::env::var("RANDOM_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    println!("RANDOM_SEED={seed}");
    let emulator = Arc::new(Emulator::builder().generation_time(Duration::from_millis(1)).start().await.unwrap());
    let ids = Arc::new(Mutex::new(vec![emulator.user_id().to_owned()]));
    let mut all = Map::new();
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let (emulator, ids) = (Arc::clone(&emulator), Arc::clone(&ids));
            tokio::spawn(async move { bombard(&emulator, seed.wrapping_add(number), requests / 4, &ids).await })
        })
        .collect();
    for task in tasks {
        for (status, count) in task.await.unwrap() {
            let sum = all.entry(status.to_string()).or_insert(json!(0));
            *sum = json!(sum.as_u64().unwrap() + count as u64);
        }
    }
    println!("{}", Value::Object(all.clone()));
    // It would prove little if everything were refused.
    let share = all["200"].as_u64().unwrap() as f64 / requests as f64;
    assert!(share > 0.3, "{all:?}");
    // It still works.
    common::finished(&emulator, &common::create(&emulator, &json!({"prompt": "a lake"})).await).await;
}

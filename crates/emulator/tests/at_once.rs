//! What the service responds with at once: prompts, prices, and pictures of the realtime canvas.

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{accepted, call, charged_without_response, create, ended, fetch, jpeg_size, read, refused, with_image};
use leonardo_ai_emulator::{Emulator, Plan};
use serde_json::{Value, json};

const PREFIX: &str = "data:image/jpeg;base64,";

#[tokio::test]
async fn prompts() {
    let emulator = Emulator::builder().plan(Plan::PayAsYouGo).start().await.unwrap();
    let body = json!({"prompt": "a cat", "promptInstructions": "in oil"});
    let better = accepted(&emulator, "/prompt/improve", &body).await["promptGeneration"].take();
    let text = better["prompt"].as_str().unwrap();
    assert!(text.starts_with("a cat") && text.ends_with("in oil"), "{text}");
    assert_eq!((&better["apiCreditCost"], &better["cost"]["unit"]), (&Value::Null, &json!("DOLLARS")));
    let random = call(&emulator, "POST", "/prompt/random", "").await.json();
    assert!(!random["promptGeneration"]["prompt"].as_str().unwrap().is_empty());

    let emulator = Emulator::start().await.unwrap();
    for length in [199, 200] {
        let body = json!({"prompt": "x".repeat(length)});
        let reply = call(&emulator, "POST", "/prompt/improve", &body.to_string()).await;
        assert_eq!(reply.status, if length < 200 { 200 } else { 400 }, "{length}");
    }
    refused(&emulator, "/prompt/improve", &json!({"prompt": "bannedword"}), 400, "content moderation").await;
    assert_eq!(charged_without_response(&emulator, "/prompt/random", &json!({})).await, "promptRandom");
    let charges = emulator.charges();
    assert!(charges.iter().all(|charge| (charge.amount - 4.0).abs() < 1e-9 && charge.generation_id.is_empty()));
}

async fn cost(emulator: &Emulator, service: &str, parameters: Value) -> f64 {
    let body = json!({"service": service, "serviceParams": {service: parameters}});
    let reply = accepted(emulator, "/pricing-calculator", &body).await;
    reply["calculateProductionApiServiceCost"]["cost"].as_i64().unwrap_or_else(|| panic!("{reply}")) as f64
}

#[tokio::test]
async fn the_calculator_tells_what_is_charged() {
    let (emulator, _, image) = with_image().await;
    create(&emulator, &json!({"prompt": "x", "width": 1024, "height": 512, "num_images": 3, "ultra": true})).await;
    accepted(&emulator, "/generations-text-to-video", &json!({"prompt": "x", "resolution": "RESOLUTION_720"})).await;
    accepted(&emulator, "/generations-motion-svd", &json!({"imageId": image})).await;
    accepted(&emulator, "/variations/universal-upscaler", &json!({"generatedImageId": image})).await;
    let charged: Vec<f64> = emulator.charges()[1..].iter().map(|charge| charge.amount).collect();
    let picture = json!({
        "imageWidth": 1024, "imageHeight": 512, "numImages": 3, "inferenceSteps": 15, "alchemyMode": true,
        "highResolution": false, "isUltra": true,
    });
    let told = [
        cost(&emulator, "IMAGE_GENERATION", picture).await,
        cost(&emulator, "MOTION_VIDEO_GENERATION", json!({"resolution": "RESOLUTION_720"})).await,
        cost(&emulator, "MOTION_SVD_GENERATION", json!({})).await,
        cost(&emulator, "UNIVERSAL_UPSCALER", json!({"megapixel": 1})).await,
    ];
    assert_eq!(told.to_vec(), charged);
    assert!((cost(&emulator, "TEXTURE_GENERATION", json!({"preview": true})).await - 30.0).abs() < 1e-9);
    assert_eq!(emulator.charges().len(), 5, "asking is free");

    let path = "/pricing-calculator";
    for (body, error) in [
        (json!({"service": "GENERATION", "serviceParams": {}}), "expected a service"),
        (json!({"service": "LCM_GENERATION", "serviceParams": {}}), "expecting a value"),
        (json!({"service": "LCM_GENERATION", "serviceParams": {"lcm": {}}}), "Unexpected variable lcm"),
        (
            json!({"service": "UNIVERSAL_UPSCALER", "serviceParams": {"UNIVERSAL_UPSCALER": {"megapixel": 21}}}),
            "megapixel",
        ),
    ] {
        refused(&emulator, path, &body, 400, error).await;
    }
}

/// A picture of the emulator as a data URL.
async fn drawn(emulator: &Emulator, width: u32, prompt: &str) -> String {
    let body = json!({"prompt": prompt, "width": width, "height": 64, "num_images": 1});
    let id = create(emulator, &body).await;
    let shown = ended(emulator, &format!("/generations/{id}"), "/generations_by_pk").await;
    let file = fetch(emulator, shown["generated_images"][0]["url"].as_str().unwrap()).await;
    format!("{PREFIX}{}", STANDARD.encode(file.body))
}

/// The picture of a response.
fn picture(job: &Value) -> Vec<u8> {
    let urls = job["imageDataUrl"].as_array().unwrap();
    assert_eq!(urls.len(), 1);
    STANDARD.decode(urls[0].as_str().unwrap().strip_prefix(PREFIX).unwrap()).unwrap()
}

#[tokio::test]
async fn pictures_of_the_canvas() {
    let emulator = Emulator::builder().generation_time(std::time::Duration::ZERO).start().await.unwrap();
    let input = drawn(&emulator, 64, "a").await;
    let body = json!({"imageDataUrl": input, "prompt": "a sea", "seed": 1, "width": 640, "requestTimestamp": "17"});
    let mut pictures = Vec::new();
    for (path, operation) in
        [("/generations-lcm", "createLCMGeneration"), ("/lcm-instant-refine", "performInstantRefine")]
    {
        let job = accepted(&emulator, path, &body).await["lcmGenerationJob"].take();
        let charge = emulator.charges().pop().unwrap();
        assert_eq!((charge.operation, charge.seed, charge.generation_id.as_str()), (operation, 1, ""));
        assert_eq!(job["cost"]["amount"], charge.amount.to_string());
        assert_eq!((&job["requestTimestamp"], job.get("generationId")), (&json!("17"), None));
        pictures.push(picture(&job));
    }
    assert_eq!(jpeg_size(&pictures[0]), (640, 512));
    let mut other = body.clone();
    other["imageDataUrl"] = drawn(&emulator, 64, "b").await.into();
    let job = accepted(&emulator, "/generations-lcm", &other).await;
    assert_ne!(picture(&job["lcmGenerationJob"]), pictures[0], "it follows from the picture that is sent");

    let mut masked = body.clone();
    masked["maskDataUrl"] = other["imageDataUrl"].clone();
    let job = accepted(&emulator, "/lcm-inpainting", &masked).await;
    assert_eq!(jpeg_size(&picture(&job["lcmGenerationJob"])), (640, 512));
    masked["maskDataUrl"] = drawn(&emulator, 128, "b").await.into();
    refused(&emulator, "/lcm-inpainting", &masked, 400, "maskDataUrl must have the size").await;

    for (change, error) in [
        (json!({"imageDataUrl": "data:image/png;base64,AAAA"}), "imageDataUrl must be a JPEG"),
        (json!({"imageDataUrl": format!("{PREFIX}AAAA")}), "imageDataUrl must be a JPEG"),
        (json!({"width": 600}), "width must be one of"),
        (json!({"steps": 3}), "steps must be between"),
        (json!({"style": "OIL"}), "expected one of the values"),
        (json!({"refineStrength": 0.7}), "Unexpected variable"),
    ] {
        let mut wrong = body.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&emulator, "/generations-lcm", &wrong, 400, error).await;
    }
    assert_eq!(charged_without_response(&emulator, "/generations-lcm", &body).await, "createLCMGeneration");
}

#[tokio::test]
async fn an_enlarged_picture_of_the_canvas_is_kept() {
    let emulator = Emulator::builder().generation_time(std::time::Duration::ZERO).start().await.unwrap();
    let input = drawn(&emulator, 64, "a").await;
    let body = json!({"imageDataUrl": input, "prompt": "a sea", "refineStrength": 0.7, "refineCreative": true});
    let job = accepted(&emulator, "/lcm-upscale", &body).await["lcmGenerationJob"].take();
    let larger = picture(&job);
    assert_eq!(jpeg_size(&larger), (1024, 1024));
    let (generation, variation) = (job["generationId"][0].as_str().unwrap(), job["variationId"][0].as_str().unwrap());
    let shown = read(&emulator, generation).await;
    let image = &shown["generated_images"][0];
    assert_eq!((&shown["status"], &image["id"]), (&json!("COMPLETE"), &job["generatedImageId"]));
    assert_eq!(jpeg_size(&fetch(&emulator, image["url"].as_str().unwrap()).await.body), (512, 512));
    let list = "/generated_image_variation_generic/0";
    let variation = ended(&emulator, &format!("/variations/{variation}"), list).await;
    assert_eq!(fetch(&emulator, variation["url"].as_str().unwrap()).await.body, larger);
}

//! Pictures made of pictures: their records, their files, and what they cost.

mod common;

use std::time::Duration;

use common::{accepted, call, charged_without_response, ended, fetch, jpeg_size, read, refused, upload, with_image};
use leonardo_ai_emulator::{Emulator, Limits};
use serde_json::{Value, json};

const GENERIC: &str = "/generated_image_variation_generic/0";
const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";

/// Asks for a variation; its id and its record once it has ended.
async fn vary(emulator: &Emulator, route: &str, envelope: &str, body: &Value) -> (String, Value) {
    let job = accepted(emulator, &format!("/variations/{route}"), body).await[envelope].take();
    let id = job["id"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned();
    assert_eq!((&job["apiCreditCost"], &job["cost"]["unit"]), (&Value::Null, &json!("CREDITS")));
    let charge = emulator.charges().pop().unwrap();
    assert_eq!((&charge.generation_id, job["cost"]["amount"].clone()), (&id, json!(charge.amount.to_string())));
    let pending = call(emulator, "GET", &format!("/variations/{id}"), "").await.json();
    let pending = pending.pointer(GENERIC).unwrap();
    assert_eq!((&pending["status"], &pending["url"]), (&json!("PENDING"), &Value::Null));
    (id.clone(), ended(emulator, &format!("/variations/{id}"), GENERIC).await)
}

fn rgba(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgba);
    (info.width, info.height, pixels)
}

#[tokio::test]
async fn pictures_are_enlarged_extended_and_cut_out() {
    let (emulator, generation, image) = with_image().await;
    let named = json!({"id": image});
    let (upscaled, shown) = vary(&emulator, "upscale", "sdUpscaleJob", &named).await;
    assert_eq!((&shown["status"], &shown["transformType"]), (&json!("COMPLETE"), &json!("UPSCALE")));
    assert_eq!(shown["createdAt"].as_str().unwrap().len(), 23);
    let file = fetch(&emulator, shown["url"].as_str().unwrap()).await;
    assert_eq!((file.status, jpeg_size(&file.body)), (200, (128, 96)));

    let (unzoomed, shown) = vary(&emulator, "unzoom", "sdUnzoomJob", &named).await;
    assert_eq!(shown["transformType"], "UNZOOM");
    assert_eq!(jpeg_size(&fetch(&emulator, shown["url"].as_str().unwrap()).await.body), (96, 72));

    // A variation of a variation: what was extended is cut out.
    let body = json!({"id": unzoomed, "isVariation": true});
    let (_, shown) = vary(&emulator, "nobg", "sdNobgJob", &body).await;
    assert_eq!(shown["transformType"], "NOBG");
    let file = fetch(&emulator, shown["url"].as_str().unwrap()).await;
    assert_eq!(file.header("content-type"), Some("image/png"));
    let (width, height, pixels) = rgba(&file.body);
    assert_eq!((width, height, pixels[3], pixels[pixels.len() - 1]), (96, 72, 0, 255));

    // They show with their image, in the order in which they were asked for.
    let shown = read(&emulator, &generation).await;
    let variations = shown["generated_images"][0]["generated_image_variation_generics"].as_array().unwrap();
    let kinds: Vec<_> = variations.iter().map(|one| one["transformType"].as_str().unwrap()).collect();
    assert_eq!((kinds, &variations[0]["id"]), (vec!["UPSCALE", "UNZOOM", "NOBG"], &json!(upscaled)));
    // And go with it.
    call(&emulator, "DELETE", &format!("/generations/{generation}"), "").await;
    let gone = call(&emulator, "GET", &format!("/variations/{upscaled}"), "").await.json();
    assert_eq!(gone, json!({"generated_image_variation_generic": []}));
    refused(&emulator, "/variations/upscale", &named, 400, "failed to find init variation").await;
}

#[tokio::test]
async fn the_universal_upscaler() {
    let (emulator, _, image) = with_image().await;
    let body = json!({"generatedImageId": image, "upscalerStyle": "CG ART & GAME ASSETS", "upscaleMultiplier": 2});
    let (id, shown) = vary(&emulator, "universal-upscaler", "universalUpscaler", &body).await;
    assert_eq!(jpeg_size(&fetch(&emulator, shown["url"].as_str().unwrap()).await.body), (128, 96));
    assert!((emulator.charges()[1].amount - 60.0).abs() < 1e-9, "the published price up to 5 megapixels");
    let body = json!({"variationId": id, "ultraUpscaleStyle": "REALISTIC", "similarity": 5});
    let (_, shown) = vary(&emulator, "universal-upscaler", "universalUpscaler", &body).await;
    assert_eq!(jpeg_size(&fetch(&emulator, shown["url"].as_str().unwrap()).await.body), (192, 144));
    let body = json!({"generatedImageId": image, "prompt": "fail this"});
    let (_, shown) = vary(&emulator, "universal-upscaler", "universalUpscaler", &body).await;
    assert_eq!((&shown["status"], &shown["url"]), (&json!("FAILED"), &Value::Null));

    let path = "/variations/universal-upscaler";
    for (more, error) in [
        (json!({}), ""),
        (json!({"variationId": id}), "exactly one of"),
        (json!({"ultraUpscaleStyle": "ARTISTIC", "upscalerStyle": "GENERAL"}), "upscalerStyle and ultraUpscaleStyle"),
        (json!({"similarity": 5}), "detailContrast and similarity"),
        (json!({"upscaleMultiplier": 2.5}), "upscaleMultiplier must be"),
        (json!({"upscalerStyle": "CG ART"}), "expected one of the values"),
        (json!({"prompt": "a forbiddenword"}), "content moderation filter"),
    ] {
        let mut body = json!({"generatedImageId": image});
        let same = more.as_object().unwrap().is_empty();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let status = if error.starts_with("content") { 403 } else { 400 };
        if same {
            body = json!({"generatedImageId": UNKNOWN});
        }
        let error = if same { "couldn't access image" } else { error };
        refused(&emulator, path, &body, status, error).await;
    }
}

#[tokio::test]
async fn an_uploaded_picture_is_enlarged_and_filmed_but_not_unzoomed() {
    let (emulator, generation, _) = with_image().await;
    let shown = read(&emulator, &generation).await;
    let file = fetch(&emulator, shown["generated_images"][0]["url"].as_str().unwrap()).await.body;
    let place = accepted(&emulator, "/init-image", &json!({"extension": "jpg"})).await["uploadInitImage"].take();
    let body = json!({"initImageId": place["id"], "upscaleMultiplier": 2});
    refused(&emulator, "/variations/universal-upscaler", &body, 400, "couldn't access image").await;
    assert_eq!(upload(&emulator, &place, &file).await.status, 204);
    let (_, shown) = vary(&emulator, "universal-upscaler", "universalUpscaler", &body).await;
    assert_eq!(jpeg_size(&fetch(&emulator, shown["url"].as_str().unwrap()).await.body), (128, 96));
    let film = json!({"prompt": "x", "imageId": place["id"], "imageType": "UPLOADED"});
    accepted(&emulator, "/generations-image-to-video", &film).await;
    let body = json!({"id": place["id"]});
    refused(&emulator, "/variations/unzoom", &body, 400, "failed to find init variation").await;
}

#[tokio::test]
async fn what_is_unknown_wrong_or_lost() {
    let (emulator, generation, image) = with_image().await;
    for (path, list) in [("variations", "generic"), ("motion-variations", "motion")] {
        let unknown = call(&emulator, "GET", &format!("/{path}/{UNKNOWN}"), "").await.json();
        assert_eq!(unknown, json!({format!("generated_image_variation_{list}"): []}));
    }
    let wrong = "failed to find init variation";
    for body in [json!({"id": UNKNOWN}), json!({"id": generation}), json!({"id": image, "isVariation": true})] {
        refused(&emulator, "/variations/nobg", &body, 400, wrong).await;
    }
    refused(&emulator, "/variations/upscale", &json!({"id": image, "isVariation": true}), 400, "Unexpected").await;
    refused(&emulator, "/variations/unzoom", &json!({}), 400, "expecting a value").await;
    refused(&emulator, "/variations/unzoom", &json!({"id": 1}), 400, "expected a string").await;
    let operation = charged_without_response(&emulator, "/variations/upscale", &json!({"id": image})).await;
    assert_eq!(operation, "createVariationUpscale");
}

#[tokio::test]
async fn limits_of_their_own() {
    let mut limits = Limits::none();
    (limits.pending_upscales, limits.creates_per_minute) = (Some(1), Some(3));
    let emulator = Emulator::builder().generation_time(Duration::from_millis(60)).limits(limits).start().await.unwrap();
    let body = json!({"prompt": "x", "width": 64, "height": 64, "num_images": 1});
    let id = common::create(&emulator, &body).await;
    let image = common::finished(&emulator, &id).await["generated_images"][0]["id"].clone();
    let named = json!({"id": image});
    accepted(&emulator, "/variations/upscale", &named).await;
    refused(&emulator, "/variations/unzoom", &named, 429, "Too many pending").await;
    accepted(&emulator, "/generations", &body).await;
    tokio::time::sleep(Duration::from_millis(80)).await;
    accepted(&emulator, "/variations/unzoom", &named).await;
    // The minute's limit is of each route: one of three is left here, and none after it.
    refused(&emulator, "/variations/unzoom", &named, 429, "Too many pending").await;
    refused(&emulator, "/variations/unzoom", &named, 429, "Too many requests").await;
}

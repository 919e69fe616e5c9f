//! 3D models and the textures made for them.

mod common;

use std::io::Cursor;
use std::time::Duration;

use common::{accepted, call, charged_without_response, ended, fetch, refused, upload};
use leonardo_ai_emulator::{Emulator, Limits};
use png::ColorType;
use serde_json::{Value, json};

const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";
const OBJ: &[u8] = b"# a sword\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n";
const TEXTURE: &str = "/model_asset_texture_generations_by_pk";

async fn quick() -> Emulator {
    Emulator::builder().generation_time(Duration::from_millis(60)).start().await.unwrap()
}

/// A place for a 3D model: its id, and its form as those of other files are.
async fn place(emulator: &Emulator, body: &Value) -> (String, Value) {
    let mut place = accepted(emulator, "/models-3d/upload", body).await["uploadModelAsset"].take();
    assert_eq!(place.as_object().unwrap().len(), 4);
    let id = place["modelId"].as_str().unwrap().to_owned();
    let form = json!({"fields": place["modelFields"].take(), "url": place["modelUrl"].take()});
    let fields: Value = serde_json::from_str(form["fields"].as_str().unwrap()).unwrap();
    let key = format!("users/{}/modelAssets/{id}.obj", emulator.user_id());
    assert_eq!((&fields["key"], &place["modelKey"]), (&json!(key), &json!(key)));
    assert_eq!(fields["Content-Type"], "model/obj");
    (id, form)
}

async fn model(emulator: &Emulator, content: &[u8]) -> String {
    let (id, form) = place(emulator, &json!({"modelExtension": "obj", "name": "sword"})).await;
    assert_eq!(upload(emulator, &form, content).await.status, 204);
    id
}

async fn get(emulator: &Emulator, path: &str) -> Value {
    let reply = call(emulator, "GET", path, "").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn delete(emulator: &Emulator, path: &str) -> Value {
    call(emulator, "DELETE", path, "").await.json()
}

async fn texture(emulator: &Emulator, body: &Value) -> String {
    let job = accepted(emulator, "/generations-texture", body).await["textureGenerationJob"].take();
    let charge = emulator.charges().pop().unwrap();
    assert_eq!((charge.operation, &job["id"]), ("createTextureGeneration", &json!(charge.generation_id)));
    assert_eq!((&job["apiCreditCost"], &job["cost"]["amount"]), (&Value::Null, &json!(charge.amount.to_string())));
    charge.generation_id
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_3d_model() {
    let emulator = quick().await;
    let (id, form) = place(&emulator, &json!({"modelExtension": "obj", "name": "sword"})).await;
    let path = format!("/models-3d/{id}");
    let early = get(&emulator, &path).await["model_assets_by_pk"].take();
    let (created, mesh) = (early["createdAt"].as_str().unwrap(), early["meshUrl"].as_str().unwrap());
    assert_eq!(
        early,
        json!({
            "createdAt": created, "id": id, "meshUrl": mesh, "name": "sword", "updatedAt": created,
            "userId": emulator.user_id(),
        })
    );
    assert_eq!(fetch(&emulator, mesh).await.status, 404, "it shows before there is a file");
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(upload(&emulator, &form, OBJ).await.status, 204);
    let file = fetch(&emulator, mesh).await;
    assert_eq!((file.status, file.header("content-type"), &file.body[..]), (200, Some("model/obj"), OBJ));
    assert_eq!(emulator.uploads()[0].content_type, Some("model/obj"));
    let shown = get(&emulator, &format!("{path}?offset=0&limit=1")).await["model_assets_by_pk"].take();
    assert!(shown["updatedAt"].as_str().unwrap() > created);

    // Neither the name nor the extension nor a body is needed.
    let (second, _) = place(&emulator, &json!({})).await;
    let third = call(&emulator, "POST", "/models-3d/upload", "").await.json()["uploadModelAsset"]["modelId"].take();
    let third = third.as_str().unwrap();
    assert_eq!(get(&emulator, &format!("/models-3d/{third}")).await["model_assets_by_pk"]["name"], Value::Null);
    let user = format!("/models-3d/user/{}", emulator.user_id());
    for (query, expected) in [
        ("", vec![third, &second, &id]),
        ("?limit=1", vec![third]),
        ("?offset=1&limit=1", vec![&*second]),
        ("?offset=3", vec![]),
    ] {
        let list = get(&emulator, &format!("{user}{query}")).await["model_assets"].take();
        assert_eq!(ids(&list), expected, "{query}");
    }
    assert_eq!(get(&emulator, &format!("/models-3d/user/{UNKNOWN}")).await, json!({"model_assets": []}));
    assert_eq!(call(&emulator, "GET", &format!("{user}?limit=-1"), "").await.status, 400);

    // The official clients send the id in the body as well.
    let deleted = call(&emulator, "DELETE", &path, &json!({"id": id}).to_string()).await.json();
    assert_eq!(deleted, json!({"delete_model_assets_by_pk": {"id": id}}));
    assert_eq!(delete(&emulator, &path).await, json!({"delete_model_assets_by_pk": null}));
    assert_eq!(get(&emulator, &path).await, json!({"model_assets_by_pk": null}));
    assert_eq!(fetch(&emulator, mesh).await.status, 404);
    assert!(emulator.charges().is_empty(), "free of charge");
    for (body, error) in [
        (json!({"modelExtension": "glb"}), "invalid file extension"),
        (json!({"modelExtension": 1}), "expected a string"),
        (json!({"extension": "obj"}), "Unexpected variable extension"),
    ] {
        refused(&emulator, "/models-3d/upload", &body, 400, error).await;
    }
}

struct Picture {
    side: u32,
    color: ColorType,
    pixels: Vec<u8>,
}

async fn picture(emulator: &Emulator, url: &str) -> Picture {
    let file = fetch(emulator, url).await;
    assert_eq!((file.status, file.header("content-type")), (200, Some("image/png")));
    let mut reader = png::Decoder::new(Cursor::new(file.body)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, info.height);
    Picture { side: info.width, color: info.color_type, pixels }
}

/// The pictures of a texture that is complete, in the order of their types.
async fn pictures(emulator: &Emulator, texture: &str) -> Vec<Picture> {
    let shown = ended(emulator, &format!("/generations-texture/{texture}"), TEXTURE).await;
    assert_eq!(shown["status"], "COMPLETE");
    let images = shown["model_asset_texture_images"].as_array().unwrap();
    let types: Vec<_> = images.iter().map(|image| image["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ALBEDO", "NORMAL", "ROUGHNESS", "DISPLACEMENT", "HDRP_MASK"]);
    let mut ids: Vec<_> = images.iter().map(|image| image["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    let mut all = Vec::new();
    for image in images {
        all.push(picture(emulator, image["url"].as_str().unwrap()).await);
    }
    all
}

#[tokio::test]
async fn the_pictures_are_those_of_a_surface() {
    let emulator = quick().await;
    let model = model(&emulator, OBJ).await;
    let body = json!({"modelAssetId": model, "prompt": "silver mountains", "seed": 4, "preview": true});
    let all = pictures(&emulator, &texture(&emulator, &body).await).await;
    let colors: Vec<_> = all.iter().map(|picture| picture.color).collect();
    let (rgb, grey) = (ColorType::Rgb, ColorType::Grayscale);
    assert_eq!(colors, [rgb, rgb, grey, grey, ColorType::Rgba]);
    assert!(all.iter().all(|picture| picture.side == 512));
    let [albedo, normal, roughness, displacement, mask] = &all[..] else { panic!() };

    let mut blue = 0;
    for pixel in normal.pixels.chunks_exact(3) {
        let part = |value: u8| f64::from(value) / 127.5 - 1.0;
        let length = pixel.iter().map(|value| part(*value).powi(2)).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 0.02, "a normal of length {length}");
        assert!(pixel[2] >= 128, "out of the surface");
        blue += usize::from(pixel[2] > 230);
    }
    assert!(blue * 10 > normal.pixels.len() / 3 * 9, "{blue}");
    assert!(normal.pixels.chunks_exact(3).any(|pixel| pixel[0] < 110) && normal.pixels.iter().any(|one| *one > 146));
    assert_eq!((displacement.pixels.iter().min(), displacement.pixels.iter().max()), (Some(&0), Some(&255)));
    // Where it is bright it is high, and less rough.
    let mean = |of: &dyn Fn(usize) -> u8, high: bool| {
        let places = (0..512 * 512).filter(|at| displacement.pixels[*at].abs_diff(if high { 255 } else { 0 }) < 85);
        let (sum, count) = places.fold((0, 0), |(sum, count), at| (sum + u32::from(of(at)), count + 1));
        assert!(count > 1000, "{count}");
        sum / count
    };
    let green = |at: usize| albedo.pixels[at * 3 + 1];
    let rough = |at: usize| roughness.pixels[at];
    assert!(mean(&green, true) > mean(&green, false) + 50);
    assert!(mean(&rough, true) + 20 < mean(&rough, false));
    for at in (0..512 * 512).step_by(511) {
        let [metal, occlusion, detail, smooth] = mask.pixels[at * 4..][..4] else { panic!() };
        assert_eq!((metal, detail, smooth), (0, 255, 255 - roughness.pixels[at]));
        assert!(occlusion >= 55);
    }

    // The same again is the same, and another seed or another model is not.
    let same = pictures(&emulator, &texture(&emulator, &body).await).await;
    assert!(same.iter().zip(&all).all(|(one, other)| one.pixels == other.pixels));
    let mut other = body.clone();
    other["seed"] = json!(5);
    assert_ne!(pictures(&emulator, &texture(&emulator, &other).await).await[0].pixels, albedo.pixels);
    let mut other = body.clone();
    other["modelAssetId"] = json!(self::model(&emulator, b"v 1 2 3\n").await);
    assert_ne!(pictures(&emulator, &texture(&emulator, &other).await).await[0].pixels, albedo.pixels);
}

#[tokio::test]
async fn the_life_of_a_texture() {
    let emulator = quick().await;
    let model = model(&emulator, OBJ).await;
    let body =
        json!({"modelAssetId": model, "prompt": "a sea", "negative_prompt": "rain", "front_rotation_offset": 90});
    let first = texture(&emulator, &body).await;
    let path = format!("/generations-texture/{first}");
    let pending = get(&emulator, &path).await["model_asset_texture_generations_by_pk"].take();
    let (created, seed) = (pending["createdAt"].as_str().unwrap(), pending["seed"].as_i64().unwrap());
    assert_eq!(
        pending,
        json!({
            "createdAt": created, "id": first, "model_asset_texture_images": [], "negativePrompt": "rain",
            "prompt": "a sea", "seed": seed, "status": "PENDING",
        })
    );
    let charge = emulator.charges().pop().unwrap();
    assert_eq!((charge.seed, charge.prompt.as_str(), charge.amount.to_string()), (seed, "a sea", "150".to_owned()));
    let url =
        format!("http://127.0.0.1:{}/cdn/users/{}/textures/{first}/albedo.png", emulator.port(), emulator.user_id());
    assert_eq!(fetch(&emulator, &url).await.status, 404, "not before it is complete");
    let done = ended(&emulator, &path, TEXTURE).await;
    assert_eq!((&done["status"], &done["model_asset_texture_images"][0]["url"]), (&json!("COMPLETE"), &json!(url)));
    assert_eq!(picture(&emulator, &url).await.side, 1024);

    let body = json!({"modelAssetId": model, "prompt": "fail this", "preview": true, "seed": 7});
    let second = texture(&emulator, &body).await;
    assert!((emulator.charges()[1].amount - 30.0).abs() < 1e-9);
    let failed = ended(&emulator, &format!("/generations-texture/{second}"), TEXTURE).await;
    assert_eq!(
        (&failed["status"], &failed["seed"], &failed["negativePrompt"]),
        (&json!("FAILED"), &json!(7), &Value::Null)
    );
    assert_eq!(failed["model_asset_texture_images"], json!([]));

    let of_model = format!("/generations-texture/model/{model}");
    for (query, expected) in [("", vec![&*second, &first]), ("?limit=1", vec![&*second]), ("?offset=1", vec![&*first])]
    {
        let list = get(&emulator, &format!("{of_model}{query}")).await["model_asset_texture_generations"].take();
        assert_eq!(ids(&list), expected, "{query}");
    }
    let none = json!({"model_asset_texture_generations": []});
    assert_eq!(get(&emulator, &format!("/generations-texture/model/{UNKNOWN}")).await, none);

    let deleted = json!({"delete_model_asset_texture_generations_by_pk": {"id": second}});
    assert_eq!(delete(&emulator, &format!("/generations-texture/{second}")).await, deleted);
    let deleted = json!({"delete_model_asset_texture_generations_by_pk": null});
    assert_eq!(delete(&emulator, &format!("/generations-texture/{second}")).await, deleted);
    let list = get(&emulator, &of_model).await["model_asset_texture_generations"].take();
    assert_eq!(ids(&list), [first.as_str()]);
    // With the 3D model go its textures.
    delete(&emulator, &format!("/models-3d/{model}")).await;
    assert_eq!(get(&emulator, &path).await, json!({"model_asset_texture_generations_by_pk": null}));
    assert_eq!(get(&emulator, &of_model).await, none);
    assert_eq!(fetch(&emulator, &url).await.status, 404);
    assert_eq!(emulator.charges().len(), 2);
}

#[tokio::test]
async fn what_is_refused_and_what_is_lost() {
    let emulator = quick().await;
    let model = model(&emulator, OBJ).await;
    let (empty, _) = place(&emulator, &json!({})).await;
    let path = "/generations-texture";
    for (change, status, error) in [
        (json!({"modelAssetId": null}), 400, "expecting a value"),
        (json!({"modelAssetId": "x"}), 400, "invalid input syntax for type uuid"),
        (json!({"modelAssetId": UNKNOWN}), 400, "failed to find the model asset"),
        (json!({"modelAssetId": empty}), 400, "couldn't access the model asset"),
        (json!({"prompt": null}), 400, "expecting a value"),
        (json!({"prompt": "forbiddenword"}), 403, "content moderation filter"),
        (json!({"prompt": "x".repeat(1501)}), 400, "Invalid prompt"),
        (json!({"seed": -1}), 400, "seed must be between 0 and 9999999998"),
        (json!({"preview": "yes"}), 400, "expected a boolean"),
        (json!({"front_rotation_offset": 0.5}), 400, "expected a 32-bit integer"),
        (json!({"negativePrompt": "x"}), 400, "Unexpected variable negativePrompt"),
    ] {
        let mut body = json!({"modelAssetId": model, "prompt": "x"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&emulator, path, &body, status, error).await;
    }
    let body = json!({"modelAssetId": model, "prompt": "x"});
    assert_eq!(charged_without_response(&emulator, path, &body).await, "createTextureGeneration");
    // A file that is no OBJ is not looked at before.
    let wrong = self::model(&emulator, b"glTF\x02\0\0\0").await;
    let failing = texture(&emulator, &json!({"modelAssetId": wrong, "prompt": "x"})).await;
    assert_eq!(ended(&emulator, &format!("{path}/{failing}"), TEXTURE).await["status"], "FAILED");
}

#[tokio::test]
async fn limits_of_their_own() {
    let mut limits = Limits::none();
    (limits.concurrent_3d_jobs, limits.pending_3d_jobs) = (Some(1), Some(2));
    let emulator = Emulator::builder().limits(limits).start().await.unwrap();
    let model = model(&emulator, OBJ).await;
    let body = |prompt: &str| json!({"modelAssetId": model, "prompt": prompt});
    texture(&emulator, &body("slow 60s")).await;
    let waiting = texture(&emulator, &body("slow 1ms")).await;
    refused(&emulator, "/generations-texture", &body("x"), 429, "Too many pending generations").await;
    common::create(&emulator, &json!({"prompt": "x"})).await;
    // One at a time.
    tokio::time::sleep(Duration::from_millis(30)).await;
    let waiting = get(&emulator, &format!("/generations-texture/{waiting}")).await;
    assert_eq!(waiting.pointer(TEXTURE).unwrap()["status"], "PENDING");

    let mut limits = Limits::none();
    limits.creates_per_minute = Some(1);
    let emulator = Emulator::builder().limits(limits).start().await.unwrap();
    let body = json!({"modelAssetId": self::model(&emulator, OBJ).await, "prompt": "x"});
    texture(&emulator, &body).await;
    refused(&emulator, "/generations-texture", &body, 429, "Too many requests").await;
    let service = Limits::service();
    assert_eq!((service.concurrent_3d_jobs, service.pending_3d_jobs), (Some(10), Some(100)));
}

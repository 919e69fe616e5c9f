//! Videos: generations with a film and a poster.

mod common;

use common::{
    accepted, call, charged_without_response, ended, fetch, fetch_with, finished, jpeg_size, refused, with_image,
};
use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};

const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";

/// The content of the first box of this path, such as `moov/mvhd`.
fn find<'a>(mut bytes: &'a [u8], path: &str) -> &'a [u8] {
    'path: for name in path.split('/') {
        while !bytes.is_empty() {
            let length = number(bytes, 0);
            assert!((8..=bytes.len()).contains(&length), "a box of {length} bytes in {}", bytes.len());
            let (this, rest) = bytes.split_at(length);
            if &this[4..8] == name.as_bytes() {
                bytes = &this[8..];
                continue 'path;
            }
            bytes = rest;
        }
        panic!("no {name} of {path}");
    }
    bytes
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

struct Film {
    size: (u16, u16),
    milliseconds: usize,
    frames: Vec<(u16, u16)>,
}

fn jpeg_head(bytes: &[u8]) -> (u16, u16) {
    assert!(bytes.ends_with(b"\xff\xd9"), "a whole frame");
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.read_info().unwrap();
    let info = decoder.info().unwrap();
    (info.width, info.height)
}

/// Reads a film as a player does: through its tables to its frames, of which the first is decoded.
fn film(bytes: &[u8]) -> Film {
    assert_eq!(&bytes[4..12], b"ftypisom");
    let header = find(bytes, "moov/mvhd");
    assert_eq!(number(header, 12), 1000, "time is counted in milliseconds");
    let track = find(bytes, "moov/trak/tkhd");
    let size = ((number(track, 76) >> 16) as u16, (number(track, 80) >> 16) as u16);
    assert_eq!(&find(bytes, "moov/trak/mdia/hdlr")[8..12], b"vide");
    let table = |name: &str| find(bytes, &format!("moov/trak/mdia/minf/stbl/{name}"));
    let entry = find(&table("stsd")[8..], "mp4v");
    let side = |at: usize| u16::from_be_bytes(entry[at..at + 2].try_into().unwrap());
    assert_eq!((side(24), side(26)), size);
    // The kind of object: JPEG.
    assert_eq!(find(&entry[78..], "esds")[11], 0x6c);
    let times = table("stts");
    let shown = (0..number(times, 4)).map(|run| number(times, 8 + run * 8) * number(times, 12 + run * 8)).sum();
    assert_eq!(number(header, 16), shown);
    let (sizes, mut at) = (table("stsz"), number(table("stco"), 8));
    let mut frames = Vec::new();
    for frame in 0..number(sizes, 8) {
        let length = number(sizes, 12 + frame * 4);
        let frame = &bytes[at..at + length];
        // Decoding takes time; of the other frames the head is read.
        frames.push(if frames.is_empty() { jpeg_size(frame) } else { jpeg_head(frame) });
        at += length;
    }
    assert_eq!(at, bytes.len(), "the frames are all of the file's end");
    Film { size, milliseconds: shown, frames }
}

/// Asks for a video; the generation once it has ended.
async fn made(emulator: &Emulator, path: &str, envelope: &str, body: &Value) -> Value {
    let job = accepted(emulator, path, body).await[envelope].take();
    let charge = emulator.charges().pop().unwrap();
    assert_eq!(job["generationId"], charge.generation_id.as_str(), "{job}");
    assert_eq!(job["cost"]["amount"], charge.amount.to_string());
    finished(emulator, &charge.generation_id).await
}

#[tokio::test]
async fn a_text_becomes_a_video() {
    let (emulator, ..) = with_image().await;
    let body = json!({"prompt": "a sea", "seed": 5, "width": 256, "height": 384, "negativePrompt": "rain"});
    let video = made(&emulator, "/generations-text-to-video", "motionVideoGenerationJob", &body).await;
    assert_eq!((&video["status"], &video["prompt"], &video["seed"]), (&json!("COMPLETE"), &body["prompt"], &json!(5)));
    assert_eq!((&video["imageWidth"], &video["imageHeight"]), (&json!(256), &json!(384)));
    assert_eq!((&video["scheduler"], &video["inferenceSteps"]), (&json!("EULER_DISCRETE"), &Value::Null));
    let image = &video["generated_images"][0];
    assert_eq!((&image["motion"], &image["motionModel"]), (&json!(true), &json!("MOTION2")));
    assert_eq!(image["imageToVideo"], false);
    let poster = fetch(&emulator, image["url"].as_str().unwrap()).await;
    assert_eq!((poster.header("content-type"), jpeg_size(&poster.body)), (Some("image/jpeg"), (256, 384)));

    let url = image["motionMP4URL"].as_str().unwrap();
    let file = fetch(&emulator, url).await;
    assert_eq!((file.status, file.header("content-type")), (200, Some("video/mp4")));
    let Film { size, milliseconds, frames } = film(&file.body);
    assert_eq!((size, milliseconds), ((256, 384), 5000));
    assert!(frames.len() > 1 && frames.iter().all(|frame| *frame == size), "{frames:?}");
    let part = fetch_with(&emulator, "GET", url, &[("range", "bytes=4-11")]).await;
    assert_eq!((part.status, &part.body[..]), (206, b"ftypisom".as_slice()));

    // It is a generation as others are.
    let list = call(&emulator, "GET", &format!("/generations/user/{}?limit=1", emulator.user_id()), "").await.json();
    assert_eq!(list["generations"][0]["id"], video["id"]);
    let path = format!("/generations/{}", video["id"].as_str().unwrap());
    assert_eq!(call(&emulator, "DELETE", &path, "").await.json()["delete_generations_by_pk"]["id"], video["id"]);
    assert_eq!(fetch(&emulator, url).await.status, 404);
}

#[tokio::test]
async fn an_image_becomes_a_video_and_a_larger_one() {
    let (emulator, _, image) = with_image().await;
    let body = json!({"prompt": "waves", "imageId": image, "imageType": "GENERATED", "model": "MOTION2FAST"});
    let video = made(&emulator, "/generations-image-to-video", "motionVideoGenerationJob", &body).await;
    let shown = &video["generated_images"][0];
    assert_eq!((&shown["imageToVideo"], &shown["motionModel"]), (&json!(true), &json!("MOTION2FAST")));
    let file = fetch(&emulator, shown["motionMP4URL"].as_str().unwrap()).await;
    assert_eq!(film(&file.body).size, (832, 480));

    let body = json!({"sourceGenerationId": video["id"], "resolution": "RESOLUTION_720"});
    let job = accepted(&emulator, "/generations-video-upscale", &body).await["motionVideoGenerationJob"].take();
    let id = job["variationId"].as_str().unwrap();
    let list = "/generated_image_variation_motion/0";
    let larger = ended(&emulator, &format!("/motion-variations/{id}"), list).await;
    assert_eq!((&larger["motionTransformType"], &larger["resolution"]), (&json!("UPSCALE"), &body["resolution"]));
    assert_eq!((&larger["id"], larger.get("transformType")), (&json!(id), None));
    let file = fetch(&emulator, larger["url"].as_str().unwrap()).await;
    assert_eq!(film(&file.body).size, (1248, 720));
    let other = call(&emulator, "GET", &format!("/variations/{id}"), "").await.json();
    assert_eq!(other, json!({"generated_image_variation_generic": []}), "of another kind");
    let generation = finished(&emulator, job["generationId"].as_str().unwrap()).await;
    let own = generation["generated_images"][0]["motionMP4URL"].as_str().unwrap();
    assert_eq!(fetch(&emulator, own).await.body, file.body, "read in either way");
}

#[tokio::test]
async fn the_older_model() {
    let (emulator, generation, image) = with_image().await;
    let body = json!({"imageId": image, "motionStrength": 7});
    let video = made(&emulator, "/generations-motion-svd", "motionSvdGenerationJob", &body).await;
    assert_eq!(video["generated_images"][0]["motionStrength"], 7);
    let file = fetch(&emulator, video["generated_images"][0]["motionMP4URL"].as_str().unwrap()).await;
    assert_eq!(film(&file.body).size, (1024, 768), "the proportions of the image");
    let wrong = json!({"imageId": generation});
    refused(&emulator, "/generations-motion-svd", &wrong, 500, "Service Error").await;
}

#[tokio::test]
async fn what_is_refused_and_what_is_lost() {
    let (emulator, generation, image) = with_image().await;
    let text = "/generations-text-to-video";
    for (body, status, error) in [
        (json!({}), 400, "expecting a value"),
        (json!({"prompt": "x", "model": "VEO3"}), 400, "VEO3 is no longer available"),
        (json!({"prompt": "x", "model": "Kling2_5"}), 400, "expected one of the values"),
        (json!({"prompt": "x", "model": "KLING2_5", "duration": 7}), 400, "duration must be"),
        (json!({"prompt": "x", "width": 100000}), 400, "invalid dimensions"),
        (json!({"prompt": "x", "imageId": image}), 400, "Unexpected variable imageId"),
        (json!({"prompt": "forbiddenword"}), 403, "content moderation filter"),
    ] {
        refused(&emulator, text, &body, status, error).await;
    }
    let named = |id: &str, kind: &str| json!({"prompt": "x", "imageId": id, "imageType": kind});
    for body in [named(UNKNOWN, "GENERATED"), named(&generation, "GENERATED"), named(&image, "UPLOADED")] {
        refused(&emulator, "/generations-image-to-video", &body, 400, "couldn't access image").await;
    }
    let body = json!({"sourceGenerationId": generation, "resolution": "RESOLUTION_720"});
    refused(&emulator, "/generations-video-upscale", &body, 400, "failed to find the video").await;
    let operation = charged_without_response(&emulator, text, &json!({"prompt": "x"})).await;
    assert_eq!(operation, "createTextToVideoGeneration");
}

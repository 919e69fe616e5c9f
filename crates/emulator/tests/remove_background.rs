//! Backgrounds removed by version 2, with the result in the response.

mod common;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Connection, bearer, call, create, fetch, finished, jpeg_size, upload, with_image};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan, Plan};
use serde_json::{Value, json};

async fn ask(emulator: &Emulator, body: &Value) -> Value {
    let key = bearer(emulator);
    let headers = [("authorization", key.as_str())];
    let mut connection = Connection::open(emulator).await;
    let reply = connection.request("POST", "/api/rest/v2/generationssync", &headers, body.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn request(image: Value, more: Value) -> Value {
    let mut body = json!({"model": "remove-bg", "public": false, "parameters": {
        "guidances": {"image_reference": [{"image": image}]},
    }});
    for (name, value) in more.as_object().unwrap() {
        if ["base64", "ephemeral"].contains(&name.as_str()) {
            body[name] = value.clone();
        } else if name == "background" {
            body["parameters"]["guidances"]["background_image_reference"] = json!([{"image": value}]);
        } else {
            body["parameters"][name] = value.clone();
        }
    }
    body
}

/// A picture with 4 channels for each pixel.
#[derive(Debug, PartialEq)]
struct Pixels {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Pixels {
    fn at(&self, x: u32, y: u32) -> [u8; 4] {
        let at = (y * self.width + x) as usize * 4;
        self.rgba[at..at + 4].try_into().unwrap()
    }

    fn png(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let rgba = match info.color_type {
            png::ColorType::Rgba => pixels,
            _ => pixels.chunks_exact(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect(),
        };
        Self { width: info.width, height: info.height, rgba }
    }

    fn webp(bytes: &[u8]) -> Self {
        let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
        let (width, height) = decoder.dimensions();
        assert!(decoder.has_alpha());
        let mut rgba = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.read_image(&mut rgba).unwrap();
        Self { width, height, rgba }
    }
}

/// The file of the one result, which comes in the response.
async fn cut(emulator: &Emulator, image: Value, more: Value) -> Vec<u8> {
    let mut more = more;
    more["base64"] = json!(true);
    let response = ask(emulator, &request(image, more)).await;
    let [result] = response["results"].as_array().unwrap_or_else(|| panic!("{response}")).as_slice() else {
        panic!("{response}")
    };
    assert!(result.get("url").is_none());
    STANDARD.decode(result["dataB64"].as_str().unwrap()).unwrap()
}

/// A dark square in the middle of something light, as a file of the emulator's pictures' kinds.
fn square(kind: &str, width: u32, height: u32) -> Vec<u8> {
    let inside = |x: u32, y: u32| (width / 4..width * 3 / 4).contains(&x) && (height / 4..height * 3 / 4).contains(&y);
    let pixel = |x, y| if inside(x, y) { [150, 30, 40] } else { [240, 240, 236] };
    let rgb: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    let mut bytes = Vec::new();
    match kind {
        "png" => {
            let mut encoder = png::Encoder::new(&mut bytes, width, height);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
        }
        "webp" => {
            let encoder = image_webp::WebPEncoder::new(&mut bytes);
            encoder.encode(&rgb, width, height, image_webp::ColorType::Rgb8).unwrap();
        }
        _ => {
            let encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
            encoder.encode(&rgb, width as u16, height as u16, jpeg_encoder::ColorType::Rgb).unwrap();
        }
    }
    bytes
}

fn inline(bytes: &[u8]) -> Value {
    json!({"type": "BASE64", "data": STANDARD.encode(bytes)})
}

#[tokio::test]
async fn an_image_of_the_emulator_loses_its_sky() {
    let (emulator, _, image) = with_image().await;
    let image = json!({"type": "GENERATED", "id": image});
    let response = ask(&emulator, &request(image.clone(), json!({}))).await;
    let result = &response["results"][0];
    assert_eq!((&response["blockedCount"], &result["contentType"]), (&json!(0), &json!("image/png")));
    assert_eq!((&result["width"], &result["height"], result.get("dataB64")), (&json!(64), &json!(48), None));
    assert_eq!(response["cost"], json!({"amount": "50", "unit": "CREDITS"}));
    let file = fetch(&emulator, result["url"].as_str().unwrap()).await;
    assert_eq!(file.header("content-type"), Some("image/png"));
    let pixels = Pixels::png(&file.body);
    assert_eq!((pixels.width, pixels.height, pixels.at(0, 0)[3], pixels.at(63, 47)[3]), (64, 48, 0, 255));
    assert_eq!(cut(&emulator, image, json!({})).await, file.body, "in the response it is the same");

    // What is kept is a generation.
    let id = response["id"].as_str().unwrap();
    let record = finished(&emulator, id).await;
    assert_eq!((&record["status"], &record["generated_images"][0]["url"]), (&json!("COMPLETE"), &result["url"]));
    let charge = &emulator.charges()[1];
    assert_eq!((charge.operation, charge.generation_id.as_str()), ("createSyncGeneration", id));
    let variation = json!({"id": record["generated_images"][0]["id"]}).to_string();
    assert_eq!(call(&emulator, "POST", "/variations/upscale", &variation).await.status, 200);
}

#[tokio::test]
async fn given_pictures_are_really_cut_out() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(5)).start().await.unwrap();
    for kind in ["png", "jpg", "webp"] {
        let pixels = Pixels::png(&cut(&emulator, inline(&square(kind, 64, 40)), json!({})).await);
        assert_eq!((pixels.width, pixels.height), (64, 40), "{kind}");
        assert_eq!([pixels.at(0, 0)[3], pixels.at(63, 39)[3], pixels.at(32, 20)[3]], [0, 0, 255], "{kind}");
        let [red, green, blue, _] = pixels.at(32, 20);
        assert!(red.abs_diff(150) < 8 && green.abs_diff(30) < 8 && blue.abs_diff(40) < 8, "{kind}");
    }
    // One larger than 64 KiB, uploaded.
    let mut noise = fastrand::Rng::with_seed(3);
    let (width, height) = (320, 240);
    let inside = |x: u32, y: u32| (80..240).contains(&x) && (60..180).contains(&y);
    let rgb: Vec<u8> = (0..width * height)
        .flat_map(
            |at| if inside(at % width, at / width) { [noise.u8(..150), noise.u8(..), noise.u8(..)] } else { [250; 3] },
        )
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::NoCompression);
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
    assert!(file.len() > 200_000);
    let place = call(&emulator, "POST", "/init-image", r#"{"extension":"png"}"#).await.json()["uploadInitImage"].take();
    assert_eq!(upload(&emulator, &place, &file).await.status, 204);
    let shown = call(&emulator, "GET", &format!("/init-image/{}", place["id"].as_str().unwrap()), "").await.json();
    let url = shown["init_images_by_pk"]["url"].as_str().unwrap();
    for image in [json!({"type": "UPLOADED", "id": place["id"]}), json!({"type": "URL", "url": url}), inline(&file)] {
        let pixels = Pixels::png(&cut(&emulator, image, json!({})).await);
        assert_eq!((pixels.width, pixels.height, pixels.at(79, 100)[3], pixels.at(80, 100)[3]), (320, 240, 0, 255));
        let at = (100 * width + 80) as usize * 3;
        assert_eq!(pixels.at(80, 100)[..3], rgb[at..at + 3], "the colours stay");
    }
    // What a link to elsewhere leads to is not fetched.
    let linked =
        cut(&emulator, json!({"type": "URL", "url": "https://example.com/a.png"}), json!({"size": "preview"})).await;
    let pixels = Pixels::png(&linked);
    assert!(pixels.width * pixels.height <= 250_000 && pixels.at(0, 0)[3] == 0);
}

#[tokio::test]
async fn results_come_as_the_parameters_say() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(5)).start().await.unwrap();
    let image = inline(&square("png", 64, 40));
    let webp = cut(&emulator, image.clone(), json!({"format": "webp"})).await;
    let png = cut(&emulator, image.clone(), json!({})).await;
    assert_eq!(Pixels::webp(&webp), Pixels::png(&png));
    let jpg = cut(&emulator, image.clone(), json!({"format": "jpg", "bg_color": "0000ff"})).await;
    let mut decoder = jpeg_decoder::Decoder::new(&jpg[..]);
    let pixels = decoder.decode().unwrap();
    assert!(pixels[0] < 20 && pixels[1] < 20 && pixels[2] > 235, "{:?}", &pixels[..3]);

    let mask = Pixels::png(&cut(&emulator, image.clone(), json!({"channels": "alpha"})).await);
    assert_eq!((mask.at(0, 0), mask.at(32, 20)), ([0, 0, 0, 255], [255; 4]));
    let green = Pixels::png(&cut(&emulator, image.clone(), json!({"bg_color": "lime"})).await);
    assert_eq!((green.at(0, 0), green.at(32, 20)), ([0, 255, 0, 255], [150, 30, 40, 255]));
    let cropped = Pixels::png(&cut(&emulator, image.clone(), json!({"crop": true, "crop_margin": "2px 25%"})).await);
    assert_eq!((cropped.width, cropped.height), (32 + 16, 20 + 4));
    assert_eq!((cropped.at(7, 12)[3], cropped.at(8, 12)[3]), (0, 255));
    let region = Pixels::png(&cut(&emulator, image.clone(), json!({"roi": "50% 0% 100% 30px"})).await);
    assert_eq!([region.at(31, 20)[3], region.at(32, 20)[3]], [0, 255]);
    let behind = inline(&square("png", 640, 400));
    let behind = Pixels::png(&cut(&emulator, image.clone(), json!({"background": behind})).await);
    assert_eq!((behind.width, behind.height, behind.at(0, 0)), (64, 40, [240, 240, 236, 255]));
    let preview = cut(&emulator, inline(&square("png", 1200, 600)), json!({"size": "preview"})).await;
    let preview = Pixels::png(&preview);
    assert_eq!((preview.width, preview.height), (707, 353), "a quarter of a megapixel");

    let body = request(image.clone(), json!({"ephemeral": true}));
    let response = ask(&emulator, &body).await;
    let url = response["results"][0]["url"].as_str().unwrap();
    assert_eq!(fetch(&emulator, url).await.body, png);
    let record = call(&emulator, "GET", &format!("/generations/{}", response["id"].as_str().unwrap()), "").await.json();
    assert_eq!(record, json!({"generations_by_pk": null}), "nothing is kept");
}

#[tokio::test]
async fn as_an_ordinary_generation() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(60)).start().await.unwrap();
    let body = request(inline(&square("jpg", 64, 40)), json!({"format": "webp"}));
    let key = bearer(&emulator);
    let mut connection = Connection::open(&emulator).await;
    let reply = connection
        .request("POST", "/api/rest/v2/generations", &[("authorization", &key)], body.to_string().as_bytes())
        .await
        .json();
    let record = finished(&emulator, reply["generate"]["generationId"].as_str().unwrap()).await;
    assert_eq!(
        (&record["imageWidth"], &record["imageHeight"], &record["seed"]),
        (&json!(64), &json!(40), &Value::Null)
    );
    let url = record["generated_images"][0]["url"].as_str().unwrap();
    let file = fetch(&emulator, url).await;
    assert!(url.ends_with(".webp"));
    assert_eq!((file.header("content-type"), Pixels::webp(&file.body).at(0, 0)[3]), (Some("image/webp"), 0));
}

#[tokio::test]
async fn it_waits_and_what_is_withheld_is_charged() {
    let emulator =
        Emulator::builder().generation_time(Duration::from_millis(300)).plan(Plan::PayAsYouGo).start().await.unwrap();
    let started = Instant::now();
    let shown = ask(&emulator, &request(inline(&square("png", 32, 32)), json!({}))).await;
    assert!(started.elapsed() >= Duration::from_millis(290), "{:?}", started.elapsed());
    assert_eq!(shown["cost"], json!({"amount": "0.1047", "unit": "DOLLARS"}));

    let mut marked = square("jpg", 32, 32);
    marked.extend(b"nsfwword");
    let id = create(&emulator, &json!({"prompt": "nsfwword", "width": 64, "height": 64, "num_images": 1})).await;
    let image = finished(&emulator, &id).await["generated_images"][0]["id"].take();
    for image in [
        inline(&marked),
        json!({"type": "URL", "url": "https://example.com/nsfwword.png"}),
        json!({"type": "GENERATED", "id": image}),
    ] {
        let before = emulator.charges().len();
        let response = ask(&emulator, &request(image, json!({}))).await;
        assert_eq!((&response["blockedCount"], &response["results"]), (&json!(1), &json!([])));
        assert_eq!(response["cost"]["amount"], "0.1047");
        assert_eq!(emulator.charges().len(), before + 1);
    }
    // A response that does not arrive is charged as well.
    let before = emulator.charges().len();
    emulator.set_faults(FaultPlan::sequence([Fault::CloseAfterWork]));
    let mut connection = Connection::open(&emulator).await;
    let body = request(inline(&square("png", 32, 32)), json!({})).to_string();
    let key = bearer(&emulator);
    connection.send("POST", "/api/rest/v2/generationssync", &[("authorization", &key)], body.as_bytes()).await;
    assert!(connection.is_over().await);
    assert_eq!(emulator.charges().len(), before + 1);
}

#[tokio::test]
async fn what_is_refused() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(5)).fail_every(1).start().await.unwrap();
    let image = inline(&square("png", 32, 32));
    let mut broken = square("png", 32, 32);
    let middle = broken.len() / 2;
    broken.truncate(middle);
    let huge = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\x01\0\0\0\x01\0\0\x08\x02\0\0\0".to_vec();
    for (body, code, error) in [
        (request(image.clone(), json!({"format": "zip"})), "VALIDATION_ERROR", "parameters.format must be one of"),
        (request(image.clone(), json!({"size": "4k"})), "VALIDATION_ERROR", "parameters.size must be one of"),
        (request(image.clone(), json!({"bg_color": "ff"})), "VALIDATION_ERROR", "parameters.bg_color has not the form"),
        (request(image.clone(), json!({"crop_margin": "5"})), "VALIDATION_ERROR", "parameters.crop_margin has not"),
        (request(image.clone(), json!({"roi": "0% 0%"})), "VALIDATION_ERROR", "parameters.roi has not"),
        (request(image.clone(), json!({"scale": "5%"})), "VALIDATION_ERROR", "parameters.scale has not"),
        (request(image.clone(), json!({"position": "left"})), "VALIDATION_ERROR", "parameters.position has not"),
        (request(image.clone(), json!({"shadow_opacity": 101})), "VALIDATION_ERROR", "parameters.shadow_opacity must"),
        (request(image.clone(), json!({"prompt": "x"})), "VALIDATION_ERROR", "property parameters.prompt should not"),
        (request(image.clone(), json!({"bg_color": "fff", "background": image})), "BAD_REQUEST", "bg_color and"),
        (request(inline(&broken), json!({})), "NOT_FOUND", "couldn't access image"),
        (request(inline(&huge), json!({})), "NOT_FOUND", "couldn't access image"),
        (request(inline(b"no picture"), json!({})), "NOT_FOUND", "couldn't access image"),
        (json!({"model": "flux-dev", "parameters": {"prompt": "x"}}), "VALIDATION_ERROR", "model must be one of"),
        (json!({"model": "remove-bg", "parameters": {}}), "VALIDATION_ERROR", "parameters.guidances should not"),
        (json!({"model": "remove-bg", "base64": 1, "parameters": {}}), "VALIDATION_ERROR", "base64 must be a boolean"),
        // Each job of this emulator fails.
        (request(image.clone(), json!({})), "INTERNAL_SERVER_ERROR", "The generation has failed"),
    ] {
        let response = ask(&emulator, &body).await;
        let extensions = &response[0]["extensions"];
        assert_eq!(extensions["code"], code, "{response}");
        let said = extensions["details"]["errors"][0]["message"].as_str().unwrap();
        assert!(said.starts_with(error), "{said}");
        assert!(emulator.charges().is_empty());
    }
}

#[tokio::test]
async fn a_jpeg_with_what_was_not_there_in_white() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(5)).start().await.unwrap();
    let file = cut(&emulator, inline(&square("png", 48, 32)), json!({"format": "jpg"})).await;
    assert_eq!(jpeg_size(&file), (48, 32));
    assert!(jpeg_decoder::Decoder::new(&file[..]).decode().unwrap()[..3].iter().all(|value| *value > 248));
}

#[tokio::test]
async fn files_that_are_spoilt_are_refused_or_read() {
    let emulator = Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    let mut refused = 0;
    for round in 0..90 {
        let mut file = square(["png", "jpg", "webp"][round % 3], 40, 30);
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..file.len());
            file[at] = random.u8(..);
        }
        if random.bool() {
            file.truncate(random.usize(..file.len()));
        }
        let response = ask(&emulator, &request(inline(&file), json!({}))).await;
        refused += usize::from(response.is_array());
    }
    assert!((10..90).contains(&refused), "{refused}");
    assert_eq!(emulator.charges().len(), 90 - refused);
}

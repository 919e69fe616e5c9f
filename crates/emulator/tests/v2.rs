//! Version 2: the models, creates with any of them, and what is refused.

mod common;

use std::time::Duration;

use common::{Connection, bearer, call, fetch, finished, jpeg_size, read, upload, with_image};
use leonardo_ai_emulator::{Emulator, Limits, Plan};
use serde_json::{Map, Value, json};

const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";

/// A request of version 2; the response, of which the status is 200.
async fn ask(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    let key = bearer(emulator);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let path = format!("/api/rest/v2{path}");
    let reply = Connection::open(emulator).await.request(method, &path, &headers, body.as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn models(emulator: &Emulator) -> Vec<Value> {
    ask(emulator, "GET", "/models", &Value::Null).await["productionApiAvailableModels"].as_array().unwrap().clone()
}

fn request(model: &str, parameters: Value) -> Value {
    json!({"model": model, "public": false, "parameters": parameters})
}

/// What is under `generate` in the response to a create request that is accepted.
async fn job(emulator: &Emulator, model: &str, parameters: Value) -> Value {
    let mut response = ask(emulator, "POST", "/generations", &request(model, parameters)).await;
    assert!(response["generate"]["generationId"].is_string(), "{response}");
    response["generate"].take()
}

/// The record of what a create request makes, once it has ended.
async fn made(emulator: &Emulator, model: &str, parameters: Value) -> Value {
    let job = job(emulator, model, parameters).await;
    let charge = emulator.charges().pop().unwrap();
    assert_eq!((&job["generationId"], charge.operation), (&json!(charge.generation_id), "createGenerationV2"));
    assert_eq!((&job["cost"]["amount"], &job["cost"]["unit"]), (&json!(charge.amount.to_string()), &json!("CREDITS")));
    assert_eq!(job["apiCreditCost"], Value::Null);
    finished(emulator, &charge.generation_id).await
}

/// That a create request is refused by a bare list that says this, and charges nothing.
async fn refused(emulator: &Emulator, body: &Value, code: &str, error: &str) {
    let before = emulator.charges().len();
    let response = ask(emulator, "POST", "/generations", body).await;
    let [refusal] = response.as_array().unwrap_or_else(|| panic!("{body}: {response}")).as_slice() else { panic!() };
    assert!(refusal["message"].is_string() && refusal["path"].is_array() && refusal["locations"].is_array());
    let details = &refusal["extensions"]["details"];
    assert_eq!(refusal["extensions"]["code"], code, "{body}: {refusal}");
    assert!(details["message"].is_string() && details["statusCode"].is_u64());
    let errors: Vec<_> =
        details["errors"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    assert!(errors.iter().any(|one| one.starts_with(error)), "{body}: {errors:?}");
    assert_eq!(emulator.charges().len(), before);
}

#[tokio::test]
async fn all_models_have_a_schema() {
    let emulator = Emulator::start().await.unwrap();
    let all = models(&emulator).await;
    assert_eq!(all.len(), 79);
    for model in &all {
        let fields: Vec<_> = model.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["id", "name", "parameters"], "no slug");
        assert_eq!(model["id"].as_str().unwrap().len(), 36);
        let schema = &model["parameters"];
        assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)));
        let properties = schema["properties"].as_object().unwrap();
        for required in schema["required"].as_array().unwrap() {
            assert!(properties.contains_key(required.as_str().unwrap()), "{model}");
        }
    }
    let named = |name: &str| all.iter().find(|model| model["name"] == name).unwrap();
    assert_eq!(named("FLUX Schnell")["id"], "1dd50843-d653-4516-a8e3-f0238ee453ff", "as in version 1");
    let lucid = &named("Lucid Origin")["parameters"]["properties"];
    assert_eq!(
        lucid["width"],
        json!({"type": "integer", "minimum": 16, "maximum": 3840, "multipleOf": 8, "default": 1200})
    );
    assert_eq!(models(&emulator).await, all);
    assert!(emulator.charges().is_empty());
}

#[tokio::test]
async fn images() {
    let (emulator, _, source) = with_image().await;
    let record = made(
        &emulator,
        "lucid-origin",
        json!({
            "prompt": "a pier", "width": 80, "height": 48, "quantity": 2, "seed": 42,
            "style_ids": ["111dc692-d470-4eec-b791-3475abac4c46"], "prompt_enhance": "OFF",
            "guidances": {"style": [{"image": {"id": source, "type": "GENERATED"}, "strength": "ULTRA"}]},
        }),
    )
    .await;
    for (name, expected) in [
        ("status", json!("COMPLETE")),
        ("prompt", json!("a pier")),
        ("negativePrompt", json!("")),
        ("seed", json!(42)),
        ("imageWidth", json!(80)),
        ("imageHeight", json!(48)),
        ("modelId", json!("7b592283-e8a7-4c5a-9ba6-d18c31f258b9")),
        ("public", json!(false)),
        ("guidanceScale", Value::Null),
        ("motion", Value::Null),
    ] {
        assert_eq!(record[name], expected, "{name}");
    }
    let images = record["generated_images"].as_array().unwrap();
    assert_eq!((images.len(), &images[0]["motionMP4URL"]), (2, &Value::Null));
    let mut files = Vec::new();
    for image in images {
        let file = fetch(&emulator, image["url"].as_str().unwrap()).await;
        assert_eq!((file.header("content-type"), jpeg_size(&file.body)), (Some("image/jpeg"), (80, 48)));
        files.push(file.body);
    }
    assert_ne!(files[0], files[1]);
    // Such an image is one like others: version 1 enlarges it.
    let body = json!({"id": images[0]["id"]});
    assert_eq!(call(&emulator, "POST", "/variations/upscale", &body.to_string()).await.status, 200);

    // A very wide and a very small one, a number of images of the model's own, and no seed where the model has none.
    for (model, parameters, size, count) in [
        ("krea-2-turbo", json!({"prompt": "x", "width": 16, "height": 4096}), (16, 4096), 4),
        ("flux-dev", json!({"prompt": "x", "width": 480, "height": 480, "seed": 7}), (480, 480), 4),
        ("nano-banana-2", json!({"prompt": "x", "width": 848, "height": 672}), (1024, 1024), 1),
        (
            "nano-banana-2",
            json!({"prompt": "x", "width": 0, "height": 0, "guidances": {
                "image_reference": [{"image": {"id": source, "type": "GENERATED"}}],
            }}),
            (1200, 896),
            1,
        ),
    ] {
        let record = made(&emulator, model, parameters.clone()).await;
        assert_eq!(record["seed"], parameters.get("seed").cloned().unwrap_or_else(|| record["seed"].clone()));
        assert_eq!(record["seed"].is_null(), model == "krea-2-turbo", "{model}");
        assert_eq!((&record["imageWidth"], &record["imageHeight"]), (&json!(size.0), &json!(size.1)), "{model}");
        let images = record["generated_images"].as_array().unwrap();
        assert_eq!(images.len(), count, "{model}");
        let file = fetch(&emulator, images[0]["url"].as_str().unwrap()).await;
        assert_eq!(jpeg_size(&file.body), size, "{model}");
    }
    let record =
        made(&emulator, "kino-xl", json!({"prompt": "x", "width": 64, "height": 64, "transparency": true})).await;
    let file = fetch(&emulator, record["generated_images"][0]["url"].as_str().unwrap()).await;
    assert_eq!(file.header("content-type"), Some("image/png"));
}

#[tokio::test]
async fn videos() {
    let (emulator, _, source) = with_image().await;
    let frame = |id: &str| json!([{"image": {"id": id, "type": "GENERATED"}}]);
    let parameters = json!({"prompt": "the tide", "duration": 5, "guidances": {"start_frame": frame(&source)}});
    let record = made(&emulator, "bytedance/seedance-2.5", parameters).await;
    // The proportions of the image, with the lines of the model.
    assert_eq!(
        (&record["imageWidth"], &record["imageHeight"], &record["seed"]),
        (&json!(960), &json!(720), &json!(-1))
    );
    let shown = &record["generated_images"][0];
    assert_eq!(
        (&shown["motion"], &shown["motionModel"], &shown["imageToVideo"]),
        (&json!(true), &json!("SEEDANCE2_5"), &json!(true))
    );
    let poster = fetch(&emulator, shown["url"].as_str().unwrap()).await;
    assert_eq!(jpeg_size(&poster.body), (960, 720));
    let film = fetch(&emulator, shown["motionMP4URL"].as_str().unwrap()).await;
    assert_eq!((film.header("content-type"), &film.body[4..12]), (Some("video/mp4"), &b"ftypisom"[..]));
    let header = film.body.windows(4).position(|name| name == b"mvhd").unwrap();
    let milliseconds = u32::from_be_bytes(film.body[header + 20..header + 24].try_into().unwrap());
    assert_eq!(milliseconds, 5000);
    let cost = emulator.charges().pop().unwrap().amount;

    // A film can be named by its image, and is twice as dear at twice the length.
    let parameters = json!({"prompt": "x", "duration": 10, "width": 960, "height": 720, "guidances": {
        "video_reference_base": [{"video": {"id": shown["id"], "type": "GENERATED"}}],
    }});
    job(&emulator, "bytedance/seedance-2.5", parameters).await;
    assert!((emulator.charges().pop().unwrap().amount - 2.0 * cost).abs() < 1e-9);
    let record = made(
        &emulator,
        "motion_2.0",
        json!({"prompt": "x", "negative_prompt": "rain", "width": 480, "height": 832, "seed": 2_147_483_637}),
    )
    .await;
    assert_eq!(record["negativePrompt"], "rain");
    assert_eq!(
        (&record["seed"], &record["generated_images"][0]["motionModel"]),
        (&json!(2_147_483_637), &json!("MOTION2"))
    );
}

#[tokio::test]
async fn what_makes_no_pictures_and_what_makes_larger_ones() {
    let (emulator, _, source) = with_image().await;
    let image = json!([{"image": {"id": source, "type": "GENERATED"}}]);
    for (model, parameters) in [
        ("music-v1", json!({"prompt": "a waltz", "quantity": 3})),
        ("rodin-v2", json!({"guidances": {"image_reference": image}, "seed": 65535})),
    ] {
        let record = made(&emulator, model, parameters).await;
        assert_eq!((&record["status"], &record["generated_images"]), (&json!("COMPLETE"), &json!([])), "{model}");
        assert_eq!(emulator.charges().pop().unwrap().num_images, 0);
    }
    let parameters = json!({
        "width": 128, "height": 128, "upscale_factor": 3, "creativity": "low", "guidances": {"image_reference": image},
    });
    let record = made(&emulator, "aurora-upscaler-creative", parameters.clone()).await;
    let file = fetch(&emulator, record["generated_images"][0]["url"].as_str().unwrap()).await;
    assert_eq!(jpeg_size(&file.body), (192, 144), "three times the image that is given");
    let mut large = parameters;
    large["upscale_factor"] = json!(5);
    refused(&emulator, &request("aurora-upscaler-creative", large), "VALIDATION_ERROR", "parameters.upscale_factor")
        .await;
}

/// A guidance by one image.
fn named(kind: &str, id: &str) -> Value {
    json!([{"image": {"id": id, "type": kind}}])
}

/// That a request with these parameters and a prompt is refused.
async fn refused_with_prompt(emulator: &Emulator, model: &str, mut parameters: Value, code: &str, error: &str) {
    parameters["prompt"] = json!("x");
    refused(emulator, &request(model, parameters), code, error).await;
}

#[tokio::test]
async fn requests_without_the_right_form_are_refused() {
    let emulator = Emulator::start().await.unwrap();
    let invalid = async |body: Value, error: &str| refused(&emulator, &body, "VALIDATION_ERROR", error).await;
    invalid(json!({"model": "lucid-origin", "parameters": {"prompt": "x"}}), "public must be a boolean").await;
    let mut other = request("lucid-origin", json!({"prompt": "x"}));
    other["teamId"] = json!("x");
    invalid(other, "property teamId should not exist").await;
    invalid(json!({"public": true}), "model must be a string").await;
    invalid(json!({"model": "flux-dev", "public": true}), "parameters must be").await;
    invalid(request("gpt-9", json!({"prompt": "x"})), "model must be one of").await;
    invalid(request("lucid-origin", json!({})), "parameters.prompt should not be null").await;
    let long = json!({"prompt": "x".repeat(10_000)});
    invalid(request("lucid-origin", long), "parameters.prompt must be shorter").await;
    for (model, parameters, error) in [
        ("lucid-origin", json!({"unheard": 1}), "property parameters.unheard should not exist"),
        ("lucid-origin", json!({"width": "1024"}), "parameters.width must be an integer"),
        ("lucid-origin", json!({"width": 1028}), "parameters.width must be divisible by 8"),
        ("lucid-origin", json!({"height": 8}), "parameters.height must not be less than 16"),
        ("lucid-origin", json!({"quantity": 9}), "parameters.quantity must not be greater than 8"),
        ("kino-xl", json!({"contrast": "MIDDLE"}), "parameters.contrast must be one of"),
        ("lucid-origin", json!({"style_ids": ["x"]}), "parameters.style_ids.0 must be a UUID"),
        ("ideogram-v3.0", json!({"mode": "FAST"}), "property parameters.mode should not exist"),
        ("gpt-image-2", json!({"seed": 1}), "property parameters.seed should not exist"),
        ("flux-dev", json!({"seed": 2_147_483_638_u32}), "parameters.seed must not be greater"),
        ("motion_2.0", json!({"duration": 5}), "property parameters.duration should not exist"),
        ("motion_2.0", json!({"width": 100, "height": 100}), "parameters.width must be one of"),
        ("kling-2.6", json!({"duration": 7}), "parameters.duration must be one of"),
        ("grok-imagine-1.5", json!({}), "parameters.guidances should not be null"),
    ] {
        refused_with_prompt(&emulator, model, parameters, "VALIDATION_ERROR", error).await;
    }
    for (word, error) in
        [("forbiddenword", "content moderation filter: forbiddenword"), ("unseemlyword", "Your prompt")]
    {
        refused(&emulator, &request("lucid-origin", json!({"prompt": format!("a {word}")})), "BAD_REQUEST", error)
            .await;
    }
    let elsewhere = call(&emulator, "POST", "/v2/generations", "{}").await;
    assert_eq!(elsewhere.status, 404, "it is not below v1");
}

#[tokio::test]
async fn guidances_of_the_wrong_kind_are_refused() {
    let (emulator, _, source) = with_image().await;
    let image = named("GENERATED", &source);
    let place = "parameters.guidances";
    for (model, guidances, error) in [
        ("lucid-origin", json!({"pose": []}), format!("property {place}.pose should not exist")),
        ("kino-xl", json!({"edge": image}), format!("{place}.edge.0.strength should not be null")),
        (
            "kino-xl",
            json!({"edge": [{"image": {}, "strength": "MAX"}]}),
            format!("{place}.edge.0.strength must be one of"),
        ),
        ("flux-dev", json!({"style": [{}, {}]}), format!("{place}.style must contain no more than 1")),
        ("flux-dev", json!({"style": named("FOUND", &source)}), format!("{place}.style.0.image.type must be one of")),
        (
            "gpt-image-2",
            json!({"image_reference": [{"image": {}, "strength": "LOW"}]}),
            format!("property {place}.image_ref"),
        ),
        ("wan-2.7", json!({"video_reference_base": image}), format!("property {place}.video_reference_base.0.image")),
        ("veo-3.1-lite", json!({"end_frame": image}), format!("{place}.end_frame needs start_frame")),
        (
            "kling-video-o-1",
            json!({"start_frame": image, "image_reference": image}),
            format!("{place}.image_reference cannot"),
        ),
        (
            "hailuo-03",
            json!({"audio_reference": [{"audio": {"id": source, "type": "UPLOADED"}}]}),
            format!("{place}.audio_r"),
        ),
        ("flux-dev", json!({"style": [{"image": {"type": "URL"}}]}), "image must have what its type says".to_owned()),
    ] {
        let parameters = json!({"guidances": guidances});
        refused_with_prompt(&emulator, model, parameters, "VALIDATION_ERROR", &error).await;
    }
}

#[tokio::test]
async fn what_does_not_exist_is_refused() {
    let (emulator, generation, source) = with_image().await;
    for (model, parameters) in [
        ("motion_2.0", json!({"width": 512, "height": 720})),
        ("motion_2.0", json!({"width": 512})),
        ("seedream-4.0", json!({"width": 14142, "height": 14142})),
    ] {
        refused_with_prompt(&emulator, model, parameters, "BAD_REQUEST", "invalid dimensions").await;
    }
    for image in [
        named("GENERATED", UNKNOWN),
        named("UPLOADED", &source),
        named("VARIATION", &source),
        named("GENERATED", &generation),
        json!([{"image": {"type": "BASE64", "data": "eA=="}}]),
    ] {
        let parameters = json!({"guidances": {"style": image}});
        refused_with_prompt(&emulator, "flux-dev", parameters, "NOT_FOUND", "couldn't access image").await;
    }
    // A picture is no video.
    let video = json!({"guidances": {"video_reference_base": [{"video": {"id": source, "type": "GENERATED"}}]}});
    refused_with_prompt(&emulator, "kling-video-o-3", video, "NOT_FOUND", "couldn't access video").await;
    let sound = json!({"guidances": {"audio_reference": [{"audio": {"id": UNKNOWN, "type": "UPLOADED"}}]}});
    refused_with_prompt(&emulator, "seedance-2.0", sound, "NOT_FOUND", "couldn't access audio").await;
}

#[tokio::test]
async fn many_errors_are_told_together() {
    let emulator = Emulator::start().await.unwrap();
    let parameters: Map<String, Value> = (0..50).map(|number| (format!("x{number}"), json!(1))).collect();
    let response = ask(&emulator, "POST", "/generations", &request("flux-dev", Value::Object(parameters))).await;
    let errors = response[0]["extensions"]["details"]["errors"].as_array().unwrap().len();
    assert!((10..50).contains(&errors), "{errors}");
}

#[tokio::test]
async fn images_come_from_everywhere() {
    let (emulator, _, source) = with_image().await;
    let shown = read(&emulator, &emulator.charges()[0].generation_id).await;
    let url = shown["generated_images"][0]["url"].as_str().unwrap().to_owned();
    let file = fetch(&emulator, &url).await.body;
    let place = call(&emulator, "POST", "/init-image", r#"{"extension":"jpg"}"#).await.json()["uploadInitImage"].take();
    let style = |image: Value| json!({"prompt": "x", "guidances": {"start_frame": [{"image": image}]}});
    let uploaded = json!({"type": "UPLOADED", "id": place["id"]});
    refused(&emulator, &request("motion_2.0", style(uploaded.clone())), "NOT_FOUND", "couldn't access image").await;
    assert_eq!(upload(&emulator, &place, &file).await.status, 204);
    let variation = call(&emulator, "POST", "/variations/upscale", &json!({"id": source}).to_string()).await.json();
    let variation = &variation["sdUpscaleJob"]["id"];
    tokio::time::sleep(Duration::from_millis(100)).await;
    let data = base64(&file);
    for image in [
        uploaded,
        json!({"id": place["id"]}),
        json!({"type": "GENERATED", "id": source}),
        json!({"type": "VARIATION", "id": variation}),
        json!({"type": "URL", "url": url}),
        json!({"type": "URL", "url": format!("data:image/jpeg;base64,{data}")}),
        json!({"type": "BASE64", "data": data}),
    ] {
        let record = made(&emulator, "motion_2.0", style(image.clone())).await;
        // Of the sizes with 480 lines the one most like 64 by 48.
        assert_eq!((&record["imageWidth"], &record["imageHeight"]), (&json!(832), &json!(480)), "{image}");
        assert_eq!(record["generated_images"][0]["imageToVideo"], true);
    }
    let gone = json!({"type": "URL", "url": url.replace("_0.jpg", "_1.jpg")});
    refused(&emulator, &request("motion_2.0", style(gone)), "NOT_FOUND", "couldn't access image").await;
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn words_lists_and_shapes() {
    let emulator = Emulator::builder()
        .generation_time(Duration::from_millis(60))
        .plan(Plan::PayAsYouGo)
        .v2_flat(true)
        .v2_in_lists(false)
        .start()
        .await
        .unwrap();
    let body = request("lucid-origin", json!({"prompt": "fail this", "width": 1024, "height": 768}));
    let job = ask(&emulator, "POST", "/generations", &body).await;
    assert_eq!(job["cost"], json!({"amount": "0.0588", "unit": "DOLLARS"}), "four images by default");
    let id = job["generationId"].as_str().unwrap();
    let record = finished(&emulator, id).await;
    assert_eq!((&record["status"], &record["generated_images"]), (&json!("FAILED"), &json!([])));
    let list = call(&emulator, "GET", &format!("/generations/user/{}", emulator.user_id()), "").await.json();
    assert_eq!(list, json!({"generations": []}));
    let slow = request("lucid-origin", json!({"prompt": "slow 60s", "width": 64, "height": 64}));
    let id = ask(&emulator, "POST", "/generations", &slow).await["generationId"].as_str().unwrap().to_owned();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(read(&emulator, &id).await["status"], "PENDING");
    // Deleted as others are.
    let deleted = call(&emulator, "DELETE", &format!("/generations/{id}"), "").await.json();
    assert_eq!(deleted["delete_generations_by_pk"]["id"], id.as_str());

    let emulator = Emulator::start().await.unwrap();
    let id = ask(&emulator, "POST", "/generations", &slow).await["generate"]["generationId"].clone();
    let list = call(&emulator, "GET", &format!("/generations/user/{}", emulator.user_id()), "").await.json();
    assert_eq!(list["generations"][0]["id"], id);
}

#[tokio::test]
async fn limits() {
    let mut limits = Limits::none();
    (limits.creates_per_minute, limits.pending_jobs) = (Some(3), Some(2));
    let emulator = Emulator::builder().limits(limits).start().await.unwrap();
    let key = bearer(&emulator);
    let headers = [("authorization", key.as_str())];
    let mut connection = Connection::open(&emulator).await;
    let mut send = async |model: &str| {
        let body = request(model, json!({"prompt": "slow 60s", "width": 512, "height": 768})).to_string();
        connection.request("POST", "/api/rest/v2/generations", &headers, body.as_bytes()).await
    };
    assert_eq!([send("lucid-origin").await.status, send("motion_2.0").await.status], [200, 200]);
    let refusal = send("lucid-origin").await;
    assert_eq!((refusal.status, refusal.json()["error"].as_str()), (429, Some("Too many pending generations")));
    let refusal = send("lucid-origin").await;
    assert_eq!((refusal.status, refusal.json()["error"].as_str()), (429, Some("Too many requests, please slow down")));
    // Version 1 has its own creates a minute, and shares the jobs.
    let body = json!({"prompt": "x", "width": 64, "height": 64}).to_string();
    let first = call(&emulator, "POST", "/generations", &body).await;
    assert_eq!((first.status, first.json()["error"].as_str()), (429, Some("Too many pending generations")));
}

//! The routes, as a client of the real service knows them.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Connection, call, create, fetch, finished, image_urls, read};
use leonardo_ai_emulator::{Emulator, Plan};
use serde_json::{Value, json};

async fn quick() -> Emulator {
    Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn is_uuid(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 36 && text.as_bytes()[14] == b'4' && text.split('-').count() == 5
}

#[tokio::test]
async fn a_create_responds_with_id_and_cost() {
    let emulator = quick().await;
    let body = json!({"prompt": "a cat", "num_images": 4, "width": 1024, "height": 768});
    let reply = call(&emulator, "POST", "/generations", &body.to_string()).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().starts_with("application/json"));
    let response = reply.json();
    assert_eq!(keys(&response), BTreeSet::from(["sdGenerationJob"]));
    let job = &response["sdGenerationJob"];
    assert_eq!(keys(job), BTreeSet::from(["apiCreditCost", "cost", "generationId"]));
    assert!(is_uuid(&job["generationId"]));
    assert_eq!(job["apiCreditCost"], Value::Null);
    assert_eq!(job["cost"], json!({"amount": "28", "unit": "CREDITS"}));

    let charges = emulator.charges();
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].generation_id, job["generationId"].as_str().unwrap());
    assert_eq!(charges[0].prompt, "a cat");
    assert!((charges[0].amount - 28.0).abs() < 1e-9);
    assert_eq!(charges[0].num_images, 4);
}

#[tokio::test]
async fn an_account_that_pays_as_it_goes_is_charged_in_dollars() {
    let emulator = Emulator::builder().plan(Plan::PayAsYouGo).balance(12.4567).start().await.unwrap();
    let body = json!({"prompt": "a cat", "num_images": 4, "width": 1024, "height": 768});
    let job = call(&emulator, "POST", "/generations", &body.to_string()).await.json()["sdGenerationJob"].take();
    assert_eq!(job["apiCreditCost"], Value::Null);
    assert_eq!(job["cost"], json!({"amount": "0.0588", "unit": "DOLLARS"}));
    assert!((emulator.charges()[0].amount - 0.0588).abs() < 1e-9);
    let me = call(&emulator, "GET", "/me", "").await.json();
    let details = &me["user_details"][0];
    assert_eq!((&details["paidTokens"], &details["apiPaidTokens"]), (&json!(12.3979), &json!(12.3979)));
}

#[tokio::test]
async fn a_balance_in_credits_is_always_whole() {
    for (emulator, start) in [(quick().await, 10_000), (Emulator::builder().balance(41.6).start().await.unwrap(), 42)] {
        let balance = async || {
            let me = call(&emulator, "GET", "/me", "").await.json();
            let details = &me["user_details"][0];
            assert_eq!(details["paidTokens"], details["apiPaidTokens"]);
            details["apiPaidTokens"].as_i64().expect("an integer")
        };
        assert_eq!(balance().await, start);
        // Sizes whose prices are far from whole before they are rounded, and more than the account has.
        for (width, height) in [(32, 32), (520, 512), (1536, 1536), (1000, 712)] {
            create(&emulator, &json!({"prompt": "x", "num_images": 3, "width": width, "height": height})).await;
        }
        let spent: f64 = emulator.charges().iter().map(|charge| charge.amount).sum();
        #[expect(clippy::cast_possible_truncation, reason = "small and whole")]
        let left = start - spent as i64;
        assert_eq!(balance().await, left);
    }
}

#[tokio::test]
async fn a_generation_is_pending_then_complete() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(400)).start().await.unwrap();
    let id = create(&emulator, &json!({"prompt": "x", "num_images": 2})).await;
    let pending = read(&emulator, &id).await;
    assert_eq!(pending["status"], "PENDING");
    assert_eq!(pending["generated_images"], json!([]));
    let complete = finished(&emulator, &id).await;
    assert_eq!(complete["status"], "COMPLETE");
    assert_eq!(image_urls(&complete).len(), 2);
    // Apart from those two, nothing changes.
    let mut before = pending.clone();
    before["status"] = complete["status"].clone();
    before["generated_images"] = complete["generated_images"].clone();
    assert_eq!(before, complete);
}

#[tokio::test]
async fn a_generation_has_every_field() {
    let emulator = quick().await;
    let id = create(&emulator, &json!({"prompt": "An oil painting of a cat", "width": 512, "height": 512})).await;
    let generation = read(&emulator, &id).await;
    assert_eq!(
        keys(&generation),
        BTreeSet::from([
            "createdAt",
            "fantasyAvatar",
            "generated_images",
            "generation_elements",
            "guidanceScale",
            "id",
            "imageHeight",
            "imageToVideo",
            "imageWidth",
            "inferenceSteps",
            "initStrength",
            "modelId",
            "motion",
            "motionModel",
            "motionStrength",
            "negativePrompt",
            "photoReal",
            "photoRealStrength",
            "presetStyle",
            "prompt",
            "promptMagic",
            "promptMagicStrength",
            "promptMagicVersion",
            "public",
            "scheduler",
            "sdVersion",
            "seed",
            "status",
            "ultra",
        ])
    );
    assert_eq!(generation["id"], id.as_str());
    assert_eq!(generation["prompt"], "An oil painting of a cat");
    assert_eq!(generation["imageWidth"], 512);
    assert_eq!(generation["imageHeight"], 512);
    assert_eq!(generation["modelId"], "b24e16ff-06e3-43eb-8d33-4416c2d75876");
    assert_eq!(generation["presetStyle"], "DYNAMIC");
    assert_eq!(generation["negativePrompt"], "");
    assert_eq!(generation["guidanceScale"], json!(7));
    assert_eq!(generation["scheduler"], "EULER_DISCRETE");
    assert_eq!(generation["generation_elements"], json!([]));
    let seed = generation["seed"].as_i64().unwrap();
    assert!((0..=2_147_483_637).contains(&seed));
    assert_eq!(emulator.charges()[0].seed, seed);

    let created = generation["createdAt"].as_str().unwrap();
    assert_eq!(created.len(), "2023-11-09T00:42:22.707".len());
    assert_eq!(&created[10..11], "T");
    assert_eq!(&created[19..20], ".");

    let image = &generation["generated_images"][0];
    assert_eq!(
        keys(image),
        BTreeSet::from([
            "fantasyAvatar",
            "generated_image_variation_generics",
            "id",
            "imageToVideo",
            "likeCount",
            "motion",
            "motionMP4URL",
            "motionModel",
            "motionStrength",
            "nsfw",
            "url",
        ])
    );
    assert!(is_uuid(&image["id"]));
    assert_eq!(image["nsfw"], false);
    assert_eq!(image["likeCount"], 0);
    assert_eq!(image["motionMP4URL"], Value::Null);
    assert_eq!(image["generated_image_variation_generics"], json!([]));
    let ids: BTreeSet<_> =
        generation["generated_images"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn fields_come_back() {
    let emulator = quick().await;
    let body = json!({
        "prompt": "p", "negative_prompt": "n", "seed": 9_999_999_998_u64, "num_images": 8,
        "modelId": "6BEF9F1B-29CB-40C7-B9DF-32B51C1F67D3", "width": 512, "height": 768,
        "num_inference_steps": 30, "guidance_scale": 7.5, "presetStyle": "ANIME", "scheduler": "DDIM",
        "sd_version": "v2", "public": true, "photoReal": true, "photoRealStrength": 0.45, "ultra": true,
        "promptMagic": true, "promptMagicVersion": "v3", "promptMagicStrength": 0.5, "init_strength": 0.3,
        "fantasyAvatar": true, "alchemy": false, "tiling": false, "contrast": 3.5, "highResolution": null,
        "elements": [{"akUUID": "an-element", "weight": 0.5}], "userElements": [], "imagePrompts": [],
    });
    let id = create(&emulator, &body).await;
    let generation = read(&emulator, &id).await;
    for (field, value) in [
        ("prompt", json!("p")),
        ("negativePrompt", json!("n")),
        ("seed", json!(9_999_999_998_u64)),
        ("modelId", json!("6bef9f1b-29cb-40c7-b9df-32b51c1f67d3")),
        ("imageWidth", json!(512)),
        ("imageHeight", json!(768)),
        ("inferenceSteps", json!(30)),
        ("guidanceScale", json!(7.5)),
        ("presetStyle", json!("ANIME")),
        ("scheduler", json!("DDIM")),
        ("sdVersion", json!("v2")),
        ("public", json!(true)),
        ("photoReal", json!(true)),
        ("photoRealStrength", json!(0.45)),
        ("promptMagic", json!(true)),
        ("promptMagicVersion", json!("v3")),
        ("promptMagicStrength", json!(0.5)),
        ("initStrength", json!(0.3)),
        ("fantasyAvatar", json!(true)),
        ("ultra", json!(true)),
    ] {
        assert_eq!(generation[field], value, "{field}");
    }
    assert_eq!(image_urls(&generation).len(), 8);
    let element = &generation["generation_elements"][0];
    assert_eq!(keys(element), BTreeSet::from(["id", "lora", "weightApplied"]));
    assert_eq!(element["lora"]["akUUID"], "an-element");
    assert_eq!(element["weightApplied"], json!(0.5));
}

#[tokio::test]
async fn lists_are_newest_first_and_paged() {
    let emulator = quick().await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(create(&emulator, &json!({"prompt": number.to_string()})).await);
    }
    ids.reverse();
    for (query, expected) in [
        ("", &ids[..10]),
        ("?offset=0&limit=10", &ids[..10]),
        ("?offset=10", &ids[10..]),
        ("?offset=3&limit=2", &ids[3..5]),
        ("?limit=100", &ids[..]),
        ("?limit=0", &[]),
        ("?offset=12", &[]),
    ] {
        let reply = call(&emulator, "GET", &format!("/generations/user/{}{query}", emulator.user_id()), "").await;
        assert_eq!(reply.status, 200);
        let response = reply.json();
        let listed: Vec<_> = response["generations"].as_array().unwrap().iter().map(|g| &g["id"]).collect();
        assert_eq!(listed, expected.iter().collect::<Vec<_>>(), "{query}");
    }
    let other = "/generations/user/11111111-2222-4333-8444-555555555555";
    assert_eq!(call(&emulator, "GET", other, "").await.json(), json!({"generations": []}));
    for query in ["?limit=-1", "?offset=x", "?limit=", "?limit=99999999999", "?unknown=1"] {
        let path = format!("/generations/user/{}{query}", emulator.user_id());
        assert_refused(&call(&emulator, "GET", &path, "").await, 400, "");
    }
}

#[tokio::test]
async fn deleting() {
    let emulator = quick().await;
    let id = create(&emulator, &json!({"prompt": "x"})).await;
    let url = image_urls(&read(&emulator, &id).await).remove(0);
    assert_eq!(fetch(&emulator, &url).await.status, 200);
    let deleted = call(&emulator, "DELETE", &format!("/generations/{id}"), "").await;
    assert_eq!(deleted.status, 200);
    assert_eq!(deleted.json(), json!({"delete_generations_by_pk": {"id": id}}));
    let again = call(&emulator, "DELETE", &format!("/generations/{id}"), "").await;
    assert_eq!(again.json(), json!({"delete_generations_by_pk": null}));
    assert_eq!(read(&emulator, &id).await, Value::Null);
    let list = call(&emulator, "GET", &format!("/generations/user/{}", emulator.user_id()), "").await;
    assert_eq!(list.json(), json!({"generations": []}));
    assert_eq!(fetch(&emulator, &url).await.status, 404);
    assert_eq!(emulator.charges().len(), 1, "what is deleted stays charged");
}

#[tokio::test]
async fn unknown_ids() {
    let emulator = quick().await;
    let unknown = "/generations/75925cd2-fb65-4e8c-84c0-6cc010a528e3";
    let reply = call(&emulator, "GET", unknown, "").await;
    assert_eq!((reply.status, reply.json()), (200, json!({"generations_by_pk": null})));
    let reply = call(&emulator, "DELETE", unknown, "").await;
    assert_eq!((reply.status, reply.json()), (200, json!({"delete_generations_by_pk": null})));
    for (id, named) in [("abc", "abc"), ("a%2Fb%20%22", "a/b \""), ("..", ".."), ("%ff", "\u{fffd}")] {
        let reply = call(&emulator, "GET", &format!("/generations/{id}"), "").await;
        assert_refused(&reply, 400, &format!("invalid input syntax for type uuid: \"{named}\""));
        assert_refused(&call(&emulator, "DELETE", &format!("/generations/{id}"), "").await, 400, "invalid input");
        assert_refused(&call(&emulator, "GET", &format!("/generations/user/{id}"), "").await, 400, "invalid input");
    }
    let id = create(&emulator, &json!({"prompt": "x"})).await;
    let escaped: String = id.bytes().map(|b| format!("%{b:02x}")).collect();
    assert_eq!(read(&emulator, &escaped).await["id"], id.as_str());
}

#[tokio::test]
async fn me() {
    let emulator = Emulator::builder().balance(120.0).start().await.unwrap();
    let response = call(&emulator, "GET", "/me", "").await.json();
    let details = &response["user_details"][0];
    assert_eq!(
        keys(details),
        BTreeSet::from([
            "apiConcurrencySlots",
            "apiPaidTokens",
            "apiPlanTokenRenewalDate",
            "apiSubscriptionTokens",
            "paidTokens",
            "subscriptionGptTokens",
            "subscriptionModelTokens",
            "subscriptionTokens",
            "tokenRenewalDate",
            "user",
        ])
    );
    assert_eq!(details["user"]["id"], emulator.user_id());
    assert!(details["user"]["username"].is_string());
    assert_eq!(details["paidTokens"], json!(120));
    assert_eq!(details["apiPaidTokens"], json!(120));
    assert_eq!(details["apiConcurrencySlots"], 10);
    create(&emulator, &json!({"prompt": "x"})).await;
    let response = call(&emulator, "GET", "/me", "").await.json();
    assert_eq!(response["user_details"][0]["apiPaidTokens"], json!(92));
}

#[tokio::test]
async fn keys_are_checked() {
    let emulator = quick().await;
    let wrong = json!({"error": "Authentication hook unauthorized this request", "path": "$", "code": "access-denied"});
    let malformed = json!({"error": "Invalid response from authorization hook", "path": "$", "code": "unexpected"});
    let key = emulator.key().to_owned();
    for (header, status, body) in [
        (None, 401, &wrong),
        (Some("Bearer 99999999-8888-4777-8666-555555555555".to_owned()), 401, &wrong),
        (Some("Bearer nonsense".to_owned()), 500, &malformed),
        (Some(format!("Bearer {key}x")), 500, &malformed),
        (Some("Bearer ".to_owned()), 500, &malformed),
        (Some(key.clone()), 500, &malformed),
        (Some(format!("Basic {key}")), 500, &malformed),
    ] {
        let headers: Vec<_> = header.iter().map(|value| ("authorization", value.as_str())).collect();
        let mut connection = Connection::open(&emulator).await;
        let reply = connection.request("POST", "/api/rest/v1/generations", &headers, b"{\"prompt\":\"x\"}").await;
        assert_eq!((reply.status, &reply.json()), (status, body), "{header:?}");
    }
    assert!(emulator.charges().is_empty());
    let header = format!("bearer {key}");
    let reply =
        Connection::open(&emulator).await.request("GET", "/api/rest/v1/me", &[("Authorization", &header)], b"").await;
    assert_eq!(reply.status, 200);
}

fn assert_refused(reply: &common::Reply, status: u16, error: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    let body = reply.json();
    assert_eq!(keys(&body), BTreeSet::from(["code", "error", "path"]));
    assert_eq!(body["path"], "$");
    assert!(body["error"].as_str().unwrap().starts_with(error), "{body} instead of {error}");
}

#[tokio::test]
async fn invalid_creates_are_refused_and_not_charged() {
    let emulator = quick().await;
    let long = "x".repeat(1501);
    for (fields, error) in [
        (json!({"width": 24}), "invalid dimensions"),
        (json!({"width": 1544}), "invalid dimensions"),
        (json!({"height": 100}), "invalid dimensions"),
        (json!({"height": -8}), "invalid dimensions"),
        (json!({"num_images": 0}), "num_images"),
        (json!({"num_images": 5}), "Too many images"),
        (json!({"num_images": 9, "width": 512, "height": 512}), "Too many images"),
        (json!({"num_images": 5, "width": 512, "height": 776}), "Too many images"),
        (json!({"prompt": long}), "Invalid prompt, maximum length of 1500 characters exceeded"),
        (json!({"prompt": null}), "expecting a value for non-nullable variable"),
        (json!({"prompt": 5}), "expected a string for type 'String'"),
        (json!({"alchemy": "true"}), "expected a boolean for type 'Boolean'"),
        (json!({"width": "512"}), "expected a 32-bit integer for type 'Int'"),
        (json!({"width": 512.5}), "expected a 32-bit integer for type 'Int'"),
        (json!({"guidance_scale": "7"}), "expected a float for type 'Float'"),
        (json!({"guidance_scale": 21}), "guidance_scale"),
        (json!({"num_inference_steps": 9}), "num_inference_steps"),
        (json!({"seed": -1}), "invalid seed"),
        (json!({"seed": 9_999_999_999_u64}), "invalid seed"),
        (json!({"seed": 2_147_483_638, "sd_version": "FLUX"}), "invalid seed"),
        (json!({"presetStyle": "UGLY"}), "expected one of the values"),
        (json!({"elements": {}}), "expected a list of objects"),
        (json!({"elements": [{}]}), "expecting a value for non-nullable variable: \"akUUID\""),
        (json!({"modelId": "none"}), "invalid input syntax for type uuid"),
        (json!({"modelId": "00000000-0000-4000-8000-000000000000"}), "ID is not supported within the Production API"),
        (json!({"colour": "red"}), "Unexpected variable colour"),
        (json!({"init_image_id": "75925cd2-fb65-4e8c-84c0-6cc010a528e3"}), "invalid init image id"),
        (json!({"init_generation_image_id": "x"}), "failed to find init variation"),
        (json!({"imagePrompts": ["75925cd2-fb65-4e8c-84c0-6cc010a528e3"]}), "couldn't access image"),
    ] {
        let mut body = json!({"prompt": "x"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let reply = call(&emulator, "POST", "/generations", &body.to_string()).await;
        assert_refused(&reply, 400, error);
    }
    for (body, error) in [
        ("{}", "expecting a value for non-nullable variable: \"prompt\""),
        ("", "invalid json"),
        ("nonsense", "invalid json"),
        ("[]", "invalid json"),
        ("{\"prompt\":\"x\"", "invalid json"),
    ] {
        assert_refused(&call(&emulator, "POST", "/generations", body).await, 400, error);
    }
    assert!(emulator.charges().is_empty());
    // What is just allowed.
    let characters = "é".repeat(1500);
    create(&emulator, &json!({"prompt": characters})).await;
    create(&emulator, &json!({"prompt": "", "num_images": 8, "width": 768, "height": 768})).await;
    create(&emulator, &json!({"prompt": "x", "num_images": 4, "width": 1536, "height": 32})).await;
    create(&emulator, &json!({"prompt": "x", "width": null, "height": null, "num_images": null, "seed": null})).await;
}

#[tokio::test]
async fn moderation() {
    let emulator = quick().await;
    for (prompt, status, error) in [
        ("a ForbiddenWord, too", 403, "content moderation filter: forbiddenword"),
        ("bannedword", 400, "content moderation filter: bannedword"),
        ("an unseemlyword", 400, "Your prompt appears to contain inappropriate content"),
    ] {
        let reply = call(&emulator, "POST", "/generations", &json!({"prompt": prompt}).to_string()).await;
        assert_refused(&reply, status, error);
    }
    assert!(emulator.charges().is_empty());
    let id = create(&emulator, &json!({"prompt": "forbiddenwords nsfwword"})).await;
    assert_eq!(read(&emulator, &id).await["generated_images"][0]["nsfw"], true);
}

#[tokio::test]
async fn images_of_generations_can_be_named() {
    let emulator = quick().await;
    let id = create(&emulator, &json!({"prompt": "first", "num_images": 2})).await;
    let image = read(&emulator, &id).await["generated_images"][1]["id"].clone();
    for body in [
        json!({"prompt": "x", "init_generation_image_id": image, "init_strength": 0.5}),
        json!({"prompt": "x", "imagePrompts": [image]}),
        json!({"prompt": "x", "controlnets": [{"initImageId": image, "initImageType": "GENERATED", "preprocessorId": 67}]}),
    ] {
        create(&emulator, &body).await;
    }
    let uploaded = json!({"prompt": "x", "controlnets": [{"initImageId": image, "initImageType": "UPLOADED"}]});
    let reply = call(&emulator, "POST", "/generations", &uploaded.to_string()).await;
    assert_refused(&reply, 400, "couldn't access image");
}

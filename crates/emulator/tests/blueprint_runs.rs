//! Runs of blueprints, and what comes of them.

mod common;

use std::time::Duration;

use common::blueprints::{UNKNOWN, get, is_bad, is_not_found, version};
use common::{
    PATIENCE, accepted, call, charged_without_response, create, ended, fetch, finished, image_urls, jpeg_size, read,
    upload, with_image,
};
use leonardo_ai_emulator::{Emulator, Limits, Plan};
use serde_json::{Value, json};

const EMPTY: &str =
    r#"{"edges":[],"pageInfo":{"endCursor":null,"hasNextPage":false,"hasPreviousPage":false,"startCursor":null}}"#;

/// The request to run a version with one value for each of its nodes and settings.
fn request(version: &Value, values: &[Value]) -> Value {
    let mut inputs: Vec<Value> = Vec::new();
    for input in version["uiMetadata"]["inputs"].as_array().unwrap() {
        let (node, setting) = (&input["nodeId"], &input["settingName"]);
        if !inputs.iter().any(|known| known["nodeId"] == *node && known["settingName"] == *setting) {
            inputs.push(json!({"nodeId": node, "settingName": setting}));
        }
    }
    assert_eq!(inputs.len(), values.len());
    for (input, value) in inputs.iter_mut().zip(values) {
        input["value"] = value.clone();
    }
    json!({"blueprintVersionId": version["akUUID"], "input": {"nodeInputs": inputs, "public": false}})
}

/// The request to run the blueprint of four pictures.
async fn seasons(emulator: &Emulator, text: &str) -> Value {
    request(&version(emulator, "Four Seasons").await, &[json!(text)])
}

async fn run(emulator: &Emulator, body: &Value) -> String {
    let job = accepted(emulator, "/blueprint-executions", body).await;
    let id = job["executeBlueprint"]["akUUID"].as_str().unwrap_or_else(|| panic!("{job}")).to_owned();
    assert_eq!(job, json!({"executeBlueprint": {"akUUID": id}}), "nothing of the cost");
    id
}

async fn status(emulator: &Emulator, id: &str) -> String {
    let execution = get(emulator, &format!("/blueprint-executions/{id}")).await;
    execution["blueprintExecution"]["status"].as_str().unwrap_or_else(|| panic!("{execution}")).to_owned()
}

/// Waits for a run to end; its record.
async fn over(emulator: &Emulator, id: &str) -> Value {
    let started = std::time::Instant::now();
    while status(emulator, id).await == "QUEUED" {
        assert!(started.elapsed() < PATIENCE, "still queued");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ended(emulator, &format!("/blueprint-executions/{id}"), "/blueprintExecution").await
}

/// The outputs of a run so far.
async fn outputs(emulator: &Emulator, id: &str) -> Vec<Value> {
    let page = get(emulator, &format!("/blueprint-executions/{id}/generations")).await;
    let page = &page["blueprintExecutionGenerations"];
    assert_eq!(page.get("totalCount"), None);
    page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

fn statuses(outputs: &[Value]) -> Vec<&str> {
    outputs.iter().map(|output| output["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_run_makes_pictures() {
    let emulator = Emulator::start().await.unwrap();
    let version = version(&emulator, "Four Seasons").await;
    let mut body = request(&version, &[json!("a pond")]);
    body["input"]["public"] = json!(true);
    body["input"]["collectionIds"] = json!([7, null]);
    let id = run(&emulator, &body).await;
    let charges = emulator.charges();
    let [charge] = charges.as_slice() else { panic!("{charges:?}") };
    assert_eq!((charge.operation, &charge.generation_id, charge.num_images), ("executeBlueprint", &id, 4));
    assert_eq!((charge.prompt.as_str(), json!(charge.amount)), ("a pond", json!(version["cost"].as_f64())));

    let execution = over(&emulator, &id).await;
    assert_eq!((&execution["akUUID"], &execution["status"]), (&json!(id), &json!("COMPLETED")));
    assert_eq!((&execution["inputs"], &execution["public"]), (&body["input"]["nodeInputs"], &json!(true)));
    assert!(execution["createdAt"].as_str().unwrap().ends_with('Z'));
    let made = outputs(&emulator, &id).await;
    assert_eq!(statuses(&made), ["COMPLETED"; 4]);
    assert!(made.iter().all(|output| output.get("failedReason").is_none() && output["akUUID"].is_string()));

    let mut pictures = Vec::new();
    let mut prompts = Vec::new();
    for output in &made {
        let generation = read(&emulator, output["generationId"].as_str().unwrap()).await;
        assert_eq!((&generation["status"], &generation["public"]), (&json!("COMPLETE"), &json!(true)));
        let urls = image_urls(&generation);
        assert_eq!(urls.len(), 1);
        let picture = fetch(&emulator, &urls[0]).await.body;
        let size = jpeg_size(&picture);
        assert_eq!((&generation["imageWidth"], &generation["imageHeight"]), (&json!(size.0), &json!(size.1)));
        pictures.push(picture);
        prompts.push(generation["prompt"].as_str().unwrap().to_owned());
    }
    assert_eq!(prompts, ["a pond, spring", "a pond, summer", "a pond, autumn", "a pond, winter"]);
    pictures.sort();
    pictures.dedup();
    assert_eq!(pictures.len(), 4);
    let listed = get(&emulator, &format!("/generations/user/{}", emulator.user_id())).await;
    let listed: Vec<_> = listed["generations"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    let expected: Vec<_> = made.iter().rev().map(|output| output["generationId"].clone()).collect();
    assert_eq!(listed, expected);
    assert_eq!(emulator.charges().len(), 1, "once for all of them");

    let path = format!("/blueprint-executions/{id}/generations");
    let page =
        async |query: &str| get(&emulator, &format!("{path}?{query}")).await["blueprintExecutionGenerations"].take();
    let first = page("first=3").await;
    assert_eq!(first["edges"][0]["cursor"], "YXJyYXljb25uZWN0aW9uOjA=");
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    let cursor = first["pageInfo"]["endCursor"].as_str().unwrap();
    let rest = page(&format!("first=3&after={cursor}")).await;
    assert_eq!((rest["edges"].as_array().unwrap().len(), &rest["edges"][0]["node"]), (1, &made[3]));
    assert_eq!((&rest["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(true)));
    let last = page(&format!("last=1&before={cursor}")).await;
    assert_eq!((last["edges"].as_array().unwrap().len(), &last["edges"][0]["node"]), (1, &made[1]));
    for (query, reason) in [
        ("first=0", "first must be"),
        ("last=101", "last must be"),
        ("first=x", "first must be"),
        ("first=1&last=1", "together"),
        ("after=YXJyYXljb25uZWN0aW9uOjQ=", "cursor"),
        ("offset=1", "offset"),
    ] {
        is_bad(&get(&emulator, &format!("{path}?{query}")).await, "blueprintExecutionGenerations", reason);
    }
    let other = Emulator::builder().plan(Plan::PayAsYouGo).start().await.unwrap();
    run(&other, &seasons(&other, "a pond").await).await;
    let dollars = other.charges().pop().unwrap().amount;
    assert!((dollars - 0.126).abs() < 1e-9, "{dollars}");
}

#[tokio::test]
async fn what_is_unknown() {
    let emulator = Emulator::builder().record_delay(Duration::from_secs(3600)).start().await.unwrap();
    let id = run(&emulator, &seasons(&emulator, "a pond").await).await;
    for unknown in [id.as_str(), UNKNOWN] {
        let path = format!("/blueprint-executions/{unknown}");
        is_not_found(&get(&emulator, &path).await, "blueprintExecution", "Blueprint execution not found");
        let path = format!("{path}/generations");
        let connection = get(&emulator, &path).await["blueprintExecutionGenerations"].take();
        assert_eq!(connection.to_string(), EMPTY);
        let connection = get(&emulator, &format!("{path}?first=1&after=YXJyYXljb25uZWN0aW9uOjA=")).await;
        assert_eq!(connection["blueprintExecutionGenerations"].to_string(), EMPTY);
        is_bad(&get(&emulator, &format!("{path}?first=0")).await, "blueprintExecutionGenerations", "first must be");
    }
    is_bad(&get(&emulator, "/blueprint-executions/x").await, "blueprintExecution", "UUID");
    let connection = get(&emulator, "/blueprint-executions/x/generations").await;
    assert_eq!(connection["blueprintExecutionGenerations"].to_string(), EMPTY);
    let generations = get(&emulator, &format!("/generations/user/{}", emulator.user_id())).await;
    assert_eq!(generations["generations"], json!([]));

    let emulator = Emulator::builder().record_delay(Duration::from_millis(200)).start().await.unwrap();
    let started = std::time::Instant::now();
    let path = format!("/blueprint-executions/{}", run(&emulator, &seasons(&emulator, "a pond").await).await);
    while get(&emulator, &path).await.is_array() {
        assert!(started.elapsed() < PATIENCE, "still not found");
    }
    assert!(started.elapsed() >= Duration::from_millis(200), "{:?}", started.elapsed());
    over(&emulator, path.rsplit('/').next().unwrap()).await;
    let made = get(&emulator, &format!("{path}/generations")).await;
    assert_eq!(
        made["blueprintExecutionGenerations"]["edges"].as_array().unwrap().len(),
        4,
        "none is later than the run"
    );
}

#[tokio::test]
async fn outputs_come_one_after_the_other() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(800)).start().await.unwrap();
    let id = run(&emulator, &seasons(&emulator, "a pond").await).await;
    assert_eq!(status(&emulator, &id).await, "PENDING");
    let mut seen: Vec<Vec<String>> = Vec::new();
    let mut ids = Vec::new();
    let started = std::time::Instant::now();
    while status(&emulator, &id).await == "PENDING" {
        assert!(started.elapsed() < PATIENCE, "still pending");
        let now = outputs(&emulator, &id).await;
        for output in &now {
            // What shows among the outputs can be read, and is as far.
            let generation = read(&emulator, output["generationId"].as_str().unwrap()).await;
            assert!(output["status"] == "PENDING" || generation["status"] == "COMPLETE", "{output} {generation}");
        }
        let those: Vec<_> = now.iter().map(|output| output["akUUID"].clone()).collect();
        assert!(those.starts_with(&ids), "they stay where they are");
        ids = those;
        let now: Vec<String> = statuses(&now).into_iter().map(str::to_owned).collect();
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(seen.len() >= 3, "{seen:?}");
    assert_eq!(seen[0], ["PENDING"]);
    for some in &seen {
        let (last, rest) = some.split_last().unwrap();
        assert!(rest.iter().all(|status| status == "COMPLETED"), "{seen:?}");
        assert!(last == "PENDING" || some.len() == 4, "{seen:?}");
    }
    assert_eq!(statuses(&outputs(&emulator, &id).await), ["COMPLETED"; 4]);
}

#[tokio::test]
async fn variables_fill_the_scenes() {
    let emulator = Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap();
    let version = version(&emulator, "Poster Pair").await;
    let prompts = async |variables: Value| {
        let id = run(&emulator, &request(&version, &[variables])).await;
        let mut prompts = Vec::new();
        for output in outputs(&emulator, &id).await {
            let generation = read(&emulator, output["generationId"].as_str().unwrap()).await;
            prompts.push(generation["prompt"].as_str().unwrap().to_owned());
        }
        prompts
    };
    let subject = json!({"name": "subject", "value": "an owl {{mood}}"});
    let both = prompts(json!([{"name": "mood", "value": "stern"}, subject])).await;
    assert_eq!(both, ["an owl {{mood}}, stern, a poster", "an owl {{mood}} at night, stern, a poster"]);
    assert_eq!(prompts(json!([subject])).await[0], "an owl {{mood}}, calm, a poster", "without what is not required");

    let path = "/blueprint-executions";
    for (value, reason) in [
        (json!([]), "subject of node"),
        (json!([{"name": "subject", "value": " "}]), "subject of node"),
        (json!([{"name": "mood", "value": "stern"}]), "subject of node"),
        (json!([subject, {"name": "size", "value": "A4"}]), "no variable size"),
        (json!([subject, subject]), "given twice"),
        (json!("an owl"), "not what textVariables takes"),
    ] {
        is_bad(&accepted(&emulator, path, &request(&version, &[value])).await, "executeBlueprint", reason);
    }
    assert_eq!(emulator.charges().len(), 2);
}

#[tokio::test]
async fn a_picture_in_another_light() {
    let (emulator, _, image) = with_image().await;
    let version = version(&emulator, "Another Light").await;
    let relit = async |url: &str, light: &str| {
        let id = run(&emulator, &request(&version, &[json!(url), json!(light)])).await;
        over(&emulator, &id).await;
        let made = outputs(&emulator, &id).await;
        assert_eq!(statuses(&made), ["COMPLETED"]);
        let generation = read(&emulator, made[0]["generationId"].as_str().unwrap()).await;
        assert_eq!(generation["prompt"], light);
        let picture = fetch(&emulator, &image_urls(&generation)[0]).await.body;
        let size = jpeg_size(&picture);
        assert_eq!((&generation["imageWidth"], &generation["imageHeight"]), (&json!(size.0), &json!(size.1)));
        (picture, image_urls(&generation).remove(0))
    };
    let generation = create(&emulator, &json!({"prompt": "a lake", "width": 64, "height": 48, "num_images": 2})).await;
    let [first, second] = image_urls(&finished(&emulator, &generation).await).try_into().unwrap();
    let (night, night_url) = relit(&first, "night").await;
    assert_eq!(jpeg_size(&night), (64, 48));
    // The same picture and light give the same; it follows from both.
    assert_eq!(relit(&first, "night").await.0, night);
    assert_ne!(relit(&first, "sunset").await.0, night);
    assert_ne!(relit(&second, "night").await.0, night);
    assert_ne!(fetch(&emulator, &first).await.body, night);
    relit(&night_url, "autumn").await;

    let place = accepted(&emulator, "/init-image", &json!({"extension": "png"})).await["uploadInitImage"].take();
    let id = place["id"].as_str().unwrap();
    let url = get(&emulator, &format!("/init-image/{id}")).await["init_images_by_pk"]["url"].take();
    let url = url.as_str().unwrap();
    let refused = async |value: Value, reason: &str| {
        let body = request(&version, &[value, json!("night")]);
        is_bad(&accepted(&emulator, "/blueprint-executions", &body).await, "executeBlueprint", reason);
    };
    let charges = emulator.charges().len();
    refused(json!(url), "no picture").await;
    let header: Vec<u8> =
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &2000u32.to_be_bytes()[..], &500u32.to_be_bytes()[..], &[8; 9]].concat();
    assert_eq!(upload(&emulator, &place, &header).await.status, 204);
    assert_eq!(jpeg_size(&relit(url, "night").await.0), (1024, 256), "made smaller");

    let cut = accepted(&emulator, "/variations/nobg", &json!({"id": image})).await;
    let path = format!("/variations/{}", cut["sdNobgJob"]["id"].as_str().unwrap());
    let cut = ended(&emulator, &path, "/generated_image_variation_generic/0").await;
    let cut = cut["url"].as_str().unwrap();
    relit(cut, "night").await;
    let pending = create(&emulator, &json!({"prompt": "slow 60s", "num_images": 1})).await;
    for wrong in [
        "https://cdn.leonardo.ai/users/example/image.png".to_owned(),
        url.replace("127.0.0.1", "localhost"),
        url.replace(".png", ".jpg"),
        cut.replace(".png", ".jpg"),
        cut.replace("127.0.0.1", "localhost"),
        url.replace(id, UNKNOWN),
        first.replace("_0.jpg", "_2.jpg"),
        first.replace(&generation, &pending),
        first.replace(&generation, UNKNOWN),
        format!("{first}?x=1"),
        String::new(),
        "/".to_owned(),
    ] {
        refused(json!(wrong), "no picture").await;
    }
    refused(json!([]), "not what imageUrl takes").await;
    assert_eq!(emulator.charges().len(), charges + 4, "two runs, a variation and a generation");
}

#[tokio::test]
async fn moderation_blocks_outputs() {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(40)).start().await.unwrap();
    for (word, expected, affected, message) in [
        ("forbiddenword", &["FAILED"][..], 4, "Content policy violation: forbiddenword"),
        ("bannedword", &["COMPLETED", "COMPLETED", "COMPLETED", "FAILED"], 1, "Content policy violation: bannedword"),
        ("unseemlyword", &["COMPLETED", "COMPLETED", "COMPLETED", "FAILED"], 1, "Content policy violation"),
    ] {
        let id = run(&emulator, &seasons(&emulator, &format!("a pond, {word}")).await).await;
        assert_eq!(over(&emulator, &id).await["status"], "COMPLETED", "the run itself ends");
        let made = outputs(&emulator, &id).await;
        assert_eq!(statuses(&made), expected);
        let reasons: Vec<_> = made.iter().filter_map(|output| output.get("failedReason")).collect();
        let reason = json!({"type": "PROMPT_MODERATION_BLOCKED", "message": message, "affectedOutputCount": affected});
        assert_eq!(reasons, [&reason]);
        let failed = read(&emulator, made.last().unwrap()["generationId"].as_str().unwrap()).await;
        assert_eq!((&failed["status"], &failed["generated_images"]), (&json!("FAILED"), &json!([])));
    }
    let marked = run(&emulator, &seasons(&emulator, "nsfwword").await).await;
    over(&emulator, &marked).await;
    let made = outputs(&emulator, &marked).await;
    let generation = read(&emulator, made[0]["generationId"].as_str().unwrap()).await;
    assert_eq!(generation["generated_images"][0]["nsfw"], true);

    let id = run(&emulator, &seasons(&emulator, "fail this").await).await;
    assert_eq!(over(&emulator, &id).await["status"], "FAILED");
    let made = outputs(&emulator, &id).await;
    assert_eq!(statuses(&made), ["FAILED"; 4]);
    assert!(made.iter().all(|output| output.get("failedReason").is_none()));
    assert_eq!(emulator.charges().len(), 5);
}

#[tokio::test]
async fn what_is_wrong_with_a_request() {
    let emulator = Emulator::start().await.unwrap();
    let right = seasons(&emulator, "a pond").await;
    let path = "/blueprint-executions";
    let node = right["input"]["nodeInputs"][0].clone();
    let changed = |place: &str, value: Value| {
        let mut body = right.clone();
        let (holder, name) = place.rsplit_once('/').unwrap();
        let holder = body.pointer_mut(holder).unwrap().as_object_mut().unwrap();
        if value == json!("absent") {
            holder.remove(name)
        } else {
            holder.insert(name.to_owned(), value)
        };
        body
    };
    for (place, value, error) in [
        ("/blueprintVersionId", json!(7), "Invalid input type: expected 'string' for field 'blueprintVersionId'"),
        ("/blueprintVersionId", json!("absent"), "Missing required field 'blueprintVersionId'"),
        ("/input", json!("absent"), "Missing required field 'input'"),
        ("/input", json!([]), "Invalid input type: expected 'object' for field 'input'"),
        ("/input/public", json!("absent"), "Missing required field 'public'"),
        ("/input/public", json!(null), "Missing required field 'public'"),
        ("/input/public", json!("no"), "Invalid input type: expected 'boolean' for field 'public'"),
        ("/input/nodeInputs", json!("absent"), "Missing required field 'nodeInputs'"),
        ("/input/nodeInputs", json!({}), "Invalid input type: expected 'array' for field 'nodeInputs'"),
        ("/input/nodeInputs", json!([1]), "Invalid input type: expected 'array of objects' for field 'nodeInputs'"),
        (
            "/input/collectionIds",
            json!(["1"]),
            "Invalid input type: expected 'array of integers' for field 'collectionIds'",
        ),
        ("/input/nodeInputs/0/nodeId", json!("absent"), "Missing required field 'nodeId'"),
        ("/input/nodeInputs/0/settingName", json!("sourceImage"), "Invalid input type: expected 'text, imageUrl or"),
        ("/input/nodeInputs/0/value", json!("absent"), "Missing required field 'value'"),
        ("/input/nodeInputs/0/value", json!(1), "Invalid input type: expected 'string or array' for field 'value'"),
        ("/input/nodeInputs/0/value", json!([{"name": "x"}]), "Missing required field 'value'"),
        (
            "/input/nodeInputs/0/value",
            json!(["x"]),
            "Invalid input type: expected 'array of objects' for field 'value'",
        ),
        ("/input/seed", json!(1), "Unexpected variable seed"),
        ("/priority", json!(1), "Unexpected variable priority"),
    ] {
        let reply = call(&emulator, "POST", path, &changed(place, value).to_string()).await;
        assert_eq!(reply.status, 400, "{place}: {}", reply.text());
        let refusal = reply.json();
        assert!(refusal["error"].as_str().unwrap().starts_with(error), "{place}: {refusal}");
        assert_eq!(refusal.as_object().unwrap().len(), 1, "nothing but the error");
    }
    assert_eq!(call(&emulator, "POST", path, "").await.status, 400);

    let other = version(&emulator, "Sticker Sheet").await;
    let mut withheld = request(&other, &[json!("a cat")]);
    withheld["blueprintVersionId"] = other["akUUID"].clone();
    for (body, reason) in [
        (changed("/blueprintVersionId", json!("x")), "UUID"),
        (changed("/blueprintVersionId", json!(UNKNOWN)), "no such version"),
        (withheld, "cannot be run"),
        (changed("/input/nodeInputs", json!([])), "text of node"),
        (changed("/input/nodeInputs", json!([node, node])), "given twice"),
        (changed("/input/nodeInputs/0/nodeId", json!(UNKNOWN)), "no node"),
        (changed("/input/nodeInputs/0/nodeId", json!("x")), "no node"),
        (changed("/input/nodeInputs/0/settingName", json!("imageUrl")), "takes imageUrl"),
        (changed("/input/nodeInputs/0/value", json!([])), "not what text takes"),
        (changed("/input/nodeInputs/0/value", json!("")), "text of node"),
        (changed("/input/nodeInputs/0/value", json!("x".repeat(1501))), "1500 characters"),
    ] {
        is_bad(&accepted(&emulator, path, &body).await, "executeBlueprint", reason);
    }
    assert!(emulator.charges().is_empty());
    run(&emulator, &changed("/input/nodeInputs/0/value", json!("é".repeat(1500)))).await;
    let upper = node["nodeId"].as_str().unwrap().to_uppercase();
    run(&emulator, &changed("/input/nodeInputs/0/nodeId", json!(upper))).await;
    assert_eq!(charged_without_response(&emulator, path, &right).await, "executeBlueprint");
}

#[tokio::test]
async fn runs_wait_for_a_place() {
    let mut limits = Limits::none();
    (limits.concurrent_blueprints, limits.waiting_blueprints) = (Some(1), Some(1));
    let emulator = Emulator::builder().limits(limits).start().await.unwrap();
    let body = seasons(&emulator, "slow 600ms").await;
    let (first, second) = (run(&emulator, &body).await, run(&emulator, &body).await);
    assert_eq!(
        (status(&emulator, &first).await, status(&emulator, &second).await),
        ("PENDING".into(), "QUEUED".into())
    );
    assert_eq!(outputs(&emulator, &second).await.len(), 0);
    common::refused(&emulator, "/blueprint-executions", &body, 429, "Too many").await;
    assert_eq!(
        ended(&emulator, &format!("/blueprint-executions/{first}"), "/blueprintExecution").await["status"],
        "COMPLETED"
    );
    assert_ne!(status(&emulator, &second).await, "QUEUED", "its place is free");
    assert_eq!(over(&emulator, &second).await["status"], "COMPLETED");
    assert_eq!(outputs(&emulator, &second).await.len(), 4);

    let mut limits = Limits::none();
    limits.creates_per_minute = Some(1);
    let emulator = Emulator::builder().limits(limits).start().await.unwrap();
    let body = seasons(&emulator, "a pond").await;
    run(&emulator, &body).await;
    common::refused(&emulator, "/blueprint-executions", &body, 429, "Too many").await;
}

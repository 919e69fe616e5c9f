//! Blueprints: what there is, and its pages.

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::blueprints::{UNKNOWN, get, get_with, is_bad, is_not_found, list, names, version};
use common::{call, fetch, jpeg_size};
use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};

#[tokio::test]
async fn what_there_is() {
    let emulator = Emulator::start().await.unwrap();
    let all = list(&emulator, Value::Null).await;
    assert_eq!(names(&all), ["Poster Pair", "Another Light", "Four Seasons"], "those that the API can run");
    assert_eq!((&all["totalCount"], &all["pageInfo"]["hasNextPage"]), (&json!(3), &json!(false)));
    for (filter, expected) in [
        (json!({}), 3),
        (json!({"platforms": null, "categories": []}), 3),
        (json!({"platforms": ["Android"]}), 1),
        (json!({"platforms": ["iOS", "API"]}), 4),
        (json!({"categories": ["social-media"]}), 1),
        (json!({"categories": ["social-media"], "platforms": ["Web"]}), 2),
        (json!({"categories": ["education", "photography"]}), 2),
        (json!({"categories": ["none such"]}), 0),
    ] {
        let found = list(&emulator, filter.clone()).await;
        assert_eq!((names(&found).len(), &found["totalCount"]), (expected, &json!(expected)), "{filter}");
    }

    let seasons = &all["edges"][2]["node"];
    let path = format!("/blueprints/{}", seasons["akUUID"].as_str().unwrap());
    assert_eq!(get(&emulator, &path).await, json!({"blueprint": seasons}));
    assert_eq!((&seasons["official"], seasons.get("teamId")), (&json!(true), Some(&Value::Null)));
    assert!(seasons["updatedAt"].as_str().unwrap() > seasons["createdAt"].as_str().unwrap());
    let thumbnail = fetch(&emulator, seasons["thumbnails"][0]["url"].as_str().unwrap()).await;
    assert_eq!(jpeg_size(&thumbnail.body), (512, 512));

    let versions = get(&emulator, &format!("{path}/versions")).await["blueprintVersions"].take();
    let edges = versions["edges"].as_array().unwrap();
    assert_eq!((edges.len(), &versions["totalCount"]), (2, &json!(2)));
    assert_eq!(versions["pageInfo"]["startCursor"], edges[0]["cursor"]);
    assert_eq!(versions["pageInfo"]["endCursor"], edges[1]["cursor"]);
    let newest = &edges[0]["node"];
    assert!(newest["createdAt"].as_str().unwrap() > edges[1]["node"]["createdAt"].as_str().unwrap());
    assert_eq!(
        newest["uiMetadata"]["outputs"],
        json!([{"type": "image"}, {"type": "image"}, {"type": "image"}, {"type": "image"}])
    );
    assert_eq!(newest["executability"], json!({"isExecutable": true, "reasons": []}));
    assert!(newest["cost"].is_u64() && newest["cost"] != edges[1]["node"]["cost"]);
    let mood = version(&emulator, "Poster Pair").await["uiMetadata"]["inputs"][1].take();
    assert_eq!((&mood["type"], &mood["settingName"]), (&json!("text"), &json!("textVariables")));
    assert_eq!((&mood["variable"], &mood["required"]), (&json!("mood"), &json!(false)));
    let withheld = version(&emulator, "Sticker Sheet").await;
    assert_eq!(withheld["executability"]["isExecutable"], false);
    assert!(withheld["models"].as_array().unwrap().contains(&withheld["executability"]["reasons"][0]["models"]));

    for (path, field) in [("", "blueprint"), ("/versions", "blueprintVersions")] {
        is_not_found(&get(&emulator, &format!("/blueprints/{UNKNOWN}{path}")).await, field, "Blueprint not found");
        is_bad(&get(&emulator, &format!("/blueprints/x{path}")).await, field, "UUID");
    }
}

/// Walks through a list one by one, with this word for the count and for the cursor.
async fn walk(emulator: &Emulator, [count, cursor, next, has_next]: [&str; 4]) -> Vec<(String, bool, bool)> {
    let mut body = json!({count: 1});
    let mut seen = Vec::new();
    loop {
        let page = list(emulator, body.clone()).await;
        let info = &page["pageInfo"];
        assert_eq!((names(&page).len(), &page["totalCount"]), (1, &json!(3)));
        assert_eq!(
            (&info["startCursor"], &info["endCursor"]),
            (&page["edges"][0]["cursor"], &page["edges"][0]["cursor"])
        );
        assert!(STANDARD.decode(info["endCursor"].as_str().unwrap()).is_ok());
        let flags = ["hasPreviousPage", "hasNextPage"].map(|name| info[name].as_bool().unwrap());
        seen.push((names(&page)[0].to_owned(), flags[0], flags[1]));
        assert!(seen.len() <= 3, "it leads back to itself: {seen:?}");
        if info[has_next] == false {
            return seen;
        }
        body[cursor] = info[next].clone();
    }
}

#[tokio::test]
async fn pages_in_both_directions() {
    let emulator = Emulator::start().await.unwrap();
    let forward = walk(&emulator, ["first", "after", "endCursor", "hasNextPage"]).await;
    let expected = [("Poster Pair", false, true), ("Another Light", true, true), ("Four Seasons", true, false)];
    assert_eq!(forward, expected.map(|(name, before, after)| (name.to_owned(), before, after)));
    let mut backward = walk(&emulator, ["last", "before", "startCursor", "hasPreviousPage"]).await;
    backward.reverse();
    assert_eq!(backward, forward);

    let all = list(&emulator, json!({"first": 100})).await;
    let cursor = |place: usize| all["edges"][place]["cursor"].clone();
    assert_eq!(
        names(&list(&emulator, json!({"first": 2, "after": cursor(0)})).await),
        ["Another Light", "Four Seasons"]
    );
    assert_eq!(
        names(&list(&emulator, json!({"last": 2, "before": cursor(2)})).await),
        ["Poster Pair", "Another Light"]
    );
    assert_eq!(names(&list(&emulator, json!({"after": cursor(1)})).await), ["Four Seasons"], "10 are the default");
    assert_eq!(names(&list(&emulator, json!({"before": cursor(1)})).await), ["Poster Pair"]);
    let end = list(&emulator, json!({"after": cursor(2)})).await;
    let info = json!({"hasNextPage": false, "hasPreviousPage": true, "startCursor": null, "endCursor": null});
    assert_eq!((&end["edges"], &end["pageInfo"], &end["totalCount"]), (&json!([]), &info, &json!(3)));
    let start = list(&emulator, json!({"last": 3, "before": cursor(0)})).await;
    assert_eq!((&start["edges"], &start["pageInfo"]["hasNextPage"]), (&json!([]), &json!(true)));

    for (body, reason) in [
        (json!({"first": 1, "last": 1}), "together"),
        (json!({"first": 1, "before": cursor(1)}), "together"),
        (json!({"after": cursor(0), "before": cursor(2)}), "together"),
        (json!({"first": 0}), "first must be"),
        (json!({"first": 101}), "first must be"),
        (json!({"first": "1"}), "first must be"),
        (json!({"first": -1}), "first must be"),
        (json!({"last": 0}), "last must be"),
        (json!({"last": 101}), "last must be"),
        (json!({"after": "eyJ4IjoxfQ=="}), "cursor"),
        (json!({"before": 1}), "cursor"),
        (json!({"after": cursor(0), "platforms": ["Android"]}), "cursor"),
        (json!({"platforms": ["Desktop"]}), "Desktop"),
        (json!({"platforms": "API"}), "platforms must be"),
        (json!({"categories": [1]}), "categories must be"),
        (json!({"offset": 1}), "offset"),
        (json!([]), "json"),
    ] {
        is_bad(&get_with(&emulator, "/blueprints", &body).await, "blueprints", reason);
    }
    is_bad(&call(&emulator, "GET", "/blueprints", "{").await.json(), "blueprints", "json");
    is_bad(&get(&emulator, "/blueprints?first=1").await, "blueprints", "first");
}

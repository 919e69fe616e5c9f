//! The account and what the service offers, and the service itself.

use std::process::Stdio;
use std::time::Duration;

use leonardo_ai_emulator::Emulator;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::place::{Place, program, ran};

#[tokio::test]
async fn without_a_key_it_says_so_and_offers_the_emulator() {
    let mut command = program();
    command.arg("account");
    let first = ran(command).await;
    first.failed(2, "LEONARDO_API_KEY is not set");
    first.failed(2, "--emulator");
    assert!(first.stdout.is_empty());

    let mut command = program();
    command.args(["account", "--emulator"]);
    let second = ran(command).await;
    second.succeeded();
    assert!(second.stdout.contains("API balance, paid: 10000") && second.stderr.contains("Using the emulator"));
}

#[tokio::test]
async fn account_shows_balance_and_limits() {
    let place = Place::with(Emulator::builder().balance(321.0)).await;
    let ran = place.run(&["account"]).await;
    ran.succeeded();
    for line in
        [format!("User: {}", place.emulator.user_id()), "API balance, paid: 321".into(), "Jobs at a time: 10".into()]
    {
        assert!(ran.stdout.lines().any(|one| one == line), "{ran:?} has no {line:?}");
    }
    assert!(ran.stderr.is_empty());
    assert_eq!(place.json(&["account"]).await[0]["user"]["id"], place.emulator.user_id());

    let mut wrong = place.command(&["account"]);
    wrong.env("LEONARDO_API_KEY", "11111111-2222-4333-8444-555555555555");
    super::place::ran(wrong).await.failed(1, "user_get_user_self");
}

#[tokio::test]
async fn models_and_elements_are_listed_with_their_ids() {
    let place = Place::new().await;
    let ran = place.run(&["models"]).await;
    assert!(ran.stdout.contains("aa77f04e-3eec-4034-9c07-d0f619684628  Leonardo Kino XL"), "{ran:?}");
    assert!(place.run(&["models", "--v2"]).await.stdout.lines().any(|line| line.starts_with("lucid-origin ")));
    let v2 = place.json(&["models", "--v2"]).await;
    assert!(v2.iter().any(|model| model["model"] == "remove-bg" && model["parameters"].is_object()));
    place.run(&["models", "--elements"]).await.succeeded();
    let own = place.run(&["models", "--own"]).await;
    own.succeeded();
    assert!(own.stdout.is_empty());
    place.run(&["models", "--own", "--elements"]).await.succeeded();
}

#[tokio::test]
async fn estimate_asks_for_a_price_and_makes_nothing() {
    let place = Place::new().await;
    let ran = place.run(&["estimate", "-n", "2", "--size", "1024x768", "--prompts", "3"]).await;
    assert_eq!((ran.status, ran.stdout.trim()), (0, "42 credits"), "{ran:?}");
    assert_eq!(place.json(&["estimate", "-n", "1"]).await, [json!({"cost": 7.0, "unit": "CREDITS"})]);
    let request = r#"{"service":"UNIVERSAL_UPSCALER","serviceParams":{"UNIVERSAL_UPSCALER":{"megapixel":8}}}"#;
    assert_eq!(place.run(&["estimate", "--request", request]).await.stdout.trim(), "120 credits");
    place.run(&["estimate", "--model", "lucid-origin"]).await.failed(2, "version 2");
    assert!(place.emulator.charges().is_empty());
}

#[tokio::test]
async fn prompts_are_improved_and_invented() {
    let place = Place::new().await;
    let ran = place.run(&["prompt", "improve", "a lighthouse"]).await;
    ran.succeeded();
    assert!(ran.stdout.contains("a lighthouse") && ran.stdout.lines().count() == 1, "{ran:?}");
    assert_eq!(ran.stderr.trim(), "Cost: 4 CREDITS");
    let random = place.json(&["prompt", "random"]).await;
    assert!(random[0]["prompt"].is_string() && random[0]["cost"]["amount"] == "4", "{random:?}");
    assert_eq!(place.emulator.charges().len(), 2);
}

#[tokio::test]
async fn blueprints_are_listed_shown_and_run() {
    let place = Place::new().await;
    let list = place.run(&["blueprint", "list"]).await;
    list.succeeded();
    let line = list.stdout.lines().find(|line| line.contains("Poster Pair")).expect("a blueprint");
    let id = line.split_whitespace().next().unwrap();
    let shown = place.run(&["blueprint", "show", id]).await;
    shown.succeeded();
    assert!(shown.stdout.contains("Version ") && shown.stdout.contains("Input "), "{shown:?}");
    let record = place.json(&["blueprint", "show", id]).await.remove(0);
    let version = record["versions"][0]["akUUID"].as_str().unwrap().to_owned();
    let inputs = record["versions"][0]["uiMetadata"]["inputs"].as_array().unwrap().clone();
    let mut arguments = vec!["blueprint".to_owned(), "run".into(), version];
    for input in inputs {
        let (node, variable) = (input["nodeId"].as_str().unwrap(), input["variable"].as_str());
        arguments.push(if variable.is_some() { "--variable".into() } else { "--text".into() });
        arguments.push(match variable {
            Some(variable) => format!("{node}.{variable}=a pier"),
            None => format!("{node}=a pier"),
        });
    }
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let ran = place.run(&arguments).await;
    ran.succeeded();
    assert_eq!((place.files("pictures").len(), place.emulator.charges().len()), (2, 1), "{ran:?}");
}

#[tokio::test]
async fn the_emulator_serves_until_it_is_interrupted() {
    let mut command = program();
    command.args(["emulator", "--port", "0", "--key", "11111111-2222-4333-8444-555555555555"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().unwrap();
    let key = lines.next_line().await.unwrap().unwrap();
    assert_eq!(key, "LEONARDO_API_KEY=11111111-2222-4333-8444-555555555555");
    let mut account = program();
    account.env("LEONARDO_API_KEY", "11111111-2222-4333-8444-555555555555");
    account.env("LEONARDO_SERVER_URL", url.strip_prefix("LEONARDO_SERVER_URL=").unwrap()).arg("account");
    ran(account).await.succeeded();
    assert!(tokio::time::timeout(Duration::from_millis(50), child.wait()).await.is_err());
    child.kill().await.unwrap();
}

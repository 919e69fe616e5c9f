//! `leonardo call`: any operation and any workflow from the shell.

use std::process::{Output, Stdio};

use leonardo_ai::operations::{TABLE, WORKFLOWS};
use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::place::program;

async fn call(emulator: &Emulator, arguments: &[&str]) -> Output {
    program()
        .arg("call")
        .env("LEONARDO_API_KEY", emulator.key())
        .env("LEONARDO_SERVER_URL", emulator.base_url())
        .args(arguments)
        .output()
        .await
        .expect("runs")
}

fn response(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("stdout is JSON alone")
}

#[track_caller]
fn fails(output: &Output, status: i32, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert!(stderr.contains(message), "{stderr:?} does not say {message:?}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn call_does_every_operation_with_wire_names() {
    let emulator = Emulator::start().await.unwrap();
    let user = response(&call(&emulator, &["user-get-user-self"]).await);
    assert_eq!(user["user"]["id"], emulator.user_id());
    assert!(user["apiPaidTokens"].is_number(), "{user}");

    let request = json!({"prompt": "a pier", "num_images": 1, "width": 512, "height": 512, "seed": 7}).to_string();
    let job = response(&call(&emulator, &["image-create-generation", &request]).await);
    let id = job["generationId"].as_str().expect("an id");
    assert_eq!(emulator.charges().len(), 1);

    let by_id = json!({ "id": id }).to_string();
    let generation = response(&call(&emulator, &["image-get-generation-by-id", &by_id]).await);
    assert_eq!(
        (&generation["prompt"], &generation["imageWidth"], &generation["seed"]),
        (&json!("a pier"), &json!(512), &json!(7))
    );

    let page = json!({"userId": emulator.user_id(), "limit": 5}).to_string();
    let list = response(&call(&emulator, &["image-get-generations-by-user-id", &page]).await);
    assert_eq!((list.as_array().unwrap().len(), &list[0]["id"]), (1, &json!(id)));

    let deleted = response(&call(&emulator, &["image-delete-generation-by-id", &by_id]).await);
    assert_eq!(deleted, json!({ "id": id }));
    let gone = call(&emulator, &["image-get-generation-by-id", &by_id]).await;
    fails(&gone, 1, "image_get_generation_by_id failed after 1 attempt");
}

#[tokio::test]
async fn call_tells_a_wrong_command_apart_and_sends_nothing() {
    let emulator = Emulator::start().await.unwrap();
    for (arguments, message) in [
        (&["no-such-operation"][..], "leonardo call --list"),
        (&[], "<OPERATION>"),
        (&["user-get-user-self", "{}", "more"], "Usage"),
        (&["image-get-generation-by-id"], "\"id\" is missing"),
        (&["image-get-generation-by-id", "{"], "not JSON"),
        (&["image-get-generation-by-id", "[]"], "JSON object"),
        (&["image-get-generation-by-id", r#"{"id":5}"#], "must be text"),
        (&["image-get-generation-by-id", r#"{"id":""}"#], "empty"),
        (&["image-get-generation-by-id", r#"{"id":"a","limit":1}"#], "\"limit\""),
        (&["image-create-generation", r#"{"width":"wide"}"#], "the request is wrong"),
    ] {
        fails(&call(&emulator, arguments).await, 2, message);
    }
    let no_key = program().args(["call", "user-get-user-self"]).output().await.unwrap();
    fails(&no_key, 2, "LEONARDO_API_KEY");
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn call_tells_an_unknown_outcome_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // Takes the request and closes without a response.
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut taken = [0; 64];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut taken).await;
        }
    });
    let output = program()
        .arg("call")
        .env("LEONARDO_API_KEY", "test")
        .env("LEONARDO_SERVER_URL", format!("http://{address}"))
        .arg("image-create-generation")
        .output()
        .await
        .unwrap();
    fails(&output, 3, "was not retried");
}

/// An output that is expected to be one.
async fn done(emulator: &Emulator, operation: &str, fields: Value) -> Value {
    response(&call(emulator, &[operation, &fields.to_string()]).await)
}

#[tokio::test]
async fn call_does_every_workflow_of_generations() {
    let emulator = Emulator::start().await.unwrap();
    let request = json!({"prompt": "a pier", "num_images": 1, "width": 512, "height": 512, "seed": 7});
    let made = done(&emulator, "image-generate", request.clone()).await;
    let (job, generation) = (&made["job"], &made["generation"]);
    assert_eq!((&job["generationId"], &generation["status"]), (&generation["id"], &json!("COMPLETE")));
    let id = generation["id"].as_str().expect("an id");

    assert_eq!(done(&emulator, "image-wait-for-generation", json!({ "id": id })).await, *generation);

    let mut sought = request.clone();
    sought["sentAfter"] = json!("2020-01-01T00:00:00Z");
    let found = done(&emulator, "image-find-generation", sought).await;
    assert_eq!((&found["lookup"], &found["generation"]["id"]), (&json!("found"), &json!(id)));

    let mut other = request;
    other["seed"] = json!(8);
    let second = done(&emulator, "image-create-generation-once", other).await;
    assert_eq!(emulator.charges().len(), 2);

    let user = emulator.user_id();
    let ids = |list: Value| -> Vec<Value> { list.as_array().unwrap().iter().map(|one| one["id"].clone()).collect() };
    let all = ids(done(&emulator, "image-list-generations", json!({ "userId": user })).await);
    assert_eq!(all, [second["generationId"].clone(), json!(id)]);
    let last = ids(done(&emulator, "image-list-generations", json!({ "userId": user, "offset": 1, "limit": 5 })).await);
    assert_eq!(last, [json!(id)]);
    let first = ids(done(&emulator, "image-list-generations", json!({ "userId": user, "limit": 1 })).await);
    assert_eq!(first, all[..1]);
}

#[tokio::test]
async fn call_transfers_files() {
    let emulator = Emulator::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let request = json!({"prompt": "a pier", "num_images": 2, "width": 512, "height": 512});
    let generation = done(&emulator, "image-generate", request).await["generation"].clone();

    let all = json!({"id": generation["id"], "directory": directory.path()});
    let paths = done(&emulator, "image-download-all", all).await["paths"].clone();
    assert_eq!(paths.as_array().map(Vec::len), Some(2), "{paths}");
    let first = std::fs::read(paths[0].as_str().unwrap()).unwrap();

    let path = directory.path().join("one.jpg");
    let one = json!({"url": generation["generated_images"][0]["url"], "path": path});
    let told = done(&emulator, "image-download", one).await;
    assert_eq!(told, json!({"path": path, "bytes": first.len(), "contentType": "image/jpeg"}));
    assert_eq!(std::fs::read(&path).unwrap(), first);

    let uploaded = done(&emulator, "init-images-upload-file", json!({ "path": path })).await;
    let uploads = emulator.uploads();
    assert_eq!((uploads.len(), &uploaded), (1, &json!({"id": uploads[0].id})));
    let missing = json!({"path": directory.path().join("none.jpg")}).to_string();
    fails(&call(&emulator, &["init-images-upload-file", &missing]).await, 1, "none.jpg");
}

#[tokio::test]
async fn call_reads_json_from_a_file_and_from_standard_input() {
    let emulator = Emulator::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("request.json");
    std::fs::write(&file, r#"{"prompt": "a pier", "num_images": 1}"#).unwrap();
    let job = response(&call(&emulator, &["image-create-generation", &format!("@{}", file.display())]).await);

    let mut child = program()
        .arg("call")
        .env("LEONARDO_API_KEY", emulator.key())
        .env("LEONARDO_SERVER_URL", emulator.base_url())
        .args(["image-get-generation-by-id", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let given = json!({"id": job["generationId"]}).to_string();
    child.stdin.take().unwrap().write_all(given.as_bytes()).await.unwrap();
    assert_eq!(response(&child.wait_with_output().await.unwrap())["id"], job["generationId"]);

    let none = format!("@{}", directory.path().join("none.json").display());
    fails(&call(&emulator, &["image-create-generation", &none]).await, 2, "none.json cannot be read");
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn call_tells_a_wrong_command_of_a_workflow_apart_and_sends_nothing() {
    let emulator = Emulator::start().await.unwrap();
    for (workflow, fields, message) in [
        ("image-wait-for-generation", json!({}), "\"id\" is missing"),
        ("image-wait-for-generation", json!({"id": "a", "limit": 1}), "no field \"limit\""),
        ("image-list-generations", json!({"userId": "a", "limit": -1}), "\"limit\" must be a whole number"),
        ("image-find-generation", json!({"prompt": "a", "seed": 7, "sentAfter": "soon"}), "\"sentAfter\" is no time"),
        ("image-find-generation", json!({"prompt": "a", "sentAfter": "2026-01-01T00:00:00Z"}), "without one nothing"),
        ("image-download", json!({"url": "https://h/"}), "\"path\" is missing"),
        ("image-generate", json!({"width": "wide"}), "the request is wrong"),
        ("elements-wait-for-element", json!({"id": "a"}), "no whole number"),
        ("variation-upscale-and-wait", json!({}), "the request is wrong"),
        ("init-images-upload-canvas-files", json!({"image": "a.png"}), "\"mask\" is missing"),
        ("media-upload-file", json!({"path": "a.mp3", "name": "a"}), "no field \"name\""),
    ] {
        fails(&call(&emulator, &[workflow, &fields.to_string()]).await, 2, message);
    }
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn call_lists_operations_by_group_and_workflows() {
    let output = program().args(["call", "--list"]).output().await.unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let text = format!("\n\n{}", String::from_utf8_lossy(&output.stdout));
    let mut rest = &*text;
    let mut group = "";
    for operation in TABLE {
        if operation.group != group {
            group = operation.group;
            rest = rest.split_once(&format!("\n\n{group}\n")).unwrap_or_else(|| panic!("no group {group}: {text}")).1;
        }
        let line = rest.lines().find(|line| line.split_whitespace().next() == Some(operation.feature));
        let words: Vec<_> =
            line.unwrap_or_else(|| panic!("no {}: {text}", operation.feature)).split_whitespace().collect();
        let effect = format!("{:?}", operation.effect);
        assert_eq!(words[1..], [&*effect, operation.method.as_str(), operation.path]);
    }
    for workflow in WORKFLOWS {
        assert!(rest.lines().any(|line| line.trim() == workflow.feature), "no {}: {text}", workflow.feature);
    }
}

//! Lists, records, downloads and uploads.

use serde_json::json;

use super::place::{Place, assert_whole};

#[tokio::test]
async fn generations_are_listed_newest_first_and_shown() {
    let place = Place::new().await;
    place.json(&["generate", "-n", "1", "a pier"]).await;
    let long = "a harbour in the morning, seen from far above, with many boats";
    let id = place.json(&["generate", "-n", "1", long]).await[0]["id"].as_str().unwrap().to_owned();
    let list = place.run(&["list"]).await;
    list.succeeded();
    let lines: Vec<_> = list.stdout.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with(&id) && lines[1].ends_with("  a pier"), "{list:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{list:?}");
    assert_eq!(place.json(&["list", "--limit", "1"]).await[0]["prompt"], long);
    assert_eq!(place.json(&["list", "--offset", "1"]).await[0]["prompt"], "a pier");

    assert!(place.run(&["show", &id]).await.stdout.contains("\n  \"status\": \"COMPLETE\""));
    assert_eq!(place.json(&["show", &id]).await[0]["id"], *id);
    place.run(&["show", "75925cd2-fb65-4e8c-84c0-6cc010a528e3"]).await.failed(1, "image_get_generation_by_id");
}

#[tokio::test]
async fn wait_ends_with_the_complete_record() {
    let place = Place::new().await;
    let job = place.json(&["call", "image-create-generation", r#"{"prompt":"slow 300ms","num_images":1}"#]).await;
    let id = job[0]["generationId"].as_str().unwrap();
    assert_eq!(place.json(&["wait", id]).await[0]["status"], "COMPLETE");
    let job = place.json(&["call", "image-create-generation", r#"{"prompt":"slow 9s","num_images":1}"#]).await;
    let id = job[0]["generationId"].as_str().unwrap();
    place.run(&["wait", "--deadline", "0.2", id]).await.failed(1, id);
    place.run(&["wait", "--kind", "dataset", "d"]).await.failed(2, "complete at once");
}

#[tokio::test]
async fn downloads_are_whole_and_what_is_there_is_left_alone() {
    let place = Place::new().await;
    let id = place.json(&["generate", "-n", "2", "a pier"]).await[0]["id"].as_str().unwrap().to_owned();
    let ran = place.run(&["download", "--out", "again", &id]).await;
    ran.succeeded();
    let files = place.files("again");
    assert_eq!((files.len(), ran.stdout.matches("Saved again").count()), (2, 2), "{ran:?}");
    files.iter().for_each(|file| assert_whole(file));
    let before = place.emulator.requests().len();
    let told = place.json(&["download", "--out", "again", &id]).await;
    assert_eq!((place.emulator.requests().len() - before, told[0]["files"].as_array().unwrap().len()), (1, 2));
    place.run(&["download", "--out", "again", "--replace", &id]).await.succeeded();
    assert_eq!(place.emulator.requests().len() - before, 4);
    assert!(
        place
            .emulator
            .requests()
            .iter()
            .filter(|request| request.path.starts_with("/cdn/"))
            .all(|request| { request.headers.iter().all(|(name, _)| name != "authorization") })
    );
}

#[tokio::test]
async fn files_are_uploaded_and_their_ids_printed() {
    let place = Place::new().await;
    place.picture("a.jpg").await;
    let ran = place.run(&["upload", "a.jpg"]).await;
    ran.succeeded();
    let uploads = place.emulator.uploads();
    assert_eq!(ran.stdout.trim(), format!("{}  a.jpg", uploads[0].id));
    let dataset = place.json(&["call", "dataset-create-dataset", r#"{"name":"d"}"#]).await[0]["id"].clone();
    place.json(&["upload", "--dataset", dataset.as_str().unwrap(), "a.jpg"]).await;
    let shown = place.json(&["show", "--kind", "dataset", dataset.as_str().unwrap()]).await;
    assert_eq!(shown[0]["dataset_images"].as_array().map(Vec::len), Some(1), "{shown:?}");
    place.run(&["upload", "none.jpg"]).await.failed(1, "none.jpg");
    std::fs::write(place.path("text.jpg"), "no picture").unwrap();
    place.run(&["upload", "text.jpg"]).await.failed(1, "neither PNG, JPEG nor WebP");
}

#[tokio::test]
async fn records_are_deleted() {
    let place = Place::new().await;
    let id = place.json(&["generate", "-n", "1", "a pier"]).await[0]["id"].as_str().unwrap().to_owned();
    let ran = place.run(&["delete", &id]).await;
    assert_eq!((ran.status, ran.stdout.trim()), (0, &*format!("Deleted {id}")));
    place.run(&["show", &id]).await.failed(1, "image_get_generation_by_id");
    place.picture("a.jpg").await;
    let upload = place.json(&["upload", "a.jpg"]).await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(place.json(&["delete", "--kind", "init-image", &upload]).await, [json!({ "deleted": upload })]);
    place.run(&["delete", "--kind", "blueprint", "b"]).await.failed(2, "deletes nothing");
}

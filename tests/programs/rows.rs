//! What the `rows` example promises: the account's generations as rows, each once however often it is run.

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_create_generation, image_wait_for_generation};
use leonardo_ai::models::{CreateGenerationRequest, JobStatus, Timestamp};
use leonardo_ai_emulator::Emulator;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::examples::program;

/// All rows of a table, in order of their ids.
fn rows(database: &std::path::Path, table: &str) -> Vec<Vec<Value>> {
    let connection = Connection::open(database).unwrap();
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY id")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[tokio::test]
async fn rows_of_an_account_are_the_same_however_often_they_are_read() {
    let emulator = Emulator::start().await.unwrap();
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    let mut generations = Vec::new();
    for prompt in ["a pier", "a pier's \"end\"; DROP TABLE images", "fail this"] {
        let request = CreateGenerationRequest::new(prompt).num_images(2).seed(9_999_999_998);
        let job = image_create_generation(&core, request).await.unwrap();
        if !prompt.contains("fail") {
            generations.push(image_wait_for_generation(&core, job.generation_id).await.unwrap());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("rows.sqlite");
    let run = |more: &'static [&'static str]| {
        let mut command = program("rows");
        command.env("LEONARDO_API_KEY", emulator.key()).env("LEONARDO_SERVER_URL", emulator.base_url());
        command.arg("--database").arg(&database).args(more);
        async move {
            let output = command.output().await.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        }
    };
    let report = run(&["--prompt", "a harbour"]).await;
    assert!(
        report.contains("COMPLETE: 3 generations, 5 images") && report.contains("FAILED: 1 generations, 0 images"),
        "{report}"
    );
    assert!(report.contains("7 CREDITS for 1 generations"), "{report}");
    let (first, images) = (rows(&database, "generations"), rows(&database, "images"));
    assert_eq!((first.len(), images.len()), (4, 5));
    for generation in &generations {
        let row = first.iter().find(|row| row[0] == Value::Text(generation.id.to_string())).expect("a row");
        let created = generation.created_at.as_ref().and_then(Timestamp::unix_millis).expect("a time");
        assert_eq!(
            row[1..8],
            [
                Value::Text(JobStatus::Complete.to_string()),
                Value::Integer(created),
                Value::Text(generation.prompt.clone()),
                Value::Text(generation.model_id.as_ref().unwrap().to_string()),
                Value::Integer(9_999_999_998),
                Value::Integer(1024),
                Value::Integer(768),
            ]
        );
    }
    assert_eq!(first.iter().filter(|row| row[8] == Value::Text("7".into())).count(), 1);

    // Reading again changes nothing, and forgets no cost. What is out of date is brought up to date.
    run(&[]).await;
    assert_eq!((rows(&database, "generations"), rows(&database, "images")), (first.clone(), images.clone()));
    let connection = Connection::open(&database).unwrap();
    connection.execute_batch("UPDATE generations SET status = 'PENDING'; UPDATE images SET url = 'old'").unwrap();
    run(&[]).await;
    assert_eq!((rows(&database, "generations"), rows(&database, "images")), (first, images));
}

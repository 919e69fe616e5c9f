//! What the examples promise, run as a user would run them, against the emulator.

use std::path::PathBuf;

use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};
use tokio::process::Command;

/// The example's program: `cargo test` builds it beside this test's.
pub(crate) fn program(name: &str) -> Command {
    let mut path: PathBuf = std::env::current_exe().expect("the test has a path");
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not built: run `cargo build --examples --features full`", path.display());
    let mut command = Command::new(path);
    command.env_remove("LEONARDO_API_KEY").env_remove("LEONARDO_SERVER_URL").kill_on_drop(true);
    command
}

#[tokio::test]
async fn quickstart_leaves_whole_pictures_without_a_key() {
    let out = tempfile::tempdir().unwrap();
    let output = program("quickstart").arg("a pier").arg(out.path()).output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    for part in ["using the emulator", "Prompt: a pier", "Seed: ", "Cost: "] {
        assert!(stdout.contains(part), "{stdout:?} does not say {part:?}");
    }
    let files: Vec<_> = std::fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert!(stdout.contains(&file.display().to_string()));
        let picture = std::fs::read(&file).unwrap();
        assert!(picture.starts_with(&[0xff, 0xd8, 0xff]) && picture.ends_with(&[0xff, 0xd9]), "{}", file.display());
    }
}

#[tokio::test]
async fn quickstart_uses_the_key_and_the_server_of_the_environment() {
    let emulator = Emulator::start().await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let output = program("quickstart")
        .env("LEONARDO_API_KEY", emulator.key())
        .env("LEONARDO_SERVER_URL", emulator.base_url())
        .arg("a pier")
        .arg(out.path())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(emulator.charges().len(), 1);
    let pictures = emulator.requests().into_iter().filter(|request| request.path.starts_with("/cdn/"));
    for picture in pictures {
        assert!(picture.headers.iter().all(|(name, _)| name != "authorization"), "the key went to {}", picture.path);
    }
}

#[cfg(feature = "webhooks-axum")]
#[tokio::test]
async fn webhook_saves_what_it_is_told_of_without_polling() {
    let out = tempfile::tempdir().unwrap();
    let output = program("webhook").arg("--out").arg(out.path()).args(["--count", "2"]).output().await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    let received = stdout.matches("Received image_generation.complete of ").count();
    assert_eq!((received, stdout.matches("Saved ").count()), (2, 2), "{stdout}");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 2);

    let refused =
        program("webhook").env("LEONARDO_API_KEY", "k").env_remove("LEONARDO_WEBHOOK_KEY").output().await.unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("LEONARDO_WEBHOOK_KEY"));
}

/// Runs an example in a directory of its own, and gives the files that it leaves in `pictures`.
async fn files_of(name: &str, emulator: &Emulator) -> Vec<PathBuf> {
    let place = tempfile::tempdir().unwrap();
    let mut command = program(name);
    command.env("LEONARDO_API_KEY", emulator.key()).env("LEONARDO_SERVER_URL", emulator.base_url());
    let output = command.current_dir(place.path()).output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}: {stdout}{}", String::from_utf8_lossy(&output.stderr));
    let files = std::fs::read_dir(place.path().join("pictures")).unwrap();
    files.map(|entry| PathBuf::from(entry.unwrap().file_name())).collect()
}

#[tokio::test]
async fn image_to_image_begins_with_an_image_that_is_uploaded() {
    let emulator = Emulator::start().await.unwrap();
    assert_eq!(files_of("image_to_image", &emulator).await.len(), 3);
    let (charges, uploads) = (emulator.charges(), emulator.uploads());
    assert_eq!((charges.len(), uploads.len()), (2, 1));
    let requests = emulator.requests();
    let create = requests.iter().rfind(|request| request.path.ends_with("/v1/generations")).expect("a create");
    let body: Value = serde_json::from_slice(&create.body).unwrap();
    assert_eq!((&body["init_image_id"], &body["init_strength"]), (&json!(uploads[0].id), &json!(0.4)));
}

#[tokio::test]
async fn each_workflow_has_an_example_that_leaves_its_files() {
    let emulator = Emulator::start().await.unwrap();
    let with = |files: &[PathBuf], extension: &str| {
        files.iter().filter(|file| file.extension().is_some_and(|name| name == extension)).count()
    };
    let variations = files_of("variations", &emulator).await;
    assert_eq!((with(&variations, "jpg"), with(&variations, "webp")), (2, 1), "{variations:?}");
    assert_eq!(with(&files_of("video", &emulator).await, "mp4"), 1);
    assert_eq!(with(&files_of("train", &emulator).await, "jpg"), 11);
    assert_eq!(emulator.charges().len(), 4 + 2 + 7);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_quickstart_leaves_no_half_written_file() {
    let out = tempfile::tempdir().unwrap();
    for delay in [300, 600, 900, 1100] {
        let mut child =
            program("quickstart").arg("a pier").arg(out.path()).stdout(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
        let pid = child.id().map(|pid| pid.to_string()).unwrap_or_default();
        let _ = Command::new("kill").args(["-INT", &pid]).status().await;
        let _ = child.wait().await.unwrap();
        for entry in std::fs::read_dir(out.path()).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(path.extension().and_then(|extension| extension.to_str()), Some("jpg"), "{}", path.display());
            assert!(std::fs::read(&path).unwrap().ends_with(&[0xff, 0xd9]), "{} is not whole", path.display());
        }
    }
}

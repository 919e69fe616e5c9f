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
    let output = program("quickstart").arg("--out").arg(out.path()).arg("a pier").output().await.unwrap();
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
        .arg("--out")
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

#[tokio::test]
async fn generate_saves_the_pictures_of_every_prompt_that_can_be_drawn() {
    let out = tempfile::tempdir().unwrap();
    let prompts = ["a pier", "fail this", "a harbour"];
    let output = program("generate").arg("--out").arg(out.path()).args(prompts).output().await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{stdout}{stderr}");
    for part in ["using the emulator", "Prompt: a pier", "Prompt: a harbour", "Seed: ", "Cost: "] {
        assert!(stdout.contains(part), "{stdout:?} does not say {part:?}");
    }
    assert!(stderr.contains("Prompt: fail this") && stderr.contains("the service gave it up"), "{stderr}");
    assert_eq!((stdout.matches("Saved ").count(), std::fs::read_dir(out.path()).unwrap().count()), (8, 8));
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

#[tokio::test]
async fn image_to_image_begins_with_the_image_that_it_is_given() {
    let emulator = Emulator::start().await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let begin = |image: Option<std::path::PathBuf>| {
        let mut command = program("image_to_image");
        command.env("LEONARDO_API_KEY", emulator.key()).env("LEONARDO_SERVER_URL", emulator.base_url());
        command.arg("--out").arg(out.path()).args(image);
        command
    };
    let output = begin(None).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((emulator.charges().len(), emulator.uploads().len()), (2, 1));

    let image = std::fs::read_dir(out.path()).unwrap().next().unwrap().unwrap().path();
    let size = image.metadata().unwrap().len();
    let output = begin(Some(image)).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let uploads = emulator.uploads();
    assert_eq!((emulator.charges().len(), uploads.len(), uploads[1].size), (3, 2, size));
    let requests = emulator.requests();
    let create = requests.iter().rfind(|request| request.path.ends_with("/v1/generations")).expect("a create");
    let body: Value = serde_json::from_slice(&create.body).unwrap();
    assert_eq!((&body["init_image_id"], &body["init_strength"]), (&json!(uploads[1].id), &json!(0.4)));
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_quickstart_leaves_no_half_written_file() {
    let out = tempfile::tempdir().unwrap();
    for pause in [300, 600, 900, 1100] {
        let mut child =
            program("quickstart").arg("--out").arg(out.path()).stdout(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
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

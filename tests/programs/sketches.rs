//! What the `sketches` example promises: killed at any moment, it goes on, and each sketch is paid for once.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_download, image_get_generation_by_id};
use leonardo_ai_emulator::{Emulator, FaultPlan};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::examples::program;
use crate::troubled::{self, Random};

/// The least that looks like a picture of each kind.
const KINDS: [(&str, &[u8]); 3] = [
    ("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0"),
    ("jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"),
    ("webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"),
];

struct Place(tempfile::TempDir);

impl Place {
    fn new(sketches: usize) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("in")).unwrap();
        fs::write(place.path("in/notes.txt"), "no sketch").unwrap();
        for number in 0..sketches {
            let (extension, content) = KINDS[number % 3];
            fs::write(place.path(&format!("in/sketch {number}.{extension}")), content).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sketches(&self, emulator: &Emulator) -> Command {
        let mut command = program("sketches");
        command.env("LEONARDO_API_KEY", emulator.key()).env("LEONARDO_SERVER_URL", emulator.base_url());
        command.args(["--grace", "1.5", "--strength", "0.3", "--size", "512x640", "--prompt", "in oil"]);
        command.arg("--from").arg(self.path("in")).arg("--out").arg(self.path("out"));
        command
    }

    /// What is in the output folder and ends so.
    fn ending(&self, end: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path("out")).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().ends_with(end)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sketches_killed_again_and_again_pay_once_for_each_picture() {
    const SKETCHES: usize = 18;
    let emulator = troubled::emulator(5).await;
    let place = Place::new(SKETCHES);
    let (mut random, mut killed, mut ended) = (Random(3), 0, None);
    for _ in 0..40 {
        let mut child = place.sketches(&emulator).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if killed < 12 && random.kill(&mut child, &emulator).await {
            killed += 1;
            continue;
        }
        ended = timeout(Duration::from_secs(120), child.wait()).await.expect("it ends").unwrap().code();
        if ended == Some(0) {
            break;
        }
    }
    assert!(ended == Some(0) && killed >= 6, "{ended:?} after it was killed {killed} times");
    assert_eq!(emulator.charges().len(), SKETCHES);
    assert_eq!((place.ending(".jpg").len(), place.ending(".json").len()), (SKETCHES, SKETCHES));

    emulator.set_faults(FaultPlan::none());
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    let uploads: Vec<_> = emulator.uploads().into_iter().map(|upload| upload.id).collect();
    for record in place.ending(".json") {
        let sketch: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
        let generation = image_get_generation_by_id(&core, sketch["generation"].as_str().unwrap()).await.unwrap();
        assert_eq!(generation.seed, sketch["seed"].as_i64());
        assert!(uploads.iter().any(|id| sketch["uploaded"] == **id), "{sketch}");
        let picture = image_download(&core, &generation.generated_images[0].url).to_bytes().await.unwrap();
        assert!(fs::read(record.with_extension("jpg")).unwrap() == picture, "{} is another picture", record.display());
    }

    // All is done, so nothing is asked for.
    let before = emulator.requests().len();
    let output = place.sketches(&emulator).output().await.unwrap();
    assert_eq!((output.status.code(), emulator.requests().len()), (Some(0), before));
}

#[tokio::test]
async fn sketches_are_sent_with_strength_and_size_and_what_is_none_stops_no_other() {
    let emulator = Emulator::start().await.unwrap();
    let place = Place::new(2);
    fs::write(place.path("in/empty.png"), "").unwrap();
    let output = place.sketches(&emulator).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("empty.png: "), "{said}");
    assert_eq!((emulator.charges().len(), place.ending(".jpg").len()), (2, 2));
    let requests = emulator.requests();
    let create = requests.iter().find(|request| request.path.ends_with("/v1/generations")).unwrap();
    let body: Value = serde_json::from_slice(&create.body).unwrap();
    let field = |name: &str| body[name].clone();
    assert_eq!(["width", "height", "num_images"].map(field), [json!(512), json!(640), json!(1)]);
    assert_eq!(["init_strength", "prompt"].map(field), [json!(0.3), json!("in oil")]);

    // A picture that was lost is downloaded again.
    fs::remove_file(place.path("in/empty.png")).unwrap();
    fs::remove_file(place.path("out/sketch 0.png.jpg")).unwrap();
    assert!(place.sketches(&emulator).output().await.unwrap().status.success());
    assert_eq!((emulator.charges().len(), place.ending(".jpg").len()), (2, 2));
}

#[tokio::test]
async fn sketches_without_a_key_can_be_interrupted_and_run_again() {
    let place = Place::new(2);
    let emulated = |prompt: &'static str| {
        let mut command = program("sketches");
        command.args(["--prompt", prompt]).arg("--from").arg(place.path("in")).arg("--out").arg(place.path("out"));
        command
    };
    let mut first = emulated("slow 30s").stdout(Stdio::null()).spawn().unwrap();
    let in_hand = || fs::read_dir(place.path("out")).is_ok_and(|_| place.ending(".json").len() == 2);
    timeout(Duration::from_secs(30), async {
        while !in_hand() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it begins");
    first.kill().await.unwrap();
    let output = emulated("in oil").output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.ending(".jpg").len(), 2);
}

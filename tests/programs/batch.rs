//! What the `batch` example promises: killed at any moment, it goes on where it was and pays for nothing twice.
//!
//! `BATCH_PROMPTS` says how many prompts are used, 30 if not set; the number of kills grows with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_download, image_get_generation_by_id};
use leonardo_ai_emulator::{Emulator, FaultPlan};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::troubled::faults;

/// A directory with prompts, for one test.
struct Place(tempfile::TempDir);

impl Place {
    fn new(prompts: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.path("prompts.txt"), prompts).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn batch(&self, emulator: &Emulator) -> Command {
        let mut command = self.without_key();
        command.env("LEONARDO_API_KEY", emulator.key()).env("LEONARDO_SERVER_URL", emulator.base_url());
        command
    }

    fn without_key(&self) -> Command {
        let mut path = std::env::current_exe().expect("the test has a path");
        path.pop();
        path.pop();
        path.push("examples/batch");
        assert!(path.exists(), "{} is not built: run `cargo build --examples --features full`", path.display());
        let mut command = Command::new(path);
        command.env_remove("LEONARDO_API_KEY").env_remove("LEONARDO_SERVER_URL").kill_on_drop(true);
        command.args(["--concurrency", "6", "--grace", "1.5", "--out"]).arg(self.path("out"));
        command.arg("--journal").arg(self.path("journal")).arg(self.path("prompts.txt"));
        command
    }

    fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("journal")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(self.path("out")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

/// Runs it to its end and gives its exit status and all that it said.
async fn run(mut command: Command) -> (i32, String) {
    let output = timeout(Duration::from_secs(120), command.output()).await.expect("ends").unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().expect("a status"), String::from_utf8(said).unwrap())
}

fn assert_whole(path: &Path) {
    let file = fs::read(path).unwrap();
    assert!(file.starts_with(&[0xff, 0xd8, 0xff]) && file.ends_with(&[0xff, 0xd9]), "{}", path.display());
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Waits for the moment at which run number `run` is killed.
async fn moment_to_kill(emulator: &Emulator, run: usize, seed: &mut u64) {
    let (charges, requests) = (emulator.charges().len(), emulator.requests().len());
    match run % 4 {
        0 => sleep(Duration::from_millis(30 + random(seed) % 370)).await,
        // As soon as more was created, which the program cannot know yet.
        1 | 2 => {
            let more = 1 + random(seed) as usize % 3;
            while emulator.charges().len() < charges + more {
                sleep(Duration::from_millis(1)).await;
            }
        }
        // During a download.
        _ => loop {
            sleep(Duration::from_millis(2)).await;
            let new = emulator.requests().split_off(requests);
            if new.iter().any(|request| request.path.starts_with("/cdn/")) {
                break sleep(Duration::from_millis(random(seed) % 60)).await;
            }
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_pays_once_for_each_prompt() {
    let prompts = std::env::var("BATCH_PROMPTS").map_or(30, |prompts| prompts.parse().expect("a number"));
    let kills = 12 + prompts / 10;
    let emulator = Emulator::builder()
        .balance(1e6)
        .generation_time(Duration::from_millis(100))
        .record_delay(Duration::from_millis(150))
        .faults(FaultPlan::random(7, 20, faults()))
        .start()
        .await
        .unwrap();
    // Each third line is the same.
    let lines: Vec<_> = (0..prompts).map(|n| if n % 3 == 0 { "a pier".into() } else { format!("pier {n}") }).collect();
    let place = Place::new(&lines.join("\n"));

    let started = Instant::now();
    let (mut killed, mut runs, mut seed) = (0, 0, 1);
    let mut ended = None;
    while ended != Some(0) {
        assert!(runs < kills + 20, "it does not come to an end: {ended:?}");
        runs += 1;
        let mut child = place.batch(&emulator).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if killed < kills {
            let moment = moment_to_kill(&emulator, runs, &mut seed);
            tokio::select! {
                status = child.wait() => {
                    ended = status.unwrap().code();
                    continue;
                }
                () = moment => {
                    // SIGKILL.
                    child.kill().await.unwrap();
                    killed += 1;
                    continue;
                }
            }
        }
        ended = timeout(Duration::from_secs(600), child.wait()).await.expect("ends").unwrap().code();
    }

    let charges = emulator.charges();
    let journal = place.journal();
    let count = |event: &str| journal.iter().filter(|entry| entry["event"] == event).count();
    let found = journal.iter().filter(|entry| entry["event"] == "created" && entry["cost"].is_null()).count();
    println!(
        "{prompts} prompts, {runs} runs, {killed} killed, {} faults; {} charges, {found} of them looked up after a \
         kill; {} lines of creating; {:.1} s",
        emulator.faults_injected().iter().map(|(_, count)| count).sum::<u64>(),
        charges.len(),
        count("creating"),
        started.elapsed().as_secs_f64()
    );
    assert!(killed * 2 >= kills, "it was killed {killed} times only");

    let (mut paid, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for charge in &charges {
        *paid.entry(charge.prompt.as_str()).or_insert(0) += 1;
    }
    for line in &lines {
        *wanted.entry(line.as_str()).or_insert(0) += 1;
    }
    assert_eq!(paid, wanted);

    let files = place.files();
    assert_eq!(files.len(), prompts, "{files:?}");
    emulator.set_faults(FaultPlan::none());
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    for charge in charges {
        let file = place.path("out").join(format!("{}-00.jpg", charge.generation_id));
        assert_whole(&file);
        let generation = image_get_generation_by_id(&core, charge.generation_id).await.unwrap();
        let picture = image_download(&core, &generation.generated_images[0].url).to_bytes().await.unwrap();
        assert!(fs::read(&file).unwrap() == picture, "{} is not the picture", file.display());
    }

    // All is done, so nothing is asked for but the account.
    let before = emulator.requests().len();
    let (status, said) = run(place.batch(&emulator)).await;
    assert_eq!((status, emulator.requests().len() - before), (0, 1), "{said}");
}

#[tokio::test]
async fn what_is_damaged_is_put_right_without_paying() {
    let emulator = Emulator::start().await.unwrap();
    let place = Place::new("\n a pier \n\na lighthouse\na pier\n");
    let (status, said) = run(place.batch(&emulator)).await;
    assert_eq!(status, 0, "{said}");
    assert_eq!(emulator.charges().len(), 3);

    let [first, second, _] = &place.files()[..] else { panic!("{:?}", place.files()) };
    fs::write(first, "half").unwrap();
    let id = second.file_stem().unwrap().to_str().unwrap();
    fs::write(place.path("out").join(format!(".{id}.0123456789abcdef.part")), "half").unwrap();
    fs::write(place.path("out").join(".another-00.0123456789abcdef.part"), "not of this journal").unwrap();
    // The last line was not written whole, and lines were moved.
    let mut journal = fs::read(place.path("journal")).unwrap();
    journal.truncate(journal.len() - 10);
    fs::write(place.path("journal"), journal).unwrap();
    fs::write(place.path("prompts.txt"), "a lighthouse\na pier\na pier\n").unwrap();

    let (status, said) = run(place.batch(&emulator)).await;
    assert_eq!((status, emulator.charges().len()), (0, 3), "{said}");
    let (others, pictures): (Vec<_>, Vec<_>) =
        place.files().into_iter().partition(|path| path.extension().is_some_and(|extension| extension == "part"));
    assert_eq!((others.len(), pictures.len()), (1, 3));
    pictures.iter().for_each(|path| assert_whole(path));
    place.journal();
}

#[tokio::test]
async fn what_would_fail_again_is_not_tried_again() {
    let emulator = Emulator::start().await.unwrap();
    let place = Place::new("a forbiddenword\nfail this\na pier");
    for _ in 0..2 {
        let (status, said) = run(place.batch(&emulator)).await;
        assert_eq!(status, 3, "{said}");
        assert_eq!(emulator.charges().len(), 2, "{said}");
    }
    assert_eq!(place.files().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_sent() {
    let (emulator, other) = (Emulator::start().await.unwrap(), Emulator::start().await.unwrap());
    let place = Place::new("slow 5s");
    let mut first = place.batch(&emulator).stdout(Stdio::null()).spawn().unwrap();
    while emulator.charges().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    let requests = emulator.requests().len();
    let (status, said) = run(place.batch(&emulator)).await;
    assert!(status == 2 && said.contains("another instance"), "{said}");
    first.kill().await.unwrap();
    assert!(emulator.requests()[requests..].iter().all(|request| !request.path.ends_with("/me")));

    let (status, said) = run(place.batch(&other)).await;
    assert!(status == 2 && said.contains("another server or account"), "{said}");

    let journal = fs::read_to_string(place.path("journal")).unwrap();
    fs::write(place.path("journal"), format!("{journal}{{}}\n{journal}")).unwrap();
    let (status, said) = run(place.batch(&emulator)).await;
    assert!(status == 2 && said.contains("of the journal"), "{said}");
    assert_eq!((emulator.charges().len(), other.charges().len()), (1, 0));

    let mut missing = place.batch(&emulator);
    let (status, said) = run({
        missing.arg("more");
        missing
    })
    .await;
    assert!(status == 2 && said.contains("usage"), "{said}");
}

#[tokio::test]
async fn without_a_key_it_can_be_run_again_too() {
    let place = Place::new("a pier\nslow 5s");
    let mut first = place.without_key().stdout(Stdio::null()).spawn().unwrap();
    while !fs::read_to_string(place.path("journal")).is_ok_and(|journal| journal.contains("saved")) {
        sleep(Duration::from_millis(5)).await;
    }
    first.kill().await.unwrap();
    fs::write(place.path("prompts.txt"), "a pier\nslow 5s\na lighthouse").unwrap();
    let (status, said) = run(place.without_key()).await;
    assert!(status == 0 && said.contains("work ends with this program"), "{said}");
    assert_eq!(place.files().len(), 3);
    let (status, said) = run(place.without_key()).await;
    assert_eq!(status, 0, "{said}");
}

//! `leonardo batch`: killed at any moment, it goes on where it was and pays for nothing twice.
//!
//! `BATCH_PROMPTS` says how many prompts are used, 30 if not set; the number of kills grows with it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use leonardo_ai_emulator::{Emulator, FaultPlan};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::place::{Place, Ran, Random, assert_whole, faults, ran};

const BATCH: [&str; 9] = ["batch", "-n", "1", "--size", "512x512", "--concurrency", "6", "--grace", "1.5"];

fn batch(place: &Place) -> Command {
    let mut command = place.command(&BATCH);
    command.arg("prompts.txt");
    command
}

async fn run(place: &Place) -> Ran {
    ran(batch(place)).await
}

/// Waits for the moment at which run number `run` is killed.
async fn moment_to_kill(emulator: &Emulator, run: usize, random: &mut Random) {
    let (charges, requests) = (emulator.charges().len(), emulator.requests().len());
    match run % 4 {
        0 => sleep(Duration::from_millis(30 + random.below(370))).await,
        // As soon as more was created, which the program cannot know yet.
        1 | 2 => {
            let more = 1 + random.below(3) as usize;
            while emulator.charges().len() < charges + more {
                sleep(Duration::from_millis(1)).await;
            }
        }
        // During a download.
        _ => loop {
            sleep(Duration::from_millis(2)).await;
            let new = emulator.requests().split_off(requests);
            if new.iter().any(|request| request.path.starts_with("/cdn/")) {
                break sleep(Duration::from_millis(random.below(60))).await;
            }
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_pays_once_for_each_prompt() {
    let prompts = std::env::var("BATCH_PROMPTS").map_or(30, |prompts| prompts.parse().expect("a number"));
    let kills = 12 + prompts / 10;
    let place = Place::with(
        Emulator::builder()
            .balance(1e6)
            .generation_time(Duration::from_millis(100))
            .record_delay(Duration::from_millis(150))
            .faults(FaultPlan::random(7, 20, faults())),
    )
    .await;
    // Each third line is the same.
    let lines: Vec<_> = (0..prompts).map(|n| if n % 3 == 0 { "a pier".into() } else { format!("pier {n}") }).collect();
    fs::write(place.path("prompts.txt"), lines.join("\n")).unwrap();

    let (mut killed, mut runs, mut random) = (0, 0, Random(1));
    let mut ended = None;
    while ended != Some(0) {
        assert!(runs < kills + 20, "it does not come to an end: {ended:?}");
        runs += 1;
        let mut child = batch(&place).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if killed < kills {
            tokio::select! {
                status = child.wait() => {
                    ended = status.unwrap().code();
                    continue;
                }
                () = moment_to_kill(&place.emulator, runs, &mut random) => {
                    // SIGKILL.
                    child.kill().await.unwrap();
                    killed += 1;
                    continue;
                }
            }
        }
        ended = timeout(Duration::from_secs(600), child.wait()).await.expect("ends").unwrap().code();
    }
    let charges = place.emulator.charges();
    let faults = place.emulator.faults_injected().iter().map(|(_, count)| count).sum::<u64>();
    let lines_of = |event: &str| place.lines().iter().filter(|line| line["event"] == event).count();
    let found =
        place.lines().iter().filter(|line| line["event"] == "created" && line["made"]["cost"].is_null()).count();
    println!("{prompts} prompts, {killed} kills, {faults} requests failed, {} charges, {found} found", charges.len());
    assert!(killed * 2 >= kills, "it was killed {killed} times only");
    assert_eq!(lines_of("planned"), prompts);

    let count = |prompts: &mut dyn Iterator<Item = &str>| {
        let mut counts = BTreeMap::new();
        prompts.for_each(|prompt| *counts.entry(prompt.to_owned()).or_insert(0) += 1);
        counts
    };
    let paid = count(&mut charges.iter().map(|charge| &*charge.prompt));
    assert_eq!(paid, count(&mut lines.iter().map(|line: &String| &**line)));
    let files = place.files("pictures");
    assert_eq!(files.len(), prompts, "{files:?}");
    for charge in charges {
        assert_whole(&place.path("pictures").join(format!("{}-00.jpg", charge.generation_id)));
    }

    // All is done, so nothing is asked for but the account.
    place.emulator.set_faults(FaultPlan::none());
    let before = place.emulator.requests().len();
    let again = run(&place).await;
    assert_eq!((again.status, place.emulator.requests().len() - before), (0, 1), "{again:?}");
}

#[tokio::test]
async fn what_is_damaged_is_put_right_without_paying() {
    let place = Place::new().await;
    fs::write(place.path("prompts.txt"), "\n a pier \n\na lighthouse\na pier\n").unwrap();
    run(&place).await.succeeded();
    assert_eq!(place.emulator.charges().len(), 3);

    let [first, second, _] = &place.files("pictures")[..] else { panic!("{:?}", place.files("pictures")) };
    fs::write(first, "half").unwrap();
    let stem = second.file_stem().unwrap().to_str().unwrap();
    fs::remove_file(second).unwrap();
    let part = |name: &str| place.path("pictures").join(format!(".{name}.0123456789abcdef.part"));
    fs::write(part(stem), "half").unwrap();
    fs::write(part("another-00"), "not of this journal").unwrap();
    // The last line was not written whole, and lines were moved.
    let journal = place.journals().remove(0);
    let mut text = fs::read(&journal).unwrap();
    text.truncate(text.len() - 10);
    fs::write(&journal, text).unwrap();
    fs::write(place.path("prompts.txt"), "a lighthouse\na pier\na pier\n").unwrap();

    run(&place).await.succeeded();
    assert_eq!(place.emulator.charges().len(), 3);
    let (others, pictures): (Vec<_>, Vec<_>) =
        place.files("pictures").into_iter().partition(|path| path.extension().is_some_and(|name| name == "part"));
    assert_eq!((others.len(), pictures.len()), (1, 3));
    pictures.iter().for_each(|path| assert_whole(path));
}

#[tokio::test]
async fn what_would_fail_again_is_not_tried_again() {
    let place = Place::new().await;
    fs::write(place.path("prompts.txt"), "a forbiddenword\nfail this\na pier").unwrap();
    for _ in 0..2 {
        assert_eq!(run(&place).await.status, 1);
        assert_eq!(place.emulator.charges().len(), 2);
    }
    assert_eq!(place.files("pictures").len(), 1);
    let mut anew = batch(&place);
    anew.arg("--anew");
    assert_eq!(ran(anew).await.status, 1);
    assert_eq!(place.emulator.charges().len(), 4);
}

#[tokio::test]
async fn a_journal_is_of_one_run_at_a_time_and_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new().await;
    fs::write(place.path("prompts.txt"), "slow 5s").unwrap();
    let mut first = batch(&place).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while place.emulator.charges().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    run(&place).await.failed(2, "in use by another run");
    let journal = place.journals().remove(0);
    assert_eq!(fs::metadata(&journal).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(place.path("data/journal")).unwrap().permissions().mode() & 0o777, 0o700);
    let resumed = place.run(&["resume"]).await;
    resumed.succeeded();
    assert!(resumed.stderr.contains("1 runs are still going on"), "{resumed:?}");
    first.kill().await.unwrap();

    let text = fs::read_to_string(&journal).unwrap();
    assert!(!text.contains(place.emulator.key()), "the key is in the journal");
    fs::write(&journal, format!("{text}{{}}\n{text}")).unwrap();
    run(&place).await.failed(2, "of the journal");
    place.run(&["resume"]).await.failed(2, "of the journal");
    assert_eq!(place.emulator.charges().len(), 1);
    // It keeps nothing else from being done.
    let other = place.run(&["generate", "-n", "1", "a mole"]).await;
    other.succeeded();
    assert!(other.stderr.contains("of the journal"), "{other:?}");
}

#[tokio::test]
async fn lines_are_prompts_or_requests_of_either_version() {
    let place = Place::new().await;
    let lines = [
        "a pier",
        r#"{"prompt":"a harbour","width":512,"height":768}"#,
        r#"{"model":"lucid-origin","public":false,"parameters":{"prompt":"a mole","quantity":1,"width":1024,"height":1024}}"#,
    ];
    fs::write(place.path("prompts.txt"), lines.join("\n")).unwrap();
    run(&place).await.succeeded();
    let mut prompts: Vec<_> = place.emulator.charges().into_iter().map(|charge| charge.prompt).collect();
    prompts.sort();
    assert_eq!(
        (prompts, place.files("pictures").len()),
        (vec!["a harbour".into(), "a mole".into(), "a pier".into()], 3)
    );
    fs::write(place.path("prompts.txt"), "a pier\n{\"width\":\n").unwrap();
    run(&place).await.failed(2, "line 2: ");
    fs::write(place.path("prompts.txt"), "{\"width\":5}\n").unwrap();
    run(&place).await.failed(2, "line 1: ");
}

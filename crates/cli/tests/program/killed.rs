//! SIGKILL at 50 random moments, of runs and of what resumes them: nothing is paid twice, and all files are there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use leonardo_ai_emulator::Emulator;
use tokio::process::Command;
use tokio::time::sleep;

use super::place::{Place, Random, assert_whole};

const KILLS: usize = 50;

/// Kills it at a random moment: after some time, or as soon as more was charged, which it cannot know yet. `false` if it
/// ended before.
async fn kill(mut command: Command, emulator: &Emulator, random: &mut Random) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let delay = Duration::from_millis(random.below(600));
    let charges = emulator.charges().len() + 1 + random.below(2) as usize;
    let at_a_charge = random.below(3) == 0;
    let moment = async {
        if at_a_charge {
            while emulator.charges().len() < charges {
                sleep(Duration::from_millis(1)).await;
            }
        } else {
            sleep(delay).await;
        }
    };
    tokio::select! {
        _ = child.wait() => return false,
        () = moment => {}
        () = sleep(Duration::from_secs(3)) => {}
    }
    child.kill().await.unwrap();
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_50_random_moments_nothing_is_paid_twice_and_all_files_are_there() {
    let builder = Emulator::builder().balance(1e6).generation_time(Duration::from_millis(100));
    let place = Place::with(builder.record_delay(Duration::from_millis(100))).await;
    let picture = place.picture("a.jpg").await;
    fs::create_dir(place.path("cut")).unwrap();
    let first = place.emulator.charges().len();
    let (mut random, mut killed, mut round) = (Random(3), 0, 0);
    let mut planned = BTreeSet::new();
    while killed < KILLS {
        assert!(round < 4 * KILLS, "it was killed {killed} times only");
        round += 1;
        let prompts = [0, 1, 2].map(|number| format!("pier {round} {number}"));
        let file = format!("{round}.jpg");
        let common = ["--grace", "0.8"];
        let words: Vec<&str> = match round % 3 {
            0 => {
                fs::copy(&picture, place.path(&file)).unwrap();
                [&["removebg", "--output-directory", "cut", &file][..], &common].concat()
            }
            1 => {
                [&["generate", "-n", "1", "--size", "512x512"][..], &common, &prompts.each_ref().map(|p| &**p)].concat()
            }
            _ => [&["generate", "-n", "2", "--size", "512x512"][..], &common, &[&*prompts[0]]].concat(),
        };
        if kill(place.command(&words), &place.emulator, &mut random).await {
            killed += 1;
        } else {
            // It has done all of it, and its journal is gone.
            planned.extend(if round % 3 == 0 { vec![file.clone()] } else { prompts[..1].to_vec() });
        }
        for line in place.lines().iter().filter(|line| line["event"] == "planned") {
            planned.insert(line["task"]["name"].as_str().unwrap().to_owned());
        }
        // What resumes it is killed as well.
        while killed < KILLS && random.below(2) == 0 {
            killed +=
                usize::from(kill(place.command(&["resume", "--grace", "0.8"]), &place.emulator, &mut random).await);
        }
    }
    let last = place.run(&["resume", "--grace", "0.8", "--concurrency", "20"]).await;
    assert!(last.status == 0 || last.status == 3, "{last:?}");

    let charges = place.emulator.charges().split_off(first);
    let mut paid = BTreeMap::new();
    for charge in charges.iter().filter(|charge| charge.prompt.starts_with("pier ")) {
        *paid.entry(charge.prompt.clone()).or_insert(0) += 1;
        let files = (0..charge.num_images).map(|index| format!("pictures/{}-{index:02}.jpg", charge.generation_id));
        files.for_each(|file| assert_whole(&place.path(&file)));
    }
    let twice: Vec<_> = paid.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "paid twice: {twice:?}");
    let begun: BTreeSet<_> = planned.iter().filter(|name| name.starts_with("pier ")).cloned().collect();
    let missing: Vec<_> = begun.iter().filter(|prompt| !paid.contains_key(*prompt)).collect();
    assert!(missing.is_empty(), "begun and not done: {missing:?}");

    // Backgrounds have no mark: one whose response was lost is unknown, and not sent again.
    let cut = charges.iter().filter(|charge| !charge.prompt.starts_with("pier ")).count();
    let files = place.files("cut").len();
    let unknown = place.run(&["resume", "--list"]).await.stdout.lines().count();
    // A journal that is removed says no more that it was begun.
    let names = place.files("cut").into_iter().map(|file| file.with_extension("jpg"));
    planned.extend(names.map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()));
    let begun = planned.iter().filter(|name| name.ends_with(".jpg")).count();
    place.files("cut").iter().for_each(|file| assert_whole(file));
    println!(
        "{round} runs, {killed} kills, {} pictures, {files} of {begun} backgrounds, {unknown} unknown",
        paid.len()
    );
    assert_eq!(files + unknown, begun, "{cut} charges");
    assert!(cut >= files && cut <= begun, "{cut} charges for {begun}");
    assert!(place.files("pictures").iter().all(|file| file.extension().is_some_and(|name| name == "jpg")));
}

//! Several runs at once over the same files: each picture is paid for once.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use leonardo_ai_emulator::Emulator;
use tokio::time::sleep;

use super::place::{Place, assert_whole, ran};

const PICTURES: usize = 20;

/// A folder of pictures, and an emulator that takes its time for them.
async fn folder() -> Place {
    let place = Place::with(Emulator::builder().balance(1e6)).await;
    let picture = place.picture_of("one.jpg", "256x256").await;
    fs::create_dir(place.path("dogs")).unwrap();
    (0..PICTURES).for_each(|number| _ = fs::copy(&picture, place.path(&format!("dogs/{number}.jpg"))).unwrap());
    place
}

/// How many backgrounds were charged.
fn charged(place: &Place) -> usize {
    place.emulator.charges().len() - 1
}

fn cut(place: &Place) -> usize {
    let files = place.files("cut");
    files.iter().for_each(|file| assert_whole(file));
    files.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_over_the_same_folder_pay_once_for_each_picture() {
    let place = folder().await;
    std::os::unix::fs::symlink(place.path("cut"), place.path("link")).unwrap();
    fs::create_dir(place.path("cut")).unwrap();
    // Another way to the same directory is the same directory.
    let runs = ["cut", "cut", "link", "dogs/../cut"]
        .map(|to| tokio::spawn(ran(place.command(&["removebg", "--output-directory", to, "dogs/*.jpg"]))));
    let mut done = 0;
    for run in runs {
        let run = run.await.unwrap();
        run.succeeded();
        let saved = run.stdout.matches("Saved ").count();
        let skipped = run.stderr.matches("Skipped ").count();
        assert_eq!(saved + skipped, PICTURES, "{run:?}");
        done += saved;
    }
    assert_eq!((done, charged(&place), cut(&place)), (PICTURES, PICTURES, PICTURES));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_has_begun_is_not_taken_from_it_and_resume_goes_on() {
    let place = folder().await;
    let words = ["removebg", "--output-directory", "cut", "--concurrency", "2", "dogs/*.jpg"];
    let mut first = place.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while charged(&place) < 3 {
        sleep(Duration::from_millis(2)).await;
    }
    // While it goes on, nobody else does any of it, whatever they are told.
    let meanwhile = place.run(&[&words[..], &["--reprocess-existing"]].concat()).await;
    meanwhile.succeeded();
    let running = "another run is going on that writes cut/";
    assert_eq!(meanwhile.stderr.matches(running).count(), PICTURES, "{meanwhile:?}");
    place.run(&["remove-bg", "--out", "cut/19.png", "one.jpg"]).await.failed(1, running);
    let charges = charged(&place);
    first.kill().await.unwrap();

    let next = place.run(&words).await;
    next.succeeded();
    assert!(next.stderr.contains("`leonardo resume` goes on with what was begun"), "{next:?}");
    assert!(charged(&place) <= charges + 2, "nothing of it is sent once more");
    // Two that resume at once share nothing either.
    let resumes = [(); 2].map(|()| tokio::spawn(ran(place.command(&["resume"]))));
    for resume in resumes {
        let resume = resume.await.unwrap();
        assert!(resume.status == 0 || resume.status == 3, "{resume:?}");
    }
    // A picture whose response the killed run did not get is unknown, and not sent again.
    let unknown = place.run(&["resume", "--list"]).await.stdout.lines().count();
    assert_eq!(cut(&place) + unknown, PICTURES);
    assert!(charged(&place) <= PICTURES && charged(&place) >= cut(&place), "{} charges", charged(&place));
}

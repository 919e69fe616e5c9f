//! `leonardo resume`: what is unknown is shown and never sent again, and journals of others are left alone.

use std::process::Stdio;
use std::time::Duration;

use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use tokio::process::Command;
use tokio::time::sleep;

use super::place::{Place, ran};

#[tokio::test]
async fn what_has_no_mark_is_unknown_after_a_lost_response_and_never_sent_again() {
    let place = Place::new().await;
    let image = place.json(&["generate", "-n", "1", "a pier"]).await[0]["images"][0].as_str().unwrap().to_owned();
    place.emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork]).on_method("POST"));
    let lost = place.run(&["upscale", &image]).await;
    lost.failed(3, "upscale of");
    assert_eq!(place.emulator.charges().len(), 2);

    place.run(&["resume"]).await.failed(3, "the outcome is unknown, and it is not sent again");
    let list = place.run(&["resume", "--list"]).await;
    assert_eq!(list.status, 3);
    assert!(list.stdout.starts_with("upscale     unknown "), "{list:?}");
    assert_eq!(place.emulator.charges().len(), 2);

    let forgot = place.run(&["resume", "--forget"]).await;
    forgot.succeeded();
    assert!(forgot.stderr.contains("Forgot 1 of `leonardo upscale`"), "{forgot:?}");
    assert!(place.run(&["resume"]).await.stderr.contains("Nothing is left to do."));
    assert!(place.journals().is_empty());
}

#[tokio::test]
async fn what_was_created_is_waited_for_and_downloaded() {
    let place = Place::new().await;
    let mut command = place.command(&["generate", "-n", "1", "--grace", "1", "slow 1s", "slow 1200ms"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while place.lines().iter().filter(|line| line["event"] == "created").count() < 2 {
        sleep(Duration::from_millis(2)).await;
    }
    child.kill().await.unwrap();
    let listed = place.json(&["resume", "--list"]).await;
    assert_eq!((listed.len(), &listed[0]["state"]), (2, &"created".into()));
    let next = place.run(&["generate", "-n", "1", "a mole"]).await;
    assert!(next.stderr.contains("2 of earlier runs not finished: `leonardo resume` goes on"), "{next:?}");
    let resumed = place.run(&["resume"]).await;
    resumed.succeeded();
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (3, 3), "{resumed:?}");
    assert!(resumed.stdout.contains("Cost: 7 CREDITS"));
}

#[tokio::test]
async fn journals_of_another_account_are_left_alone() {
    let (place, other) = (Place::new().await, Emulator::start().await.unwrap());
    let mut command = place.command(&["generate", "-n", "1", "slow 5s"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while place.emulator.charges().is_empty() {
        sleep(Duration::from_millis(2)).await;
    }
    child.kill().await.unwrap();
    let mut command = place.command(&["resume"]);
    command.env("LEONARDO_API_KEY", other.key()).env("LEONARDO_SERVER_URL", other.base_url());
    let resumed = ran(command).await;
    resumed.succeeded();
    assert!(resumed.stderr.contains("1 journals are of other servers or accounts"), "{resumed:?}");
    assert_eq!((place.journals().len(), other.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_interrupted_run_says_how_to_go_on_and_leaves_no_half_file() {
    let place = Place::new().await;
    for (signal, prompt) in [("-INT", "slow 2s a"), ("-TERM", "slow 2s b")] {
        let charges = place.emulator.charges().len();
        let mut command = place.command(&["generate", "-n", "1", "--grace", "1", prompt]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while place.emulator.charges().len() == charges {
            sleep(Duration::from_millis(2)).await;
        }
        sleep(Duration::from_millis(100)).await;
        let pid = child.id().unwrap().to_string();
        Command::new("kill").args([signal, &pid]).status().await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert!(stderr.contains("Interrupted. 1 not finished: `leonardo resume` goes on"), "{stderr}");
    }
    place.run(&["resume"]).await.succeeded();
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (2, 2));
}

//! `leonardo jobs`: prompts are written down, done by any number of workers, and paid for once.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use leonardo_ai_emulator::Emulator;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::place::{Place, Ran, assert_whole, program, ran};

const IMAGE: [&str; 4] = ["-n", "1", "--size", "512x512"];

async fn submit(place: &Place, arguments: &[&str]) -> Ran {
    place.run(&[&["jobs", "submit"], arguments, &IMAGE].concat()).await
}

async fn with_input(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = timeout(Duration::from_secs(60), child.wait_with_output()).await.expect("ends").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

async fn count(place: &Place, state: &str) -> u64 {
    place.json(&["jobs", "status"]).await[0]["jobs"][state].as_u64().unwrap()
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < Duration::from_secs(60), "it does not come to that");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn lines_are_submitted_done_and_exported_and_paid_for_once() {
    let place = Place::new().await;
    fs::write(place.path("prompts.txt"), "a pier\n{\"prompt\": \"a mole\", \"key\": \"mole\"}\n\na pier\n").unwrap();
    let submitted = submit(&place, &["--file", "prompts.txt"]).await;
    submitted.succeeded();
    assert_eq!((&*submitted.stdout, &*submitted.stderr), ("3 submitted\n", ""));
    let again = submit(&place, &["--file", "prompts.txt"]).await;
    assert_eq!(again.stdout, "0 submitted, 3 were there already\n");
    let status = place.run(&["jobs", "status"]).await;
    assert_eq!(status.stdout, "waiting:   3\nspent:     0\nreserved:  0\n");
    assert_eq!(place.emulator.requests().len(), 0);

    let worked = place.run(&["jobs", "work", "--until-done"]).await;
    worked.succeeded();
    assert!(worked.stdout.is_empty() && worked.stderr.contains("3 of 3 done"), "{worked:?}");
    assert_eq!(place.emulator.charges().len(), 3);
    let objects = place.json(&["jobs", "export"]).await;
    let prompts: Vec<_> = objects.iter().map(|job| job["prompt"].as_str().unwrap()).collect();
    assert_eq!(prompts, ["a pier", "a mole", "a pier"]);
    assert_eq!((&objects[1]["key"], &objects[1]["state"]), (&Value::from("mole"), &Value::from("done")));
    for job in &objects {
        assert!(job["cost"].as_str().is_some_and(|cost| cost != "0"), "{job}");
        assert_whole(job["files"][0].as_str().unwrap().as_ref());
    }
    assert_eq!(place.files("pictures").len(), 3);

    // What is done is not done again, and nothing is written down that could pay.
    place
        .run(&["jobs", "work", "--until-done", "--file", "prompts.txt", "-n", "1", "--size", "512x512"])
        .await
        .succeeded();
    assert_eq!(place.emulator.charges().len(), 3);
    for file in place.files("data") {
        let bytes = fs::read(&file).unwrap();
        let key = place.emulator.key().as_bytes();
        assert!(!bytes.windows(key.len()).any(|part| part == key), "the key is in {}", file.display());
    }
}

#[tokio::test]
async fn bad_lines_are_told_by_their_numbers() {
    let place = Place::new().await;
    fs::write(place.path("prompts.txt"), "a pier\n{\"prompt\":\n{\"promt\": \"a mole\"}\n").unwrap();
    let refused = submit(&place, &["--file", "prompts.txt"]).await;
    refused.failed(2, "prompts.txt, of which nothing was submitted:\nline 2: ");
    refused.failed(2, "line 3: there is no prompt");
    assert_eq!(count(&place, "waiting").await, 0);

    // Of standard input, the good ones are submitted.
    let mut command = place.command(&["jobs", "submit", "--file", "-"]);
    command.args(IMAGE);
    let piped = with_input(command, "a pier\n{\"prompt\":\na mole\n").await;
    piped.failed(2, "line 2: ");
    assert_eq!(piped.stdout, "2 submitted\n");
    assert_eq!(count(&place, "waiting").await, 2);

    submit(&place, &["--file", "no-such-file"]).await.failed(2, "no-such-file: ");
    submit(&place, &[]).await.failed(2, "there is no PROMPT");
    submit(&place, &["--account", "a/b", "a pier"]).await.failed(2, "letters");
    submit(&place, &["--model", "lucid-origin", "a pier"]).await.failed(2, "version 1");
    submit(&place, &["--budget", "100", "a pier"]).await.failed(2, "has no unit: say 100usd or 100credits");
    submit(&place, &["--budget", "100credits", "a pier"]).await.failed(2, "costs at most");
    // An amount of the other unit is no amount of this account's.
    submit(&place, &["--cost", "1usd", "a pier"]).await.failed(2, "CREDITS");
    place.run(&["jobs", "status", "--account", "other"]).await.failed(2, "nothing was submitted");
    place
        .run(&["jobs", "status", "--database", "mysql://x"])
        .await
        .failed(2, "no database that this build can use: mysql");
}

#[tokio::test]
async fn standard_input_is_submitted_as_it_comes() {
    let place = Place::new().await;
    let mut command = place.command(&["jobs", "submit", "--file", "-"]);
    let mut child = command.args(IMAGE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"a pier\n").await.unwrap();
    until(async || place.run(&["jobs", "status"]).await.stdout.contains("waiting:   1")).await;
    input.write_all(b"a mole\n").await.unwrap();
    drop(input);
    assert!(child.wait().await.unwrap().success());
    assert_eq!(count(&place, "waiting").await, 2);
}

#[tokio::test]
async fn one_command_needs_no_key_and_no_database() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = program();
    command.args(["jobs", "work", "--emulator", "--until-done", "--json", "a pier", "a mole"]).args(IMAGE);
    let ran = ran_in(command, directory.path()).await;
    ran.succeeded();
    let last = ran.objects().pop().unwrap();
    assert_eq!((&last["jobs"]["done"], &last["open"]), (&Value::from(2), &Value::from(0)));
    assert_eq!(fs::read_dir(directory.path().join("pictures")).unwrap().count(), 2);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

    let mut command = program();
    command.args(["jobs", "work", "--account", "my-studio"]);
    ran_in(command, directory.path()).await.failed(2, "LEONARDO_API_KEY_MY_STUDIO is not set");
}

async fn ran_in(mut command: Command, directory: &std::path::Path) -> Ran {
    command.current_dir(directory);
    ran(command).await
}

#[tokio::test]
async fn jobs_are_taken_back_and_done_again() {
    let place = Place::new().await;
    submit(&place, &["fail this", "a pier", "a mole"]).await.succeeded();
    let cancelled = place.run(&["jobs", "cancel", "2", "17"]).await;
    cancelled.failed(2, "there is no job 17");
    assert_eq!(cancelled.stdout, "1 cancelled\n");
    let worked = place.run(&["jobs", "work", "--until-done"]).await;
    worked.failed(1, "1 failed: `leonardo jobs export --state failed` says why");
    assert_eq!(place.emulator.charges().len(), 2);
    let failed = place.json(&["jobs", "export", "--state", "failed"]).await;
    assert_eq!((failed.len(), &failed[0]["id"]), (1, &Value::from(1)));
    assert!(failed[0]["problem"].is_string());

    place.run(&["jobs", "cancel", "3"]).await.failed(2, "job 3 is done");
    assert_eq!(place.run(&["jobs", "retry", "--all"]).await.stdout, "1 to be done again\n");
    assert_eq!(place.json(&["jobs", "retry", "2"]).await[0]["done"], true);
    assert_eq!(count(&place, "waiting").await, 2);
    assert_eq!(place.run(&["jobs", "cancel", "--all"]).await.stdout, "2 cancelled\n");
    place.run(&["jobs", "work", "--until-done"]).await.succeeded();
    assert_eq!(place.emulator.charges().len(), 2);
}

/// What the program says on standard error, line by line, until one has this text.
async fn says(child: &mut Child, text: &str) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let found = timeout(Duration::from_secs(60), async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it has not ended");
            if line.contains(text) {
                break line;
            }
        }
    });
    let line = found.await.expect("it says so");
    // What it says later must not break it off.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    line
}

/// The program is told of an event, and another process that waits for it looks at once.
#[tokio::test]
async fn a_webhook_wakes_the_job_in_another_process() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let place = Place::with(
        Emulator::builder()
            .generation_time(Duration::from_secs(2))
            .webhook(format!("http://{address}/webhook"), "a-callback-key"),
    )
    .await;
    submit(&place, &["a pier"]).await.succeeded();
    // It looks only after minutes.
    let holding = ["jobs", "work", "--until-done", "--poll", "300"];
    let mut holding = place.command(&holding).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until(async || count(&place, "created").await == 1).await;

    // It has no place of its own for the job, whose holder is alive.
    let mut receiving = place.command(&["jobs", "work", "--poll", "300", "--webhooks", &address.to_string()]);
    receiving.env("LEONARDO_WEBHOOK_KEY", "another-key,a-callback-key").stderr(Stdio::piped());
    let mut receiving = receiving.stdout(Stdio::null()).spawn().unwrap();
    says(&mut receiving, "Receiving webhooks at").await;
    let ended = timeout(Duration::from_secs(60), holding.wait()).await.expect("it is woken").unwrap();
    assert!(ended.success());
    assert_eq!(place.emulator.webhooks_delivered(), 1);
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (1, 1));
    receiving.kill().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn told_to_stop_it_hands_back_what_it_has() {
    use rustix::process::{Pid, Signal, kill_process};

    let place = Place::new().await;
    submit(&place, &["slow 5s", "a pier"]).await.succeeded();
    let mut command = place.command(&["jobs", "work"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until(async || count(&place, "done").await == 1 && count(&place, "created").await == 1).await;
    kill_process(Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    let output = timeout(Duration::from_secs(20), child.wait_with_output()).await.expect("ends").unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("Interrupted. 1 not finished: `leonardo jobs work` goes on"), "{said}");

    // Another goes on at once, and does not wait until the first counts as gone.
    let begin = Instant::now();
    place.run(&["jobs", "work", "--until-done"]).await.succeeded();
    assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (2, 2));
}

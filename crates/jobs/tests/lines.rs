//! Submissions as text: each line is a job, and the same text is the same jobs.

mod common;

use std::io::Cursor;

use common::{ACCOUNT, Place, count, request};
use futures_util::StreamExt as _;
use leonardo_ai::models::CostUnit;
use leonardo_ai_jobs::{Account, BadLines, Error, Jobs, Lines, Money, State};

async fn ledger() -> (Place, Jobs) {
    let place = Place::new();
    let jobs = Jobs::connect(&place.url).await.unwrap();
    jobs.set_account(&Account::new(ACCOUNT)).await.unwrap();
    (place, jobs)
}

async fn submitted(jobs: &Jobs, text: &str) -> Result<(u64, u64), Error> {
    let submitted = jobs.submit_lines(ACCOUNT, Cursor::new(text), &request("")).await?;
    Ok((submitted.new, submitted.known))
}

fn bad(result: Result<(u64, u64), Error>) -> BadLines {
    match result {
        Err(Error::Lines(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn prompts_and_objects_are_jobs() {
    let (_place, jobs) = ledger().await;
    let text = "\u{feff}a pier\r\n\n  \n{\"prompt\": \"a harbour\", \"width\": 512, \"key\": \"harbour\", \
                \"cost\": {\"amount\": \"7\", \"unit\": \"CREDITS\"}}\na pier";
    assert_eq!(submitted(&jobs, text).await.unwrap(), (3, 0));
    let harbour = jobs.find(ACCOUNT, "harbour").await.unwrap().unwrap();
    assert_eq!((harbour.request.width, harbour.request.height), (Some(512), Some(64)));
    assert_eq!(harbour.reserved, Money::whole(7));
    assert_eq!(jobs.status(ACCOUNT).await.unwrap().unit, Some(CostUnit::Credits));
    let prompts: Vec<_> = jobs.list(ACCOUNT, State::Waiting).map(|job| job.unwrap().request.prompt).collect().await;
    assert_eq!(prompts, ["a pier", "a harbour", "a pier"]);
    // With one line more, and in another order: only that one is new.
    assert_eq!(
        submitted(&jobs, &format!("a lighthouse\n{}", text.trim_start_matches('\u{feff}'))).await.unwrap(),
        (1, 3)
    );
    // Equal lines are jobs of their own, as many as there are.
    assert_eq!(submitted(&jobs, "a pier\na pier\na pier\n").await.unwrap(), (1, 2));
    // Another series is other jobs, and what a line says of its cost goes before what is said of all.
    let text = "a pier\n{\"prompt\": \"a pier\", \"cost\": {\"amount\": \"7\"}}";
    let mut lines = Lines::new(text.as_bytes(), &request("")).unwrap().series("second ");
    lines = lines.cost(Money::whole(9), CostUnit::Credits);
    let again = lines.next().await.unwrap().unwrap();
    assert_eq!((again.cost, again.unit.clone()), (Some(Money::whole(9)), Some(CostUnit::Credits)));
    assert_eq!(lines.next().await.unwrap().unwrap().cost, Some(Money::whole(7)));
    jobs.submit(ACCOUNT, &[again]).await.unwrap();
    assert_eq!(count(&jobs, State::Waiting).await, 6);
}

#[tokio::test]
async fn thousands_of_lines_are_submitted_and_submitted_again() {
    let (_place, jobs) = ledger().await;
    let text: String = (0..5000).map(|number| format!("prompt {number}\n")).collect();
    let begun: String = text.lines().take(1234).map(|line| format!("{line}\n")).collect();
    assert_eq!(submitted(&jobs, &begun).await.unwrap(), (1234, 0));
    assert_eq!(submitted(&jobs, &text).await.unwrap(), (3766, 1234));
    assert_eq!(submitted(&jobs, &text).await.unwrap(), (0, 5000));
    assert_eq!(count(&jobs, State::Waiting).await, 5000);
}

#[tokio::test]
async fn bad_lines_are_told_and_nothing_of_the_text_is_submitted() {
    let (_place, jobs) = ledger().await;
    let long = "x".repeat(1024 * 1024 + 10);
    let text = format!(
        "a pier\n{{\"prompt\": \n{{\"promt\": \"a harbour\"}}\n{{\"prompt\": \"a\", \"width\": \"wide\"}}\n{long}\n\
         {{\"prompt\": \"a\", \"key\": 5}}\n{{\"prompt\": \"a\", \"key\": \"k\"}}\n{{\"prompt\": \"b\", \"key\": \"k\"}}\n\
         {{\"prompt\": \"a\", \"seed\": 3}}\n{{\"prompt\": \"b\", \"seed\": 3}}\n{{\"prompt\": \"a\", \"cost\": {{\"amount\": \"-1\"}}}}\n"
    );
    let told = bad(submitted(&jobs, &text).await);
    let numbers: Vec<_> = told.told.iter().map(|(number, _)| *number).collect();
    assert_eq!((told.count, numbers), (8, vec![2, 3, 4, 5, 6, 8, 10, 11]));
    assert!(told.to_string().starts_with("line 2: ") && told.to_string().contains("\nline 3: there is no prompt\n"));
    assert_eq!(count(&jobs, State::Waiting).await, 0);

    let told = bad(submitted(&jobs, &"{\n".repeat(100)).await);
    assert_eq!((told.count, told.told.len()), (100, 20));
    assert!(told.to_string().ends_with("\nand 80 more"));

    let not_text = jobs.submit_lines(ACCOUNT, Cursor::new(b"a pier\n\xff\xfe\n"), &request("")).await;
    let Err(Error::Lines(told)) = not_text else { panic!("{not_text:?}") };
    assert_eq!(told.told, [(2, "not UTF-8".to_owned())]);
    assert_eq!(count(&jobs, State::Waiting).await, 0);
    assert_eq!(submitted(&jobs, "").await.unwrap(), (0, 0));
}

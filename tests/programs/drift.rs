//! What the example `drift` promises.

use std::path::Path;
use std::process::Output;

use crate::examples::program;

async fn drift(arguments: &[&str]) -> Output {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    program("drift").current_dir(fixtures).args(arguments).output().await.expect("runs")
}

#[tokio::test]
async fn drift_lists_what_one_side_has_and_the_other_has_not() {
    let output = drift(&["drift.json"]).await;
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let mut of_both: Vec<_> = stdout.lines().filter(|line| line.starts_with("prompt_prompt_improve")).collect();
    of_both.sort_unstable();
    assert_eq!(
        of_both,
        [
            "prompt_prompt_improve: not in the file: request: is_video",
            "prompt_prompt_improve: not in the file: response.apiCreditCost",
            "prompt_prompt_improve: not in the types: request.promptInstructions, as an enum",
            "prompt_prompt_improve: not in the types: request.tone",
            "prompt_prompt_improve: not in the types: response.promptGeneration.cost.unit = \"POINTS\"",
            "prompt_prompt_improve: not in the types: response.promptGeneration.languages[].code",
        ]
    );
    for line in [
        "POST /v1/prompt/translate: not in the types: the operation",
        "user_get_user_self: not in the file: the operation",
    ] {
        assert!(stdout.lines().any(|found| found == line), "{stdout} has no {line:?}");
    }
    assert!(!stdout.contains("v2_"), "the file is one of version 1: {stdout}");
}

#[tokio::test]
async fn drift_finds_nothing_in_the_shapes_that_the_models_follow() {
    let output = drift(&["shapes.json"]).await;
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stdout)), (Some(0), ""));
    let all = drift(&["--all", "shapes.json"]).await;
    let stdout = String::from_utf8_lossy(&all.stdout);
    assert_eq!(all.status.code(), Some(0));
    assert!(stdout.contains("request: style_uuid (known: the guides name it"), "{stdout}");
}

#[tokio::test]
async fn drift_tells_a_file_that_cannot_be_read_apart() {
    for arguments in [&[][..], &["none.json"], &["create-payg.json"], &["drift.json", "more"]] {
        let output = drift(arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

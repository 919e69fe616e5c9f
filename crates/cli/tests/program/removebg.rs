//! `leonardo removebg`, against what the tool of remove.bg does.

use std::fs;

use leonardo_ai_emulator::{Emulator, Fault, FaultPlan, Plan};
use serde_json::{Value, json};

use super::place::{Place, assert_whole, program, ran};

async fn dogs(place: &Place, count: usize) {
    let picture = place.picture("one.jpg").await;
    fs::create_dir(place.path("dogs")).unwrap();
    (0..count).for_each(|number| _ = fs::copy(&picture, place.path(&format!("dogs/{number}.jpg"))).unwrap());
}

/// How many backgrounds were charged.
fn charged(place: &Place) -> usize {
    place.emulator.charges().len() - 1
}

fn parameters(place: &Place) -> Value {
    let requests = place.emulator.requests();
    let last = requests.iter().rfind(|request| request.path.ends_with("/v2/generationssync")).unwrap();
    // A body is kept to 64 KiB, and the image comes first.
    serde_json::from_slice(&last.body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&last.body)))
}

#[tokio::test]
async fn files_are_called_as_by_that_tool_and_what_exists_is_skipped() {
    let place = Place::with(Emulator::builder().plan(Plan::PayAsYouGo)).await;
    dogs(&place, 2).await;
    let first = place.run(&["removebg", "dogs/0.jpg", "dogs/1.jpg"]).await;
    first.succeeded();
    assert!(first.stderr.starts_with("2 pictures: at most about 0.21 dollars"), "{first:?}");
    assert!(first.stderr.ends_with("Cost in all: 0.2094 DOLLARS\n"), "{first:?}");
    assert_eq!(first.stdout.matches("Cost: 0.1047 DOLLARS\n").count(), 2);
    assert_whole(&place.path("dogs/0-removebg.png"));
    assert_whole(&place.path("dogs/1-removebg.png"));

    let again = place.run(&["removebg", "dogs/0.jpg", "dogs/1.jpg"]).await;
    again.succeeded();
    assert!(again.stderr.contains("Skipped dogs/0.jpg: dogs/0-removebg.png is there."), "{again:?}");
    assert_eq!(charged(&place), 2);
    place.run(&["removebg", "--reprocess-existing", "dogs/0.jpg"]).await.succeeded();
    assert_eq!(charged(&place), 3);

    place.run(&["removebg", "--output-directory", "cut", "--format", "webp", "dogs/?.jpg"]).await.succeeded();
    let names: Vec<_> = place.files("cut").iter().map(|file| file.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["0.webp", "1.webp"]);
}

#[tokio::test]
async fn its_flags_become_parameters_and_what_changed_is_said() {
    let place = Place::new().await;
    place.picture_of("tiny.png", "32x32").await;
    let flags = [
        "removebg",
        "--size",
        "regular",
        "--type",
        "product",
        "--channels",
        "alpha",
        "--bg-color",
        "81d4fa",
        "--format",
        "auto",
        "--extra-api-option",
        "crop=true",
        "--extra-api-option",
        "crop_margin=10",
        "--extra-api-option",
        "add_shadow=true",
        "tiny.png",
    ];
    place.run(&flags).await;
    let sent = parameters(&place);
    let sent = &sent["parameters"];
    assert_eq!(
        [
            &sent["size"],
            &sent["type"],
            &sent["channels"],
            &sent["bg_color"],
            &sent["crop_margin"],
            &sent["shadow_type"]
        ],
        ["preview", "product", "alpha", "81d4fa", "10", "car"],
        "{sent}"
    );
    assert_eq!((&sent["crop"], sent.get("format")), (&json!(true), None));
    place.run(&["removebg", "--format", "zip", "tiny.png"]).await.failed(2, "there is no format zip any more");
    place.run(&["removebg", "zip2png", "a.zip"]).await.failed(2, "there is no zip2png");
    place.run(&["removebg", "none.png"]).await.failed(2, "none.png is no file");
    place.run(&["removebg", "none*.png"]).await.failed(2, "stands for no file");
}

#[tokio::test]
async fn the_key_of_remove_bg_is_neither_read_nor_sent() {
    let place = Place::new().await;
    dogs(&place, 1).await;
    let secret = "remove-bg-secret";
    let mut without = program();
    without.env("REMOVE_BG_API_KEY", secret).current_dir(place.path("dogs")).args(["removebg", "0.jpg"]);
    let told = ran(without).await;
    told.failed(2, "REMOVE_BG_API_KEY is set, which is of no use here");
    assert!(
        !told.stderr.contains(secret) && told.stderr.contains("LEONARDO_API_KEY") && told.stderr.contains("--emulator")
    );

    let mut with = place.command(&["removebg", "dogs/0.jpg"]);
    with.env("REMOVE_BG_API_KEY", secret);
    ran(with).await.succeeded();
    for request in place.emulator.requests() {
        assert!(!format!("{request:?}").contains(secret));
        assert!(!request.body.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
    place.run(&["removebg", "--api-key", secret, "dogs/0.jpg"]).await.failed(2, "--api-key is not used");
}

#[tokio::test]
async fn many_are_asked_about_and_a_limit_is_held() {
    let place = Place::new().await;
    dogs(&place, 3).await;
    place.run(&["removebg", "--confirm-batch-over", "2", "dogs/*.jpg"]).await.failed(2, "nobody can be asked");
    assert_eq!(charged(&place), 0);
    place.run(&["removebg", "--confirm-batch-over", "-1", "dogs/*.jpg"]).await.succeeded();
    assert_eq!(charged(&place), 3);
}

#[tokio::test]
async fn no_more_is_spent_than_the_user_allows() {
    let place = Place::new().await;
    dogs(&place, 3).await;
    place.run(&["removebg", "--spend-at-most", "0.1usd", "dogs/*.jpg"]).await.failed(2, "0.1047 or more each");
    assert_eq!(charged(&place), 0);
    let ran = place.run(&["removebg", "--spend-at-most", "0.3usd", "dogs/*.jpg"]).await;
    ran.failed(1, "0.3141");
    assert_eq!(charged(&place), 2);
    let again = place.run(&["removebg", "--spend-at-most", "1usd", "dogs/*.jpg"]).await;
    assert!(again.stderr.contains("`leonardo resume` goes on with what was begun"), "{again:?}");
    place.run(&["resume", "--spend-at-most", "0.11usd"]).await.succeeded();
    assert_eq!(charged(&place), 3);
    (0..3).for_each(|dog| assert_whole(&place.path(&format!("dogs/{dog}-removebg.png"))));
}

#[tokio::test]
async fn a_lost_response_is_unknown_and_its_file_is_not_paid_for_again() {
    let place = Place::new().await;
    dogs(&place, 2).await;
    place.emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork]).on_method("POST"));
    let lost = place.run(&["removebg", "--concurrency", "1", "dogs/*.jpg"]).await;
    lost.failed(3, "dogs/0.jpg: ");
    let charges = charged(&place);
    let again = place.run(&["removebg", "dogs/0.jpg"]).await;
    again.succeeded();
    assert!(again.stderr.contains("Skipped dogs/0.jpg: an earlier run has begun it."), "{again:?}");
    place.run(&["resume"]).await.failed(3, "not sent again");
    assert_eq!(charged(&place), charges.max(2), "the other file is done by then");
    place.run(&["removebg", "--reprocess-existing", "dogs/0.jpg"]).await.succeeded();
    assert_whole(&place.path("dogs/0-removebg.png"));
}

#[tokio::test]
async fn two_files_of_one_result_are_paid_for_once_and_large_ones_are_uploaded() {
    let place = Place::new().await;
    dogs(&place, 1).await;
    fs::copy(place.path("dogs/0.jpg"), place.path("dogs/0.jpeg")).unwrap();
    let ran = place.run(&["removebg", "dogs/0.jpg", "dogs/0.jpeg"]).await;
    ran.succeeded();
    assert!(ran.stderr.contains("Skipped dogs/0.jpeg: dogs/0.jpg becomes dogs/0-removebg.png too."), "{ran:?}");
    assert_eq!(charged(&place), 1);

    // A JPEG may have anything behind its end.
    let mut large = fs::read(place.path("dogs/0.jpg")).unwrap();
    large.resize(5_500_000, 0);
    fs::write(place.path("large.jpg"), large).unwrap();
    place.run(&["removebg", "large.jpg"]).await.succeeded();
    assert_eq!((place.emulator.uploads().len(), charged(&place)), (1, 2));
    assert_whole(&place.path("large-removebg.png"));
}

#[tokio::test]
async fn the_page_for_those_who_come_from_remove_bg_has_every_flag_and_every_parameter() {
    let page = include_str!("../../../../docs/from-removebg.md");
    let mut help = program();
    help.args(["removebg", "--help"]);
    let help = ran(help).await.stdout;
    let (own, _) = help.split_once("Options of every command").unwrap();
    let flags: Vec<_> = own.split_whitespace().filter(|word| word.starts_with("--")).collect();
    assert!(flags.len() > 12, "{flags:?}");
    let general = ["--help", "--checked", "--show", "--channels"];
    for flag in flags {
        let flag = flag.split(['`', ',', '[']).next().unwrap();
        assert!(general.contains(&flag) || page.contains(&format!("`{flag}")), "{flag} is not on the page");
    }
    let parameters = "size type type_level format channels bg_color crop crop_margin roi scale position semitransparency \
                      shadow_type shadow_opacity add_shadow image_file image_file_b64 image_url bg_image_file bg_image_url";
    for parameter in parameters.split_whitespace() {
        assert!(page.contains(&format!("| `{parameter}`")), "{parameter} is not on the page");
    }
}

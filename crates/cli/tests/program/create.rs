//! What makes something, from the command line to the files.

use leonardo_ai_emulator::{Emulator, Fault, FaultPlan, Plan};
use serde_json::{Value, json};

use super::place::{Place, assert_whole, program, ran};

/// The bodies of the creates to that path.
fn sent(place: &Place, path: &str) -> Vec<Value> {
    let requests = place.emulator.requests();
    let creates = requests.iter().filter(|request| request.method == "POST" && request.path.ends_with(path));
    creates.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

#[tokio::test]
async fn generate_saves_the_pictures_of_every_prompt() {
    let place = Place::new().await;
    let ran = place.run(&["generate", "-n", "2", "--size", "512x768", "--seed", "7", "a pier", "a harbour"]).await;
    ran.succeeded();
    for part in ["a pier\n", "a harbour\n", "Seed: 7\n", "Cost: 7 CREDITS\n", "Saved pictures/"] {
        assert!(ran.stdout.contains(part), "{:?} does not say {part:?}", ran.stdout);
    }
    assert_eq!(ran.stderr.trim(), "Cost in all: 14 CREDITS");
    assert_eq!(place.files("pictures").len(), 4);
    place.files("pictures").iter().for_each(|file| assert_whole(file));
    let request = &sent(&place, "/v1/generations")[0];
    assert_eq!((&request["width"], &request["num_images"], &request["seed"]), (&json!(512), &json!(2), &json!(7)));
    assert!(place.journals().is_empty(), "nothing is left, so nothing is kept");
}

#[tokio::test]
async fn generate_prints_an_object_a_line_for_programs() {
    let place = Place::with(Emulator::builder().plan(Plan::PayAsYouGo)).await;
    let ran = place.run(&["generate", "--json", "-n", "1", "a pier", "fail this"]).await;
    assert_eq!(ran.status, 1);
    let objects = ran.objects();
    let (failed, done): (Vec<_>, Vec<_>) = objects.iter().partition(|object| object.get("error").is_some());
    assert_eq!((failed.len(), done.len()), (1, 1), "{ran:?}");
    assert_eq!(
        (&failed[0]["name"], &done[0]["name"], &done[0]["kind"]),
        (&json!("fail this"), &json!("a pier"), &json!("image"))
    );
    assert_eq!(done[0]["cost"], json!({"amount": "0.0147", "unit": "DOLLARS"}));
    assert_eq!(done[0]["files"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn generate_knows_models_of_both_versions_and_by_name() {
    let place = Place::new().await;
    place.run(&["generate", "-n", "1", "--model", "leonardo kino-xl", "x"]).await.succeeded();
    place.run(&["generate", "-n", "1", "--model", "b24e16ff-06e3-43eb-8d33-4416c2d75876", "x"]).await.succeeded();
    let requests = sent(&place, "/v1/generations");
    assert_eq!(requests[0]["modelId"], "aa77f04e-3eec-4034-9c07-d0f619684628");
    assert_eq!(requests[1]["modelId"], "b24e16ff-06e3-43eb-8d33-4416c2d75876");
    let two =
        ["generate", "-n", "1", "--model", "lucid-origin", "--set", "prompt_enhance=OFF", "--size", "1024x1024", "x"];
    place.run(&two).await.succeeded();
    let request = &sent(&place, "/v2/generations")[0];
    assert_eq!((&request["model"], &request["parameters"]["prompt_enhance"]), (&json!("lucid-origin"), &json!("OFF")));
    assert_eq!((&request["parameters"]["quantity"], &request["public"]), (&json!(1), &json!(false)));
    place.run(&["generate", "--model", "lucid-origin", "--alchemy", "true", "x"]).await.failed(2, "version 1");
    place.run(&["generate", "--model", "no such", "x"]).await.failed(2, "there is no model");
    assert_eq!(place.emulator.charges().len(), 3);
}

#[tokio::test]
async fn what_breaks_a_limit_is_refused_before_anything_is_sent() {
    let place = Place::new().await;
    let limited = async |limit: &str, rest: &[&str]| {
        place.run(&[&["generate", "--spend-at-most", limit, "-n", "2"], rest].concat()).await
    };
    limited("20", &["a"]).await.failed(2, "has no unit: say 20usd or 20credits");
    limited("20eur", &["a"]).await.failed(2, "is no unit");
    limited("13credits", &["a"]).await.failed(2, "estimated to cost 14, and --spend-at-most is 13 CREDITS");
    limited("13credits", &["a", "b"]).await.failed(2, "estimated to cost 14 or more each");
    // The account pays in credits, and nobody tells beforehand what a model of version 2 costs.
    limited("5usd", &["a"]).await.failed(2, "tells no price of this in dollars");
    limited("99credits", &["--model", "lucid-origin", "a"]).await.failed(2, "--each-at-most");
    limited("99credits", &["--each-at-most", "1usd", "a"]).await.failed(2, "the same unit");
    place.run(&["generate", "--each-at-most", "1usd", "a"]).await.failed(2, "--spend-at-most");
    place.run(&["generate", "--checked", "--model", "lucid-origin", "a"]).await.failed(2, "version 2");
    place.run(&["generate", "--checked", "-n", "6", "a"]).await.failed(2, "num_images");
    place.run(&["generate", "--set", "width=wide", "a"]).await.failed(2, "the request is wrong");
    assert!(place.emulator.charges().is_empty() && place.files("pictures").is_empty());
    limited("28credits", &["a", "b"]).await.succeeded();
    assert_eq!(place.emulator.charges().len(), 2);
}

#[tokio::test]
async fn what_fits_into_a_limit_is_sent_and_the_rest_another_time() {
    let place = Place::new().await;
    let ran = place.run(&["generate", "--json", "--spend-at-most", "30credits", "-n", "2", "a", "b", "c", "d"]).await;
    ran.failed(1, "28 are spent and 0 set aside");
    let objects: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let errors: Vec<_> = objects.iter().filter(|object| object["error"].is_string()).collect();
    assert!(objects.len() == 4 && errors.len() == 2, "{ran:?}");
    assert!(errors.iter().all(|error| error["mayHaveBeenCharged"] == false), "{ran:?}");
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (2, 4));

    // Without a limit of its own, it sends no more than the first run was allowed.
    place.run(&["resume"]).await.failed(1, "2 were not sent: their run had --spend-at-most");
    place.run(&["resume", "--spend-at-most", "13credits"]).await.failed(2, "Nothing was sent");
    assert_eq!(place.emulator.charges().len(), 2);
    place.run(&["resume", "--spend-at-most", "14credits"]).await.failed(1, "1 not sent: `leonardo resume --spend");
    assert_eq!(place.emulator.charges().len(), 3);
    place.run(&["resume", "--spend-at-most", "99credits"]).await.succeeded();
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (4, 8));
    place.run(&["resume"]).await.succeeded();
}

#[tokio::test]
async fn what_costs_more_than_was_said_or_something_else_ends_a_run() {
    let place = Place::new().await;
    let model = ["generate", "--model", "lucid-origin", "--size", "1024x1024", "-n", "1", "--concurrency", "1"];
    let run = async |limits: [&str; 2]| {
        let limits = ["--spend-at-most", limits[0], "--each-at-most", limits[1], "a", "b", "c"];
        place.run(&[&model[..], &limits].concat()).await
    };
    let dear = run(["500credits", "2credits"]).await;
    dear.failed(1, "and --each-at-most is 2 CREDITS: nothing more is sent");
    assert!(dear.stderr.contains("2 not sent"), "{dear:?}");
    assert_eq!(place.emulator.charges().len(), 1);
    // The account pays in credits, of which a limit in dollars knows nothing.
    run(["5usd", "1usd"]).await.failed(1, "--spend-at-most 5 DOLLARS cannot count");
    assert_eq!(place.emulator.charges().len(), 2);
}

#[tokio::test]
async fn what_is_set_aside_for_others_and_not_needed_is_spent_all_the_same() {
    let place = Place::new().await;
    // Each costs less than it may, and all at once they may cost more than the limit.
    let limits = ["--spend-at-most", "60credits", "--each-at-most", "30credits"];
    let ran = place.run(&[&["generate", "-n", "1", "a", "b", "c", "d"][..], &limits].concat()).await;
    ran.succeeded();
    assert_eq!(place.emulator.charges().len(), 4);
}

#[tokio::test]
async fn a_lost_response_is_looked_up_and_paid_once() {
    let plan = FaultPlan::sequence([Fault::ResetAfterWork]).on_method("POST");
    let place = Place::with(Emulator::builder().faults(plan)).await;
    let ran = place.run(&["generate", "-n", "1", "a pier"]).await;
    ran.succeeded();
    assert!(ran.stdout.contains("Cost: not told"), "{ran:?}");
    assert_eq!((place.emulator.charges().len(), place.files("pictures").len()), (1, 1));
}

#[tokio::test]
async fn edit_begins_with_an_image_or_repaints_it() {
    let place = Place::new().await;
    place.picture("a.jpg").await;
    place.run(&["edit", "-n", "1", "--strength", "0.3", "a.jpg", "winter"]).await.succeeded();
    let upload = place.emulator.uploads()[0].id.clone();
    let request = sent(&place, "/v1/generations").pop().unwrap();
    assert_eq!((&request["init_image_id"], &request["init_strength"]), (&json!(upload), &json!(0.3)));

    place.run(&["edit", "-n", "1", &format!("uploaded:{upload}"), "winter"]).await.succeeded();
    assert_eq!(sent(&place, "/v1/generations").pop().unwrap()["init_image_id"], *upload);

    place.run(&["edit", "-n", "1", "--mask", "a.jpg", "a.jpg", "stars"]).await.succeeded();
    let request = sent(&place, "/v1/generations").pop().unwrap();
    assert_eq!((&request["canvasRequest"], &request["canvasRequestType"]), (&json!(true), &json!("INPAINT")));
    assert_eq!(request["canvasMaskId"], *place.emulator.uploads()[2].id);

    place
        .run(&["edit", "-n", "1", "--model", "nano-banana-2", "--size", "1024x1024", "a.jpg", "stars"])
        .await
        .succeeded();
    let request = sent(&place, "/v2/generations").pop().unwrap();
    let image = &request["parameters"]["guidances"]["image_reference"][0]["image"];
    assert_eq!(image["type"], "UPLOADED");

    // Each model has its own place for it, or none.
    let of = |model, strength| ["edit", "--model", model, "--strength", strength, "a.jpg", "winter"];
    place.run(&of("flux-dev", "0.8")).await.succeeded();
    let request = sent(&place, "/v2/generations").pop().unwrap();
    assert_eq!(request["parameters"]["guidances"]["content"][0]["strength"], "HIGH");
    place.run(&of("kino-xl", "0.2")).await.succeeded();
    let request = sent(&place, "/v2/generations").pop().unwrap();
    assert_eq!(request["parameters"]["guidances"]["image_to_image"][0]["strength"], "LOW");
    place.run(&of("recraft-v4", "0.5")).await.failed(2, "takes no image to begin with");

    place.run(&["edit", "none.jpg", "winter"]).await.failed(2, "none.jpg is no file");
    assert_eq!(place.emulator.charges().len(), 7);
}

#[tokio::test]
async fn videos_are_made_of_prompts_and_images() {
    let place = Place::new().await;
    place.picture("a.jpg").await;
    place.run(&["video", "--resolution", "RESOLUTION_480", "the tide"]).await.succeeded();
    place.run(&["video", "--image", "a.jpg", "the tide"]).await.succeeded();
    place
        .run(&["video", "--model", "motion_2.0", "--size", "1280x720", "--image", "a.jpg", "the tide"])
        .await
        .succeeded();
    let files = place.files("pictures");
    assert_eq!(files.len(), 3);
    files.iter().for_each(|file| assert_whole(file));
    assert!(files.iter().all(|file| file.extension().is_some_and(|extension| extension == "mp4")));
    let request = sent(&place, "/v1/generations-image-to-video").pop().unwrap();
    assert_eq!((&request["imageType"], request["seed"].is_number()), (&json!("UPLOADED"), true));
}

#[tokio::test]
async fn images_are_enlarged_and_drawn_around() {
    let place = Place::new().await;
    let made = place.json(&["generate", "-n", "1", "--size", "512x512", "a pier"]).await;
    let image = made[0]["images"][0].as_str().unwrap();
    place.run(&["upscale", "--out", "large", image]).await.succeeded();
    place
        .run(&["upscale", "--out", "large", "--multiplier", "2", made[0]["files"][0].as_str().unwrap()])
        .await
        .succeeded();
    place.run(&["unzoom", "--out", "large", image]).await.succeeded();
    assert_eq!(place.files("large").len(), 3);
    place.files("large").iter().for_each(|file| assert_whole(file));
    assert_eq!(sent(&place, "/v1/variations/universal-upscaler")[0]["upscaleMultiplier"], 2.0);
    place.run(&["unzoom", "uploaded:u"]).await.failed(2, "variation:ID");
}

#[tokio::test]
async fn a_background_is_removed_from_a_file_or_an_image() {
    let place = Place::new().await;
    place.picture("a.jpg").await;
    let ran = place.run(&["remove-bg", "--out", "a.webp", "a.jpg"]).await;
    ran.succeeded();
    assert_whole(&place.path("a.webp"));
    assert!(ran.stdout.contains("Cost: 50 CREDITS\nSaved a.webp"), "{ran:?}");
    let image = place.json(&["list"]).await[0]["generated_images"][0]["id"].as_str().unwrap().to_owned();
    place.run(&["remove-bg", "--out", "b.png", "--set", "size=preview", &image]).await.succeeded();
    assert_whole(&place.path("b.png"));
    assert_eq!(sent(&place, "/v2/generationssync")[1]["parameters"]["size"], "preview");
}

#[tokio::test]
async fn an_element_is_trained_with_a_folder_of_pictures() {
    let place = Place::new().await;
    place.picture("one.jpg").await;
    std::fs::create_dir(place.path("dogs")).unwrap();
    for number in 0..10 {
        std::fs::copy(place.path("one.jpg"), place.path(&format!("dogs/{number}.jpg"))).unwrap();
    }
    std::fs::write(place.path("dogs/notes.txt"), "no picture").unwrap();
    let made =
        place.json(&["train", "--name", "Rex", "--instance-prompt", "rex", "--focus", "Character", "dogs"]).await;
    assert_eq!((&made[0]["element"]["name"], &made[0]["element"]["status"]), (&json!("Rex"), &json!("COMPLETE")));
    let request = &sent(&place, "/v1/elements")[0];
    assert_eq!((&request["lora_focus"], &request["num_train_epochs"]), (&json!("Character"), &json!(135)));
    assert_eq!(place.emulator.uploads().len(), 10);
    std::fs::create_dir(place.path("none")).unwrap();
    place.run(&["train", "none"]).await.failed(2, "has no PNG, JPEG or WebP files");
    std::fs::copy(place.path("one.jpg"), place.path("none/one.jpg")).unwrap();
    place.run(&["train", "none"]).await.failed(2, "trains with 10 to 50");
}

#[tokio::test]
async fn with_an_emulator_of_its_own_nothing_is_written_down() {
    let place = tempfile::tempdir().unwrap();
    let mut command = program();
    command.env("LEONARDO_DATA_DIR", place.path().join("data")).current_dir(place.path());
    command.args(["generate", "--emulator", "-n", "1", "a pier"]);
    let ran = ran(command).await;
    ran.succeeded();
    assert!(ran.stderr.contains("Using the emulator"));
    assert_eq!(std::fs::read_dir(place.path().join("pictures")).unwrap().count(), 1);
    assert!(!place.path().join("data").exists());
}

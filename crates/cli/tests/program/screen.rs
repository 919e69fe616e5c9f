//! What a person sees who is at no terminal: no colours, no bars.

use super::place::Place;

#[tokio::test]
async fn without_a_terminal_there_are_no_colours_and_no_bars() {
    let place = Place::new().await;
    let ran = place.run(&["generate", "-n", "1", "a pier", "fail this"]).await;
    assert_eq!(ran.status, 1);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
    }
    assert!(ran.stderr.contains("error: fail this: "));
}

#[tokio::test]
async fn without_a_terminal_no_picture_is_drawn() {
    let place = Place::new().await;
    let ran = place.run(&["generate", "-n", "1", "--size", "512x512", "--show", "a pier"]).await;
    ran.succeeded();
    assert!(!ran.stdout.contains('\u{1b}') && ran.stdout.lines().count() == 5, "{ran:?}");
    place.json(&["generate", "-n", "1", "--show", "a pier"]).await;
}

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

#[cfg(feature = "pictures")]
#[tokio::test]
async fn a_picture_is_shown_on_request_and_not_among_json() {
    let place = Place::new().await;
    let shown = place.run(&["generate", "-n", "1", "--size", "512x512", "--show", "a pier"]).await;
    shown.succeeded();
    assert!(shown.stdout.contains('▄') || shown.stdout.contains('\u{1b}'), "{shown:?}");
    place.json(&["generate", "-n", "1", "--show", "a pier"]).await;
}

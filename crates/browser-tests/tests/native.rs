//! The suite where there is no browser.
#![cfg(not(target_arch = "wasm32"))]

use std::time::Duration;

use leonardo_ai_emulator::{Emulator, Limits};

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_holds_native() {
    let emulator = Emulator::builder()
        .key(leonardo_ai_browser_tests::KEY)
        .control(true)
        .limits(Limits::none())
        .generation_time(Duration::from_millis(300))
        .start()
        .await
        .unwrap();
    leonardo_ai_browser_tests::all(emulator.base_url().trim_end_matches("/api/rest")).await;
}

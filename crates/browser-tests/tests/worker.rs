//! The suite in a dedicated worker of a browser, against an emulator as in `page.rs`.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn the_suite_holds_in_a_worker() {
    leonardo_ai_browser_tests::all("http://127.0.0.1:18127").await;
}

//! What holds in a page, against an emulator that was started with
//! `--port 18127 --key 99999999-8888-4777-8666-555555555555 --cors --control --no-limits --generation-time 300`.
#![cfg(target_arch = "wasm32")]

use leonardo_ai::funcs::{image_create_generation, image_download, user_get_user_self};
use leonardo_ai::{DecodeReason, Error, RetryPolicy, TransportErrorKind};
use leonardo_ai_browser_tests::{KEY, builder, core, count, faults, harbour};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SERVER: &str = "http://127.0.0.1:18127";

#[wasm_bindgen_test]
async fn what_fails_is_tried_again_and_what_may_be_paid_for_is_not() {
    let core = core(SERVER);
    faults(SERVER, r#"{"sequence": [{"StatusBefore": 503}, "ResetBeforeWork", "CutBody", "None"]}"#).await;
    let response = user_get_user_self(&core).with_response().await.unwrap();
    // A browser repeats by itself what was reset on a connection that it had used before.
    assert!((3..=4).contains(&response.attempts), "{}", response.attempts);
    let before = count(SERVER, "charges").await;
    faults(SERVER, r#"{"sequence": ["CutBody", "None"]}"#).await;
    let error = image_create_generation(&core, harbour()).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error}");
    assert_eq!(count(SERVER, "charges").await, before + 1);
    // A browser asks before it sends, and that is neither counted nor spoilt.
    faults(SERVER, r#"{"sequence": [{"RetryAfter": {"status": 429, "value": "0"}}, "None"]}"#).await;
    image_create_generation(&core, harbour()).await.unwrap();
    faults(SERVER, "{}").await;
}

/// Whatever a page says: where a connection that was used before ends without a byte of the response, Chromium sends again.
#[wasm_bindgen_test]
async fn a_browser_may_send_twice_by_itself() {
    let core = builder(SERVER).retry(RetryPolicy::none()).build().unwrap();
    user_get_user_self(&core).await.unwrap();
    let before = count(SERVER, "charges").await;
    faults(SERVER, r#"{"sequence": ["ResetAfterWork", "None"]}"#).await;
    let made = image_create_generation(&core, harbour()).await;
    faults(SERVER, "{}").await;
    let charged = count(SERVER, "charges").await - before;
    match made {
        Ok(_) => assert_eq!(charged, 2),
        Err(error) => assert!(matches!(error, Error::OutcomeUnknown(_)) && charged == 1, "{error}"),
    }
}

#[wasm_bindgen_test]
async fn a_redirect_is_refused_and_not_followed() {
    let core = builder(SERVER).retry(RetryPolicy::none()).build().unwrap();
    let before = count(SERVER, "requests").await;
    faults(SERVER, &format!(r#"{{"always": {{"Redirect": "{SERVER}/api/rest/v1/me"}}}}"#)).await;
    let error = user_get_user_self(&core).await.unwrap_err();
    let Error::Connection(error) = error else { panic!("{error}") };
    assert_eq!(error.source.kind(), TransportErrorKind::Exchange);
    faults(SERVER, "{}").await;
    assert_eq!(count(SERVER, "requests").await, before + 1);
}

#[wasm_bindgen_test]
async fn bodies_are_bounded_while_they_arrive() {
    let core = builder(SERVER).max_response_bytes(100_000).retry(RetryPolicy::none()).build().unwrap();
    faults(SERVER, r#"{"always": "EndlessBody"}"#).await;
    let error = user_get_user_self(&core).await.unwrap_err();
    faults(SERVER, "{}").await;
    let Error::Decode(error) = error else { panic!("{error}") };
    assert!(matches!(error.reason, DecodeReason::TooLarge { limit: 100_000 }), "{error}");
    let url = format!("{SERVER}/cdn/blob/3000000");
    let whole = image_download(&core, &url).any_content(true).to_bytes().await.unwrap();
    assert_eq!(whole.len(), 3_000_000);
    assert!(image_download(&core, &url).any_content(true).max_bytes(1_000_000).to_bytes().await.is_err());
}

#[wasm_bindgen_test]
async fn nobody_there_is_an_exchange_without_a_charge_being_certain() {
    let core = builder(SERVER).server_url("http://127.0.0.1:9/api/rest").retry(RetryPolicy::none()).build().unwrap();
    let error = image_create_generation(&core, harbour()).await.unwrap_err();
    assert!(error.may_have_been_charged(), "{error}");
    assert!(!error.to_string().contains(KEY));
    assert!(js_sys::global().dyn_into::<js_sys::Object>().is_ok());
}

#[wasm_bindgen_test]
async fn the_suite_holds_in_a_page() {
    leonardo_ai_browser_tests::all(SERVER).await;
}

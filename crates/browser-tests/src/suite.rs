//! Calls, retries, unknown outcomes, deadlines, aborts and limits.

use std::future::{IntoFuture, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use leonardo_ai::funcs::{
    image_create_generation, image_download, image_generate, image_get_generation_by_id, image_list_generations,
    init_images_upload_bytes, user_get_user_self,
};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{DecodeReason, Error, LeonardoCore, LeonardoCoreBuilder, RetryPolicy};
use web_time::{Instant, SystemTime};

use super::KEY;
use super::control::{aborted, count, faults};
use super::core::{builder, core, harbour};

/// All of it, one after the other, since the faults are those of all callers of the emulator at `server`.
///
/// # Panics
///
/// If something does not hold.
pub async fn all(server: &str) {
    calls(server).await;
    retries(server).await;
    unknown_outcomes(server).await;
    deadlines(server).await;
    aborts(server).await;
    limits(server).await;
    #[cfg(target_arch = "wasm32")]
    super::blobs::all(server).await;
    servers();
}

async fn calls(server: &str) {
    let core = core(server);
    let before = count(server, "charges").await;
    let made = image_generate(&core, harbour()).deadline(Duration::from_secs(30)).await.unwrap();
    assert_eq!(count(server, "charges").await, before + 1);
    let picture = image_download(&core, &made.generation.generated_images[0].url).to_bytes().await.unwrap();
    assert!(picture.starts_with(b"\xff\xd8\xff") && picture.len() > 4096);
    let user = user_get_user_self(&core).await.unwrap().user.unwrap();
    let newest = image_list_generations(&core, user.id).page_size(2).next().await.unwrap().unwrap();
    assert_eq!(newest.id, made.generation.id);
    let before = count(server, "uploads").await;
    init_images_upload_bytes(&core, &b"\x89PNG\r\n\x1a\nand so on"[..]).await.unwrap();
    assert_eq!(count(server, "uploads").await, before + 1);
}

async fn retries(server: &str) {
    let core = core(server);
    faults(server, r#"{"sequence": [{"StatusBefore": 503}, "CutBody", "None"]}"#).await;
    let response = user_get_user_self(&core).with_response().await.unwrap();
    assert_eq!(response.attempts, 3);
    let before = count(server, "charges").await;
    faults(server, r#"{"sequence": [{"RetryAfter": {"status": 429, "value": "0"}}, "None"]}"#).await;
    image_create_generation(&core, harbour()).await.unwrap();
    assert_eq!(count(server, "charges").await, before + 1);
    faults(server, "{}").await;
}

async fn unknown_outcomes(server: &str) {
    let core = core(server);
    let before = count(server, "charges").await;
    faults(server, r#"{"sequence": ["CutBody", "None"]}"#).await;
    let error = image_create_generation(&core, harbour()).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)) && error.may_have_been_charged(), "{error}");
    assert!(!error.to_string().contains(KEY));
    assert_eq!(count(server, "charges").await, before + 1);
    faults(server, "{}").await;
}

async fn deadlines(server: &str) {
    let core = core(server);
    for fault in ["StallBeforeWork", "StallBody"] {
        faults(server, &format!(r#"{{"always": "{fault}"}}"#)).await;
        let call = user_get_user_self(&core).deadline(Duration::from_millis(300)).await;
        assert!(matches!(call, Err(Error::Timeout(_))), "{call:?}");
    }
    faults(server, "{}").await;
}

/// A call that is dropped, or out of time, ends at the server, whether or not its response has begun. Each has a path of its
/// own to be told by.
async fn aborts(server: &str) {
    let core = core(server);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let id = |of| format!("{of:08}-0000-4000-8000-{now:012x}");
    for (at, fault) in ["StallBeforeWork", "StallBody"].into_iter().enumerate() {
        faults(server, &format!(r#"{{"always": "{fault}"}}"#)).await;
        let late = id(at);
        let call = image_get_generation_by_id(&core, late.as_str()).deadline(Duration::from_millis(300)).await;
        assert!(matches!(call, Err(Error::Timeout(_))), "{call:?}");
        aborted(server, &late).await;
    }
    faults(server, r#"{"always": "StallBeforeWork"}"#).await;
    let (dropped, before) = (id(2), count(server, "requests").await);
    let call = image_get_generation_by_id(&core, dropped.as_str());
    until(call, async || count(server, "requests").await > before).await;
    aborted(server, &dropped).await;

    faults(server, r#"{"always": "StallBody"}"#).await;
    let before = count(server, "requests").await;
    let (begun, path) = (Arc::new(AtomicBool::new(false)), format!("/cdn/blob/300000?{}", id(3)));
    let told = begun.clone();
    let download = image_download(&core, format!("{server}{path}")).any_content(true).on_progress(move |progress| {
        told.store(progress.received > 0, Ordering::Relaxed);
    });
    until(download.to_bytes(), async || count(server, "requests").await > before && begun.load(Ordering::Relaxed)).await;
    aborted(server, &path).await;
    faults(server, "{}").await;
}

/// Polls a call until something has happened, and drops it.
async fn until(call: impl IntoFuture, happened: impl AsyncFn() -> bool) {
    let started = Instant::now();
    let waited = async {
        while !happened().await {
            assert!(started.elapsed() < Duration::from_secs(5), "it does not begin");
        }
    };
    let (mut call, mut waited) = (pin!(call.into_future()), pin!(waited));
    poll_fn(|context| {
        assert!(call.as_mut().poll(context).is_pending(), "nothing stalls it");
        waited.as_mut().poll(context)
    })
    .await;
}

async fn limits(server: &str) {
    let core = builder(server).max_response_bytes(100_000).retry(RetryPolicy::none()).build().unwrap();
    faults(server, r#"{"always": "EndlessBody"}"#).await;
    let error = user_get_user_self(&core).await.unwrap_err();
    faults(server, "{}").await;
    let Error::Decode(error) = error else { panic!("{error}") };
    assert!(matches!(error.reason, DecodeReason::TooLarge { limit: 100_000 }), "{error}");
    let blob = format!("{server}/cdn/blob/300000");
    assert_eq!(image_download(&core, &blob).any_content(true).to_bytes().await.unwrap().len(), 300_000);
    assert!(image_download(&core, &blob).any_content(true).max_bytes(100_000).to_bytes().await.is_err());
}

/// Who gets the key: each host is read alike, whoever reads the URL.
fn servers() {
    let accepted = |url: &str| LeonardoCore::builder().bearer_auth(KEY).server_url(url).build().is_ok();
    for url in [
        "https://example.org/api",
        "HTTPS://Example.ORG",
        "http://127.0.0.1:1/x",
        "http://127.1",
        "http://0x7f000001",
        "http://2130706433/",
        "http://LOCALHOST:80",
        "http://a.localhost/",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]",
        "https:\\\\example.org",
    ] {
        assert!(accepted(url), "{url}");
    }
    for url in [
        "http://example.org",
        "http://127.0.0.1.example.org",
        "http://127.example",
        "http://localhost.example.org",
        "http://notlocalhost",
        "http://127.0.0.1@example.org",
        "http://example.org\\@127.0.0.1",
        "http://128.0.0.1",
        "http://[::2]",
        "http://[::127.0.0.1]",
        "http://[::ffff:7f:1]",
        "http://127.0.0.1\u{ff0e}example.org",
        "https://name:password@example.org",
        "https://example.org?query",
        "https://example.org#fragment",
        "https://exa mple.org",
        "https://",
        "https://[::1",
        "https://example.org:99999",
        "https://999.1.1.1",
        "ftp://127.0.0.1",
        "javascript:1",
        "//example.org",
        "example.org",
        "",
    ] {
        assert!(!accepted(url), "{url}");
    }
}

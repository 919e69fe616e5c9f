//! HTTPS from the create to the file, with a certificate that only the caller trusts.

use std::time::Duration;

use leonardo_ai::funcs::{image_download_all, image_generate, init_images_upload_file};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::{Error, LeonardoCore, RetryPolicy, TransportErrorKind, reqwest};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};

fn core(emulator: &Emulator, trusts: bool) -> LeonardoCore {
    let certificate = emulator.certificate().expect("a certificate").as_bytes();
    let certificate = reqwest::Certificate::from_pem(certificate).unwrap();
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(RetryPolicy::default().initial_backoff(Duration::from_millis(1)).max_attempts(3))
        .polls_per_minute(60_000);
    let core = if trusts {
        core.configure_client(move |client| client.add_root_certificate(certificate.clone()))
    } else {
        core
    };
    core.build().unwrap()
}

#[tokio::test]
async fn pictures_and_files_go_over_https() {
    let emulator = Emulator::builder().https(true).generation_time(Duration::ZERO).start().await.unwrap();
    assert!(emulator.base_url().starts_with("https://127.0.0.1:"), "{}", emulator.base_url());
    let core = core(&emulator, true);
    let place = tempfile::tempdir().unwrap();
    let made = image_generate(&core, CreateGenerationRequest::new("a pier").num_images(1)).await.unwrap();
    assert!(made.generation.generated_images[0].url.starts_with("https://"));
    let paths = image_download_all(&core, &made.generation, place.path()).await.unwrap();
    let picture = std::fs::read(&paths[0]).unwrap();
    assert!(picture.starts_with(b"\xff\xd8\xff") && picture.len() > 4096);
    init_images_upload_file(&core, &paths[0]).await.unwrap();
    assert_eq!(emulator.uploads()[0].size, picture.len() as u64);

    // What breaks off is met as it is without TLS.
    for fault in [Fault::ResetAfterWork, Fault::CutBody, Fault::CloseAfterWork] {
        emulator.set_faults(FaultPlan::sequence([fault.clone()]).on_method("POST"));
        let charges = emulator.charges().len();
        image_generate(&core, CreateGenerationRequest::new("a pier").num_images(1)).await.unwrap();
        assert_eq!(emulator.charges().len(), charges + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused_before_anything_is_sent() {
    let emulator = Emulator::builder().https(true).start().await.unwrap();
    let error =
        Error::from(image_generate(&core(&emulator, false), CreateGenerationRequest::new("p")).await.unwrap_err());
    let Error::Connection(connection) = &error else { panic!("{error:?}") };
    assert_eq!(connection.source.kind(), TransportErrorKind::Connect);
    assert!(!error.may_have_been_charged(), "{error}");
    assert_eq!(emulator.requests().len(), 0);
}

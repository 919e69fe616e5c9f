//! Pictures in requests and responses: backgrounds removed, and those of the realtime canvas.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leonardo_ai::funcs::*;
use leonardo_ai::models::*;
use leonardo_ai::{Error, UploadReason};
use serde_json::{Value, json};

use crate::common::{Received, Reply, Server};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest of it";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and the rest of it";

/// A service that removes backgrounds, with a result that is downloaded or comes along.
async fn service(result: impl Fn(&str) -> Value + Send + Sync + 'static, download: Reply) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    Server::on(listener, move |_, request: &Received| match request.target.as_str() {
        "/api/rest/v2/generationssync" => {
            let body = json!({"id": "s-1", "blockedCount": 0, "cost": {"amount": "0.1047", "unit": "DOLLARS"},
                "results": [result(&origin)]});
            Reply::json(200, body.to_string())
        }
        "/api/rest/v1/init-image" => {
            let fields = json!({"key": "k", "Policy": "p"}).to_string();
            let place = json!({"id": "i-1", "url": format!("{origin}/storage"), "key": "k", "fields": fields});
            Reply::json(200, json!({"uploadInitImage": place}).to_string())
        }
        "/storage" => Reply::with(204, &[], ""),
        "/result" => download.clone(),
        other => panic!("{other}"),
    })
}

fn link(origin: &str) -> Value {
    json!({"contentType": "image/png", "url": format!("{origin}/result"), "width": 4, "height": 4})
}

fn image_of(request: &Received) -> Value {
    request.json()["parameters"]["guidances"]["image_reference"].clone()
}

#[tokio::test]
async fn an_image_comes_from_anywhere_and_goes_to_a_file_or_to_memory() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path();
    let (from, to) = (directory.join("from.jpg"), directory.join("to.png"));
    std::fs::write(&from, JPEG).unwrap();
    let server = service(link, Reply::with(200, &[("content-type", "image/png")], PNG)).await;
    let core = server.core();
    let removed = remove_background(&core, from.clone())
        .with(|parameters| parameters.size(RemoveBackgroundSize::Preview))
        .background(ImageSource::url("https://example.com/beach.jpg"))
        .ephemeral(true)
        .header("x-request-source", "nightly")
        .to_file(&to)
        .await
        .unwrap();
    assert_eq!((removed.id.as_str(), std::fs::read(&to).unwrap()), ("s-1", PNG.to_vec()));
    assert_eq!(removed.cost.unwrap().to_string(), "0.1047 DOLLARS");
    let sent = server.received().remove(0);
    let expected = json!({"model": "remove-bg", "public": false, "ephemeral": true, "parameters": {
        "size": "preview",
        "guidances": {
            "image_reference": [{"image": {"type": "BASE64", "data": STANDARD.encode(JPEG)}}],
            "background_image_reference": [{"image": {"type": "URL", "url": "https://example.com/beach.jpg"}}],
        },
    }});
    assert_eq!((sent.json(), sent.header("x-request-source")), (expected, Some("nightly")));

    for (source, named) in [
        (ImageSource::bytes(PNG), json!({"type": "BASE64", "data": STANDARD.encode(PNG)})),
        (PNG.to_vec().into(), json!({"type": "BASE64", "data": STANDARD.encode(PNG)})),
        (ImageId::from("i").into(), json!({"type": "GENERATED", "id": "i"})),
        (InitImageId::from("i").into(), json!({"type": "UPLOADED", "id": "i"})),
        (VariationId::from("i").into(), json!({"type": "VARIATION", "id": "i"})),
    ] {
        let server = service(link, Reply::with(200, &[], PNG)).await;
        let (generation, bytes) = remove_background(&server.core(), source).to_bytes().await.unwrap();
        assert_eq!((generation.results.len(), &bytes[..]), (1, PNG));
        assert_eq!(image_of(&server.received()[0]), json!([{"image": named}]));
        // The key goes to the API alone.
        assert!(server.received()[1].header("authorization").is_none());
    }
}

#[tokio::test]
async fn a_large_image_is_uploaded_first() {
    let mut large = PNG.to_vec();
    large.resize(5_000_001, 0);
    let server = service(link, Reply::with(200, &[], PNG)).await;
    remove_background(&server.core(), large.clone()).to_bytes().await.unwrap();
    let requests = server.received();
    let targets: Vec<_> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(targets, ["/api/rest/v1/init-image", "/storage", "/api/rest/v2/generationssync", "/result"]);
    assert_eq!(image_of(&requests[2]), json!([{"image": {"type": "UPLOADED", "id": "i-1"}}]));
    large.truncate(5_000_000);
    let server = service(link, Reply::with(200, &[], PNG)).await;
    remove_background(&server.core(), large).to_bytes().await.unwrap();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_result_in_the_response_needs_no_download() {
    let along = |_: &str| json!({"contentType": "image/png", "dataB64": STANDARD.encode(PNG)});
    let server = service(along, Reply::Reset).await;
    let (_, bytes) = remove_background(&server.core(), ImageSource::url("https://h/i")).to_bytes().await.unwrap();
    assert_eq!((&bytes[..], server.count()), (PNG, 1));
    let broken = service(|_| json!({"contentType": "image/png", "dataB64": "%%%"}), Reply::Reset).await;
    let error = remove_background(&broken.core(), ImageSource::url("https://h/i")).to_bytes().await.unwrap_err();
    assert!(error.may_have_been_charged() && error.to_string().contains("base64 is broken"), "{error}");
}

#[tokio::test]
async fn what_was_paid_for_is_in_the_error() {
    let server = service(link, Reply::with(404, &[], "")).await;
    let error = remove_background(&server.core(), ImageSource::url("https://h/i")).to_bytes().await.unwrap_err();
    let generation = error.generation.as_ref().unwrap();
    assert!(generation.results[0].url.as_ref().unwrap().ends_with("/result"));
    assert!(matches!(error.reason, RemoveBackgroundReason::Download(_)) && error.is_not_found());
    let text = error.to_string();
    assert!(text.starts_with("remove_background s-1") && text.contains("charged"), "{text}");
    let error = Error::from(error);
    assert!(error.may_have_been_charged() && error.downcast_ref::<RemoveBackgroundError>().is_some());

    let withheld = json!({"id": "s-2", "results": [], "blockedCount": 1});
    let server = Server::always(Reply::json(200, withheld.to_string())).await;
    let error = remove_background(&server.core(), ImageSource::url("https://h/i")).await.unwrap_err();
    assert!(matches!(error.reason, RemoveBackgroundReason::Withheld) && error.may_have_been_charged(), "{error}");

    // A response that is lost is neither looked up nor asked for again.
    let server = Server::always(Reply::Reset).await;
    let error = Error::from(remove_background(&server.core(), ImageSource::url("https://h/i")).await.unwrap_err());
    assert!(matches!(error, Error::OutcomeUnknown(_)) && error.may_have_been_charged(), "{error}");
    server.expect(1).await;
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_anything_is_sent() {
    let server = Server::always(Reply::Reset).await;
    let core = server.core();
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("missing.png");
    for (source, says) in [
        (ImageSource::bytes(&b"plain text"[..]), "neither PNG, JPEG nor WebP"),
        (ImageSource::bytes(&b""[..]), "empty"),
        (ImageSource::file(&missing), "missing.png"),
        (ImageSource::file(place.path()), "not a file"),
    ] {
        let error = Error::from(remove_background(&core, source).await.unwrap_err());
        assert!(error.to_string().contains(says) && !error.may_have_been_charged(), "{error}");
        assert!(error.to_string().starts_with("remove_background"), "{error}");
    }
    let error = remove_background(&core, ImageSource::bytes(PNG)).header("no name", "1").await.unwrap_err();
    assert!(matches!(error.reason, RemoveBackgroundReason::Call(Error::InvalidRequest(_))), "{error}");
    let error = remove_background(&core, ImageSource::bytes(PNG)).deadline(Duration::ZERO).await.unwrap_err();
    assert!(matches!(error.reason, RemoveBackgroundReason::Call(Error::InvalidRequest(_))), "{error}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn the_deadline_is_that_of_all_steps_together() {
    let server = service(link, Reply::Stall(Vec::new())).await;
    let began = std::time::Instant::now();
    let core = server.builder().min_time_for_billable(Duration::from_millis(1)).build().unwrap();
    let removed = remove_background(&core, ImageSource::bytes(PNG)).deadline(Duration::from_millis(300));
    let error = removed.to_bytes().await.unwrap_err();
    assert!(error.generation.is_some() && matches!(error.reason, RemoveBackgroundReason::Download(_)), "{error}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn pictures_of_the_canvas_come_from_files_and_go_to_files() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path();
    let (from, to) = (directory.join("from.jpg"), directory.join("to.jpg"));
    std::fs::write(&from, JPEG).unwrap();
    let image = realtime_canvas_image_from_file(&from).await.unwrap();
    assert_eq!(image.as_str(), format!("data:image/jpeg;base64,{}", STANDARD.encode(JPEG)));
    assert_eq!(realtime_canvas_image_from_bytes(JPEG).await.unwrap(), image);
    assert_eq!(realtime_canvas_image_to_bytes(&image).unwrap(), JPEG);
    realtime_canvas_image_to_file(&image, &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), JPEG);
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 2, "nothing unfinished is left");

    let error = realtime_canvas_image_from_bytes(PNG).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NotAJpeg), "{error}");
    let error = realtime_canvas_image_from_file(directory.join("none.jpg")).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::File { .. }), "{error}");
    let mut large = JPEG.to_vec();
    large.resize(25_000_001, 0);
    let error = realtime_canvas_image_from_bytes(large).await.unwrap_err();
    assert!(error.to_string().contains("25000001 bytes"), "{error}");
    for broken in ["https://example.com/a.jpg", "data:image/jpeg,abc", "data:image/jpeg;base64,%%", "data:;base64,", ""]
    {
        let error = realtime_canvas_image_to_bytes(&broken.into()).unwrap_err();
        assert!(!error.to_string().is_empty());
        realtime_canvas_image_to_file(&broken.into(), directory.join("never.jpg")).await.unwrap_err();
    }
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 2);
    let error = realtime_canvas_image_to_file(&image, directory.join("no/directory.jpg")).await.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::File { .. }) && !error.may_have_been_charged(), "{error}");
}

#[test]
fn without_a_runtime_there_is_an_error() {
    use std::future::IntoFuture as _;
    let error = futures_executor(realtime_canvas_image_from_bytes(JPEG)).unwrap_err();
    assert!(matches!(error.reason, UploadReason::NoRuntime), "{error}");
    let core = leonardo_ai::LeonardoCore::builder().bearer_auth("k").build().unwrap();
    let error = futures_executor(remove_background(&core, ImageSource::bytes(PNG)).into_future()).unwrap_err();
    assert!(error.to_string().contains("runtime"), "{error}");
}

/// Polls once: what does not wait is ready.
fn futures_executor<T>(future: std::pin::Pin<Box<dyn Future<Output = T> + Send>>) -> T {
    let mut future = future;
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

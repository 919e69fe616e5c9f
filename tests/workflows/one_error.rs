//! The one error: whatever fails becomes `leonardo_ai::Error` by `?`, which tells the same of all and gives the parts back.

use std::error::Error as _;
use std::time::Duration;

use crate::common::{CREATED, ID, Received, Reply, Server};
use leonardo_ai::funcs::{
    DownloadError, DownloadReason, GenerationError, GenerationErrorReason, UploadError, UploadReason,
    image_create_generation, image_download, image_generate, image_wait_for_generation, init_images_upload_bytes,
};
use leonardo_ai::models::{CreateGenerationRequest, Generation};
use leonardo_ai::{ApiErrorKind, Error, LeonardoCore, RetryPolicy};
use leonardo_ai_emulator::Emulator;
use serde_json::json;

const MS: Duration = Duration::from_millis(1);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const ASKED: Option<Duration> = Some(Duration::from_secs(77));

/// What it is like for a caller: one type of error, and `?` for every function.
async fn made(core: &LeonardoCore, prompt: &str, sketch: &'static [u8]) -> Result<Vec<u8>, Error> {
    let init_image_id = Some(init_images_upload_bytes(core, sketch).await?);
    let request = CreateGenerationRequest { init_image_id, ..CreateGenerationRequest::new(prompt) };
    let id = image_create_generation(core, request).await?.generation_id;
    let generation = image_wait_for_generation(core, id).first_delay(MS).await?;
    let url = generation.generated_images.first().map(|image| image.url.as_str()).unwrap_or_default();
    Ok(image_download(core, url).to_bytes().await?.to_vec())
}

/// A core that tries once.
fn once(server: &Server) -> LeonardoCore {
    server.builder().retry(RetryPolicy::none()).build().unwrap()
}

fn busy(status: u16) -> Reply {
    Reply::with(status, &[("retry-after", "77")], "{}")
}

/// A place for an upload, on the server itself.
fn place(request: &Received) -> String {
    let url = format!("http://{}/storage", request.header("host").unwrap());
    json!({"uploadInitImage": {"id": "i", "url": url, "key": "k", "fields": "{\"key\":\"k\"}"}}).to_string()
}

fn record(status: &str) -> String {
    json!({"generations_by_pk": {"id": ID, "status": status, "generated_images": []}}).to_string()
}

/// Message, causes and responses are those of what was wrapped.
fn assert_is(error: &Error, text: &str, cause: Option<String>) {
    let Error::Workflow(wrapped) = error else { panic!("{error:?}") };
    assert_eq!((error.to_string(), wrapped.to_string()), (text.to_owned(), text.to_owned()));
    let causes = [error.source(), wrapped.source()].map(|cause| cause.map(ToString::to_string));
    assert_eq!(causes, [cause.clone(), cause]);
    assert!(format!("{error:?}").starts_with(&format!("Workflow({text}")), "{error:?}");
}

#[tokio::test]
async fn each_function_fails_with_the_one_error() {
    let emulator = Emulator::builder().generation_time(MS).start().await.unwrap();
    let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()).build().unwrap();
    assert!(!made(&core, "a pier", PNG).await.unwrap().is_empty());

    let upload = made(&core, "a pier", b"no image").await.unwrap_err();
    let upload = upload.downcast::<UploadError>().unwrap();
    assert!(matches!(upload.reason, UploadReason::NotAnImage), "{upload}");

    let create = made(&core, "", PNG).await.unwrap_err();
    assert!(matches!(create, Error::InvalidRequest(_) | Error::Api(_)), "{create:?}");

    let wait = made(&core, "fail this", PNG).await.unwrap_err();
    let wait = wait.downcast::<GenerationError>().unwrap();
    assert!(matches!(wait.reason, GenerationErrorReason::Failed(_)), "{wait}");

    let server = Server::start(|_, request| {
        let origin = format!("http://{}", request.header("host").unwrap());
        match request.target.rsplit('/').next().unwrap() {
            "init-image" => Reply::json(200, place(request)),
            "storage" => Reply::with(204, &[], ""),
            "generations" => Reply::json(200, CREATED),
            "gone.jpg" => Reply::with(404, &[], ""),
            _ => {
                let images = json!([{"id": "i", "url": format!("{origin}/gone.jpg")}]);
                let record = json!({"id": ID, "status": "COMPLETE", "generated_images": images});
                Reply::json(200, json!({"generations_by_pk": record}).to_string())
            }
        }
    })
    .await;
    let download = made(&server.core(), "a pier", PNG).await.unwrap_err();
    assert!(download.is_not_found() && download.downcast_ref::<DownloadError>().is_some(), "{download:?}");
}

#[tokio::test]
async fn a_generation_that_failed_keeps_its_record() {
    let server = Server::always(Reply::json(200, record("FAILED"))).await;
    let wait = || image_wait_for_generation(&server.core(), ID).first_delay(MS);
    let own = wait().await.unwrap_err();
    let text = own.to_string();
    assert!(own.may_have_been_charged() && own.generation_id() == Some(ID));
    assert!(!own.is_not_found() && own.retry_after().is_none());

    let error = Error::from(own);
    assert_is(&error, &text, None);
    assert!(error.may_have_been_charged() && error.generation_id() == Some(ID));
    assert!(!error.is_not_found() && error.retry_after().is_none());
    assert!(error.call().is_none() && error.api().is_none());

    assert_eq!(error.downcast_ref::<GenerationError>().unwrap().to_string(), text);
    assert!(error.downcast_ref::<DownloadError>().is_none());
    // What it is not of, it stays.
    let error = error.downcast::<UploadError>().unwrap_err();
    assert_is(&error, &text, None);
    let GenerationErrorReason::Failed(record) = error.downcast::<GenerationError>().unwrap().reason else { panic!() };
    assert_eq!(record.id.as_str(), ID);
}

#[tokio::test]
async fn a_wait_that_a_call_ended_tells_what_the_call_tells() {
    let missing = Server::always(Reply::json(200, r#"{"generations_by_pk":null}"#)).await;
    let core = missing.core();
    let own = image_wait_for_generation(&core, ID).first_delay(MS).appear_within(Duration::ZERO).await.unwrap_err();
    assert!(own.is_not_found());
    let (text, cause) = (own.to_string(), own.source().map(ToString::to_string));
    let error = Error::from(own);
    assert!(cause.is_some());
    assert_is(&error, &text, cause);
    assert!(error.is_not_found() && !error.may_have_been_charged() && error.generation_id() == Some(ID));
    assert_eq!(error.api().map(|error| error.kind), Some(ApiErrorKind::NotFound));
    assert_eq!(error.call().map(|call| (call.operation, call.attempts)), Some(("image_get_generation_by_id", 1)));

    // The last poll's failure is not what ended a wait, but what the server asked for then still holds.
    let busy = Server::always(busy(429)).await;
    let own = image_wait_for_generation(&busy.core(), ID).first_delay(MS).deadline(100 * MS).await.unwrap_err();
    assert!(matches!(own.reason, GenerationErrorReason::Deadline { last_failure: Some(_), .. }), "{own}");
    assert_eq!(own.retry_after(), ASKED);
    let error = Error::from(own);
    assert_eq!((error.retry_after(), error.is_not_found(), error.api().is_none()), (ASKED, false, true));
}

#[tokio::test]
async fn what_no_generation_came_of_is_the_call_s_own_error() {
    async fn generation(core: &LeonardoCore) -> Result<Generation, Error> {
        Ok(image_generate(core, CreateGenerationRequest::new("a pier")).await?.generation)
    }
    let body = json!({"error": "content moderation filter: no", "path": "$", "code": "x"}).to_string();
    let server = Server::always(Reply::json(400, body)).await;
    let error = generation(&server.core()).await.unwrap_err();
    let Error::Api(api) = &error else { panic!("{error:?}") };
    assert_eq!(api.kind, ApiErrorKind::Moderation);
    assert!(!error.may_have_been_charged() && error.generation_id().is_none());
    let text = error.to_string();
    let error = error.downcast::<GenerationError>().unwrap_err();
    assert!(matches!(error, Error::Api(_)) && error.to_string() == text);

    // As soon as there is an id, it is kept.
    let server = Server::script(vec![Reply::json(200, CREATED), Reply::json(401, "{}")]).await;
    let request = CreateGenerationRequest::new("a pier");
    let own = image_generate(&server.core(), request).first_delay(MS).await.unwrap_err();
    let id = own.generation_id().map(str::to_owned);
    assert!(id.is_some() && own.may_have_been_charged());
    let error = Error::from(own);
    assert!(error.may_have_been_charged());
    assert_eq!(error.generation_id().map(str::to_owned), id);
    assert_eq!(error.api().map(|error| error.kind), Some(ApiErrorKind::Authentication));
}

#[tokio::test]
async fn an_unknown_outcome_tells_the_generation() {
    let half = format!(r#"{{"sdGenerationJob":{{"generationId":"{ID}","apiCreditCost":"#);
    let server = Server::always(Reply::json(200, half)).await;
    let error = image_create_generation(&server.core(), CreateGenerationRequest::new("a pier")).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
    assert!(error.may_have_been_charged());
    assert_eq!(error.generation_id(), Some(ID));
}

#[tokio::test]
async fn calls_tell_how_long_to_wait() {
    let server = Server::always(busy(429)).await;
    let core = once(&server);
    let error = image_create_generation(&core, CreateGenerationRequest::new("a pier")).await.unwrap_err();
    assert_eq!((error.retry_after(), error.is_not_found(), error.generation_id()), (ASKED, false, None));
    let server = Server::always(busy(503)).await;
    let error = image_create_generation(&once(&server), CreateGenerationRequest::new("a pier")).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(error.retry_after(), ASKED);
    assert!(LeonardoCore::new("").unwrap_err().retry_after().is_none());
}

#[tokio::test]
async fn downloads_tell_what_is_gone_and_how_long_to_wait() {
    for (status, gone, asked) in [(404, true, None), (410, true, None), (403, false, None), (503, false, ASKED)] {
        let server = Server::always(if asked.is_some() { busy(status) } else { Reply::with(status, &[], "") }).await;
        let url = server.url().replace("/api/rest", "/a.jpg");
        let own = image_download(&once(&server), url).to_bytes().await.unwrap_err();
        assert_eq!((own.is_not_found(), own.retry_after()), (gone, asked), "{own}");
        assert!(!own.may_have_been_charged() && own.generation_id().is_none());
        let (text, cause) = (own.to_string(), own.source().map(ToString::to_string));
        let error = Error::from(own);
        assert_is(&error, &text, cause);
        assert_eq!((error.is_not_found(), error.retry_after()), (gone, asked), "{error}");
        assert!(!error.may_have_been_charged() && error.generation_id().is_none());
        let DownloadError { attempts, reason, .. } = error.downcast().unwrap();
        assert_eq!(attempts, 1);
        assert!(matches!(reason, DownloadReason::Refused { status: of, .. } if of.as_u16() == status), "{reason}");
    }
}

#[tokio::test]
async fn uploads_tell_it_of_the_api_and_of_the_storage() {
    // The API gives no place.
    let server = Server::always(busy(429)).await;
    let own = init_images_upload_bytes(&once(&server), PNG).await.unwrap_err();
    assert_eq!((own.retry_after(), own.is_not_found(), own.generation_id()), (ASKED, false, None));
    let (text, cause) = (own.to_string(), own.source().map(ToString::to_string));
    let error = Error::from(own);
    assert_is(&error, &text, cause);
    assert_eq!((error.retry_after(), error.may_have_been_charged()), (ASKED, false));
    assert_eq!(error.call().map(|call| call.operation), Some("init_images_upload_init_image"));
    assert_eq!(error.api().map(|error| error.kind), Some(ApiErrorKind::RateLimited));
    assert!(matches!(error.downcast_ref(), Some(UploadError { reason: UploadReason::NoPlace(_), .. })));

    // The storage refuses.
    for (status, gone) in [(503, false), (404, true)] {
        let server = Server::start(move |_, request| match request.target.ends_with("/storage") {
            true => busy(status),
            false => Reply::json(200, place(request)),
        })
        .await;
        let error = Error::from(init_images_upload_bytes(&once(&server), PNG).await.unwrap_err());
        assert_eq!((error.retry_after(), error.is_not_found()), (ASKED, gone), "{error}");
        assert!(error.call().is_none() && error.api().is_none());
    }
}

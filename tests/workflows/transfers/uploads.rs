//! Images to the storage.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use leonardo_ai::funcs::{
    UploadReason, image_create_generation, image_download, init_images_delete_init_image_by_id,
    init_images_get_init_image_by_id, init_images_upload_bytes, init_images_upload_canvas_init_image,
    init_images_upload_file, init_images_upload_init_image, init_images_upload_reader,
};
use leonardo_ai::models::{
    CreateGenerationRequest, ImageExtension, UploadCanvasInitImageRequest, UploadInitImageRequest,
};
use leonardo_ai::{ApiErrorKind, Error, LeonardoCore, RetryPolicy};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan, RequestRecord};
use serde_json::json;
use tempfile::TempDir;

use super::{JPEG, PNG, SECRET, WEBP, assert_clean, assert_hidden, origin, start, storage, upload_reason};
use crate::common::{KEY, Reply, SHORT, Server, quick};

/// As in PNG and zip files.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// An image of that many bytes, in which no part is like another.
fn image(length: usize) -> Vec<u8> {
    let noise = (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8);
    PNG.iter().copied().chain(noise).take(length).collect()
}

fn to_storage(emulator: &Emulator) -> Vec<RequestRecord> {
    emulator.requests().into_iter().filter(|request| request.path.starts_with("/storage/")).collect()
}

fn asked_for_places(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.path.ends_with("/v1/init-image")).count()
}

#[tokio::test]
async fn images_of_each_kind_are_uploaded_and_can_be_used() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    for (name, content, extension, kind) in [
        ("a.png", PNG.to_vec(), "png", "image/png"),
        ("a.jpg", JPEG.to_vec(), "jpg", "image/jpeg"),
        ("a.JPEG", JPEG.to_vec(), "jpeg", "image/jpeg"),
        ("a.webp", WEBP.to_vec(), "webp", "image/webp"),
        // Names do not matter.
        ("a.txt", PNG.to_vec(), "png", "image/png"),
        ("webp.png", WEBP.to_vec(), "webp", "image/webp"),
        ("no extension", JPEG.to_vec(), "jpg", "image/jpeg"),
        ("several pieces", image(3 * 131_072 + 77), "png", "image/png"),
        ("a piece", image(131_072), "png", "image/png"),
        ("tiny", b"\xff\xd8\xff".to_vec(), "jpg", "image/jpeg"),
    ] {
        let path = directory.path().join(name);
        std::fs::write(&path, &content).unwrap();
        let id = init_images_upload_file(&core, &path).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let upload = emulator.uploads().pop().unwrap();
        assert_eq!((upload.id.as_str(), upload.extension.as_str()), (id.as_str(), extension), "{name}");
        assert_eq!((upload.size, upload.crc32), (content.len() as u64, crc32(&content)), "{name}");
        assert_eq!(upload.content_type, Some(kind), "{name}");
    }
    for request in to_storage(&emulator) {
        assert!(request.header("content-length").is_some() && request.header("transfer-encoding").is_none());
        assert!(!String::from_utf8_lossy(&request.body).contains("several pieces"), "names of files stay here");
    }
    assert_clean(&emulator.requests());
    let id = emulator.uploads().pop().unwrap().id;
    let request = CreateGenerationRequest { init_image_id: Some(id.into()), ..Default::default() };
    image_create_generation(&core, request).await.unwrap();

    let bytes = image(200_000);
    init_images_upload_bytes(&core, bytes.clone()).await.unwrap();
    assert_eq!(emulator.uploads().pop().unwrap().crc32, crc32(&bytes));
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"and more that is not asked for");
    init_images_upload_reader(&core, Cursor::new(longer), 200_000).await.unwrap();
    assert_eq!(emulator.uploads().pop().unwrap().crc32, crc32(&bytes));
}

#[tokio::test]
async fn what_is_no_image_is_refused_before_anything_is_sent() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let text = write("text.png", b"This is no picture.");
    let empty = write("empty.png", b"");
    let gif = write("a.gif", b"GIF89a and so on");
    let cut = write("cut.png", b"\x89PN");
    for path in [&text, &gif, &cut] {
        let refused = upload_reason(init_images_upload_file(&core, path).await);
        assert!(matches!(refused, UploadReason::NotAnImage), "{refused:?}");
    }
    assert!(matches!(upload_reason(init_images_upload_file(&core, &empty).await), UploadReason::Empty));
    assert!(matches!(upload_reason(init_images_upload_bytes(&core, &b""[..]).await), UploadReason::Empty));
    assert!(matches!(upload_reason(init_images_upload_reader(&core, PNG, 0).await), UploadReason::Empty));
    let short = upload_reason(init_images_upload_reader(&core, &PNG[..4], 9).await);
    assert!(matches!(short, UploadReason::Length { expected: 9 }), "{short:?}");
    for path in [directory.path().join("missing.png"), directory.path().to_owned()] {
        let error = init_images_upload_file(&core, &path).await.unwrap_err();
        assert!(matches!(error.reason, UploadReason::File { .. }), "{error:?}");
        assert!(error.attempts == 0 && error.to_string().contains("Nothing was sent"), "{error}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_retried_to_the_same_place() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.png");
    let content = image(700_000);
    std::fs::write(&path, &content).unwrap();
    for faults in [
        vec![Fault::ResetBeforeWork, Fault::CloseBeforeWork, Fault::ResetAfterWork],
        vec![Fault::StatusBefore(503), Fault::CutHeaders, Fault::StatusAfter(500)],
        vec![Fault::StallBeforeWork, Fault::StallAfterWork],
    ] {
        let (before, places) = (emulator.uploads().len(), asked_for_places(&emulator));
        emulator.set_faults(FaultPlan::sequence(faults.clone()).only(|_, path| path.starts_with("/storage/")));
        let id = init_images_upload_file(&core, &path).idle_timeout(2 * SHORT).await;
        let id = id.unwrap_or_else(|error| panic!("{faults:?}: {error}"));
        let uploads = emulator.uploads();
        assert_eq!(uploads.len(), before + 1, "{faults:?}");
        let upload = &uploads[before];
        assert_eq!((upload.id.as_str(), upload.crc32), (id.as_str(), crc32(&content)), "{faults:?}");
        assert_eq!(asked_for_places(&emulator), places + 1);
    }
    emulator.set_faults(FaultPlan::always(Fault::ResetBeforeWork).only(|_, path| path.starts_with("/storage/")));
    let error = init_images_upload_file(&core, &path).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::Connection(_)) && error.attempts == 4, "{error:?}");
    assert!(error.to_string().starts_with("init_images_upload_file failed after 4 attempts"), "{error}");
    let error = init_images_upload_bytes(&core, PNG).retry(RetryPolicy::none()).await.unwrap_err();
    assert_eq!(error.attempts, 1);
    // A reader cannot be read again.
    let error = init_images_upload_reader(&core, Cursor::new(content), 700_000).await.unwrap_err();
    assert_eq!(error.attempts, 1, "{error}");
    assert_clean(&emulator.requests());
}

#[tokio::test]
async fn the_api_decides_about_the_place() {
    let (emulator, _) = start(Emulator::builder()).await;
    let wrong =
        LeonardoCore::builder().bearer_auth(KEY).server_url(emulator.base_url()).retry(quick()).build().unwrap();
    let error = init_images_upload_bytes(&wrong, PNG).await.unwrap_err();
    let UploadReason::NoPlace(Error::Api(api)) = &error.reason else { panic!("{error:?}") };
    assert_eq!(api.kind, ApiErrorKind::Authentication);
    assert_hidden(&error);
    assert_eq!((emulator.requests().len(), to_storage(&emulator).len()), (1, 0));
    // What the call retries is not retried once more.
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::always(Fault::StatusBefore(503)))).await;
    let error = init_images_upload_bytes(&core, PNG).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NoPlace(_)), "{error:?}");
    assert_eq!(emulator.requests().len(), 4);
}

#[tokio::test]
async fn the_call_for_the_place_has_options_of_its_own() {
    let (emulator, core) = start(Emulator::builder()).await;
    let builder = LeonardoCore::builder().bearer_auth(emulator.key()).server_url("https://127.0.0.1:1");
    let elsewhere = builder.retry(RetryPolicy::none()).build().unwrap();
    // The storage may be reached in plain if the server is that one.
    let upload = init_images_upload_bytes(&elsewhere, PNG).server_url(emulator.base_url());
    upload.header("x-request-source", "t3am").await.unwrap();
    let requests = emulator.requests();
    assert_eq!((requests.len(), requests[0].header("x-request-source")), (2, Some("t3am")));
    assert_clean(&requests);

    emulator.set_faults(FaultPlan::always(Fault::StallBeforeWork));
    let upload = init_images_upload_bytes(&core, PNG).retry(RetryPolicy::none());
    let error = upload.timeout(SHORT).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NoPlace(Error::Timeout(_))), "{error:?}");
    let late = upload_reason(init_images_upload_bytes(&core, PNG).deadline(SHORT).await);
    assert!(matches!(late, UploadReason::Deadline { limit: SHORT }), "{late:?}");
    let error = init_images_upload_bytes(&core, PNG).header("no name", "1").await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NoPlace(Error::InvalidRequest(_))), "{error:?}");
}

fn xml(status: u16, code: &str, message: &str) -> Reply {
    let xml = format!("<Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>");
    Reply::with(status, &[("content-type", "application/xml")], xml)
}

#[tokio::test]
async fn a_refusal_of_the_storage_can_be_read_and_keeps_the_form_secret() {
    let fields = || format!(r#"{{"key":"k","Policy":"p0licy-in-base64","X-Amz-Signature":"{SECRET}"}}"#);
    let message = format!("Signature {SECRET} does not match p0licy-in-base64");
    let server = storage(fields(), None, vec![xml(403, "SignatureDoesNotMatch", &message)]).await;
    let error = init_images_upload_bytes(&server.core(), PNG).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("403 Forbidden (SignatureDoesNotMatch: Signature [hidden] does not match [hidden])"),
        "{text}"
    );
    assert_hidden(&error);
    assert_eq!(error.attempts, 1);
    let sent = server.received().pop().unwrap();
    assert_eq!((sent.header("authorization"), sent.target.contains(SECRET)), (None, true));
    let body = String::from_utf8_lossy(&sent.body).into_owned();
    let places: Vec<_> = ["\"key\"", "\"Policy\"", "\"X-Amz-Signature\"", "\"file\""]
        .map(|name| body.find(&format!("form-data; name={name}")).unwrap_or_else(|| panic!("{name}: {body}")))
        .to_vec();
    assert!(places.is_sorted(), "the fields are in order, and the file is last: {body}");

    // An expired form is asked for anew; success may have another status if the form says so.
    let expired = xml(403, "AccessDenied", "Invalid according to Policy: Policy expired.");
    let server = storage(fields(), None, vec![expired.clone(), Reply::with(204, &[], "")]).await;
    assert_eq!(init_images_upload_bytes(&server.core(), PNG).await.unwrap().as_str(), "image-1");
    assert_eq!(server.received().iter().filter(|request| request.target.ends_with("init-image")).count(), 2);
    let created = json!({"key": "k", "success_action_status": "201"});
    let server = storage(created, None, vec![Reply::with(201, &[], "<PostResponse/>")]).await;
    init_images_upload_bytes(&server.core(), PNG).await.unwrap();
    // A page of some proxy is no success, and a redirect is not followed.
    for reply in [Reply::with(200, &[], "<html>"), Reply::with(307, &[("location", "/elsewhere")], "")] {
        let server = storage(fields(), None, vec![reply]).await;
        let refused = upload_reason(init_images_upload_bytes(&server.core(), PNG).await);
        assert!(matches!(refused, UploadReason::Refused { .. }), "{refused:?}");
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn a_refusal_that_comes_before_all_was_sent_can_be_read() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/storage", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = [0; 4096];
        stream.read_exact(&mut some).await.unwrap();
        let xml = "<Error><Code>EntityTooLarge</Code></Error>";
        let response =
            format!("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{xml}", xml.len());
        stream.write_all(response.as_bytes()).await.unwrap();
        while stream.read(&mut some).await.is_ok_and(|length| length > 0) {}
    });
    let place = json!({"uploadInitImage": {"id": "i", "url": url, "key": "k", "fields": "{\"key\":\"k\"}"}});
    let core = LeonardoCore::builder()
        .bearer_auth(KEY)
        .server_url(url.replace("/storage", ""))
        .transport(crate::common::Double(move |_| Ok(crate::common::response(200, &[], place.to_string()))))
        .build()
        .unwrap();
    let error = init_images_upload_bytes(&core, image(20_000_000)).await.unwrap_err();
    assert!(
        matches!(&error.reason, UploadReason::Refused { code: Some(code), .. } if code == "EntityTooLarge"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_place_that_cannot_be_trusted_is_not_used() {
    let other = Emulator::start().await.unwrap();
    let elsewhere = format!("{}/storage/uploads?t={SECRET}", origin(&other));
    for url in [elsewhere.as_str(), "", "ftp://h/x"] {
        let server = storage(json!({"key": SECRET}), Some(url), vec![]).await;
        let refused = upload_reason(init_images_upload_bytes(&server.core(), PNG).await);
        assert!(matches!(refused, UploadReason::Place(_)), "{url}: {refused:?}");
    }
    assert!(other.requests().is_empty());
    for response in [
        format!(r#"{{"uploadInitImage":{{"id":"i","url":"https://h/","fields":"{{\"Signature\":\"{SECRET}"}}}}"#),
        format!(r#"{{"uploadInitImage":{{"id":"","url":"https://h/?{SECRET}","fields":"{SECRET}"}}}}"#),
        format!(r#"{{"uploadInitImage":{{"id":"i","fields":"{SECRET}"}},"errors":[{{"message":"no"}}]}}"#),
        format!(r#"{{"uploadInitImage":{{"id":"i","fields":"{SECRET}"#),
    ] {
        let server = Server::always(Reply::json(200, &response)).await;
        let error = init_images_upload_bytes(&server.core(), PNG).await.unwrap_err();
        assert_hidden(&error);
        assert!(matches!(error.reason, UploadReason::Place(_) | UploadReason::NoPlace(_)), "{error:?}");
    }
}

#[tokio::test]
async fn an_image_that_is_shorter_than_it_was_is_not_uploaded() {
    let (emulator, core) = start(Emulator::builder()).await;
    let content = image(300_000);
    let short = upload_reason(init_images_upload_reader(&core, Cursor::new(content.clone()), 300_001).await);
    assert!(matches!(short, UploadReason::Length { expected: 300_001 }), "{short:?}");
    // Between two attempts.
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.png");
    std::fs::write(&path, &content).unwrap();
    emulator.set_faults(FaultPlan::always(Fault::ResetBeforeWork).only(|_, path| path.starts_with("/storage/")));
    let shrinks = path.clone();
    let upload = init_images_upload_file(&core, &path).on_progress(move |progress| {
        if progress.sent == progress.total {
            std::fs::write(&shrinks, PNG).unwrap();
        }
    });
    let short = upload_reason(upload.await);
    assert!(matches!(short, UploadReason::Length { expected: 300_000 }), "{short:?}");
    assert!(emulator.uploads().is_empty());
}

#[tokio::test]
async fn the_progress_of_an_upload_never_goes_back_and_ends_with_all_of_it() {
    let (emulator, core) = start(Emulator::builder()).await;
    emulator.set_faults(FaultPlan::sequence([Fault::ResetBeforeWork]).only(|_, path| path.starts_with("/storage/")));
    let listened = Arc::new(Mutex::new(Vec::new()));
    let told = listened.clone();
    let upload = init_images_upload_bytes(&core, image(1_000_000));
    upload.on_progress(move |progress| told.lock().unwrap().push(progress)).await.unwrap();
    let told = listened.lock().unwrap();
    assert!(told.len() > 4 && told.windows(2).all(|two| two[0].sent < two[1].sent), "{told:?}");
    assert!(told.iter().all(|progress| progress.total == 1_000_000) && told[told.len() - 1].sent == 1_000_000);
}

#[tokio::test]
async fn an_upload_that_stalls_or_takes_too_long_ends() {
    let (emulator, core) = start(Emulator::builder()).await;
    emulator.set_faults(FaultPlan::always(Fault::StallBeforeWork).only(|_, path| path.starts_with("/storage/")));
    let upload = init_images_upload_bytes(&core, PNG).idle_timeout(SHORT).retry(quick().max_attempts(2));
    let error = upload.await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::Idle { limit: SHORT }) && error.attempts == 2, "{error:?}");
    let late = upload_reason(init_images_upload_bytes(&core, PNG).deadline(SHORT).await);
    assert!(matches!(late, UploadReason::Deadline { limit: SHORT }), "{late:?}");
}

#[tokio::test]
async fn uploaded_images_are_read_and_deleted() {
    let (emulator, core) = start(Emulator::builder()).await;
    let id = init_images_upload_bytes(&core, PNG).await.unwrap();
    let image = init_images_get_init_image_by_id(&core, &id).await.unwrap();
    assert_eq!(image.id, id);
    assert!(image.created_at.unwrap().unix_millis().is_some());
    assert_eq!(image_download(&core, &image.url).to_bytes().await.unwrap(), PNG);
    assert_eq!(init_images_delete_init_image_by_id(&core, &id).await.unwrap().id, id);
    assert!(init_images_get_init_image_by_id(&core, &id).await.unwrap_err().is_not_found());
    assert!(init_images_delete_init_image_by_id(&core, &id).await.unwrap_err().is_not_found());

    let place = init_images_upload_init_image(&core, UploadInitImageRequest::new(ImageExtension::Webp)).await.unwrap();
    assert!(place.fields().unwrap().iter().any(|(name, value)| name == "key" && *value == place.key));
    let canvas = UploadCanvasInitImageRequest::new("png", "jpg");
    let places = init_images_upload_canvas_init_image(&core, canvas).await.unwrap();
    assert_ne!(places.init_image_id, places.mask_image_id);
    assert!(places.init_key.ends_with(".png") && places.mask_key.ends_with(".jpg"));
    assert_eq!(places.init_fields().unwrap().len(), places.mask_fields().unwrap().len());
    let refused = init_images_upload_init_image(&core, UploadInitImageRequest::new("gif")).await.unwrap_err();
    assert_eq!(refused.api().unwrap().kind, ApiErrorKind::InvalidRequest);
    // Asking for a place costs nothing, so it is retried.
    emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork, Fault::StatusAfter(500)]));
    init_images_upload_init_image(&core, UploadInitImageRequest::new("png")).await.unwrap();
    assert!(emulator.charges().is_empty());
}

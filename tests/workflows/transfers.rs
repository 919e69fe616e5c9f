//! Downloads and uploads: what arrives is whole, what breaks off goes on, and the key goes nowhere.

use std::error::Error as StdError;
use std::future::IntoFuture as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{KEY, LONG, Received, Reply, SHORT, Server, chunked_head, quick};
use leonardo_ai::funcs::{
    Download, DownloadError, DownloadReason, UploadError, UploadReason, image_create_generation, image_download,
    image_download_all, image_get_generation_by_id, init_images_delete_init_image_by_id,
    init_images_get_init_image_by_id, init_images_upload_bytes, init_images_upload_canvas_init_image,
    init_images_upload_file, init_images_upload_init_image, init_images_upload_reader,
};
use leonardo_ai::models::{
    CreateGenerationRequest, Generation, ImageExtension, InitImageId, JobStatus, Transparency,
    UploadCanvasInitImageRequest, UploadInitImageRequest,
};
use leonardo_ai::{ApiErrorKind, Error, LeonardoCore, RetryBudget, RetryPolicy};
use leonardo_ai_emulator::{Emulator, EmulatorBuilder, Fault, FaultPlan, RequestRecord};
use serde_json::json;
use tempfile::TempDir;

const MS: Duration = Duration::from_millis(1);
const MIB: u64 = 1024 * 1024;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF and so on";
const WEBP: &[u8] = b"RIFF\x10\0\0\0WEBPVP8 and so on";
/// What must not be seen outside of the request it belongs to.
const SECRET: &str = "5up3r-s3cr3t-s1gn4tur3";

async fn start(builder: EmulatorBuilder) -> (Emulator, LeonardoCore) {
    let emulator = builder.generation_time(Duration::ZERO).start().await.unwrap();
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .default_header("x-team", "t3am")
        .retry(quick())
        .build()
        .unwrap();
    (emulator, core)
}

fn origin(emulator: &Emulator) -> String {
    format!("http://127.0.0.1:{}", emulator.port())
}

fn blob(emulator: &Emulator, length: u64) -> String {
    format!("{}/cdn/blob/{length}", origin(emulator))
}

/// A download of what is no picture.
fn plain<'a>(core: &'a LeonardoCore, url: impl AsRef<str>) -> Download<'a> {
    image_download(core, url).any_content(true)
}

/// A link to the server of a test.
fn link(server: &Server) -> String {
    server.url().replace("/api/rest", "/a.jpg")
}

async fn generation(core: &LeonardoCore, images: u32) -> Generation {
    let request = CreateGenerationRequest {
        num_images: Some(images),
        width: Some(512),
        height: Some(512),
        ..CreateGenerationRequest::new("a quay")
    };
    let job = image_create_generation(core, request).await.unwrap();
    let generation = image_get_generation_by_id(core, job.generation_id).await.unwrap();
    assert_eq!(generation.status, JobStatus::Complete);
    generation
}

fn files(directory: impl AsRef<Path>) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until no file is left but these: a thread may still have one in its hands.
async fn only(directory: &Path, names: &[&str]) {
    let until = Instant::now() + LONG;
    while files(directory) != names {
        assert!(Instant::now() < until, "{:?}", files(directory));
        tokio::time::sleep(MS).await;
    }
}

/// Fails if a request that is not for the API carries anything of the core's.
fn assert_clean(requests: &[RequestRecord]) {
    for request in requests.iter().filter(|request| !request.path.starts_with("/api/")) {
        for (name, value) in &request.headers {
            assert!(name != "authorization" && name != "x-team", "{request:?}");
            assert!(!value.contains("t3am"), "{request:?}");
        }
    }
}

/// Everything that an error prints, its causes included.
fn everything(error: &dyn StdError) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}");
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(&format!("\n{source}\n{source:?}"));
        next = source.source();
    }
    text
}

fn assert_hidden(error: &dyn StdError) {
    let text = everything(error);
    for secret in [SECRET, KEY] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// The head of an answer of `length` bytes, and some of them; then the connection ends.
fn cut(headers: &str, length: usize, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{headers}\r\n");
    Reply::Close([head.as_bytes(), body].concat())
}

fn part(range: &str, etag: &str, body: &[u8]) -> Reply {
    Reply::with(206, &[("content-range", range), ("etag", etag)], body)
}

fn reason(result: Result<impl Sized, DownloadError>) -> DownloadReason {
    let Err(error) = result else { panic!("the download succeeded") };
    assert_hidden(&error);
    error.reason
}

fn upload_reason(result: Result<InitImageId, UploadError>) -> UploadReason {
    let error = result.unwrap_err();
    assert_hidden(&error);
    error.reason
}

#[tokio::test]
async fn a_picture_arrives_whole_and_the_key_stays_here() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let url = &generation(&core, 1).await.generated_images[0].url;

    let bytes = image_download(&core, url).to_bytes().await.unwrap();
    assert!(bytes.starts_with(b"\xff\xd8\xff") && bytes.len() > 4096);
    let path = directory.path().join("a picture.jpg");
    std::fs::write(&path, "an older one").unwrap();
    let downloaded = image_download(&core, url).to_file(&path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!((downloaded.bytes, downloaded.attempts), (bytes.len() as u64, 1));
    assert_eq!(downloaded.content_type.as_deref(), Some("image/jpeg"));
    let mut writer = Vec::new();
    image_download(&core, url).to_writer(&mut writer).await.unwrap();
    assert_eq!(writer, bytes);

    assert_eq!(files(&directory), ["a picture.jpg"]);
    assert_eq!(emulator.requests().iter().filter(|request| request.path.contains("/cdn/")).count(), 3);
    assert_clean(&emulator.requests());
}

#[tokio::test]
async fn a_core_with_a_transport_or_a_client_of_its_own_downloads_too() {
    let (emulator, _) = start(Emulator::builder()).await;
    let builder = || LeonardoCore::builder().bearer_auth(KEY).server_url(emulator.base_url());
    let own_client = builder().configure_client(|client| client.no_proxy()).build().unwrap();
    let own_transport =
        builder().transport(crate::common::Double(|_| panic!("a download is no call"))).build().unwrap();
    for core in [own_client, own_transport] {
        let bytes = plain(&core, blob(&emulator, 70_000)).to_bytes().await.unwrap();
        assert_eq!(bytes.len(), 70_000);
    }
    assert_clean(&emulator.requests());
}

#[tokio::test]
async fn a_transfer_that_breaks_off_goes_on_where_it_stopped() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let url = blob(&emulator, 1_000_003);
    let expected = plain(&core, &url).to_bytes().await.unwrap();
    let faults = || {
        emulator.set_faults(FaultPlan::sequence([Fault::CutBody, Fault::ResetBeforeWork, Fault::CutBody, Fault::None]))
    };

    faults();
    let path = directory.path().join("blob");
    let downloaded = plain(&core, &url).to_file(&path).await.unwrap();
    assert_eq!(downloaded.attempts, 4);
    assert!(std::fs::read(&path).unwrap() == expected, "the file is another");
    let requests = emulator.requests();
    let ranges: Vec<_> = requests[1..].iter().map(|request| request.header("range").unwrap_or("none")).collect();
    assert_eq!(ranges, ["none", "bytes=500001-", "bytes=500001-", "bytes=750002-"]);
    assert!(requests[2..].iter().all(|request| request.header("if-range") == Some("\"blob-1000003\"")));

    faults();
    let mut writer = Vec::new();
    plain(&core, &url).to_writer(&mut writer).await.unwrap();
    assert!(writer == expected, "the writer got another");
    faults();
    assert!(plain(&core, &url).to_bytes().await.unwrap() == expected);
    assert_eq!(files(&directory), ["blob"]);
    assert_clean(&emulator.requests());
}

#[tokio::test]
async fn whatever_goes_wrong_the_bytes_are_right() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let url = blob(&emulator, 300_007);
    let expected = plain(&core, &url).to_bytes().await.unwrap();
    let faults = vec![
        (4, Fault::CutBody),
        (2, Fault::ResetBeforeWork),
        (1, Fault::ResetAfterWork),
        (1, Fault::CloseAfterWork),
        (1, Fault::CutHeaders),
        (1, Fault::Garbage),
        (1, Fault::StatusBefore(503)),
        (1, Fault::StatusAfter(500)),
        (1, Fault::StallBody),
    ];
    emulator.set_faults(FaultPlan::random(11, 60, faults));
    let policy = quick().max_attempts(100);
    for number in 0..40 {
        let path = directory.path().join(number.to_string());
        let download = || plain(&core, &url).retry(policy.clone()).idle_timeout(SHORT);
        download().to_file(&path).await.unwrap();
        assert!(std::fs::read(&path).unwrap() == expected, "file {number}");
        let mut writer = Vec::new();
        download().to_writer(&mut writer).await.unwrap();
        assert!(writer == expected, "writer {number}");
    }
    assert_eq!(files(&directory).len(), 40);
    assert_clean(&emulator.requests());
}

#[tokio::test]
async fn attempts_that_come_a_good_deal_further_are_not_counted() {
    let (emulator, core) = start(Emulator::builder()).await;
    let url = blob(&emulator, 20 * MIB);
    // Each comes half of the way that is left.
    emulator.set_faults(FaultPlan::sequence(vec![Fault::CutBody; 7]));
    let downloaded = plain(&core, &url).to_writer(tokio::io::sink()).await.unwrap();
    assert_eq!((downloaded.bytes, downloaded.attempts), (20 * MIB, 8));
    emulator.set_faults(FaultPlan::always(Fault::CutBody));
    let error = plain(&core, &url).to_writer(tokio::io::sink()).await.unwrap_err();
    // Four come 1 MiB further each, three together, and the last four no more.
    assert_eq!(error.attempts, 4 + 3 + 4, "{error}");
    assert!(error.received > 19 * MIB);
    // An attempt without the ability to go on brings nothing.
    let server = Server::always(cut("", 4 << 20, &vec![7; 2 << 20])).await;
    let error = plain(&server.core(), link(&server)).to_bytes().await.unwrap_err();
    assert_eq!(error.attempts, 4, "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_go_on_is_asked_for_all_of_it_again() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a");
    let whole = || Reply::with(200, &[("etag", "\"1\"")], "0123456789");
    for (first, ranges) in [
        // Nothing to tell a changed file by, a weak tag, a server that says that it cannot.
        (cut("", 10, b"0123"), vec![None, None]),
        (cut("etag: W/\"1\"\r\n", 10, b"0123"), vec![None, None]),
        (cut("etag: \"1\"\r\naccept-ranges: none\r\n", 10, b"0123"), vec![None, None]),
        // A server that does not know ranges.
        (cut("etag: \"1\"\r\n", 10, b"0123"), vec![None, Some("bytes=4-")]),
        (cut("last-modified: Wed, 21 Oct 2026 07:28:00 GMT\r\n", 10, b"0123"), vec![None, Some("bytes=4-")]),
    ] {
        let begin = first.clone();
        let server = Server::script(vec![begin.clone(), whole()]).await;
        let downloaded = plain(&server.core(), link(&server)).to_file(&path).await.unwrap();
        assert_eq!((downloaded.bytes, downloaded.attempts), (10, 2), "{first:?}");
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789", "{first:?}");
        let asked: Vec<_> =
            server.received().iter().map(|request| request.header("range").map(str::to_owned)).collect();
        assert_eq!(asked, ranges.iter().map(|range| range.map(str::to_owned)).collect::<Vec<_>>(), "{first:?}");

        // A writer cannot begin anew.
        let server = Server::script(vec![begin, whole()]).await;
        let mut writer = Vec::new();
        let failed = reason(plain(&server.core(), link(&server)).to_writer(&mut writer).await);
        if ranges[1].is_some() {
            assert!(matches!(failed, DownloadReason::CannotRestart), "{failed:?}");
        } else {
            assert!(matches!(failed, DownloadReason::Connection(_)), "{failed:?}");
            assert_eq!(server.count(), 1, "there is no use in trying again");
        }
        assert_eq!(writer, b"0123", "what was written is the beginning of the file");
    }
    // Nothing was written yet.
    let server = Server::script(vec![Reply::Reset, cut("", 10, b""), whole()]).await;
    let mut writer = Vec::new();
    plain(&server.core(), link(&server)).to_writer(&mut writer).await.unwrap();
    assert_eq!(writer, b"0123456789");
    assert_eq!(files(&directory), ["a"]);
}

#[tokio::test]
async fn a_file_that_has_changed_is_not_put_together_from_both() {
    let first = || cut("etag: \"1\"\r\n", 10, b"0123");
    let new = Reply::with(200, &[("etag", "\"2\"")], "abcdefgh");
    for second in [
        // By a server that looks at `if-range`, and by those that do not.
        vec![],
        vec![part("bytes 4-9/10", "\"2\"", b"456789")],
        vec![part("bytes 4-7/8", "\"1\"", b"4567")],
        vec![part("bytes 5-9/10", "\"1\"", b"56789")],
        vec![Reply::with(206, &[("etag", "\"1\"")], "456789")],
        vec![Reply::with(206, &[("content-type", "multipart/byteranges; boundary=b")], "--b--")],
        vec![Reply::with(416, &[("content-range", "bytes */3")], "")],
    ] {
        let replies: Vec<_> = [first()].into_iter().chain(second.clone()).chain([new.clone()]).collect();
        let count = replies.len();
        let server = Server::script(replies).await;
        let bytes = plain(&server.core(), link(&server)).to_bytes().await.unwrap();
        assert_eq!(bytes, "abcdefgh", "{second:?}");
        let received = server.expect(count).await;
        assert_eq!(received[1].header("if-range"), Some("\"1\""));
        if count == 3 {
            assert_eq!(received[2].header("range"), None, "{second:?}");
        }
    }
    // The same file: without a length of the whole, without a tag.
    for second in
        [part("bytes 4-9/*", "\"1\"", b"456789"), Reply::with(206, &[("content-range", "bytes 4-9/10")], "456789")]
    {
        let server = Server::script(vec![first(), second]).await;
        let bytes = plain(&server.core(), link(&server)).to_bytes().await.unwrap();
        assert_eq!(bytes, "0123456789");
    }
}

#[tokio::test]
async fn a_file_of_a_wrong_length_is_not_taken() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a");
    std::fs::write(&path, "old").unwrap();
    let server = Server::always(Reply::cut(200, "too short")).await;
    let error = plain(&server.core(), link(&server)).to_file(&path).await.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::Connection(_)), "{error:?}");
    assert_eq!((error.attempts, error.received), (4, 9));
    assert!(error.to_string().contains("after 4 attempts") && error.to_string().contains("9 bytes"), "{error}");
    // The rest is shorter, or longer, than the whole promised.
    for (rest, received) in [("45", 6), ("456789abcdef", 16)] {
        let rest = part("bytes 4-9/10", "\"1\"", rest.as_bytes());
        let server = Server::script(vec![cut("etag: \"1\"\r\n", 10, b"0123"), rest]).await;
        let core = server.builder().retry(quick().max_attempts(2)).build().unwrap();
        let error = plain(&core, link(&server)).to_file(&path).await.unwrap_err();
        assert!(matches!(error.reason, DownloadReason::Length { expected: 10 }), "{error:?}");
        assert_eq!(error.received, received);
    }
    // Without a length only the end of the chunks tells that it is whole.
    let server = Server::always(Reply::cut_chunked(200, "half")).await;
    assert!(plain(&server.core(), link(&server)).to_bytes().await.is_err());
    let chunked = Reply::Send(format!("{}5\r\nwhole\r\n0\r\n\r\n", chunked_head(200)).into_bytes());
    let server = Server::always(chunked).await;
    assert_eq!(plain(&server.core(), link(&server)).to_bytes().await.unwrap(), "whole");

    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(files(&directory), ["a"]);
}

#[tokio::test]
async fn what_is_too_large_is_refused_when_it_is_announced_or_else_when_it_comes() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a");
    let default = reason(plain(&core, blob(&emulator, 256 * MIB + 1)).to_file(&path).await);
    assert!(
        matches!(default, DownloadReason::TooLarge { limit: 268_435_456, announced: Some(268_435_457) }),
        "{default:?}"
    );
    let set = reason(plain(&core, blob(&emulator, 1001)).max_bytes(1000).to_bytes().await);
    assert!(matches!(set, DownloadReason::TooLarge { limit: 1000, announced: Some(1001) }), "{set:?}");
    assert_eq!(emulator.requests().len(), 2, "it is not tried again");
    assert_eq!(plain(&core, blob(&emulator, 1000)).max_bytes(1000).to_bytes().await.unwrap().len(), 1000);

    let endless = Reply::Endless(
        chunked_head(200).into_bytes(),
        b"400\r\n".iter().chain(&[7; 1024]).chain(b"\r\n").copied().collect(),
        Duration::ZERO,
    );
    let server = Server::always(endless).await;
    let error = plain(&server.core(), link(&server)).max_bytes(100_000).to_file(&path).await.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::TooLarge { limit: 100_000, announced: None }), "{error:?}");
    assert!(error.received <= 100_000);
    server.expect_left().await;
    // A part may announce more than the whole did.
    let server = Server::script(vec![
        Reply::Close(b"HTTP/1.1 200 X\r\netag: \"1\"\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\n".to_vec()),
        part("bytes 4-2000/2001", "\"1\"", b""),
    ])
    .await;
    let resumed = reason(plain(&server.core(), link(&server)).max_bytes(1000).to_bytes().await);
    assert!(matches!(resumed, DownloadReason::TooLarge { limit: 1000, announced: Some(2001) }), "{resumed:?}");
    only(directory.path(), &[]).await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (target, _core) = start(Emulator::builder()).await;
    let to = format!("{}?token={SECRET}", blob(&target, 10));
    let server = Server::always(Reply::with(302, &[("location", &to)], "")).await;
    let error = image_download(&server.core(), link(&server)).to_bytes().await.unwrap_err();
    assert!(
        matches!(&error.reason, DownloadReason::Redirect { to: Some(to), .. } if to.contains("/cdn/blob/10")),
        "{error:?}"
    );
    assert_hidden(&error);
    assert_eq!((server.count(), target.requests().len()), (1, 0));

    let following = leonardo_ai::reqwest::Client::new();
    let core = server.builder().client_guaranteed_not_to_redirect_or_retry(following).build().unwrap();
    let followed = reason(image_download(&core, link(&server)).to_bytes().await);
    assert!(matches!(followed, DownloadReason::Redirect { status: None, .. }), "{followed:?}");
    assert_clean(&target.requests());
}

#[tokio::test]
async fn plain_http_is_refused_for_any_other_server() {
    let (emulator, core) = start(Emulator::builder()).await;
    let other = Emulator::start().await.unwrap();
    for url in [
        blob(&other, 10),
        blob(&emulator, 10).replace("127.0.0.1", "localhost"),
        format!("http://user:{SECRET}@127.0.0.1:{}/cdn/blob/10", emulator.port()),
        format!("no link?{SECRET}"),
        "file:///etc/passwd".to_owned(),
    ] {
        let error = image_download(&core, &url).to_bytes().await.unwrap_err();
        assert!(matches!(error.reason, DownloadReason::Url(_)), "{url}: {error:?}");
        assert!(error.attempts == 0 && error.to_string().contains("Nothing was sent"), "{error}");
        assert_hidden(&error);
    }
    assert!(emulator.requests().is_empty() && other.requests().is_empty());
}

#[tokio::test]
async fn a_storage_that_refuses_is_quoted_without_secrets() {
    let xml = format!(
        "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Request &lt;{SECRET}&gt; has expired</Message></Error>"
    );
    let server = Server::always(Reply::with(403, &[("content-type", "application/xml")], &xml)).await;
    let url = format!("{}?X-Amz-Signature={SECRET}", link(&server));
    let error = image_download(&server.core(), &url).to_bytes().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("403 Forbidden (AccessDenied: Request <[hidden]> has expired)"), "{text}");
    assert!(text.contains("/a.jpg?…"), "{text}");
    assert_hidden(&error);
    assert!(!format!("{:?}", image_download(&server.core(), &url)).contains(SECRET));
    assert_eq!(server.count(), 1);

    let (emulator, core) = start(Emulator::builder()).await;
    let missing =
        image_download(&core, format!("{}/cdn/users/x/y.jpg", origin(&emulator))).to_bytes().await.unwrap_err();
    assert!(missing.to_string().contains("404 Not Found (NoSuchKey: The specified key does not exist)"), "{missing}");
    for page in ["", "<html><body>no</body></html>", "<Code>"] {
        let server = Server::always(Reply::with(404, &[], page)).await;
        let refused = reason(image_download(&server.core(), link(&server)).to_bytes().await);
        assert!(matches!(refused, DownloadReason::Refused { code: None, message: None, .. }), "{refused:?}");
    }
    for odd in [204, 206, 304] {
        let server = Server::always(Reply::Send(format!("HTTP/1.1 {odd} X\r\n\r\n").into_bytes())).await;
        let core = server.builder().retry(RetryPolicy::none()).build().unwrap();
        assert!(image_download(&core, link(&server)).idle_timeout(SHORT).to_bytes().await.is_err(), "{odd}");
    }
}

#[tokio::test]
async fn a_storage_that_fails_for_a_while_is_asked_again() {
    let (emulator, core) = start(Emulator::builder()).await;
    let faults = [
        Fault::StatusBefore(503),
        Fault::RetryAfter { status: 429, value: "0".into() },
        Fault::ResetBeforeWork,
        Fault::None,
    ];
    emulator.set_faults(FaultPlan::sequence(faults));
    let downloaded = plain(&core, blob(&emulator, 10)).to_writer(tokio::io::sink()).await.unwrap();
    assert_eq!(downloaded.attempts, 4);
    emulator.set_faults(FaultPlan::always(Fault::RetryAfter { status: 503, value: "3600".into() }));
    let error = plain(&core, blob(&emulator, 10)).to_bytes().await.unwrap_err();
    assert_eq!(error.attempts, 1, "{error}");
    emulator.set_faults(FaultPlan::always(Fault::StatusBefore(503)));
    let error = plain(&core, blob(&emulator, 10)).retry(quick().max_attempts(3)).to_bytes().await.unwrap_err();
    assert_eq!(error.attempts, 3, "{error}");
    // All transfers and calls have one budget.
    let core = LeonardoCore::builder()
        .bearer_auth(emulator.key())
        .server_url(emulator.base_url())
        .retry(quick())
        .retry_budget(RetryBudget::new(1))
        .build()
        .unwrap();
    let error = plain(&core, blob(&emulator, 10)).to_bytes().await.unwrap_err();
    assert!(error.out_of_budget && error.attempts == 2, "{error}");
    assert!(error.to_string().contains("budget"), "{error}");
}

#[tokio::test]
async fn a_stalled_transfer_goes_on_and_the_deadline_ends_it() {
    let (emulator, core) = start(Emulator::builder()).await;
    let url = blob(&emulator, 100_000);
    emulator.set_faults(FaultPlan::sequence([Fault::StallBody, Fault::StallBeforeWork]));
    let downloaded = plain(&core, &url).idle_timeout(SHORT).to_writer(tokio::io::sink()).await.unwrap();
    assert_eq!((downloaded.bytes, downloaded.attempts), (100_000, 3));
    emulator.set_faults(FaultPlan::always(Fault::StallBody));
    let idle = reason(plain(&core, &url).idle_timeout(SHORT).to_bytes().await);
    assert!(matches!(idle, DownloadReason::Idle { limit: SHORT }), "{idle:?}");
    // Bytes keep coming, so only the deadline helps.
    emulator.set_faults(FaultPlan::always(Fault::Drip));
    let directory = TempDir::new().unwrap();
    let started = Instant::now();
    let download = plain(&core, &url).deadline(SHORT).to_file(directory.path().join("a")).await;
    let error = download.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::Deadline { limit: SHORT }), "{error:?}");
    assert!(error.received > 0 && error.attempts == 1 && started.elapsed() < LONG);
    only(directory.path(), &[]).await;
}

#[tokio::test]
async fn dropping_it_halfway_leaves_no_file() {
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::always(Fault::StallBody))).await;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.jpg");
    let half = Arc::new(tokio::sync::Notify::new());
    let (arrived, into) = (half.clone(), directory.path().to_owned());
    let download = plain(&core, blob(&emulator, 2 * MIB)).on_progress(move |progress| {
        if progress.received == MIB {
            let names = files(&into);
            assert!(names.len() == 1 && names[0].starts_with(".a.jpg.") && names[0].ends_with(".part"), "{names:?}");
            arrived.notify_one();
        }
    });
    tokio::select! {
        _ = download.to_file(&path) => panic!("it must stall"),
        () = half.notified() => {}
    }
    only(directory.path(), &[]).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_before_anything_is_sent() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    for path in [directory.path().join("none/a.jpg"), directory.path().join(".."), PathBuf::new()] {
        let error = plain(&core, blob(&emulator, 10)).to_file(&path).await.unwrap_err();
        assert!(matches!(error.reason, DownloadReason::File { .. }), "{error:?}");
        assert!(error.to_string().contains("Nothing was sent"), "{error}");
    }
    assert!(emulator.requests().is_empty());
    // The name is taken by a directory.
    let taken = directory.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    let error = plain(&core, blob(&emulator, 10)).to_file(&taken).await.unwrap_err();
    assert!(matches!(error.reason, DownloadReason::File { .. }), "{error:?}");
    assert_eq!(files(&directory), ["taken"]);
    // Long names leave no room for more.
    let long = directory.path().join("ä".repeat(120));
    plain(&core, blob(&emulator, 10)).to_file(&long).await.unwrap();
    assert!(long.exists());

    struct Full;
    impl tokio::io::AsyncWrite for Full {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            std::task::Poll::Ready(Err(std::io::ErrorKind::StorageFull.into()))
        }
        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }
    let before = emulator.requests().len();
    let failed = reason(plain(&core, blob(&emulator, 10)).to_writer(Full).await);
    assert!(matches!(failed, DownloadReason::Writer(_)), "{failed:?}");
    assert_eq!(emulator.requests().len(), before + 1);
}

#[tokio::test]
async fn progress_never_goes_back() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listen = |told: &Arc<Mutex<Vec<_>>>| {
        let told = told.clone();
        move |progress: leonardo_ai::funcs::Progress| told.lock().unwrap().push((progress.received, progress.total))
    };
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::sequence([Fault::CutBody]))).await;
    plain(&core, blob(&emulator, 500_000)).on_progress(listen(&told)).to_bytes().await.unwrap();
    // Begins anew.
    let server = Server::script(vec![cut("", 10, b"012345"), Reply::with(200, &[], "0123456789")]).await;
    let anew = Arc::new(Mutex::new(Vec::new()));
    plain(&server.core(), link(&server)).on_progress(listen(&anew)).to_bytes().await.unwrap();
    for (told, total) in [(told, 500_000), (anew, 10)] {
        let told = told.lock().unwrap();
        assert!(told.windows(2).all(|two| two[0].0 < two[1].0), "{told:?}");
        assert_eq!((told[0], told[told.len() - 1]), ((0, Some(total)), (total, Some(total))));
    }
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let core = LeonardoCore::new(KEY).unwrap();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut download = image_download(&core, "https://cdn.example/a.jpg").to_file("a.jpg");
    let std::task::Poll::Ready(Err(error)) = download.as_mut().poll(&mut context) else { panic!("no error") };
    assert!(matches!(error.reason, DownloadReason::NoRuntime), "{error:?}");
    let mut upload = init_images_upload_bytes(&core, PNG).into_future();
    let std::task::Poll::Ready(Err(error)) = upload.as_mut().poll(&mut context) else { panic!("no error") };
    assert!(matches!(error.reason, UploadReason::NoRuntime), "{error:?}");
    let mut all = image_download_all(&core, &Generation::default(), "none").into_future();
    assert!(matches!(all.as_mut().poll(&mut context), std::task::Poll::Ready(Err(_))));
}

#[tokio::test]
async fn all_pictures_of_a_generation_get_names_in_their_order() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let into = directory.path().join("new/pictures");
    let generation = generation(&core, 6).await;
    let before = emulator.requests().len();
    let mut received = [0; 6];
    let call = image_download_all(&core, &generation, &into).on_progress(|index, progress| {
        assert!(progress.received >= received[index], "progress goes back");
        received[index] = progress.received;
    });
    let paths = call.await.unwrap();
    let lengths: Vec<_> = paths.iter().map(|path| std::fs::metadata(path).unwrap().len()).collect();
    assert_eq!(received[..], lengths, "each image is told of up to its end");
    let expected: Vec<_> = (0..6).map(|index| format!("{}-{index:02}.jpg", generation.id)).collect();
    assert_eq!(files(&into), expected);
    assert_eq!(paths, expected.iter().map(|name| into.join(name)).collect::<Vec<_>>());
    for (path, image) in paths.iter().zip(&generation.generated_images) {
        let bytes = image_download(&core, &image.url).to_bytes().await.unwrap();
        assert_eq!(std::fs::read(path).unwrap(), bytes);
    }
    assert_eq!(emulator.requests().len(), before + 6 + 6);
    assert_clean(&emulator.requests());

    // Only what is missing or empty is asked for.
    std::fs::remove_file(&paths[1]).unwrap();
    std::fs::write(&paths[4], "").unwrap();
    std::fs::write(paths[1].with_extension("json"), "{}").unwrap();
    let before = emulator.requests().len();
    let again = image_download_all(&core, &generation, &into).skip_existing(true).await.unwrap();
    assert_eq!((again, emulator.requests().len()), (paths.clone(), before + 2));
    assert!(paths.iter().all(|path| std::fs::metadata(path).unwrap().len() > 4096));
    image_download_all(&core, &generation, &into).await.unwrap();
    assert_eq!(emulator.requests().len(), before + 2 + 6);
    assert_eq!(image_download_all(&core, &Generation::default(), &into).await.unwrap(), Vec::<PathBuf>::new());
}

/// A generation whose images are on the server of a test.
fn made_of(server: &Server, id: &str, images: usize) -> Generation {
    let images: Vec<_> =
        (0..images).map(|index| json!({"url": server.url().replace("/api/rest", &format!("/{index}.tiff"))})).collect();
    serde_json::from_value(json!({"id": id, "generated_images": images})).unwrap()
}

#[tokio::test]
async fn names_come_from_the_content_and_stay_in_the_directory() {
    let server = Server::start(|_, request| {
        let (kind, body) = match request.target.as_str() {
            "/0.tiff" => ("image/jpeg", PNG),
            "/1.tiff" => ("image/webp", &b"?"[..]),
            _ => ("binary/octet-stream", &b"?"[..]),
        };
        Reply::with(200, &[("content-type", kind)], body)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let core = server.core();
    let all = image_download_all(&core, &made_of(&server, "../a/b", 3), directory.path()).any_content(true);
    let paths = all.await.unwrap();
    let expected = ["___a_b-00.png", "___a_b-01.webp", "___a_b-02.tiff"];
    assert_eq!(files(&directory), expected);
    assert_eq!(paths, expected.map(|name| directory.path().join(name)));
}

#[tokio::test]
async fn no_more_files_than_allowed_are_under_way_at_once() {
    for (limit, expected) in [(None, 4), (Some(2), 2), (Some(0), 1)] {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = (now.clone(), most.clone());
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            while let Ok((mut stream, _)) = listener.accept().await {
                let (now, most) = counts.clone();
                tokio::spawn(async move {
                    let mut head = [0; 4096];
                    while stream.read(&mut head).await.is_ok_and(|length| length > 0) {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        tokio::time::sleep(20 * MS).await;
                        now.fetch_sub(1, Ordering::SeqCst);
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\xff\xd8\xff").await;
                    }
                });
            }
        });
        let base = format!("http://{address}");
        let core = LeonardoCore::builder().bearer_auth(KEY).server_url(&base).build().unwrap();
        let images: Vec<_> = (0..10).map(|index| json!({"url": format!("{base}/{index}")})).collect();
        let generation: Generation = serde_json::from_value(json!({"id": "g", "generated_images": images})).unwrap();
        let directory = TempDir::new().unwrap();
        let mut all = image_download_all(&core, &generation, directory.path());
        if let Some(limit) = limit {
            all = all.concurrency(limit);
        }
        assert_eq!(all.await.unwrap().len(), 10);
        assert_eq!((most.load(Ordering::SeqCst), now.load(Ordering::SeqCst)), (expected, 0));
    }
}

#[tokio::test]
async fn one_picture_that_fails_ends_the_others_and_keeps_what_is_whole() {
    let server = Server::start(|_, request| match request.target.as_str() {
        "/0.tiff" => Reply::with(200, &[], PNG),
        "/1.tiff" => Reply::with(404, &[], ""),
        _ => Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()),
    })
    .await;
    let directory = TempDir::new().unwrap();
    let generation = made_of(&server, "g", 4);
    let error = image_download_all(&server.core(), &generation, directory.path()).concurrency(1).await.unwrap_err();
    assert!(error.url.ends_with("/1.tiff") && error.attempts == 1, "{error:?}");
    only(directory.path(), &["g-00.png"]).await;
    let error = image_download_all(&server.core(), &generation, directory.path())
        .skip_existing(true)
        .deadline(SHORT)
        .concurrency(9)
        .await
        .unwrap_err();
    assert!(error.url.ends_with("/1.tiff"), "{error:?}");
    only(directory.path(), &["g-00.png"]).await;
}

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
    init_images_upload_reader(&core, &longer[..], 200_000).await.unwrap();
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
async fn an_upload_that_breaks_off_is_repeated_to_the_same_place() {
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
    let error = init_images_upload_reader(&core, &content[..], 700_000).await.unwrap_err();
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
    // What the call repeats is not repeated once more.
    let (emulator, core) = start(Emulator::builder().faults(FaultPlan::always(Fault::StatusBefore(503)))).await;
    let error = init_images_upload_bytes(&core, PNG).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NoPlace(_)), "{error:?}");
    assert_eq!(emulator.requests().len(), 4);
}

/// An API whose storage answers what it is told to.
async fn storage(fields: impl ToString, url: Option<&str>, replies: Vec<Reply>) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url.map_or_else(
        || format!("http://{}/storage?X-Amz-Security-Token={SECRET}", listener.local_addr().unwrap()),
        str::to_owned,
    );
    let (fields, answered) = (fields.to_string(), AtomicUsize::new(0));
    Server::on(listener, move |_, request: &Received| {
        if request.target.ends_with("/v1/init-image") {
            let place = json!({"uploadInitImage": {"id": "image-1", "url": url, "key": "k", "fields": fields}});
            return Reply::json(200, place.to_string());
        }
        let at = answered.fetch_add(1, Ordering::SeqCst);
        replies[at.min(replies.len() - 1)].clone()
    })
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
        let answer =
            format!("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{xml}", xml.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        while stream.read(&mut some).await.is_ok_and(|length| length > 0) {}
    });
    let place = json!({"uploadInitImage": {"id": "i", "url": url, "key": "k", "fields": "{\"key\":\"k\"}"}});
    let core = LeonardoCore::builder()
        .bearer_auth(KEY)
        .server_url(url.replace("/storage", ""))
        .transport(crate::common::Double(move |_| Ok(crate::common::answer(200, &[], place.to_string()))))
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
    for answer in [
        format!(r#"{{"uploadInitImage":{{"id":"i","url":"https://h/","fields":"{{\"Signature\":\"{SECRET}"}}}}"#),
        format!(r#"{{"uploadInitImage":{{"id":"","url":"https://h/?{SECRET}","fields":"{SECRET}"}}}}"#),
        format!(r#"{{"uploadInitImage":{{"id":"i","fields":"{SECRET}"}},"errors":[{{"message":"no"}}]}}"#),
        format!(r#"{{"uploadInitImage":{{"id":"i","fields":"{SECRET}"#),
    ] {
        let server = Server::always(Reply::json(200, &answer)).await;
        let error = init_images_upload_bytes(&server.core(), PNG).await.unwrap_err();
        assert_hidden(&error);
        assert!(matches!(error.reason, UploadReason::Place(_) | UploadReason::NoPlace(_)), "{error:?}");
    }
}

#[tokio::test]
async fn an_image_that_is_shorter_than_it_was_is_not_uploaded() {
    let (emulator, core) = start(Emulator::builder()).await;
    let content = image(300_000);
    let short = upload_reason(init_images_upload_reader(&core, &content[..], 300_001).await);
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
    let mut told = Vec::new();
    init_images_upload_bytes(&core, image(1_000_000)).on_progress(|progress| told.push(progress)).await.unwrap();
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
    // Asking for a place costs nothing, so it is repeated.
    emulator.set_faults(FaultPlan::sequence([Fault::ResetAfterWork, Fault::StatusAfter(500)]));
    init_images_upload_init_image(&core, UploadInitImageRequest::new("png")).await.unwrap();
    assert!(emulator.charges().is_empty());
}

#[tokio::test]
async fn a_transparent_picture_keeps_its_kind() {
    let (_emulator, core) = start(Emulator::builder()).await;
    let request = CreateGenerationRequest {
        num_images: Some(1),
        width: Some(64),
        height: Some(64),
        transparency: Some(Transparency::ForegroundOnly),
        ..CreateGenerationRequest::new("a quay")
    };
    let job = image_create_generation(&core, request).await.unwrap();
    let generation = image_get_generation_by_id(&core, job.generation_id).await.unwrap();
    let directory = TempDir::new().unwrap();
    let paths = image_download_all(&core, &generation, directory.path()).await.unwrap();
    assert!(paths[0].to_string_lossy().ends_with("-00.png"), "{paths:?}");
}

/// Pictures and videos of every kind, as they begin, with the extension that they get.
const MEDIA: [(&[u8], &str); 12] = [
    (PNG, "png"),
    (JPEG, "jpg"),
    (WEBP, "webp"),
    (b"GIF89a and so on", "gif"),
    (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1 and so on", "avif"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1 and so on", "heic"),
    (b"BM\x9a\0\0\0\0\0\0\0 and so on", "bmp"),
    (b"II*\0\x08\0\0\0 and so on", "tiff"),
    (b"\0\0\0\x20ftypisom\0\0\x02\0 and so on", "mp4"),
    (b"\0\0\0\x14ftypqt  \0\0\0\0 and so on", "mov"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm and so on", "webm"),
    (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska and so on", "mkv"),
];
const PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>Blocked</title></head><body>This page was blocked.</body></html>";

/// An answer of which each byte comes in a chunk of its own.
fn by_bytes(body: &[u8]) -> Reply {
    let mut bytes = chunked_head(200).into_bytes();
    for byte in body {
        bytes.extend([b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
    }
    bytes.extend(b"0\r\n\r\n");
    Reply::Send(bytes)
}

/// Downloads to each place there is, and gives the errors. Fails if anything is left of it.
async fn refused_everywhere(server: &Server) -> Vec<DownloadError> {
    let (core, directory) = (server.core(), TempDir::new().unwrap());
    let path = directory.path().join("old.jpg");
    std::fs::write(&path, "old").unwrap();
    let mut writer = Vec::new();
    let errors = vec![
        image_download(&core, link(server)).to_file(&path).await.unwrap_err(),
        image_download(&core, link(server)).to_writer(&mut writer).await.unwrap_err(),
        image_download(&core, link(server)).to_bytes().await.unwrap_err(),
        image_download_all(&core, &made_of(server, "g", 1), directory.path()).await.unwrap_err(),
    ];
    only(directory.path(), &["old.jpg"]).await;
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert!(writer.is_empty(), "{writer:?}");
    errors
}

#[tokio::test]
async fn what_is_neither_a_picture_nor_a_video_is_not_written() {
    for (content_type, body, words) in [
        (
            "text/html; charset=utf-8",
            PAGE,
            "is an HTML page (text/html; charset=utf-8), which begins \"<!DOCTYPE html>",
        ),
        ("image/jpeg", PAGE, "is an HTML page (image/jpeg)"),
        ("application/json", "{\"error\":\"no\"}", "is JSON (application/json), which begins"),
        ("application/xml", "<Error/>", "is an XML document"),
        ("text/plain", "\x1b[31mno", "is something else (text/plain), which begins \" [31mno\""),
    ] {
        let whole = Reply::with(200, &[("content-type", content_type)], body);
        for reply in [whole, by_bytes(body.as_bytes())] {
            let announced = !format!("{reply:?}").contains("chunked");
            let server = Server::always(reply).await;
            for error in refused_everywhere(&server).await {
                let DownloadReason::NotMedia { content_type: told, beginning } = &error.reason else {
                    panic!("{error:?}");
                };
                assert!(!beginning.is_empty() && beginning.chars().count() <= 64, "{beginning}");
                assert!(!beginning.contains(char::is_control), "{beginning:?}");
                assert_eq!((error.attempts, error.received), (1, 0), "{error}");
                let text = error.to_string();
                assert!(text.contains("Check the link and any proxy between"), "{text}");
                if announced {
                    assert_eq!(told.as_deref(), Some(content_type));
                    assert!(text.contains(words), "{text}");
                }
            }
            assert_eq!(server.count(), 4, "it is not tried again");
        }
    }
}

#[tokio::test]
async fn an_empty_body_is_no_picture_and_asked_for_again() {
    for empty in [Reply::with(200, &[("content-type", "image/png")], ""), by_bytes(b"")] {
        let server = Server::always(empty.clone()).await;
        for error in refused_everywhere(&server).await {
            let DownloadReason::NotMedia { beginning, .. } = &error.reason else { panic!("{error:?}") };
            assert!(beginning.is_empty() && error.attempts == 4, "{error:?}");
            assert!(error.to_string().contains("the response is empty"), "{error}");
            assert!(error.to_string().ends_with("Try again."), "{error}");
        }
        let replies = || vec![empty.clone(), Reply::with(200, &[], PNG)];
        let server = Server::script(replies()).await;
        let mut writer = Vec::new();
        image_download(&server.core(), link(&server)).to_writer(&mut writer).await.unwrap();
        assert_eq!(writer, PNG);
        let (server, directory) = (Server::script(replies()).await, TempDir::new().unwrap());
        image_download_all(&server.core(), &made_of(&server, "g", 1), directory.path()).await.unwrap();
        assert_eq!(std::fs::read(directory.path().join("g-00.png")).unwrap(), PNG);
    }
}

#[tokio::test]
async fn every_kind_of_picture_and_video_is_told_by_its_beginning_whatever_the_pieces() {
    let server = Server::start(|number, _| {
        let (content, _) = MEDIA[number / 6];
        // Three to whom it is sent at once, then three byte by byte.
        if number % 6 < 3 { Reply::with(200, &[("content-type", "text/html")], content) } else { by_bytes(content) }
    })
    .await;
    let core = server.core();
    for (content, extension) in MEDIA {
        for _ in 0..2 {
            let directory = TempDir::new().unwrap();
            let mut writer = Vec::new();
            image_download(&core, link(&server)).to_writer(&mut writer).await.unwrap();
            assert_eq!(writer, content, "{extension}");
            assert_eq!(image_download(&core, link(&server)).to_bytes().await.unwrap(), content, "{extension}");
            let paths = image_download_all(&core, &made_of(&server, "g", 1), directory.path()).await.unwrap();
            assert_eq!(paths, [directory.path().join(format!("g-00.{extension}"))]);
            assert_eq!(std::fs::read(&paths[0]).unwrap(), content, "{extension}");
        }
    }
}

#[tokio::test]
async fn a_picture_that_breaks_off_in_its_beginning_goes_on_there() {
    let broken_at = || MEDIA.iter().flat_map(|(content, _)| (0..content.len()).map(|length| (*content, length)));
    let server = Server::start(move |number, _| {
        let (content, length) = broken_at().nth(number / 2).unwrap();
        let (first, rest) = content.split_at(length);
        let range = format!("bytes {length}-{}/{}", content.len() - 1, content.len());
        match (number % 2, length) {
            (0, _) => cut("etag: \"1\"\r\n", content.len(), first),
            (_, 0) => Reply::with(200, &[], rest),
            _ => part(&range, "\"1\"", rest),
        }
    })
    .await;
    let core = server.core();
    for (content, length) in broken_at() {
        let mut writer = Vec::new();
        let downloaded = image_download(&core, link(&server)).to_writer(&mut writer).await.unwrap();
        assert_eq!((writer.as_slice(), downloaded.attempts), (content, 2), "after {length} bytes");
        let asked = server.received().pop().unwrap().header("range").map(str::to_owned);
        assert_eq!(asked, (length > 0).then(|| format!("bytes={length}-")));
    }
    // What the writer does not have yet can begin anew.
    let server = Server::script(vec![cut("", PNG.len(), &PNG[..7]), Reply::with(200, &[], JPEG)]).await;
    let mut writer = Vec::new();
    image_download(&server.core(), link(&server)).to_writer(&mut writer).await.unwrap();
    assert_eq!(writer, JPEG);
    // The rest makes it no picture.
    let rest = part("bytes 1-16/17", "\"1\"", b"89 is no picture");
    let server = Server::script(vec![cut("etag: \"1\"\r\n", 17, b"G"), rest]).await;
    let failed = reason(image_download(&server.core(), link(&server)).to_bytes().await);
    assert!(
        matches!(&failed, DownloadReason::NotMedia { beginning, .. } if beginning == "G89 is no picture"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn other_kinds_of_files_are_an_option() {
    for body in [PAGE, "x", ""] {
        let server = Server::always(Reply::with(200, &[("content-type", "text/html")], body)).await;
        let (core, directory) = (server.core(), TempDir::new().unwrap());
        let path = directory.path().join("a.html");
        let downloaded = plain(&core, link(&server)).to_file(&path).await.unwrap();
        assert_eq!((downloaded.bytes, downloaded.attempts), (body.len() as u64, 1));
        assert_eq!(std::fs::read(&path).unwrap(), body.as_bytes());
        let mut writer = Vec::new();
        plain(&core, link(&server)).to_writer(&mut writer).await.unwrap();
        assert_eq!(writer, body.as_bytes());
        assert_eq!(plain(&core, link(&server)).to_bytes().await.unwrap(), body);
        let generation = made_of(&server, "g", 1);
        let all = || image_download_all(&core, &generation, directory.path()).any_content(true).skip_existing(true);
        for _ in 0..2 {
            assert_eq!(std::fs::read(&all().await.unwrap()[0]).unwrap(), body.as_bytes());
        }
        assert_eq!(server.count(), if body.is_empty() { 5 } else { 4 }, "what is there is passed over");
    }
}

#[tokio::test]
async fn what_a_page_repeats_of_the_link_is_not_shown() {
    let pages = [
        format!("<html>{SECRET}</html>"),
        // Only a part of it is in what is kept.
        format!("<html>{:46}{SECRET}</html>", "the signature"),
        SECRET[..12].to_owned(),
    ];
    for page in pages {
        let server = Server::always(Reply::with(200, &[("content-type", SECRET)], page)).await;
        for query in [format!("X-Amz-Signature={SECRET}"), SECRET.to_owned()] {
            let url = format!("{}?{query}", link(&server));
            let error = image_download(&server.core(), &url).to_bytes().await.unwrap_err();
            assert!(matches!(error.reason, DownloadReason::NotMedia { .. }), "{error:?}");
            assert!(!everything(&error).contains(&SECRET[..6]), "{error}");
        }
    }
}

#[tokio::test]
async fn only_files_that_begin_as_pictures_are_passed_over() {
    let server = Server::always(Reply::with(200, &[], JPEG)).await;
    let (core, directory) = (server.core(), TempDir::new().unwrap());
    let generation = made_of(&server, "g", 5);
    // What a page, nothing, a text of the link's extension and a directory left behind.
    let file = |name: &str| directory.path().join(name);
    for (name, content) in [("g-00.jpg", PAGE.as_bytes()), ("g-01.jpg", b""), ("g-02.tiff", b"{}"), ("g-04.webp", WEBP)]
    {
        std::fs::write(file(name), content).unwrap();
    }
    std::fs::create_dir(file("g-03.png")).unwrap();
    for requests in [4, 4] {
        let paths = image_download_all(&core, &generation, directory.path()).skip_existing(true).await.unwrap();
        assert_eq!(paths, ["g-00.jpg", "g-01.jpg", "g-02.jpg", "g-03.jpg", "g-04.webp"].map(file));
        assert!(paths[..4].iter().all(|path| std::fs::read(path).unwrap() == JPEG));
        assert_eq!(std::fs::read(&paths[4]).unwrap(), WEBP);
        assert_eq!(server.count(), requests);
    }
    // Each kind that can have been downloaded is found again.
    for (content, extension) in MEDIA {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join(format!("g-00.{extension}"));
        std::fs::write(&path, content).unwrap();
        let all = image_download_all(&core, &generation, directory.path()).skip_existing(true).concurrency(1);
        assert_eq!(all.await.unwrap()[0], path);
        assert_eq!(std::fs::read(&path).unwrap(), content, "{extension}");
    }
}

#[tokio::test]
async fn all_pictures_have_the_length_that_was_announced() {
    let cut_png = cut("content-type: image/png\r\n", PNG.len() + 1, PNG);
    let (server, directory) = (Server::always(cut_png).await, TempDir::new().unwrap());
    let error = image_download_all(&server.core(), &made_of(&server, "g", 1), directory.path()).await.unwrap_err();
    assert_eq!((error.attempts, error.received), (4, PNG.len() as u64), "{error}");
    only(directory.path(), &[]).await;
}

#[tokio::test]
async fn a_deadline_of_zero_sends_nothing() {
    let server = Server::always(Reply::with(200, &[], PNG)).await;
    let (core, directory) = (server.core(), TempDir::new().unwrap());
    let mut writer = Vec::new();
    let zero = || image_download(&core, link(&server)).deadline(Duration::ZERO);
    for error in [
        zero().to_file(directory.path().join("a.png")).await.unwrap_err(),
        zero().to_writer(&mut writer).await.unwrap_err(),
        zero().to_bytes().await.unwrap_err(),
        image_download_all(&core, &made_of(&server, "g", 1), directory.path().join("all"))
            .deadline(Duration::ZERO)
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error.reason, DownloadReason::Deadline { limit: Duration::ZERO }), "{error:?}");
        assert!(error.attempts == 0 && error.to_string().contains("Nothing was sent"), "{error}");
    }
    let path = directory.path().join("b.png");
    std::fs::write(&path, PNG).unwrap();
    for upload in [init_images_upload_file(&core, &path), init_images_upload_bytes(&core, PNG)] {
        let error = upload.deadline(Duration::ZERO).await.unwrap_err();
        assert!(matches!(error.reason, UploadReason::Deadline { limit: Duration::ZERO }), "{error:?}");
        assert!(error.attempts == 0 && error.to_string().contains("Nothing was sent"), "{error}");
    }
    assert_eq!((server.count(), server.connections()), (0, 0));
    assert_eq!(files(&directory), ["b.png"]);
}

#[tokio::test]
async fn a_server_that_asks_for_no_delay_does_not_shorten_the_policys() {
    const DELAY: Duration = Duration::from_millis(300);
    let policy = || RetryPolicy::default().initial_backoff(DELAY).jitter(0.0);
    let download = async |retry_after: &str| {
        let busy = Reply::with(503, &[("retry-after", retry_after)], "");
        let server = Server::script(vec![busy, Reply::with(200, &[], PNG)]).await;
        let (core, started) = (server.core(), Instant::now());
        image_download(&core, link(&server)).retry(policy()).to_bytes().await.unwrap();
        (started.elapsed(), server.count())
    };
    let upload = async || {
        let busy = Reply::with(503, &[("retry-after", "0")], "");
        let server = storage(json!({"key": "k"}), None, vec![busy, Reply::with(204, &[], "")]).await;
        let (core, started) = (server.core(), Instant::now());
        init_images_upload_bytes(&core, PNG).retry(policy()).await.unwrap();
        (started.elapsed(), server.count() - 1)
    };
    let past = "Wed, 21 Oct 2015 07:28:00 GMT";
    for (elapsed, requests) in [download("0").await, download(past).await, upload().await] {
        assert!(requests == 2 && elapsed >= DELAY, "{requests} requests in {elapsed:?}");
    }
}

#[tokio::test]
async fn debug_of_errors_says_what_display_does() {
    let server = Server::always(Reply::with(200, &[("content-type", "text/html")], PAGE)).await;
    let error = image_download(&server.core(), link(&server)).to_bytes().await.unwrap_err();
    assert_eq!(format!("{error:?}"), format!("DownloadError({error})"));
    assert_eq!(format!("{:#?}", error.reason), format!("DownloadReason({})", error.reason));
    let error = init_images_upload_bytes(&server.core(), &b"text"[..]).await.unwrap_err();
    assert_eq!(format!("{error:?}"), format!("UploadError({error})"));
    assert_eq!(format!("{:#?}", error.reason), format!("UploadReason({})", error.reason));
    // Causes that the message does not hold follow it.
    let error = image_download(&server.core(), "https://127.0.0.1:1/a").retry(RetryPolicy::none()).to_bytes().await;
    let error = error.unwrap_err();
    assert!(format!("{error:?}").starts_with(&format!("DownloadError({error}")), "{error:?}");
}

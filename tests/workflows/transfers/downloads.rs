//! One file to where the caller wants it, and what holds for downloads and uploads alike.

use std::future::IntoFuture as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leonardo_ai::funcs::{
    DownloadReason, UploadReason, image_download, image_download_all, init_images_upload_bytes, init_images_upload_file,
};
use leonardo_ai::models::Generation;
use leonardo_ai::{LeonardoCore, RetryBudget, RetryPolicy};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use serde_json::json;
use tempfile::TempDir;

use super::{
    MIB, PAGE, PNG, SECRET, assert_clean, assert_hidden, blob, cut, files, generation, link, made_of, only, origin,
    part, plain, reason, start, storage,
};
use crate::common::{KEY, LONG, Reply, SHORT, Server, chunked_head, quick};

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

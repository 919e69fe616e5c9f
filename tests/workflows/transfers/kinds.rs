//! Which files are pictures and videos.

use leonardo_ai::funcs::{DownloadError, DownloadReason, image_download, image_download_all};
use tempfile::TempDir;

use super::{JPEG, MEDIA, PAGE, PNG, SECRET, cut, everything, link, made_of, only, part, plain, reason};
use crate::common::{Reply, Server, chunked_head};

/// A response of which each byte comes in a chunk of its own.
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

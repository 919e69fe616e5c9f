//! Files other than init images: canvas pairs, pictures of data sets, videos, sounds and 3D models.

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};

use leonardo_ai::Error;
use leonardo_ai::funcs::{
    UploadReason, dataset_upload_bytes, dataset_upload_file, dataset_upload_reader, init_images_upload_canvas_bytes,
    init_images_upload_canvas_files, init_images_upload_canvas_reader, media_upload_bytes, media_upload_file,
    media_upload_reader, three_d_model_assets_upload_bytes, three_d_model_assets_upload_file,
    three_d_model_assets_upload_reader,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{JPEG, PNG, SECRET, WEBP, assert_hidden};
use crate::common::{Received, Reply, SHORT, Server};

const MP3: &[u8] = b"ID3\x04\0\0\0\0\0\x23 and so on";
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0 and so on";
const OBJ: &[u8] = b"# a cube\nv 0 0 0\nv 1 0 0\n";

/// An API that hands out that place for every request, with forms for the server's own storage, which responds so in turn.
async fn storage(place: impl Fn(&dyn Fn(&str) -> String) -> Value, replies: Vec<Reply>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let place = place(&|name| format!("http://{address}/{name}?X-Amz-Security-Token={SECRET}")).to_string();
    let sent = AtomicUsize::new(0);
    Server::on(listener, move |_, request: &Received| {
        if request.target.starts_with("/api/") {
            return Reply::json(200, &place);
        }
        replies[sent.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1)].clone()
    })
}

fn done() -> Vec<Reply> {
    vec![Reply::with(204, &[], "")]
}

fn form(name: &str) -> String {
    json!({"key": format!("the key of {name}"), "X-Amz-Signature": SECRET}).to_string()
}

async fn pictures(replies: Vec<Reply>) -> Server {
    storage(|url| json!({"uploadDatasetImage": {"id": "p-1", "url": url("one"), "fields": form("one")}}), replies).await
}

async fn media(replies: Vec<Reply>) -> Server {
    storage(|url| json!({"uploadMedia": {"uploadId": "m-1", "url": url("one"), "fields": form("one")}}), replies).await
}

async fn models(replies: Vec<Reply>) -> Server {
    let place = |url: &dyn Fn(&str) -> String| json!({"uploadModelAsset": {"modelId": "a-1", "modelUrl": url("one"), "modelFields": form("one")}});
    storage(place, replies).await
}

async fn canvas(replies: Vec<Reply>) -> Server {
    let place = |url: &dyn Fn(&str) -> String| {
        json!({"uploadCanvasInitImage": {
            "initImageId": "i-1", "initUrl": url("image"), "initFields": form("image"),
            "maskImageId": "i-2", "maskUrl": url("mask"), "maskFields": form("mask"),
        }})
    };
    storage(place, replies).await
}

/// Paths at the storage, and whether each request has its form, its file and nothing of the core's.
fn sent(server: &Server) -> Vec<(String, Vec<u8>)> {
    let received = server.received().into_iter().filter(|request| !request.target.starts_with("/api/"));
    let sent = received.map(|request| {
        assert_eq!(request.header("authorization"), None);
        (request.target.split('?').next().unwrap().to_owned(), request.body)
    });
    sent.collect()
}

/// What the API was asked, by path and body.
fn asked(server: &Server) -> Vec<(String, Value)> {
    let received = server.received();
    let asked = received.iter().filter(|request| request.target.starts_with("/api/"));
    asked.map(|request| (request.target.clone(), request.json())).collect()
}

fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

fn write(directory: &TempDir, name: &str, content: &[u8]) -> std::path::PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[tokio::test]
async fn pictures_go_into_their_data_set() {
    let directory = TempDir::new().unwrap();
    for (name, content, extension) in [("a.png", PNG, "png"), ("a.JPEG", JPEG, "jpeg"), ("a.png", WEBP, "webp")] {
        let server = pictures(done()).await;
        let id = dataset_upload_file(&server.core(), "d-1", write(&directory, name, content)).await.unwrap();
        assert_eq!(id, "p-1");
        let place = ("/api/rest/v1/datasets/d-1/upload".to_owned(), json!({ "extension": extension }));
        assert_eq!(asked(&server), [place]);
        let (path, body) = sent(&server).pop().unwrap();
        assert!(path == "/one" && has(&body, b"the key of one") && has(&body, content), "{path}");
    }
    let server = pictures(done()).await;
    dataset_upload_bytes(&server.core(), "d-1", PNG).await.unwrap();
    dataset_upload_reader(&server.core(), "d-1", Cursor::new(WEBP), WEBP.len() as u64).await.unwrap();
    assert!(has(&sent(&server)[0].1, PNG) && has(&sent(&server)[1].1, WEBP));
}

#[tokio::test]
async fn a_picture_of_a_data_set_is_never_asked_for_twice() {
    let server = Server::always(Reply::Reset).await;
    let error = dataset_upload_bytes(&server.core(), "d-1", PNG).await.unwrap_err();
    assert!(matches!(&error.reason, UploadReason::NoPlace(Error::OutcomeUnknown(_))), "{error:?}");
    assert!(!error.may_have_been_charged());
    server.expect(1).await;
    // What is sent to the storage is, and to the same place.
    let server = pictures(vec![Reply::with(503, &[], ""), Reply::with(204, &[], "")]).await;
    dataset_upload_bytes(&server.core(), "d-1", PNG).await.unwrap();
    assert_eq!((asked(&server).len(), sent(&server).len()), (1, 2));
    // An unused place for media costs nothing and shows nowhere.
    let server = Server::script(vec![Reply::Reset, Reply::json(403, "{}")]).await;
    media_upload_bytes(&server.core(), "a.mp4", MP4).await.unwrap_err();
    server.expect(2).await;
}

#[tokio::test]
async fn a_canvas_has_an_image_and_a_mask_each_with_its_form() {
    let directory = TempDir::new().unwrap();
    let (image, mask) = (write(&directory, "image.jpg", JPEG), write(&directory, "mask.png", PNG));
    let [done, busy] = [204, 503].map(|status| Reply::with(status, &[], ""));
    let server = canvas(vec![done.clone(), busy, done.clone()]).await;
    let uploaded = init_images_upload_canvas_files(&server.core(), &image, &mask).await.unwrap();
    assert_eq!((uploaded.init_image_id.as_str(), uploaded.mask_image_id.as_str()), ("i-1", "i-2"));
    let place = ("/api/rest/v1/canvas-init-image".to_owned(), json!({"initExtension": "jpg", "maskExtension": "png"}));
    assert_eq!(asked(&server), [place]);
    let sent_there = sent(&server);
    let paths: Vec<_> = sent_there.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/image", "/mask", "/mask"]);
    assert!(has(&sent_there[0].1, b"the key of image") && has(&sent_there[0].1, JPEG));
    assert!(has(&sent_there[2].1, b"the key of mask") && has(&sent_there[2].1, PNG));

    let server = canvas(vec![done]).await;
    init_images_upload_canvas_bytes(&server.core(), PNG, WEBP).await.unwrap();
    let (image, mask) = ((Cursor::new(PNG), PNG.len() as u64), (Cursor::new(WEBP), WEBP.len() as u64));
    init_images_upload_canvas_reader(&server.core(), image, mask).await.unwrap();
    assert_eq!(sent(&server).len(), 4);

    let server = canvas(Vec::new()).await;
    let error = init_images_upload_canvas_bytes(&server.core(), PNG, &b"text"[..]).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NotAnImage) && error.attempts == 0, "{error:?}");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn videos_and_sounds_are_told_by_their_content() {
    for (content, kind) in [
        (MP4, Some(("mp4", "video/mp4"))),
        (b"\0\0\0\x14ftypqt  \0\0\0\0 and so on", Some(("mov", "video/quicktime"))),
        (b"\0\0\x10\0moov\0\0\0\x6c and so on", Some(("mov", "video/quicktime"))),
        (MP3, Some(("mp3", "audio/mpeg"))),
        (b"\xff\xfb\x90\x44 and so on", Some(("mp3", "audio/mpeg"))),
        (b"\xff\xf3\x84\xc4 and so on", Some(("mp3", "audio/mpeg"))),
        (b"RIFF\x24\0\0\0WAVEfmt and so on", Some(("wav", "audio/wav"))),
        // Neither sound in a container of video, nor other sound, nor text in UTF-16, nor pictures.
        (b"\0\0\0\x20ftypM4A \0\0\x02\0 and so on", None),
        (b"\xff\xf1\x50\x80 and so on", None),
        (b"fLaC\0\0\0\x22 and so on", None),
        (b"\xff\xfea\0b\0", None),
        (PNG, None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm and so on", None),
        (b"text", None),
    ] as [(&[u8], Option<(&str, &str)>); 14]
    {
        let server = media(done()).await;
        let uploaded = media_upload_bytes(&server.core(), "sea", content).await;
        let Some((extension, content_type)) = kind else {
            let error = uploaded.unwrap_err();
            assert!(matches!(error.reason, UploadReason::NotMedia) && server.count() == 0, "{content:?}: {error:?}");
            assert!(error.to_string().contains("Nothing was sent. Give an MP4"), "{error}");
            continue;
        };
        assert_eq!(uploaded.unwrap(), "m-1", "{content:?}");
        let place = json!({"extension": extension, "originalFilename": "sea"});
        assert_eq!(asked(&server), [("/api/rest/v1/media".to_owned(), place)]);
        let body = sent(&server).pop().unwrap().1;
        assert!(has(&body, content_type.as_bytes()) && has(&body, content), "{content:?}");
    }
}

#[tokio::test]
async fn the_name_of_a_video_a_sound_or_a_3d_model_is_its_file_s() {
    let directory = TempDir::new().unwrap();
    let server = media(done()).await;
    media_upload_file(&server.core(), write(&directory, "Das Meer.mp3", MP3)).await.unwrap();
    media_upload_reader(&server.core(), "sea.mp4", Cursor::new(MP4), MP4.len() as u64).await.unwrap();
    let names: Vec<_> = asked(&server).into_iter().map(|(_, body)| body["originalFilename"].clone()).collect();
    assert_eq!(names, ["Das Meer.mp3", "sea.mp4"]);

    let server = models(done()).await;
    let id = three_d_model_assets_upload_file(&server.core(), write(&directory, "cube.1.obj", OBJ)).await.unwrap();
    assert_eq!(id, "a-1");
    three_d_model_assets_upload_bytes(&server.core(), "a cube", OBJ).await.unwrap();
    three_d_model_assets_upload_reader(&server.core(), "another", Cursor::new(OBJ), OBJ.len() as u64).await.unwrap();
    for ((path, body), name) in asked(&server).iter().zip(["cube.1", "a cube", "another"]) {
        assert_eq!(
            (path.as_str(), body),
            ("/api/rest/v1/models-3d/upload", &json!({"modelExtension": "obj", "name": name}))
        );
    }
    assert!(sent(&server).iter().all(|(path, body)| path == "/one" && has(body, OBJ)));
}

#[tokio::test]
async fn a_3d_model_is_told_by_its_first_statement() {
    for (content, taken) in [
        (OBJ, true),
        (b"mtllib cube.mtl\no cube\n", true),
        (b"\xef\xbb\xbf\r\n\n  v 0 0 0\n", true),
        ("# Würfel".as_bytes(), true),
        (b"# binary \0", false),
        (b"ply\nformat ascii 1.0\n", false),
        (b"solid cube\n", false),
        (b"vertices\n", false),
        (b"glTF\x02\0\0\0", false),
        (b" \n", false),
    ] as [(&[u8], bool); 10]
    {
        let server = models(done()).await;
        let uploaded = three_d_model_assets_upload_bytes(&server.core(), "cube", content).await;
        match uploaded {
            Ok(_) => assert!(taken, "{content:?}"),
            Err(error) => {
                assert!(!taken && matches!(error.reason, UploadReason::NotAModel), "{content:?}: {error:?}");
                assert_eq!(server.count(), 0);
            }
        }
    }
}

#[tokio::test]
async fn what_fails_of_them_keeps_their_forms_secret_and_names_the_function() {
    let xml = format!("<Error><Code>AccessDenied</Code><Message>{SECRET}</Message></Error>");
    let refused = || vec![Reply::with(403, &[], &xml)];
    for error in [
        dataset_upload_bytes(&pictures(refused()).await.core(), "d-1", PNG).await.map(drop).unwrap_err(),
        media_upload_bytes(&media(refused()).await.core(), "a", MP4).await.map(drop).unwrap_err(),
        three_d_model_assets_upload_bytes(&models(refused()).await.core(), "a", OBJ).await.map(drop).unwrap_err(),
        init_images_upload_canvas_bytes(&canvas(refused()).await.core(), PNG, PNG).await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error.reason, UploadReason::Refused { .. }), "{error:?}");
        assert!(error.to_string().starts_with(error.operation) && error.operation.contains("_upload_"), "{error}");
        assert_hidden(&error);
    }
    let stalled = media(vec![Reply::Stall(Vec::new())]).await;
    let error = media_upload_bytes(&stalled.core(), "a", MP4).deadline(SHORT).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::Deadline { limit: SHORT }), "{error:?}");
    for error in [
        dataset_upload_bytes(&stalled.core(), "d-1", &b""[..]).await.map(drop).unwrap_err(),
        media_upload_file(&stalled.core(), "missing.mp3").await.map(drop).unwrap_err(),
    ] {
        assert!(error.attempts == 0 && error.to_string().contains("Nothing was sent"), "{error}");
    }
}

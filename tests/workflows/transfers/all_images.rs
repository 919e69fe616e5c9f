//! All pictures of a generation.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{image_create_generation, image_download, image_download_all, image_get_generation_by_id};
use leonardo_ai::models::{CreateGenerationRequest, Generation, Transparency};
use leonardo_ai_emulator::Emulator;
use serde_json::json;
use tempfile::TempDir;

use super::{JPEG, MEDIA, MS, PAGE, PNG, WEBP, assert_clean, cut, files, generation, made_of, only, start};
use crate::common::{KEY, Reply, SHORT, Server};

#[tokio::test]
async fn all_pictures_of_a_generation_get_names_in_their_order() {
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let into = directory.path().join("new/pictures");
    let generation = generation(&core, 6).await;
    let before = emulator.requests().len();
    let received = Arc::new(Mutex::new([0; 6]));
    let told = received.clone();
    let call = image_download_all(&core, &generation, &into).on_progress(move |index, progress| {
        let before = std::mem::replace(&mut told.lock().unwrap()[index], progress.received);
        assert!(progress.received >= before, "progress goes back");
    });
    let paths = call.await.unwrap();
    let lengths: Vec<_> = paths.iter().map(|path| std::fs::metadata(path).unwrap().len()).collect();
    assert_eq!(received.lock().unwrap()[..], lengths, "each image is told of up to its end");
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
async fn the_caller_may_name_the_files_and_the_content_gives_the_extension() {
    let (_emulator, core) = start(Emulator::builder()).await;
    let directory = TempDir::new().unwrap();
    let generation = generation(&core, 2).await;
    let ids: Vec<_> = generation.generated_images.iter().map(|image| image.id.to_string()).collect();
    let names = ids.clone();
    let paths = image_download_all(&core, &generation, directory.path()).names(move |index| names[index].clone()).await;
    let expected: Vec<_> = ids.iter().map(|id| directory.path().join(format!("{id}.jpg"))).collect();
    assert_eq!(paths.unwrap(), expected);

    let url = &generation.generated_images[0].url;
    let (path, downloaded) =
        image_download(&core, url).to_file_with_extension(directory.path().join("one")).await.unwrap();
    assert_eq!(path, directory.path().join("one.jpg"));
    assert_eq!(std::fs::read(&path).unwrap().len() as u64, downloaded.bytes);
    assert_eq!(files(directory.path()).len(), 3);
}

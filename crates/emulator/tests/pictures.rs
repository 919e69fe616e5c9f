//! The pictures: real files of the right size, each its own, served as a CDN does.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Connection, create, fetch, fetch_with, image_urls, jpeg_size, path_of, read};
use leonardo_ai_emulator::Emulator;
use serde_json::{Value, json};

async fn quick() -> Emulator {
    Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap()
}

async fn urls(emulator: &Emulator, body: &Value) -> Vec<String> {
    let id = create(emulator, body).await;
    image_urls(&read(emulator, &id).await)
}

#[tokio::test]
async fn jpegs_of_the_size_asked_for() {
    let emulator = quick().await;
    for (width, height) in [(32, 32), (512, 264), (40, 1536), (1024, 768)] {
        let body = json!({"prompt": "a lake", "num_images": 1, "width": width, "height": height});
        let urls = urls(&emulator, &body).await;
        let id = emulator.charges().pop().unwrap().generation_id;
        let expected = format!("/cdn/users/{}/generations/{id}/a_lake_0.jpg", emulator.user_id());
        assert_eq!(path_of(&emulator, &urls[0]), expected);
        let reply = fetch(&emulator, &urls[0]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("image/jpeg"));
        assert_eq!(jpeg_size(&reply.body), (width, height));
    }
}

#[tokio::test]
async fn pngs_with_transparency() {
    let emulator = quick().await;
    let body = json!({"prompt": "x", "num_images": 1, "width": 256, "height": 128, "transparency": "foreground_only"});
    let urls = urls(&emulator, &body).await;
    assert!(urls[0].ends_with("_0.png"));
    let reply = fetch(&emulator, &urls[0]).await;
    assert_eq!(reply.header("content-type"), Some("image/png"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(reply.body)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height, info.color_type), (256, 128, png::ColorType::Rgba));
    assert_eq!(pixels[3], 0, "the sky is left out");
    assert_eq!(pixels[pixels.len() - 1], 255, "the ground is there");
}

#[tokio::test]
async fn every_picture_is_its_own_and_comes_again() {
    let emulator = quick().await;
    let other = quick().await;
    let body = |seed: u64| json!({"prompt": "hills", "seed": seed, "num_images": 4, "width": 64, "height": 64});
    let mut seen = BTreeSet::new();
    for seed in [1, 2] {
        let (here, there) = (urls(&emulator, &body(seed)).await, urls(&other, &body(seed)).await);
        for (here, there) in here.iter().zip(&there) {
            let picture = fetch(&emulator, here).await.body;
            assert_eq!(fetch(&emulator, here).await.body, picture);
            assert_eq!(fetch(&other, there).await.body, picture, "the same seed gives the same picture");
            seen.insert(picture);
        }
    }
    assert_eq!(seen.len(), 8);
}

#[tokio::test]
async fn ranges_heads_and_tags() {
    let emulator = quick().await;
    let body = json!({"prompt": "x", "num_images": 1, "width": 128, "height": 128});
    let url = urls(&emulator, &body).await.remove(0);
    let whole = fetch(&emulator, &url).await;
    let length = whole.body.len();
    let tag = whole.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("content-length"), Some(length.to_string().as_str()));

    let mut connection = Connection::open(&emulator).await;
    let head = connection.request("HEAD", &path_of(&emulator, &url), &[], b"").await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), Some(length.to_string().as_str()));
    assert_eq!(head.header("content-type"), Some("image/jpeg"));
    // No body follows, or this would be in its way.
    assert_eq!(connection.request("HEAD", &path_of(&emulator, &url), &[], b"").await.status, 200);

    let part = fetch_with(&emulator, "GET", &url, &[("range", "bytes=100-199")]).await;
    assert_eq!(part.status, 206);
    assert_eq!(part.body, &whole.body[100..200]);
    assert_eq!(part.header("content-range"), Some(format!("bytes 100-199/{length}").as_str()));
    let rest = fetch_with(&emulator, "GET", &url, &[("range", "bytes=100-"), ("if-range", &tag)]).await;
    assert_eq!((rest.status, &rest.body[..]), (206, &whole.body[100..]));
    let last = fetch_with(&emulator, "GET", &url, &[("range", "bytes=-5")]).await;
    assert_eq!((last.status, &last.body[..]), (206, &whole.body[length - 5..]));
    let other = fetch_with(&emulator, "GET", &url, &[("range", "bytes=100-"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status, &other.body), (200, &whole.body));
    let range = format!("bytes={length}-");
    let beyond = fetch_with(&emulator, "GET", &url, &[("range", &range)]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{length}").as_str()));
    assert_eq!(fetch_with(&emulator, "GET", &url, &[("if-none-match", &tag)]).await.status, 304);
}

#[tokio::test]
async fn no_key_and_no_other_names() {
    let emulator = Emulator::builder().generation_time(Duration::from_secs(3600)).start().await.unwrap();
    let id = create(&emulator, &json!({"prompt": "x"})).await;
    let early =
        format!("http://127.0.0.1:{}/cdn/users/{}/generations/{id}/x_0.jpg", emulator.port(), emulator.user_id());
    assert_eq!(fetch(&emulator, &early).await.status, 404, "not before it is complete");

    let emulator = quick().await;
    let url = urls(&emulator, &json!({"prompt": "x", "width": 32, "height": 32, "num_images": 1})).await.remove(0);
    assert_eq!(fetch(&emulator, &url).await.status, 200);
    for wrong in ["_1.jpg", "_0.png", "_0.jpgx", "_00.jpg"] {
        assert_eq!(fetch(&emulator, &url.replace("_0.jpg", wrong)).await.status, 404, "{wrong}");
    }
    assert_eq!(fetch(&emulator, &url.replace("x_0", "y_0")).await.status, 404);
    let leak = fetch_with(&emulator, "GET", &url, &[("authorization", "Bearer x")]).await;
    assert_eq!(leak.status, 403, "a key that leaks is noticed");
}

#[tokio::test]
async fn many_at_once() {
    let emulator = quick().await;
    let body = json!({"prompt": "x", "num_images": 4, "width": 256, "height": 256});
    let urls = urls(&emulator, &body).await;
    let mut waiting = Vec::new();
    for url in urls.iter().cycle().take(40) {
        let mut connection = Connection::open(&emulator).await;
        connection.send("GET", &path_of(&emulator, url), &[], b"").await;
        waiting.push(connection);
    }
    for mut connection in waiting {
        assert_eq!(connection.reply("GET").await.status, 200);
    }
}

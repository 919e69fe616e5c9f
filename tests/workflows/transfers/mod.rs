//! Downloads and uploads: what arrives is whole, what breaks off goes on, and the key goes nowhere.

mod all_images;
mod downloads;
mod files;
mod kinds;
mod uploads;

use std::error::Error as StdError;
use std::future::IntoFuture;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{
    Download, DownloadAll, DownloadError, DownloadReason, Upload, UploadError, UploadReason, image_create_generation,
    image_download, image_download_all, image_get_generation_by_id, init_images_upload_reader,
};
use leonardo_ai::models::{CreateGenerationRequest, Generation, InitImageId, JobStatus};
use leonardo_ai_emulator::{Emulator, EmulatorBuilder, RequestRecord};
use serde_json::json;

use crate::common::{KEY, LONG, Received, Reply, Server, quick};

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
fn plain(core: &LeonardoCore, url: impl AsRef<str>) -> Download {
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

/// The head of a response of `length` bytes, and some of them; then the connection ends.
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

/// A generation whose images are on the server of a test.
fn made_of(server: &Server, id: &str, images: usize) -> Generation {
    let images: Vec<_> =
        (0..images).map(|index| json!({"url": server.url().replace("/api/rest", &format!("/{index}.tiff"))})).collect();
    serde_json::from_value(json!({"id": id, "generated_images": images})).unwrap()
}

/// An API whose storage responds as it is told to.
async fn storage(fields: impl ToString, url: Option<&str>, replies: Vec<Reply>) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url.map_or_else(
        || format!("http://{}/storage?X-Amz-Security-Token={SECRET}", listener.local_addr().unwrap()),
        str::to_owned,
    );
    let (fields, responded) = (fields.to_string(), AtomicUsize::new(0));
    Server::on(listener, move |_, request: &Received| {
        if request.target.ends_with("/v1/init-image") {
            let place = json!({"uploadInitImage": {"id": "image-1", "url": url, "key": "k", "fields": fields}});
            return Reply::json(200, place.to_string());
        }
        let at = responded.fetch_add(1, Ordering::SeqCst);
        replies[at.min(replies.len() - 1)].clone()
    })
}

const PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>Blocked</title></head><body>This page was blocked.</body></html>";

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

const fn owned<T: Send + 'static>() {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_own_what_they_need() {
    const {
        owned::<Download>();
        owned::<DownloadAll>();
        owned::<Upload<InitImageId>>();
        owned::<<DownloadAll as IntoFuture>::IntoFuture>();
        owned::<<Upload<InitImageId> as IntoFuture>::IntoFuture>();
    }
    let (emulator, core) = start(Emulator::builder()).await;
    let directory = tempfile::TempDir::new().unwrap();
    let generation = generation(&core, 2).await;
    let url = &generation.generated_images[0].url;
    let bytes = image_download(&core, url).to_bytes();
    let file = image_download(&core, url).to_file(directory.path().join("a.jpg"));
    let writer = image_download(&core, url).to_writer(tokio::io::sink());
    let all = image_download_all(&core, &generation, directory.path()).into_future();
    let upload = init_images_upload_reader(&core, PNG, PNG.len() as u64).into_future();
    drop((core, generation));
    let length = tokio::spawn(bytes).await.unwrap().unwrap().len() as u64;
    assert_eq!(tokio::spawn(file).await.unwrap().unwrap().bytes, length);
    assert_eq!(tokio::spawn(writer).await.unwrap().unwrap().bytes, length);
    assert_eq!(tokio::spawn(all).await.unwrap().unwrap().len(), 2);
    let id = tokio::spawn(upload).await.unwrap().unwrap();
    assert_eq!(emulator.uploads()[0].id, id.as_str());
}

//! Videos and sounds that are uploaded, and what is found out about them.

mod common;

use std::time::Duration;

use common::{accepted, call, ended, fetch, fetch_with, finished, refused, upload, with_image};
use leonardo_ai_emulator::Emulator;
use serde_json::{Map, Value, json};

const UNKNOWN: &str = "11111111-2222-4333-8444-555555555555";
const RECORD: &str = "/uploaded_media_by_pk";
/// Two seconds of it, of which none is there.
const WAV: &[u8] = b"RIFF\x24\xfa\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\x7d\0\0";

async fn quick() -> Emulator {
    Emulator::builder().generation_time(Duration::from_millis(60)).start().await.unwrap()
}

async fn place(emulator: &Emulator, body: Value) -> Value {
    let place = accepted(emulator, "/media", &body).await["uploadMedia"].take();
    let mut keys: Vec<_> = place.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["fields", "uploadId", "url"]);
    place
}

fn path(place: &Value) -> String {
    format!("/media/{}", place["uploadId"].as_str().unwrap())
}

async fn record(emulator: &Emulator, place: &Value) -> Value {
    call(emulator, "GET", &path(place), "").await.json()["uploaded_media_by_pk"].take()
}

/// Uploads a file and waits; its record.
async fn put(emulator: &Emulator, body: Value, content: &[u8]) -> Value {
    let place = place(emulator, body).await;
    assert_eq!(upload(emulator, &place, content).await.status, 204);
    ended(emulator, &path(&place), RECORD).await
}

/// A film of five seconds that the emulator has made.
async fn film() -> (Emulator, Vec<u8>) {
    let (emulator, ..) = with_image().await;
    let body = json!({"prompt": "a sea", "seed": 5, "width": 256, "height": 384});
    let job = accepted(&emulator, "/generations-text-to-video", &body).await["motionVideoGenerationJob"].take();
    let video = finished(&emulator, job["generationId"].as_str().unwrap()).await;
    let file = fetch(&emulator, video["generated_images"][0]["motionMP4URL"].as_str().unwrap()).await;
    (emulator, file.body)
}

#[tokio::test]
async fn a_video_is_uploaded_looked_at_and_served() {
    let (emulator, film) = film().await;
    let charges = emulator.charges().len();
    let body = json!({"extension": "mp4", "originalFilename": "sea.mp4", "teamId": UNKNOWN});
    let place = place(&emulator, body).await;
    let fields: Map<String, Value> = serde_json::from_str(place["fields"].as_str().unwrap()).unwrap();
    let id = place["uploadId"].as_str().unwrap();
    let key = format!("users/{}/uploads/{id}.mp4", emulator.user_id());
    assert_eq!((&fields["key"], &fields["Content-Type"]), (&json!(key), &json!("video/mp4")));
    assert_eq!(fields["x-amz-meta-upload_type"], "INIT");

    // Without a file it stays as it is.
    tokio::time::sleep(Duration::from_millis(80)).await;
    let before = record(&emulator, &place).await;
    assert_eq!(upload(&emulator, &place, &film).await.status, 204);
    let pending = record(&emulator, &place).await;
    assert_eq!(before, pending);
    let created = pending["createdAt"].as_str().unwrap();
    assert_eq!(created.len(), 23);
    assert_eq!(
        pending,
        json!({
            "id": id, "createdAt": created, "url": null, "thumbnailUrl": null, "status": "PENDING",
            "statusReason": null, "mediaType": "VIDEO", "duration": null, "width": null, "height": null,
            "video_fps": null,
        })
    );
    let shown = ended(&emulator, &path(&place), RECORD).await;
    let url = format!("http://127.0.0.1:{}/cdn/{key}", emulator.port());
    assert_eq!(
        shown,
        json!({
            "id": id, "createdAt": created, "url": url, "thumbnailUrl": null, "status": "COMPLETE",
            "statusReason": null, "mediaType": "VIDEO", "duration": 5, "width": 256, "height": 384, "video_fps": 1.6,
        })
    );
    assert_eq!(emulator.uploads()[0].content_type, Some("video/mp4"));
    assert_eq!(emulator.charges().len(), charges, "free of charge");

    let served = fetch(&emulator, &url).await;
    assert!(film.len() > 64 * 1024);
    assert!(served.status == 200 && served.body == film, "{}", served.status);
    let small = put(&emulator, json!({"extension": "mp4"}), &film[..4000]).await;
    let url = small["url"].as_str().unwrap();
    let served = fetch(&emulator, url).await;
    assert_eq!(
        (served.status, served.header("content-type"), &served.body[..]),
        (200, Some("video/mp4"), &film[..4000])
    );
    let part = fetch_with(&emulator, "GET", url, &[("range", "bytes=4-7")]).await;
    assert_eq!((part.status, &part.body[..]), (206, &b"ftyp"[..]));

    for (deleted, url) in [(&place, None), (&place, None), (&json!({"uploadId": small["id"]}), Some(url))] {
        let known = !record(&emulator, deleted).await.is_null();
        let reply = call(&emulator, "DELETE", &path(deleted), "").await.json();
        let expected = known.then(|| json!({"id": deleted["uploadId"]}));
        assert_eq!(reply, json!({"delete_uploaded_media_by_pk": expected}));
        assert_eq!(record(&emulator, deleted).await, Value::Null);
        if let Some(url) = url {
            assert_eq!(fetch(&emulator, url).await.status, 404);
        }
    }
    assert!(emulator.uploads().is_empty());
}

#[tokio::test]
async fn sounds_and_quicktime() {
    let emulator = quick().await;
    let wav = put(&emulator, json!({"extension": "wav", "originalFilename": "sea.wav"}), WAV).await;
    assert_eq!((&wav["status"], &wav["mediaType"], &wav["duration"]), (&json!("COMPLETE"), &json!("AUDIO"), &json!(2)));
    assert_eq!((&wav["width"], &wav["video_fps"]), (&Value::Null, &Value::Null));
    for (extension, content, content_type) in [
        ("wav", WAV, "audio/wav"),
        ("mp3", b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        ("mp3", b"\xff\xfb\x90\x64\0\0\0\0", "audio/mpeg"),
        ("mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
        ("mov", b"\0\0\0\x10ftypisom\0\0\0\0", "video/quicktime"),
        ("mov", b"\0\0\0\x08wide\0\0\0\x08mdat", "video/quicktime"),
    ] {
        let shown = put(&emulator, json!({"extension": extension, "originalFilename": "a"}), content).await;
        assert_eq!(shown["status"], "COMPLETE", "{extension}");
        let url = shown["url"].as_str().unwrap();
        assert!(url.ends_with(&format!(".{extension}")), "{url}");
        let served = fetch(&emulator, url).await;
        assert_eq!((served.header("content-type"), &served.body[..]), (Some(content_type), content));
    }
}

#[tokio::test]
async fn what_cannot_be_used_fails() {
    let emulator = quick().await;
    for (extension, content) in [
        ("mp4", WAV),
        ("mp4", b"\0\0\0\x18ftypM4A \0\0\0\0"),
        ("mov", b"\xff\xfb\x90\x64"),
        ("mp3", WAV),
        ("wav", b"ID3\x04\0"),
        ("wav", b"RIFF\0\0\0\0WEBPVP8 "),
        ("mp4", b""),
    ] {
        let shown = put(&emulator, json!({"extension": extension, "originalFilename": "a"}), content).await;
        assert_eq!((&shown["status"], &shown["url"]), (&json!("FAILED"), &Value::Null), "{extension}");
        assert_eq!(shown["statusReason"], format!("The file is not a valid {extension}"));
    }
    let shown = put(&emulator, json!({"extension": "wav", "originalFilename": "fail this.wav"}), WAV).await;
    assert_eq!((&shown["status"], &shown["duration"]), (&json!("FAILED"), &Value::Null));
    assert_eq!(shown["statusReason"], "The file could not be processed");

    let place = place(&emulator, json!({"extension": "wav", "originalFilename": "slow 500s.wav"})).await;
    assert_eq!(upload(&emulator, &place, WAV).await.status, 204);
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(record(&emulator, &place).await["status"], "PENDING");
}

#[tokio::test]
async fn requests_for_places_are_checked() {
    let emulator = quick().await;
    for (body, error) in [
        (json!({}), "expecting a value"),
        (json!({"extension": "MP4"}), "invalid file extension"),
        (json!({"extension": "png"}), "invalid file extension"),
        (json!({"extension": "obj"}), "invalid file extension"),
        (json!({"extension": "mp3"}), "originalFilename is required"),
        (json!({"extension": "wav", "originalFilename": ""}), "originalFilename is required"),
        (json!({"extension": "mp4", "teamId": "x"}), "invalid input syntax for type uuid"),
        (json!({"extension": "mp4", "name": "x"}), "Unexpected variable name"),
    ] {
        refused(&emulator, "/media", &body, 400, error).await;
    }
    // Uploads of other kinds are none of these, nor the other way round.
    let image = accepted(&emulator, "/init-image", &json!({"extension": "png"})).await["uploadInitImage"].take();
    let image = json!({"uploadId": image["id"]});
    let media = place(&emulator, json!({"extension": "mov"})).await;
    for unknown in [&json!({"uploadId": UNKNOWN}), &image] {
        let reply = call(&emulator, "GET", &path(unknown), "").await;
        assert_eq!((reply.status, reply.json()), (200, json!({"uploaded_media_by_pk": null})));
        let reply = call(&emulator, "DELETE", &path(unknown), "").await.json();
        assert_eq!(reply, json!({"delete_uploaded_media_by_pk": null}));
    }
    let id = media["uploadId"].as_str().unwrap();
    let reply = call(&emulator, "GET", &format!("/init-image/{id}"), "").await.json();
    assert_eq!(reply, json!({"init_images_by_pk": null}));
    call(&emulator, "DELETE", &format!("/init-image/{id}"), "").await;
    call(&emulator, "DELETE", &format!("/models-3d/{id}"), "").await;
    assert_eq!(record(&emulator, &media).await["id"], id);
    assert_eq!(call(&emulator, "GET", "/media/x", "").await.status, 400);
}

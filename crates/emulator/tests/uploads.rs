//! Uploads in two steps, to a storage that is as strict as S3.

mod common;

use std::collections::BTreeSet;

use common::{Connection, Reply, bearer, call, fetch, path_of};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";

struct Place {
    id: String,
    path: String,
    fields: Map<String, Value>,
}

async fn place(emulator: &Emulator, extension: &str) -> Place {
    let reply = call(emulator, "POST", "/init-image", &json!({"extension": extension}).to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let response = reply.json();
    let upload = &response["uploadInitImage"];
    let keys: BTreeSet<_> = upload.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["fields", "id", "key", "url"]));
    let fields: Map<String, Value> = serde_json::from_str(upload["fields"].as_str().unwrap()).unwrap();
    assert_eq!(fields["key"], upload["key"]);
    Place {
        id: upload["id"].as_str().unwrap().to_owned(),
        path: path_of(emulator, upload["url"].as_str().unwrap()),
        fields,
    }
}

fn part(name: &str, value: &str) -> Vec<u8> {
    format!("--BOUND\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
}

fn file_part(content: &[u8]) -> Vec<u8> {
    let head = "--BOUND\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n";
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn field_parts(fields: &Map<String, Value>) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| part(name, value.as_str().unwrap())).collect()
}

fn form(fields: &Map<String, Value>, content: &[u8]) -> Vec<u8> {
    [field_parts(fields), file_part(content), b"--BOUND--\r\n".to_vec()].concat()
}

async fn post(emulator: &Emulator, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut all = vec![("content-type", "multipart/form-data; boundary=BOUND")];
    all.extend(headers);
    Connection::open(emulator).await.request("POST", path, &all, body).await
}

fn assert_xml(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/xml"));
    assert!(reply.text().contains(&format!("<Error><Code>{code}</Code>")), "{}", reply.text());
}

#[tokio::test]
async fn an_image_is_uploaded_and_used() {
    let emulator = Emulator::start().await.unwrap();
    let place = place(&emulator, "png").await;
    let create = json!({"prompt": "x", "init_image_id": place.id}).to_string();
    let early = call(&emulator, "POST", "/generations", &create).await;
    assert_eq!((early.status, early.json()["error"].clone()), (400, json!("couldn't access image")));

    let reply = post(&emulator, &place.path, &[], &form(&place.fields, PNG)).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert!(reply.header("etag").is_some());

    let uploads = emulator.uploads();
    assert_eq!(uploads.len(), 1);
    assert_eq!((uploads[0].id.as_str(), uploads[0].size), (place.id.as_str(), PNG.len() as u64));
    assert_eq!((uploads[0].content_type, &uploads[0].head[..]), (Some("image/png"), PNG));
    assert_eq!(uploads[0].crc32, crc32fast::hash(PNG));

    let shown = call(&emulator, "GET", &format!("/init-image/{}", place.id), "").await.json();
    let shown = &shown["init_images_by_pk"];
    assert_eq!(shown["id"], place.id.as_str());
    assert_eq!(shown["createdAt"].as_str().unwrap().len(), 23);
    let served = fetch(&emulator, shown["url"].as_str().unwrap()).await;
    assert_eq!((served.status, served.header("content-type"), &served.body[..]), (200, Some("image/png"), PNG));

    for body in [
        json!({"prompt": "x", "init_image_id": place.id}),
        json!({"prompt": "x", "imagePrompts": [place.id]}),
        json!({"prompt": "x", "controlnets": [{"initImageId": place.id, "initImageType": "UPLOADED", "preprocessorId": 67}]}),
        json!({"prompt": "x", "canvasRequest": true, "canvasInitId": place.id, "canvasMaskId": place.id}),
    ] {
        assert_eq!(call(&emulator, "POST", "/generations", &body.to_string()).await.status, 200, "{body}");
    }
    let id = &place.id;
    let deleted = call(&emulator, "DELETE", &format!("/init-image/{id}"), "").await;
    assert_eq!(deleted.json(), json!({"delete_init_images_by_pk": {"id": id}}));
    let deleted = call(&emulator, "DELETE", &format!("/init-image/{id}"), "").await;
    assert_eq!(deleted.json(), json!({"delete_init_images_by_pk": null}));
    let shown = call(&emulator, "GET", &format!("/init-image/{id}"), "").await;
    assert_eq!(shown.json(), json!({"init_images_by_pk": null}));
    let late = call(&emulator, "POST", "/generations", &create).await;
    assert_eq!((late.status, late.json()["error"].clone()), (400, json!("invalid init image id")));
}

#[tokio::test]
async fn requests_for_places_are_checked() {
    let emulator = Emulator::start().await.unwrap();
    for (path, body, error) in [
        ("/init-image", json!({"extension": "gif"}), "invalid file extension"),
        ("/init-image", json!({"extension": "PNG"}), "invalid file extension"),
        ("/init-image", json!({"extension": 1}), "expected a string for type 'String'"),
        ("/init-image", json!({}), "expecting a value for non-nullable variable"),
        ("/init-image", json!({"extension": "png", "x": 1}), "Unexpected variable x"),
        ("/canvas-init-image", json!({"initExtension": "png"}), "expecting a value for non-nullable variable"),
        ("/canvas-init-image", json!({"initExtension": "png", "maskExtension": "bmp"}), "invalid file extension"),
    ] {
        let reply = call(&emulator, "POST", path, &body.to_string()).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"].as_str().unwrap().starts_with(error), "{}", reply.text());
    }
    assert_eq!(call(&emulator, "GET", "/init-image/x", "").await.status, 400);
}

#[tokio::test]
async fn canvas_images_come_in_pairs() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({"initExtension": "jpg", "maskExtension": "webp"}).to_string();
    let response = call(&emulator, "POST", "/canvas-init-image", &body).await.json();
    let canvas = &response["uploadCanvasInitImage"];
    assert_eq!(canvas.as_object().unwrap().len(), 8);
    for (name, content, kind) in
        [("init", &b"\xff\xd8\xff\xe0"[..], "image/jpeg"), ("mask", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp")]
    {
        let text = |field: &str| canvas[format!("{name}{field}")].as_str().unwrap().to_owned();
        let fields: Map<String, Value> = serde_json::from_str(&text("Fields")).unwrap();
        assert_eq!(fields["key"], text("Key").as_str());
        let reply = post(&emulator, &path_of(&emulator, &text("Url")), &[], &form(&fields, content)).await;
        assert_eq!(reply.status, 204);
        let upload = emulator.uploads().into_iter().find(|upload| upload.id == text("ImageId")).unwrap();
        assert_eq!(upload.content_type, Some(kind));
    }
}

#[tokio::test]
async fn the_storage_is_strict() {
    let emulator = Emulator::builder().upload_limit(1000).start().await.unwrap();
    let place = place(&emulator, "png").await;
    let path = place.path.as_str();
    let whole = form(&place.fields, PNG);

    let key = bearer(&emulator);
    assert_xml(&post(&emulator, path, &[("authorization", &key)], &whole).await, 403, "AccessDenied");

    for name in place.fields.keys() {
        let mut fields = place.fields.clone();
        fields[name] = json!("wrong");
        let reply = post(&emulator, path, &[], &form(&fields, PNG)).await;
        let code = if ["Policy", "X-Amz-Signature"].contains(&name.as_str()) {
            "SignatureDoesNotMatch"
        } else {
            "AccessDenied"
        };
        assert_xml(&reply, 403, code);
        fields.remove(name);
        let reply = post(&emulator, path, &[], &form(&fields, PNG)).await;
        if name == "key" {
            assert_xml(&reply, 400, "InvalidArgument");
        } else {
            assert_xml(&reply, 403, "AccessDenied");
        }
    }
    let mut fields = place.fields.clone();
    fields.insert("<extra>".into(), json!("1"));
    let reply = post(&emulator, path, &[], &form(&fields, PNG)).await;
    assert_xml(&reply, 403, "AccessDenied");
    assert!(reply.text().contains("&lt;extra&gt;"));

    let end = b"--BOUND--\r\n".to_vec();
    let file_first = [file_part(PNG), field_parts(&place.fields), end.clone()].concat();
    assert_xml(&post(&emulator, path, &[], &file_first).await, 400, "InvalidArgument");
    let field_last = [field_parts(&place.fields), file_part(PNG), part("x", "y"), end.clone()].concat();
    assert_xml(&post(&emulator, path, &[], &field_last).await, 400, "InvalidArgument");
    let no_file = [field_parts(&place.fields), end].concat();
    assert_xml(&post(&emulator, path, &[], &no_file).await, 400, "InvalidArgument");
    assert_xml(&post(&emulator, path, &[], &whole[..whole.len() - 12]).await, 400, "MalformedPOSTRequest");
    assert_xml(&post(&emulator, path, &[], b"nonsense").await, 400, "MalformedPOSTRequest");
    assert_xml(&post(&emulator, path, &[], &form(&place.fields, &[0; 1001])).await, 400, "EntityTooLarge");
    let mut connection = Connection::open(&emulator).await;
    let reply = connection.request("POST", path, &[("content-type", "application/json")], b"{}").await;
    assert_xml(&reply, 412, "PreconditionFailed");
    // The connection is still good, and so is the place.
    let headers = [("content-type", "multipart/form-data; boundary=BOUND")];
    assert!(emulator.uploads().is_empty());
    let reply = connection.request("POST", path, &headers, &form(&place.fields, &[0; 1000])).await;
    assert_eq!(reply.status, 204);
    assert_eq!(emulator.uploads()[0].content_type, None);
    assert_xml(&Connection::open(&emulator).await.request("GET", path, &[], b"").await, 405, "MethodNotAllowed");
}

#[tokio::test]
async fn large_and_chunked() {
    let emulator = Emulator::start().await.unwrap();
    let place = place(&emulator, "png").await;
    let mut connection = Connection::open(&emulator).await;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=BOUND\r\ntransfer-encoding: chunked\r\n\r\n",
        place.path
    );
    connection.0.write_all(head.as_bytes()).await.unwrap();
    let mut before = field_parts(&place.fields);
    before.extend(b"--BOUND\r\nContent-Disposition: form-data; name=file\r\n\r\n");
    let block: Vec<u8> = (0..1024 * 1024_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let mut expected = crc32fast::Hasher::new();
    let mut chunks = vec![before];
    for _ in 0..20 {
        chunks.push(block.clone());
        expected.update(&block);
    }
    chunks.push(b"\r\n--BOUND--\r\n".to_vec());
    for chunk in chunks {
        connection.0.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await.unwrap();
        connection.0.write_all(&chunk).await.unwrap();
        connection.0.write_all(b"\r\n").await.unwrap();
    }
    connection.0.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(connection.reply("POST").await.status, 204);
    let upload = emulator.uploads().remove(0);
    assert_eq!((upload.size, upload.crc32), (20 * 1024 * 1024, expected.finalize()));
    assert_eq!(upload.head.len(), 64 * 1024);
    assert_eq!(emulator.requests().last().unwrap().body.len(), 64 * 1024);
    // Only the beginning is kept, so it cannot be served.
    let shown = call(&emulator, "GET", &format!("/init-image/{}", place.id), "").await.json();
    let url = shown["init_images_by_pk"]["url"].as_str().unwrap().to_owned();
    assert_eq!(fetch(&emulator, &url).await.status, 404);
}

#[tokio::test]
async fn uploads_meet_faults() {
    let emulator = Emulator::start().await.unwrap();
    let place = place(&emulator, "png").await;
    let body = form(&place.fields, &vec![7; 3 * 1024 * 1024]);
    for (fault, stored) in
        [(Fault::ResetBeforeWork, 0), (Fault::StatusBefore(503), 0), (Fault::ResetAfterWork, 1), (Fault::CutHeaders, 1)]
    {
        emulator.set_faults(FaultPlan::always(fault.clone()).only(|_, path| path.starts_with("/storage/")));
        let mut connection = Connection::open(&emulator).await;
        let headers = [("content-type", "multipart/form-data; boundary=BOUND")];
        connection.send("POST", &place.path, &headers, &body).await;
        match fault {
            Fault::StatusBefore(_) => assert_eq!(connection.reply("POST").await.status, 503),
            Fault::CutHeaders => assert!(!connection.is_over().await),
            _ => assert!(connection.is_over().await),
        }
        assert_eq!(emulator.uploads().len(), stored, "{fault:?}");
    }
}

#[tokio::test]
async fn of_many_large_files_the_newest_are_kept() {
    let emulator = Emulator::builder().start().await.unwrap();
    let mut urls = Vec::new();
    let mut file = PNG.to_vec();
    file.resize(15 * 1024 * 1024, 7);
    for _ in 0..5 {
        let place = place(&emulator, "png").await;
        assert_eq!(post(&emulator, &place.path, &[], &form(&place.fields, &file)).await.status, 204);
        let shown = call(&emulator, "GET", &format!("/init-image/{}", place.id), "").await.json();
        urls.push(shown["init_images_by_pk"]["url"].as_str().unwrap().to_owned());
    }
    let mut served = Vec::new();
    for url in &urls {
        let reply = fetch(&emulator, url).await;
        assert!(reply.status == 404 || reply.body == file);
        served.push(reply.status);
    }
    assert_eq!(served, [404, 200, 200, 200, 200]);
    assert_eq!(emulator.uploads().iter().filter(|upload| upload.head.is_empty()).count(), 1);
}

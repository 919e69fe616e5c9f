//! A small HTTP client that shows what is on the wire, so that the tests do not depend on a client's opinions.

#![allow(dead_code, reason = "each test program uses a part of this")]

pub mod blueprints;

use std::time::Duration;

use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for a busy machine, short enough for a hanging test to be noticed.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection, kept alive between requests.
pub struct Connection(pub TcpStream);

impl Connection {
    pub async fn open(emulator: &Emulator) -> Self {
        Self(TcpStream::connect(("127.0.0.1", emulator.port())).await.unwrap())
    }

    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: emulator\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.0.write_all(&bytes).await.unwrap();
    }

    pub async fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.send(method, path, headers, body).await;
        self.reply(method).await
    }

    pub async fn reply(&mut self, method: &str) -> Reply {
        tokio::time::timeout(PATIENCE, self.read(method)).await.expect("a response in time")
    }

    async fn read(&mut self, method: &str) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.expect("a whole head"));
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        if method != "HEAD" && status != 204 && status != 304 {
            let length = reply.header("content-length").expect("a length").parse().unwrap();
            reply.body = vec![0; length];
            self.0.read_exact(&mut reply.body).await.expect("a whole body");
        }
        reply
    }

    /// Whether the other side has closed or reset the connection and sent nothing before.
    pub async fn is_over(&mut self) -> bool {
        let mut byte = [0];
        match tokio::time::timeout(PATIENCE, self.0.read(&mut byte)).await.expect("an end in time") {
            Ok(read) => read == 0,
            Err(_) => true,
        }
    }
}

pub fn bearer(emulator: &Emulator) -> String {
    format!("Bearer {}", emulator.key())
}

/// A request with the key on a connection of its own.
pub async fn call(emulator: &Emulator, method: &str, path: &str, body: &str) -> Reply {
    let key = bearer(emulator);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let mut connection = Connection::open(emulator).await;
    connection.request(method, &format!("/api/rest/v1{path}"), &headers, body.as_bytes()).await
}

pub async fn create(emulator: &Emulator, body: &Value) -> String {
    let reply = call(emulator, "POST", "/generations", &body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["sdGenerationJob"]["generationId"].as_str().unwrap().to_owned()
}

pub async fn read(emulator: &Emulator, id: &str) -> Value {
    let reply = call(emulator, "GET", &format!("/generations/{id}"), "").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["generations_by_pk"].take()
}

/// Waits for a generation to end.
pub async fn finished(emulator: &Emulator, id: &str) -> Value {
    let started = std::time::Instant::now();
    loop {
        let generation = read(emulator, id).await;
        if generation["status"] != "PENDING" {
            return generation;
        }
        assert!(started.elapsed() < PATIENCE, "still pending");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A GET without a key of an address the emulator gave.
pub async fn fetch(emulator: &Emulator, url: &str) -> Reply {
    fetch_with(emulator, "GET", url, &[]).await
}

pub async fn fetch_with(emulator: &Emulator, method: &str, url: &str, headers: &[(&str, &str)]) -> Reply {
    let path = path_of(emulator, url);
    Connection::open(emulator).await.request(method, &path, headers, b"").await
}

pub fn path_of(emulator: &Emulator, url: &str) -> String {
    let origin = format!("http://127.0.0.1:{}", emulator.port());
    url.strip_prefix(&origin).unwrap_or_else(|| panic!("{url} is not of {origin}")).to_owned()
}

pub fn image_urls(generation: &Value) -> Vec<String> {
    let images = generation["generated_images"].as_array().unwrap();
    images.iter().map(|image| image["url"].as_str().unwrap().to_owned()).collect()
}

pub fn jpeg_size(bytes: &[u8]) -> (u16, u16) {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.decode().expect("a whole JPEG");
    let info = decoder.info().unwrap();
    (info.width, info.height)
}

/// The record of a job in a response, waited for until it is no longer pending. `place` is its JSON pointer.
pub async fn ended(emulator: &Emulator, path: &str, place: &str) -> Value {
    let started = std::time::Instant::now();
    loop {
        let reply = call(emulator, "GET", path, "").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let record = reply.json().pointer(place).unwrap_or_else(|| panic!("{}", reply.text())).clone();
        if record["status"] != "PENDING" {
            return record;
        }
        assert!(started.elapsed() < PATIENCE, "still pending");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The response to a POST that is accepted.
pub async fn accepted(emulator: &Emulator, path: &str, body: &Value) -> Value {
    let reply = call(emulator, "POST", path, &body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// That a POST is refused with this status and error, and charges nothing.
pub async fn refused(emulator: &Emulator, path: &str, body: &Value, status: u16, error: &str) {
    let before = emulator.charges().len();
    let reply = call(emulator, "POST", path, &body.to_string()).await;
    assert_eq!(reply.status, status, "{body}: {}", reply.text());
    let refusal = reply.json();
    assert!(refusal["error"].as_str().unwrap().starts_with(error), "{body}: {refusal}");
    assert!(refusal["code"].is_string() && refusal["path"].is_string(), "{refusal}");
    assert_eq!(emulator.charges().len(), before);
}

/// That a POST whose connection breaks after the work is charged all the same; the operation that was.
pub async fn charged_without_response(emulator: &Emulator, path: &str, body: &Value) -> &'static str {
    let before = emulator.charges().len();
    for (fault, charges) in [(Fault::ResetBeforeWork, 0), (Fault::CloseAfterWork, 1)] {
        emulator.set_faults(FaultPlan::sequence([fault]).on_method("POST"));
        let mut connection = Connection::open(emulator).await;
        let key = bearer(emulator);
        let path = format!("/api/rest/v1{path}");
        connection.send("POST", &path, &[("authorization", &key)], body.to_string().as_bytes()).await;
        assert!(connection.is_over().await);
        assert_eq!(emulator.charges().len(), before + charges, "{path}");
    }
    emulator.charges().pop().unwrap().operation
}

/// An emulator whose jobs end soon, and one generated image of 64 by 48 pixels: its generation and its own id.
pub async fn with_image() -> (Emulator, String, String) {
    let emulator = Emulator::builder().generation_time(Duration::from_millis(60)).start().await.unwrap();
    let body = serde_json::json!({"prompt": "a lake", "width": 64, "height": 48, "num_images": 1, "seed": 3});
    let id = create(&emulator, &body).await;
    let image = finished(&emulator, &id).await["generated_images"][0]["id"].as_str().unwrap().to_owned();
    (emulator, id, image)
}

/// A form for a place that was handed out, as the storage takes it.
pub async fn upload(emulator: &Emulator, place: &Value, content: &[u8]) -> Reply {
    let fields: serde_json::Map<String, Value> = serde_json::from_str(place["fields"].as_str().unwrap()).unwrap();
    let mut form = Vec::new();
    for (name, value) in &fields {
        let value = value.as_str().unwrap();
        let part = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        form.extend_from_slice(part.as_bytes());
    }
    form.extend_from_slice(b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n");
    form.extend_from_slice(content);
    form.extend_from_slice(b"\r\n--B--\r\n");
    let path = path_of(emulator, place["url"].as_str().unwrap());
    let headers = [("content-type", "multipart/form-data; boundary=B")];
    Connection::open(emulator).await.request("POST", &path, &headers, &form).await
}

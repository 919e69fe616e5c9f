//! Every fault, as seen from the other end of the wire.

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::{Connection, PATIENCE, bearer, create, image_urls, path_of, read};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

const PATH: &str = "/api/rest/v1/generations";

async fn with(fault: Fault) -> Emulator {
    Emulator::builder().generation_time(Duration::ZERO).faults(FaultPlan::sequence([fault])).start().await.unwrap()
}

/// Sends a create request on a new connection.
async fn send(emulator: &Emulator) -> Connection {
    let mut connection = Connection::open(emulator).await;
    resend(emulator, &mut connection).await;
    connection
}

async fn resend(emulator: &Emulator, connection: &mut Connection) {
    let key = bearer(emulator);
    connection.send("POST", PATH, &[("authorization", &key)], br#"{"prompt":"x"}"#).await;
}

/// All that comes, and how it ends.
async fn drain(connection: &mut Connection) -> (Vec<u8>, std::io::Result<()>) {
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, connection.0.read_to_end(&mut bytes)).await.expect("an end in time");
    (bytes, end.map(|_| ()))
}

/// That nothing more comes for a while.
async fn is_silent(connection: &mut Connection) -> bool {
    timeout(Duration::from_millis(150), connection.0.read_u8()).await.is_err()
}

fn split(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head") + 4;
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), &bytes[end..])
}

fn announced(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.expect("an announced length").parse().unwrap()
}

#[tokio::test]
async fn resets() {
    for (fault, charges) in [(Fault::ResetBeforeWork, 0), (Fault::ResetAfterWork, 1)] {
        let emulator = with(fault.clone()).await;
        let (bytes, end) = drain(&mut send(&emulator).await).await;
        assert!(bytes.is_empty());
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset, "{fault:?}");
        assert_eq!(emulator.charges().len(), charges, "{fault:?}");
        assert_eq!(emulator.requests()[0].body, br#"{"prompt":"x"}"#);
        assert_eq!(emulator.faults_injected(), [(fault.name(), 1)]);
        assert_eq!(send(&emulator).await.reply("POST").await.status, 200, "only the first");
    }
}

#[tokio::test]
async fn closes() {
    for (fault, charges) in [(Fault::CloseBeforeWork, 0), (Fault::CloseAfterWork, 1)] {
        let emulator = with(fault.clone()).await;
        let (bytes, end) = drain(&mut send(&emulator).await).await;
        assert!(bytes.is_empty() && end.is_ok(), "{fault:?}");
        assert_eq!(emulator.charges().len(), charges, "{fault:?}");
    }
}

#[tokio::test]
async fn a_second_request_of_a_connection_can_fail() {
    let emulator = with(Fault::None).await;
    emulator.set_faults(FaultPlan::sequence([Fault::None, Fault::ResetBeforeWork]));
    let mut connection = send(&emulator).await;
    assert_eq!(connection.reply("POST").await.status, 200);
    resend(&emulator, &mut connection).await;
    assert_eq!(drain(&mut connection).await.1.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn cuts() {
    let emulator = with(Fault::CutBody).await;
    let (bytes, end) = drain(&mut send(&emulator).await).await;
    let (head, body) = split(&bytes);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(body.len(), announced(&head) / 2);
    assert!(body.starts_with(b"{\"sdGenerationJob\"") && end.is_ok());
    assert_eq!(emulator.charges().len(), 1);

    let emulator = with(Fault::CutHeaders).await;
    let (bytes, end) = drain(&mut send(&emulator).await).await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && !text.ends_with('\n') && !text.contains("\r\n\r\n"));
    assert!(end.is_ok());
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn a_picture_can_be_cut() {
    let emulator = with(Fault::None).await;
    let id = create(&emulator, &json!({"prompt": "x", "width": 64, "height": 64, "num_images": 1})).await;
    let url = image_urls(&read(&emulator, &id).await).remove(0);
    let path = path_of(&emulator, &url);
    emulator.set_faults(FaultPlan::always(Fault::CutBody).only(|_, path| path.starts_with("/cdn/")));
    for (method, share) in [("GET", 2), ("HEAD", usize::MAX)] {
        let mut connection = Connection::open(&emulator).await;
        connection.send(method, &path, &[], b"").await;
        let (bytes, _) = drain(&mut connection).await;
        let (head, body) = split(&bytes);
        assert_eq!(body.len(), announced(&head) / share);
        assert!(announced(&head) > 500 && head.contains("image/jpeg"));
    }
    assert_eq!(read(&emulator, &id).await["status"], "COMPLETE", "other paths are left alone");
}

#[tokio::test]
async fn stalls() {
    for (fault, charges) in [(Fault::StallBeforeWork, 0), (Fault::StallAfterWork, 1)] {
        let emulator = with(fault.clone()).await;
        let mut connection = send(&emulator).await;
        assert!(is_silent(&mut connection).await, "{fault:?}");
        assert_eq!(emulator.charges().len(), charges, "{fault:?}");
        drop(emulator);
        assert!(connection.is_over().await, "{fault:?} ends with the emulator");
    }
    let emulator = with(Fault::StallBody).await;
    let mut connection = send(&emulator).await;
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(connection.0.read_u8().await.unwrap());
    }
    let mut half = vec![0; announced(&split(&bytes).0) / 2];
    connection.0.read_exact(&mut half).await.unwrap();
    assert!(half.starts_with(b"{\"sdGenerationJob\""));
    assert!(is_silent(&mut connection).await);
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn drips() {
    let emulator = with(Fault::None).await;
    emulator.set_faults(FaultPlan::sequence([Fault::Drip]).drip_interval(Duration::from_millis(2)));
    let started = std::time::Instant::now();
    let mut connection = send(&emulator).await;
    let reply = connection.reply("POST").await;
    assert_eq!(reply.status, 200);
    assert!(reply.json()["sdGenerationJob"]["generationId"].is_string(), "whole in the end");
    assert!(started.elapsed() >= Duration::from_millis(2) * (u32::try_from(reply.body.len()).unwrap() - 2));
    resend(&emulator, &mut connection).await;
    assert_eq!(connection.reply("POST").await.status, 200, "the connection is still good");
}

#[tokio::test]
async fn endless() {
    for fault in [Fault::EndlessBody, Fault::EndlessHeaders] {
        let emulator = with(fault.clone()).await;
        let mut connection = send(&emulator).await;
        let mut bytes = vec![0; 3 * 1024 * 1024];
        timeout(PATIENCE, connection.0.read_exact(&mut bytes)).await.expect("much").unwrap();
        assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
        if fault == Fault::EndlessBody {
            let (head, body) = split(&bytes);
            assert!(head.contains("transfer-encoding: chunked") && !head.contains("content-length"));
            assert!(body[..40].windows(11).any(|part| part == b"{\"endless\":"));
        } else {
            assert!(!bytes.windows(4).any(|four| four == b"\r\n\r\n"));
        }
        assert_eq!(emulator.charges().len(), 1);
        // Others are served meanwhile, on this one thread.
        assert_eq!(send(&emulator).await.reply("POST").await.status, 200);
    }
}

#[tokio::test]
async fn statuses() {
    for status in [429, 500, 502, 503, 504, 400] {
        for (fault, charges) in [(Fault::StatusBefore(status), 0), (Fault::StatusAfter(status), 1)] {
            let emulator = with(fault.clone()).await;
            let mut connection = send(&emulator).await;
            let reply = connection.reply("POST").await;
            assert_eq!(reply.status, status);
            if (502..=504).contains(&status) {
                assert_eq!(reply.header("content-type"), Some("text/html"));
                assert!(reply.text().contains(&format!("<h1>{status} ")));
            } else {
                let body = reply.json();
                assert!(["error", "path", "code"].iter().all(|field| body[field].is_string()));
            }
            assert_eq!(emulator.charges().len(), charges, "{fault:?}");
            resend(&emulator, &mut connection).await;
            assert_eq!(connection.reply("POST").await.status, 200, "the connection is still good");
        }
    }
}

#[tokio::test]
async fn retry_after_and_redirects() {
    let emulator = with(Fault::RetryAfter { status: 429, value: "7".into() }).await;
    let reply = send(&emulator).await.reply("POST").await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("7")));
    assert!(emulator.charges().is_empty());
    let emulator = with(Fault::Redirect("http://127.0.0.1:1/elsewhere".into())).await;
    let reply = send(&emulator).await.reply("POST").await;
    assert_eq!((reply.status, reply.header("location")), (307, Some("http://127.0.0.1:1/elsewhere")));
    assert!(emulator.charges().is_empty());
}

#[tokio::test]
async fn nonsense() {
    let emulator = with(Fault::Garbage).await;
    let (bytes, end) = drain(&mut send(&emulator).await).await;
    assert!(bytes.len() > 100 && !bytes.starts_with(b"HTTP") && end.is_ok());
    assert_eq!(emulator.charges().len(), 1);
    for (fault, content_type) in [
        (Fault::GarbageJson, "application/json; charset=utf-8"),
        (Fault::Html, "text/html"),
        (Fault::EmptyBody, "application/json; charset=utf-8"),
    ] {
        let emulator = with(fault.clone()).await;
        let reply = send(&emulator).await.reply("POST").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)), "{fault:?}");
        assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
        assert_eq!(reply.body.is_empty(), fault == Fault::EmptyBody);
        assert_eq!(emulator.charges().len(), 1);
    }
}

#[tokio::test]
async fn work_is_only_done_with_a_key() {
    let emulator = with(Fault::None).await;
    emulator.set_faults(FaultPlan::always(Fault::CutBody));
    let mut connection = Connection::open(&emulator).await;
    connection.send("POST", PATH, &[], br#"{"prompt":"x"}"#).await;
    let (bytes, _) = drain(&mut connection).await;
    assert!(split(&bytes).0.starts_with("HTTP/1.1 401 "));
    assert!(emulator.charges().is_empty());
}

#[tokio::test]
async fn a_plan_by_chance() {
    let emulator = with(Fault::None).await;
    let faults = vec![(1, Fault::ResetAfterWork), (1, Fault::StatusBefore(503)), (1, Fault::CutBody)];
    emulator.set_faults(FaultPlan::random(1, 50, faults).on_method("POST"));
    let mut whole = 0;
    for _ in 0..100 {
        let (bytes, _) = {
            let mut connection = Connection::open(&emulator).await;
            let key = bearer(&emulator);
            let headers = [("authorization", key.as_str()), ("connection", "close")];
            connection.send("POST", PATH, &headers, br#"{"prompt":"x"}"#).await;
            drain(&mut connection).await
        };
        whole += usize::from(bytes.starts_with(b"HTTP/1.1 200") && bytes.ends_with(b"}}"));
    }
    let injected = emulator.faults_injected();
    let count = |name| injected.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count);
    let [reset, status, cut] = [count("ResetAfterWork"), count("StatusBefore"), count("CutBody")];
    assert!(reset > 5 && status > 5 && cut > 5);
    assert_eq!(whole as u64, 100 - reset - status - cut);
    assert_eq!(emulator.charges().len() as u64, 100 - status);
}

#[tokio::test]
async fn stalled_clients_that_leave_are_forgotten() {
    let emulator = with(Fault::None).await;
    emulator.set_faults(FaultPlan::always(Fault::StallBeforeWork));
    for _ in 0..50 {
        drop(send(&emulator).await);
    }
    emulator.set_faults(FaultPlan::none());
    assert_eq!(send(&emulator).await.reply("POST").await.status, 200);
}

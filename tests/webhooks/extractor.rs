//! The extractor for axum, over sockets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::routing::post;
use leonardo_ai::webhook::{Event, Receiver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::events::{CALLBACK_KEY, ID, SAMPLE};

const LONG: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Service {
    receiver: Receiver,
    received: Arc<Mutex<Vec<Event>>>,
}

impl FromRef<Service> for Receiver {
    fn from_ref(service: &Service) -> Self {
        service.receiver.clone()
    }
}

async fn webhook(State(service): State<Service>, event: Event) {
    service.received.lock().unwrap().push(event);
}

struct Server {
    address: String,
    received: Arc<Mutex<Vec<Event>>>,
}

async fn start(receiver: Receiver) -> Server {
    let service = Service { receiver, received: Arc::default() };
    let received = service.received.clone();
    // The receiver's limit is the one that counts.
    let routes = Router::new().route("/hook", post(webhook)).layer(DefaultBodyLimit::max(10)).with_state(service);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, routes).into_future());
    Server { address, received }
}

/// Sends this, without an end of the sending side, and gives the status and all that is responded.
async fn send(server: &Server, key: &str, more: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let authorization = if key.is_empty() { String::new() } else { format!("authorization: Bearer {key}\r\n") };
    let head = format!("POST /hook HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{authorization}{more}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = stream.write_all(body).await;
    let mut response = Vec::new();
    let mut chunk = [0; 4096];
    let reading = async {
        while let Ok(length @ 1..) = stream.read(&mut chunk).await {
            response.extend_from_slice(&chunk[..length]);
        }
    };
    tokio::time::timeout(LONG, reading).await.expect("a response");
    let response = String::from_utf8_lossy(&response).into_owned();
    (response.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{response:?}")), response)
}

fn length(body: &[u8]) -> String {
    format!("content-length: {}\r\n", body.len())
}

#[tokio::test]
async fn an_event_is_extracted_and_what_is_none_is_refused() {
    let server = start(Receiver::new(["an-old-key", CALLBACK_KEY]).unwrap()).await;
    let sample = SAMPLE.as_bytes();
    assert_eq!(send(&server, CALLBACK_KEY, &length(sample), sample).await.0, 200);
    assert_eq!(server.received.lock().unwrap()[0].generation_id(), Some(ID));
    let chunked = format!("{:x}\r\n{SAMPLE}\r\n0\r\n\r\n", SAMPLE.len());
    assert_eq!(send(&server, "an-old-key", "transfer-encoding: chunked\r\n", chunked.as_bytes()).await.0, 200);

    for (key, body, status) in [
        ("", SAMPLE, 401),
        ("another-key", SAMPLE, 401),
        (CALLBACK_KEY, "{", 400),
        (CALLBACK_KEY, "", 400),
        (CALLBACK_KEY, "{}", 422),
    ] {
        let (got, response) = send(&server, key, &length(body.as_bytes()), body.as_bytes()).await;
        assert_eq!(got, status, "{key:?} {body:?}: {response}");
        assert!(!response.contains(CALLBACK_KEY) && !response.contains("an-old-key"), "{response}");
    }
    assert_eq!(server.received.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn no_more_is_read_than_may_be() {
    let server = start(Receiver::new([CALLBACK_KEY]).unwrap().max_bytes(SAMPLE.len())).await;
    let sample = SAMPLE.as_bytes();
    assert_eq!(send(&server, CALLBACK_KEY, &length(sample), sample).await.0, 200);
    // A response before a byte of the body has come.
    assert_eq!(send(&server, CALLBACK_KEY, "content-length: 99999999999999\r\n", b"").await.0, 413);
    assert_eq!(send(&server, "wrong", "content-length: 99999999999999\r\n", b"").await.0, 401);
    // Nobody says how long this gets.
    let endless = format!("{:x}\r\n{}\r\n", 20_000, " ".repeat(20_000));
    assert_eq!(send(&server, CALLBACK_KEY, "transfer-encoding: chunked\r\n", endless.as_bytes()).await.0, 413);
    assert_eq!(server.received.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_state_may_be_the_receiver() {
    async fn id(event: Event) -> String {
        event.generation_id().unwrap_or_default().to_owned()
    }
    let routes = Router::new().route("/hook", post(id)).with_state(Receiver::new([CALLBACK_KEY]).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { address: listener.local_addr().unwrap().to_string(), received: Arc::default() };
    tokio::spawn(axum::serve(listener, routes).into_future());
    let (status, response) = send(&server, CALLBACK_KEY, &length(SAMPLE.as_bytes()), SAMPLE.as_bytes()).await;
    assert!(status == 200 && response.ends_with(ID), "{response}");
}

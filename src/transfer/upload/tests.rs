//! Several files to one place.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::call::Operation;
use crate::operation::Effect;
use crate::retry::RetryPolicy;
use crate::transport::{Transport, TransportError, TransportRequest, TransportResponse};

static PAIR: Operation = Operation::new("pair", Method::POST, "/v1/pair", Effect::Idempotent);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const WEBP: &[u8] = b"RIFF\x10\0\0\0WEBPVP8 and so on";
const DONE: (u16, &str) = (204, "");
const EXPIRED: (u16, &str) = (403, "<Error><Code>ExpiredToken</Code></Error>");

type Asked = Arc<Mutex<Vec<Value>>>;
/// Paths and requests.
type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// Gives a place for a pair of files, and counts them.
struct Api {
    storage: String,
    asked: Asked,
}

impl Transport for Api {
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(serde_json::from_slice(&request.body.unwrap()).unwrap());
        let place = format!("{}/{}", self.storage, asked.len());
        let body = json!({"pair": {"id": asked.len(), "url": place}}).to_string();
        let response = TransportResponse { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() };
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// A core whose API gives places at a storage that responds so in turn; what the API was asked, and the storage was sent.
async fn storage(replies: Vec<(u16, &'static str)>) -> (LeonardoCore, Asked, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let storage = format!("http://{}", listener.local_addr().unwrap());
    let (asked, sent) = (Arc::default(), Arc::new(Mutex::new(Vec::new())));
    let api = Api { storage: storage.clone(), asked: Arc::clone(&asked) };
    let received = sent.clone();
    tokio::spawn(async move {
        for (status, body) in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            // The end of the form.
            while !bytes.ends_with(b"--\r\n") {
                assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the request is cut");
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            received.lock().unwrap().push((text.split(' ').nth(1).unwrap().to_owned(), text));
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    let policy = RetryPolicy::default().initial_backoff(Duration::from_millis(1));
    let key = "99999999-8888-4777-8666-555555555555";
    let core = LeonardoCore::builder().bearer_auth(key).server_url(storage).retry(policy).transport(api);
    (core.build().unwrap(), asked, sent)
}

fn pair(core: &LeonardoCore, first: Source, second: Source) -> Upload<u64> {
    let accept = |look: &Look<'_>| Kind::of(look.head).ok_or(UploadReason::NotAnImage);
    let ask = |core: &LeonardoCore, [first, second]: [Kind; 2]| {
        Call::new(core, &PAIR).body(&json!([first.extension, second.extension])).record::<Value>("pair")
    };
    let place = |place: Value| {
        let form = |name| {
            let url = format!("{}/{name}", place["url"].as_str().unwrap_or_default());
            Form::new(Ok(vec![("key".into(), format!("the key of {name}"))]), url)
        };
        UploadTarget { id: place["id"].as_u64().unwrap_or_default(), forms: [form("first"), form("second")] }
    };
    Upload::new(core, "pair", [first, second], accept, ask, place)
}

fn bytes(content: &'static [u8]) -> Source {
    Source::Bytes(Bytes::from_static(content))
}

fn paths(sent: &Sent) -> Vec<String> {
    sent.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
}

#[tokio::test]
async fn each_file_goes_with_its_own_form_and_is_sent_again_alone() {
    let (core, asked, sent) = storage(vec![DONE, (503, ""), DONE]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let upload = pair(&core, bytes(PNG), bytes(WEBP)).on_progress(move |it| telling.lock().unwrap().push(it));
    assert_eq!(upload.await.unwrap(), 1);
    assert_eq!(paths(&sent), ["/1/first", "/1/second", "/1/second"]);
    assert_eq!(*asked.lock().unwrap(), [json!(["png", "webp"])]);
    for ((_, form), (name, end)) in sent.lock().unwrap().iter().zip([("first", "image.png"), ("second", "image.webp")])
    {
        assert!(form.contains(&format!("the key of {name}")) && form.contains(end), "{form}");
    }
    let (first, all) = (PNG.len() as u64, (PNG.len() + WEBP.len()) as u64);
    let told: Vec<_> = told.lock().unwrap().iter().map(|it| (it.sent, it.total)).collect();
    assert_eq!(told, [(first, all), (all, all)]);
}

#[tokio::test]
async fn a_form_that_expires_has_all_files_sent_to_another_place() {
    let (core, asked, sent) = storage(vec![DONE, EXPIRED, DONE, DONE]).await;
    assert_eq!(pair(&core, bytes(PNG), bytes(WEBP)).await.unwrap(), 2);
    assert_eq!(paths(&sent), ["/1/first", "/1/second", "/2/first", "/2/second"]);
    assert_eq!(asked.lock().unwrap().len(), 2);

    // What was read once cannot be sent there; what has arrived need not.
    let long = || Source::reader(std::io::Cursor::new([PNG, &[7; 100]].concat()), PNG.len() as u64 + 100);
    let (core, _, sent) = storage(vec![DONE, EXPIRED]).await;
    let error = pair(&core, long(), bytes(WEBP)).await.unwrap_err();
    assert!(matches!(&error.reason, UploadReason::Refused { code: Some(code), .. } if code == "ExpiredToken"));
    assert!(error.to_string().starts_with("pair failed after 1 attempt"), "{error}");
    assert_eq!(paths(&sent).len(), 2);
    let (core, _, sent) = storage(vec![DONE, (503, ""), DONE]).await;
    assert_eq!(pair(&core, long(), bytes(WEBP)).await.unwrap(), 1);
    assert_eq!(paths(&sent).len(), 3);
}

#[tokio::test]
async fn a_file_that_is_not_taken_has_nothing_sent() {
    let (core, asked, sent) = storage(vec![]).await;
    let error = pair(&core, bytes(PNG), bytes(b"text")).await.unwrap_err();
    assert!(matches!(error.reason, UploadReason::NotAnImage) && error.attempts == 0, "{error}");
    assert!(asked.lock().unwrap().is_empty() && paths(&sent).is_empty());
}

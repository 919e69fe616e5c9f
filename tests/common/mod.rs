//! What the tests share: a server that says exactly what a test tells it to and remembers what it heard, a transport
//! without a network, and a search for the key in everything that prints.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::error::Error as StdError;
use std::fmt::{self, Debug};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id, user_get_user_self,
};
use leonardo_ai::models::{CreateGenerationRequest, DeletedGeneration, Generation, GenerationJob, UserDetails};
use leonardo_ai::{
    BoxFuture, Error, LeonardoCore, LeonardoCoreBuilder, RetryPolicy, Transport, TransportError, TransportRequest,
    TransportResponse,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// A key in the form of a real one.
pub const KEY: &str = "99999999-8888-4777-8666-555555555555";
/// The id of a generation.
pub const ID: &str = "75925cd2-fb65-4e8c-84c0-6cc010a528e3";

/// The response to a create.
pub const CREATED: &str = include_str!("../fixtures/create-payg.json");
/// The response to reading a generation.
pub const GENERATION: &str = include_str!("../fixtures/generation-complete.json");
/// The response to deleting a generation.
pub const DELETED: &str = r#"{"delete_generations_by_pk":{"id":"75925cd2-fb65-4e8c-84c0-6cc010a528e3"}}"#;
/// The response to reading the account.
pub const ME: &str = include_str!("../fixtures/me-payg.json");

/// Long enough for anything that does happen, on any machine.
pub const LONG: Duration = Duration::from_secs(30);
/// Short enough to wait for, long enough for an exchange that goes well to be over.
pub const SHORT: Duration = Duration::from_millis(150);

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    /// Path and query, not decoded.
    pub target: String,
    /// Names as they were sent, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    /// The only value of a header; a header that is sent twice fails the test.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} was sent twice: {:?}", self.headers);
        value
    }

    /// The body, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Sends these bytes and waits for the next request.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Close(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Sends these bytes, then nothing until the client is gone.
    Stall(Vec<u8>),
    /// Sends the first bytes, then the second ones again and again, with a delay between, until the client is gone.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

impl Reply {
    /// A response with a body of JSON.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::with(status, &[("content-type", "application/json")], body)
    }

    /// A response made of its parts.
    pub fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.as_ref().len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::Send([head.as_bytes(), body.as_ref()].concat())
    }

    /// A response whose body ends before the length that it announces.
    pub fn cut(status: u16, body: &str) -> Self {
        let length = body.len() + 100;
        Self::Close(format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes())
    }

    /// A response in chunks that breaks off before the last one.
    pub fn cut_chunked(status: u16, body: &str) -> Self {
        let (head, size) = (chunked_head(status), body.len());
        Self::Close(format!("{head}{size:x}\r\n{body}\r\n").into_bytes())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes) = match self {
            Self::Send(bytes) => ("Send", &bytes[..]),
            Self::Close(bytes) => ("Close", &bytes[..]),
            Self::Reset => ("Reset", &[][..]),
            Self::Stall(bytes) => ("Stall", &bytes[..]),
            Self::Endless(bytes, ..) => ("Endless", &bytes[..]),
        };
        write!(f, "{name}({:?})", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]))
    }
}

/// The head of a response whose body comes in chunks.
pub fn chunked_head(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n")
}

type Script = dyn Fn(usize, &Received) -> Reply + Send + Sync;

/// A server on a port of its own.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    left: AtomicUsize,
}

impl Server {
    /// Does with every request what the script says, which is told how many came before it.
    pub async fn start(script: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port"), script)
    }

    /// The same on a port that is taken already.
    pub fn on(listener: TcpListener, script: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let (script, shared): (Arc<Script>, _) = (Arc::new(script), state.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (script, shared) = (script.clone(), shared.clone());
                tokio::spawn(async move { serve(stream, &shared, &*script).await });
            }
        });
        Self { address, state }
    }

    /// Does the same with every request.
    pub async fn always(reply: Reply) -> Self {
        Self::start(move |_, _| reply.clone()).await
    }

    /// Does one thing after the other; the last one again and again.
    pub async fn script(replies: Vec<Reply>) -> Self {
        Self::start(move |number, _| replies[number.min(replies.len() - 1)].clone()).await
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}/api/rest", self.address)
    }

    /// A builder for a core that calls this server, with next to no delays.
    pub fn builder(&self) -> LeonardoCoreBuilder {
        LeonardoCore::builder().bearer_auth(KEY).server_url(self.url()).timeout(LONG).deadline(None).retry(quick())
    }

    /// A core that calls this server, with next to no delays.
    pub fn core(&self) -> LeonardoCore {
        self.builder().build().expect("a good configuration")
    }

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// How many requests came so far.
    pub fn count(&self) -> usize {
        self.state.received.lock().unwrap().len()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits for so many requests, which may still be on their way when the client has given up; more fail the test.
    pub async fn expect(&self, count: usize) -> Vec<Received> {
        until("the requests", || self.count() >= count).await;
        let received = self.received();
        assert_eq!(received.len(), count, "{received:#?}");
        received
    }

    /// Waits until a client has closed the connection on which its request was left without a response.
    pub async fn expect_left(&self) {
        until("the end of the connection", || self.state.left.load(Ordering::SeqCst) > 0).await;
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let looking = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, looking).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

async fn serve(mut stream: TcpStream, state: &State, script: &Script) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let number = {
            let mut received = state.received.lock().unwrap();
            received.push(request.clone());
            received.len() - 1
        };
        match script(number, &request) {
            Reply::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Close(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Reset => {
                #[allow(deprecated, reason = "its successor is newer than the oldest tokio that will do")]
                stream.set_linger(Some(Duration::ZERO)).expect("a socket");
                return;
            }
            Reply::Stall(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let mut rest = [0; 1024];
                while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
                state.left.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Reply::Endless(first, again, delay) => {
                let mut sent = stream.write_all(&first).await;
                while sent.is_ok() {
                    tokio::time::sleep(delay).await;
                    sent = stream.write_all(&again).await;
                }
                state.left.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
    }
}

/// Head and body of the next request; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.trim_end().split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    assert_eq!(words.next(), Some("HTTP/1.1"), "{head}");
    let headers: Vec<_> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("not a header: {line:?}"));
            (name.to_owned(), value.trim().to_owned())
        })
        .collect();
    let mut request = Received { method, target, headers, body: Vec::new() };
    assert_eq!(request.header("transfer-encoding"), None, "only bodies of a known length are expected");
    let length = request.header("content-length").map_or(0, |length| length.parse().expect("a length"));
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    request.body = buffer.drain(..length).collect();
    Some(request)
}

/// A port that is taken, but that nobody listens on: connections to it are refused while this lives.
pub struct Refusing(TcpSocket);

impl Refusing {
    /// Takes a port.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        Self(socket)
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}/api/rest", self.0.local_addr().expect("an address"))
    }

    /// Begins to listen.
    pub fn listen(self) -> TcpListener {
        self.0.listen(16).expect("a listener")
    }
}

/// The default policy without its delays.
pub fn quick() -> RetryPolicy {
    let delay = Duration::from_millis(1);
    RetryPolicy::default().initial_backoff(delay).max_backoff(delay)
}

/// A transport without a network.
pub struct Double<F>(pub F);

impl<F> Transport for Double<F>
where
    F: Fn(TransportRequest) -> Result<TransportResponse, TransportError> + Send + Sync + 'static,
{
    fn send(&self, request: TransportRequest) -> BoxFuture<'_, Result<TransportResponse, TransportError>> {
        Box::pin(async move { (self.0)(request) })
    }
}

/// A builder for a core with a transport without a network, with next to no delays.
pub fn double<F>(send: F) -> LeonardoCoreBuilder
where
    F: Fn(TransportRequest) -> Result<TransportResponse, TransportError> + Send + Sync + 'static,
{
    LeonardoCore::builder().bearer_auth(KEY).transport(Double(send)).deadline(None).retry(quick())
}

/// A response for a [`double`].
pub fn response(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> TransportResponse {
    let mut map = leonardo_ai::http::HeaderMap::new();
    for (name, value) in headers {
        let name: leonardo_ai::http::HeaderName = name.parse().expect("a header's name");
        map.append(name, value.parse().expect("a header's value"));
    }
    let status = status.try_into().expect("a status");
    TransportResponse::new(status, map, body.as_ref().to_vec())
}

/// Reads a generation.
pub async fn get(core: &LeonardoCore) -> Result<Generation, Error> {
    image_get_generation_by_id(core, ID).await
}

/// Deletes a generation.
pub async fn delete(core: &LeonardoCore) -> Result<DeletedGeneration, Error> {
    image_delete_generation_by_id(core, ID).await
}

/// Creates a generation with every default.
pub async fn create(core: &LeonardoCore) -> Result<GenerationJob, Error> {
    image_create_generation(core, CreateGenerationRequest::default()).await
}

/// Reads the account.
pub async fn me(core: &LeonardoCore) -> Result<UserDetails, Error> {
    user_get_user_self(core).await
}

/// Everything that an error prints, its causes included.
pub fn everything(error: &Error) -> Vec<String> {
    let mut texts = vec![error.to_string(), format!("{error:?}"), format!("{error:#?}")];
    let mut next = error.source();
    while let Some(source) = next {
        texts.extend([source.to_string(), format!("{source:?}"), format!("{source:#?}")]);
        next = source.source();
    }
    texts
}

/// Fails if an error shows a secret, or half of it.
pub fn assert_hidden(error: &Error, secret: &str, context: impl Debug) {
    let (first, last) = secret.split_at(secret.len() / 2);
    for text in everything(error) {
        for part in [first, last] {
            assert!(!text.contains(part), "{context:?} shows {part:?} of the key: {text}");
        }
    }
}

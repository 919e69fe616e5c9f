//! The server itself: what is nowhere, what is remembered, and how it starts and ends.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Connection, PATIENCE, bearer, call};
use leonardo_ai_emulator::{Emulator, Fault, FaultPlan};
use serde_json::json;
use tokio::io::AsyncReadExt;

async fn quick() -> Emulator {
    Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap()
}

#[tokio::test]
async fn elsewhere() {
    let emulator = quick().await;
    for (method, path) in [
        ("GET", "/nowhere"),
        ("GET", "/generations"),
        ("DELETE", "/me"),
        ("POST", "/generations/75925cd2-fb65-4e8c-84c0-6cc010a528e3"),
        ("GET", "/generations/75925cd2-fb65-4e8c-84c0-6cc010a528e3/"),
        ("GET", ""),
    ] {
        let reply = call(&emulator, method, path, "").await;
        assert_eq!(reply.status, 404, "{method} {path}");
        assert_eq!(reply.json(), json!({"error": "Endpoint not found", "path": "$", "code": "not-found"}));
    }
    for path in ["/", "/api/v1/me", "/v1/me", "/api/restful"] {
        let key = bearer(&emulator);
        let headers = [("authorization", key.as_str())];
        let reply = Connection::open(&emulator).await.request("GET", path, &headers, b"").await;
        assert_eq!(reply.status, 403, "{path}");
        assert_eq!(reply.header("content-type"), Some("text/html"));
        assert!(reply.text().starts_with("<html>"));
    }
}

#[tokio::test]
async fn requests_are_remembered_and_connections_kept() {
    let emulator = quick().await;
    let key = bearer(&emulator);
    let mut connection = Connection::open(&emulator).await;
    let headers = [("Authorization", key.as_str()), ("X-Mine", "Value")];
    for _ in 0..3 {
        let reply = connection.request("GET", "/api/rest/v1/generations/user/a%20b?limit=%31", &headers, b"").await;
        assert_eq!(reply.status, 400);
    }
    let body = br#"{"prompt":"kept"}"#;
    assert_eq!(connection.request("POST", "/api/rest/v1/generations", &headers, body).await.status, 200);
    let requests = emulator.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].path, "/api/rest/v1/generations/user/a%20b?limit=%31");
    assert_eq!(requests[0].header("x-mine"), Some("Value"));
    assert_eq!(requests[0].header("authorization"), Some(key.as_str()));
    assert!(requests[0].body.is_empty());
    assert_eq!(requests[3].body, body);
}

#[tokio::test]
async fn bodies_are_limited() {
    let emulator = quick().await;
    let body = vec![b' '; 1024 * 1024 + 1];
    let key = bearer(&emulator);
    let headers = [("authorization", key.as_str())];
    let reply = Connection::open(&emulator).await.request("POST", "/api/rest/v1/generations", &headers, &body).await;
    assert_eq!(reply.status, 413);
    assert_eq!(emulator.requests()[0].body.len(), 64 * 1024);
}

#[tokio::test]
async fn many_creates_are_cheap() {
    let emulator = quick().await;
    let key = bearer(&emulator);
    let headers = [("authorization", key.as_str())];
    let mut connection = Connection::open(&emulator).await;
    for _ in 0..2000 {
        let reply = connection.request("POST", "/api/rest/v1/generations", &headers, br#"{"prompt":"x"}"#).await;
        assert_eq!(reply.status, 200);
    }
    let charges = emulator.charges();
    let ids: BTreeSet<_> = charges.iter().map(|c| c.generation_id.as_str()).collect();
    assert_eq!((charges.len(), ids.len()), (2000, 2000));
}

#[tokio::test]
async fn dropping_stops_the_server() {
    let emulator = quick().await;
    let port = emulator.port();
    let mut connection = Connection::open(&emulator).await;
    let key = bearer(&emulator);
    let headers = [("authorization", key.as_str())];
    assert_eq!(connection.request("GET", "/api/rest/v1/me", &headers, b"").await.status, 200);
    drop(emulator);
    // At once, before the runtime has had a chance to do anything.
    drop(std::net::TcpListener::bind(("127.0.0.1", port)).unwrap());
    assert!(connection.is_over().await);
    let next = Emulator::builder().port(port).key("a-key").start().await.unwrap();
    assert_eq!(next.base_url(), format!("http://127.0.0.1:{port}/api/rest"));
    assert_eq!(call(&next, "GET", "/me", "").await.status, 200);
    assert!(Emulator::builder().port(port).start().await.is_err(), "a port in use");
}

#[tokio::test]
async fn clients_that_go_away_are_told_of() {
    let emulator = Emulator::builder().control(true).start().await.unwrap();
    let key = bearer(&emulator);
    let headers = [("authorization", key.as_str())];
    // Those that stay until they have the response, or until the emulator itself ends the connection.
    for (method, path) in
        [("GET", "/api/rest/v1/me"), ("GET", "/cdn/blob/300000"), ("HEAD", "/cdn/blob/9"), ("GET", "/x")]
    {
        for fault in [Fault::None, Fault::Drip, Fault::Html, Fault::EmptyBody, Fault::StatusBefore(503)] {
            if fault == Fault::Drip && path.contains("blob") {
                continue;
            }
            emulator.set_faults(FaultPlan::always(fault).drip_interval(Duration::from_millis(1)));
            Connection::open(&emulator).await.request(method, path, &headers, b"").await;
        }
    }
    for fault in [Fault::ResetBeforeWork, Fault::CloseAfterWork, Fault::CutBody, Fault::CutHeaders, Fault::Garbage] {
        emulator.set_faults(FaultPlan::always(fault));
        let mut connection = Connection::open(&emulator).await;
        connection.send("GET", "/api/rest/v1/me", &headers, b"").await;
        let mut rest = Vec::new();
        let end = tokio::time::timeout(PATIENCE, connection.0.read_to_end(&mut rest)).await;
        // A reset is an error, and an end as well.
        let _ = end.expect("an end in time");
    }
    // Those that do not.
    let gone = [
        ("/before", Fault::StallBeforeWork, ""),
        ("/after", Fault::StallAfterWork, ""),
        ("/cdn/blob/1000", Fault::StallBody, "\r\n\r\n"),
        ("/cdn/blob/1001", Fault::EndlessBody, "\r\n\r\n"),
    ];
    for (path, fault, until) in &gone {
        emulator.set_faults(FaultPlan::always(fault.clone()));
        let before = emulator.requests().len();
        let mut connection = Connection::open(&emulator).await;
        connection.send("GET", path, &headers, b"").await;
        let mut head = Vec::new();
        while !head.ends_with(until.as_bytes()) {
            head.push(connection.0.read_u8().await.unwrap());
        }
        eventually(|| emulator.requests().len() > before).await;
    }
    let aborted = || -> Vec<_> {
        let requests = emulator.requests().into_iter().filter(|request| request.aborted);
        requests.map(|request| request.path).collect()
    };
    eventually(|| aborted().len() >= gone.len()).await;
    assert_eq!(aborted(), gone.each_ref().map(|(path, ..)| *path));
    let told = Connection::open(&emulator).await.request("GET", "/control/aborted", &[], b"").await.json();
    assert_eq!(told["aborted"][3], json!({"method": "GET", "path": "/cdn/blob/1001"}));
}

async fn eventually(holds: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "it does not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn outlives_its_runtime_without_harm() {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let emulator = runtime.block_on(Emulator::start()).unwrap();
    assert_shared(&emulator);
    drop(runtime);
    assert!(emulator.charges().is_empty());
    drop(emulator);
}

#[tokio::test]
async fn refused_connections() {
    let emulator = quick().await;
    let key = bearer(&emulator);
    let headers = [("authorization", key.as_str())];
    for _ in 0..3 {
        let mut idle = Connection::open(&emulator).await;
        assert_eq!(idle.request("GET", "/api/rest/v1/me", &headers, b"").await.status, 200);
        emulator.refuse_connections(true);
        emulator.refuse_connections(true);
        let refused = tokio::net::TcpStream::connect(("127.0.0.1", emulator.port())).await;
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(idle.is_over().await, "idle connections are closed");
        emulator.refuse_connections(false);
        assert_eq!(call(&emulator, "GET", "/me", "").await.status, 200);
    }
}

#[tokio::test]
async fn pages_may_call_it_when_it_is_asked_to_let_them() {
    let asking = [
        ("origin", "http://example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    for cors in [false, true] {
        let emulator = Emulator::builder().cors(cors).start().await.unwrap();
        let mut connection = Connection::open(&emulator).await;
        let reply = connection.request("OPTIONS", "/api/rest/v1/generations", &asking, b"").await;
        assert_eq!(reply.header("access-control-allow-headers").is_some(), cors);
        assert_eq!(emulator.requests().len(), usize::from(!cors));
        let key = bearer(&emulator);
        let headers = [("authorization", key.as_str())];
        let reply = Connection::open(&emulator).await.request("GET", "/api/rest/v1/me", &headers, b"").await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, cors.then_some("*")));
        if cors {
            assert_eq!(reply.header("access-control-expose-headers"), Some("*"));
        }
    }
}

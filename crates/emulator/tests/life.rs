//! What can happen to generations and accounts on the side of the service.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use common::{Connection, PATIENCE, bearer, call, create, fetch, finished, read, upload};
use leonardo_ai_emulator::{Delivery, Emulator, Fault, FaultPlan, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn generations_fail() {
    let emulator = Emulator::builder().generation_time(Duration::ZERO).fail_every(3).start().await.unwrap();
    let mut statuses = Vec::new();
    for prompt in ["a", "b", "c", "d, fail this", "e", "f"] {
        let id = create(&emulator, &json!({"prompt": prompt})).await;
        let generation = read(&emulator, &id).await;
        let images = generation["generated_images"].as_array().unwrap().len();
        statuses.push((generation["status"].as_str().unwrap().to_owned(), images));
    }
    let (complete, failed) = (("COMPLETE".to_owned(), 4), ("FAILED".to_owned(), 0));
    assert_eq!(statuses, [complete.clone(), complete.clone(), failed.clone(), failed.clone(), complete, failed]);
    assert_eq!(emulator.charges().len(), 6);
}

#[tokio::test]
async fn some_take_longer() {
    let emulator = Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap();
    let started = Instant::now();
    let id = create(&emulator, &json!({"prompt": "a slow 200ms thing"})).await;
    assert_eq!(read(&emulator, &id).await["status"], "PENDING");
    finished(&emulator, &id).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
    let id = create(&emulator, &json!({"prompt": "slow 99999999999999999999s and slow"})).await;
    assert_eq!(read(&emulator, &id).await["status"], "COMPLETE", "not a time");
    let id = create(&emulator, &json!({"prompt": "slow 99999999999999s"})).await;
    assert_eq!(read(&emulator, &id).await["status"], "PENDING");
}

#[tokio::test]
async fn responses_take_as_long_as_over_a_network() {
    let latency = Duration::from_millis(300);
    let emulator = Emulator::builder().generation_time(Duration::ZERO).latency(latency).start().await.unwrap();
    let started = Instant::now();
    let body = json!({"prompt": "x"});
    let creating = create(&emulator, &body);
    let watching = async {
        while emulator.charges().is_empty() {
            assert!(started.elapsed() < latency, "the work comes first");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let (id, ()) = tokio::join!(creating, watching);
    assert!(started.elapsed() >= latency);
    let link = read(&emulator, &id).await["generated_images"][0]["url"].as_str().unwrap().to_owned();
    assert!(started.elapsed() >= 2 * latency);
    assert!(fetch(&emulator, &link).await.body.starts_with(b"\xff\xd8"));
    assert!(started.elapsed() >= 3 * latency);
    let place = call(&emulator, "POST", "/init-image", r#"{"extension": "png"}"#).await.json();
    assert!(started.elapsed() >= 4 * latency);
    upload(&emulator, &place["uploadInitImage"], b"a file").await;
    assert!(started.elapsed() >= 5 * latency);
    // Where no work is done, there is nothing to wait for.
    emulator.set_faults(FaultPlan::sequence([Fault::StatusBefore(503)]));
    let failing = Instant::now();
    assert_eq!(call(&emulator, "GET", "/me", "").await.status, 503);
    assert!(failing.elapsed() < latency);
}

#[tokio::test]
async fn records_come_late() {
    let emulator = Emulator::builder()
        .generation_time(Duration::ZERO)
        .record_delay(Duration::from_millis(400))
        .start()
        .await
        .unwrap();
    let id = create(&emulator, &json!({"prompt": "x"})).await;
    let list = format!("/generations/user/{}", emulator.user_id());
    assert_eq!(read(&emulator, &id).await, Value::Null);
    assert_eq!(call(&emulator, "GET", &list, "").await.json(), json!({"generations": []}));
    let deleted = call(&emulator, "DELETE", &format!("/generations/{id}"), "").await.json();
    assert_eq!(deleted, json!({"delete_generations_by_pk": null}));
    assert_eq!(emulator.charges().len(), 1, "charged all the same");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(read(&emulator, &id).await["status"], "COMPLETE");
    assert_eq!(call(&emulator, "GET", &list, "").await.json()["generations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn clocks_differ() {
    let hour = 3_600_000;
    let mut times = Vec::new();
    for skew in [-hour, 0, hour] {
        let emulator = Emulator::builder().clock_skew(skew).start().await.unwrap();
        let id = create(&emulator, &json!({"prompt": "x"})).await;
        times.push(read(&emulator, &id).await["createdAt"].as_str().unwrap().to_owned());
    }
    // The form of the times sorts as they do.
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
}

#[tokio::test]
async fn limits() {
    let mut limits = Limits::none();
    (limits.creates_per_minute, limits.requests_per_minute) = (Some(3), Some(6));
    limits.retry_after = Some("5".into());
    let emulator = Emulator::builder().limits(limits).start().await.unwrap();
    let body = json!({"prompt": "x"}).to_string();
    let mut statuses = Vec::new();
    for (method, path) in [
        ("POST", "/generations"),
        ("POST", "/generations"),
        ("POST", "/generations"),
        ("POST", "/generations"),
        ("GET", "/me"),
        ("GET", "/me"),
        ("GET", "/me"),
    ] {
        let reply = call(&emulator, method, path, if method == "POST" { &body } else { "" }).await;
        if reply.status == 429 {
            assert_eq!(reply.header("retry-after"), Some("5"));
            assert!(reply.json()["error"].is_string());
        }
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 200, 200, 429]);
    assert_eq!(emulator.charges().len(), 3);
}

#[tokio::test]
async fn jobs_wait_for_each_other() {
    let mut limits = Limits::none();
    (limits.concurrent_jobs, limits.pending_jobs) = (Some(1), Some(3));
    let emulator =
        Emulator::builder().limits(limits).generation_time(Duration::from_millis(150)).start().await.unwrap();
    let started = Instant::now();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(create(&emulator, &json!({"prompt": "x"})).await);
    }
    let refused = call(&emulator, "POST", "/generations", &json!({"prompt": "x"}).to_string()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
    finished(&emulator, &ids[2]).await;
    assert!(started.elapsed() >= Duration::from_millis(450));
    assert_eq!(emulator.charges().len(), 3);
}

/// Takes webhooks; each is its head and its payload.
async fn receive(listener: &TcpListener, status: &str) -> (String, Value) {
    let (mut stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a webhook").unwrap();
    let mut bytes = Vec::new();
    let (head, length) = loop {
        bytes.push(stream.read_u8().await.unwrap());
        if bytes.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8(bytes).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
            break (head, length);
        }
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn webhooks() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
    let emulator =
        Emulator::builder().generation_time(Duration::from_millis(50)).webhook(&url, "abcd").start().await.unwrap();
    let id =
        create(&emulator, &json!({"prompt": "a cat", "num_images": 2, "seed": 7, "width": 64, "height": 64})).await;
    let (head, payload) = receive(&listener, "200 OK").await;
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"));
    assert!(head.contains("\r\nauthorization: Bearer abcd\r\n"));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&payload).into_iter().collect::<Vec<_>>(), ["api_version", "data", "object", "timestamp", "type"]);
    assert_eq!(payload["type"], "image_generation.complete");
    assert_eq!((&payload["object"], &payload["api_version"]), (&json!("generation"), &json!("v1")));
    let object = &payload["data"]["object"];
    let expected = "id createdAt updatedAt userId public flagged nsfw status coreModel guidanceScale imageHeight \
        imageWidth inferenceSteps initGeneratedImageId initImageId initStrength initType initUpscaledImageId modelId \
        negativePrompt prompt quantity sdVersion tiling imageAspectRatio tokenCost negativeStylePrompt seed scheduler \
        presetStyle promptMagic canvasRequest api category highContrast apiDollarCost alchemy apiKeyId photoReal \
        imageToImage controlnetsUsed model images apiKey";
    assert_eq!(keys(object), expected.split_whitespace().map(str::to_owned).collect());
    assert_eq!((&object["id"], &object["status"]), (&json!(id), &json!("COMPLETE")));
    assert_eq!((&object["seed"], &object["quantity"]), (&json!("7"), &json!(2)));
    assert_eq!(object["userId"], emulator.user_id());
    assert!(object["createdAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(object["apiKey"]["key"], emulator.key());
    assert_eq!(object["apiKey"]["webhookCallbackApiKey"], "abcd");
    assert_eq!(object["apiKey"]["webhookCallbackUrl"], url);
    let shown = read(&emulator, &id).await;
    for (image, shown) in object["images"].as_array().unwrap().iter().zip(shown["generated_images"].as_array().unwrap())
    {
        assert_eq!((&image["id"], &image["url"]), (&shown["id"], &shown["url"]));
    }
    let image = object["images"][1]["url"].as_str().unwrap();
    assert_eq!(fetch(&emulator, image).await.status, 200);
}

#[tokio::test]
async fn webhooks_get_lost_late_and_repeated() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let emulator = Emulator::builder()
        .generation_time(Duration::ZERO)
        .webhook(url, "k")
        .webhook_deliveries([Delivery::Lost, Delivery::Repeated(2), Delivery::Late(Duration::from_millis(200))])
        .start()
        .await
        .unwrap();
    let mut arrived = Vec::new();
    let mut next = async |count: usize, status: &str| {
        for _ in 0..count {
            arrived.push(receive(&listener, status).await.1["data"]["object"]["prompt"].clone());
        }
    };
    create(&emulator, &json!({"prompt": "lost"})).await;
    create(&emulator, &json!({"prompt": "fail this"})).await;
    create(&emulator, &json!({"prompt": "repeated"})).await;
    next(1, "200 OK").await;
    next(1, "204 No Content").await;
    let started = Instant::now();
    create(&emulator, &json!({"prompt": "late"})).await;
    next(1, "200 OK").await;
    assert!(started.elapsed() >= Duration::from_millis(200));
    create(&emulator, &json!({"prompt": "refused"})).await;
    next(1, "500 Internal Server Error").await;
    assert_eq!(arrived, ["repeated", "repeated", "late", "refused"]);
    let started = Instant::now();
    while emulator.webhooks_delivered() < 3 && started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(emulator.webhooks_delivered(), 3);
    let refused = Emulator::builder().webhook("https://example.com", "k").start().await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
}

async fn control(emulator: &Emulator, method: &str, path: &str, body: &Value) -> common::Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Connection::open(emulator).await.request(method, path, &[], body.as_bytes()).await
}

#[tokio::test]
async fn control_from_outside() {
    let closed = Emulator::start().await.unwrap();
    assert_eq!(control(&closed, "GET", "/control/charges", &Value::Null).await.status, 403);

    let emulator = Emulator::builder().control(true).start().await.unwrap();
    let plan = json!({"sequence": [{"StatusAfter": 500}], "method": "POST"});
    assert_eq!(control(&emulator, "POST", "/control/faults", &plan).await.status, 200);
    let body = json!({"prompt": "x", "seed": 5}).to_string();
    assert_eq!(call(&emulator, "POST", "/generations", &body).await.status, 500);
    let charges = control(&emulator, "GET", "/control/charges", &Value::Null).await.json();
    assert_eq!(charges["charges"][0]["prompt"], "x");
    assert_eq!(charges["charges"][0]["seed"], 5);
    let injected = control(&emulator, "GET", "/control/faults", &Value::Null).await.json();
    assert_eq!(injected, json!({"injected": {"StatusAfter": 1}}));
    let requests = control(&emulator, "GET", "/control/requests", &Value::Null).await.json();
    assert_eq!(requests, json!({"count": 1, "refusedByLimits": 0}), "those to the control interface do not count");
    let uploads = control(&emulator, "GET", "/control/uploads", &Value::Null).await.json();
    assert_eq!(uploads, json!({"uploads": []}));
    for (path, wrong) in [("/control/faults", json!({"always": "x"})), ("/control/refuse", json!({}))] {
        assert_eq!(control(&emulator, "POST", path, &wrong).await.status, 400);
    }
    let reply = control(&emulator, "POST", "/control/refuse", &json!({"milliseconds": 300})).await;
    assert_eq!(reply.status, 200);
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", emulator.port())).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let started = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", emulator.port())).await.is_err() {
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(call(&emulator, "GET", "/me", "").await.status, 200);
}

#[tokio::test]
async fn blobs() {
    let emulator = Emulator::start().await.unwrap();
    let url = |size: u64| format!("http://127.0.0.1:{}/cdn/blob/{size}", emulator.port());
    let whole = fetch(&emulator, &url(1_000_000)).await;
    assert_eq!((whole.status, whole.body.len()), (200, 1_000_000));
    let headers = [("range", "bytes=65000-700000")];
    let part = common::fetch_with(&emulator, "GET", &url(1_000_000), &headers).await;
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[65_000..=700_000]));
    let head = common::fetch_with(&emulator, "HEAD", &url(1 << 40), &[]).await;
    assert_eq!(head.header("content-length"), Some("1099511627776"));
    let end = common::fetch_with(&emulator, "GET", &url(1 << 40), &[("range", "bytes=-3")]).await;
    assert_eq!(end.body.len(), 3);
    assert_eq!(fetch(&emulator, &url(0)).await.body, b"");
    assert_eq!(fetch(&emulator, &format!("{}x", url(1))).await.status, 404);
    let key = bearer(&emulator);
    assert_eq!(common::fetch_with(&emulator, "GET", &url(1), &[("authorization", &key)]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_several_threads() {
    let emulator = std::sync::Arc::new(Emulator::builder().generation_time(Duration::ZERO).start().await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let emulator = std::sync::Arc::clone(&emulator);
        tasks.spawn(async move {
            for _ in 0..25 {
                let id = create(&emulator, &json!({"prompt": "x"})).await;
                assert_eq!(finished(&emulator, &id).await["status"], "COMPLETE");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(emulator.charges().len(), 200);
}

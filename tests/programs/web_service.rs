//! What the `web_service` example promises: jobs outlive clients and the process, and each is paid for once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use leonardo_ai::reqwest::Client;
use leonardo_ai_emulator::{Emulator, FaultPlan};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::examples::program;
use crate::troubled::{self, Random};

/// The service under way.
struct Service {
    child: Child,
    address: String,
    client: Client,
}

impl Service {
    async fn start(emulator: &Emulator, jobs: &Path, more: &[&str]) -> Self {
        let mut command = program("web_service");
        command.env("LEONARDO_API_KEY", emulator.key()).env("LEONARDO_SERVER_URL", emulator.base_url());
        command.args(["--listen", "127.0.0.1:0", "--grace", "1.5", "--jobs"]).arg(jobs).args(more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = timeout(Duration::from_secs(60), lines.next_line()).await.expect("it starts").unwrap();
            if let Some(address) = line.expect("it starts").strip_prefix("Listening on http://") {
                break address.to_owned();
            }
        };
        // What it says later goes nowhere, and must not block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address, client: Client::new() }
    }

    /// The status and the body.
    async fn order(&self, body: &Value) -> Option<(u16, Value)> {
        let order = self.client.post(format!("http://{}/pictures", self.address)).body(body.to_string());
        let response = order.header("content-type", "application/json").send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, serde_json::from_slice(&response.bytes().await.ok()?).unwrap_or_default()))
    }

    /// Orders without waiting for a response.
    async fn order_and_leave(&self, prompt: &str) {
        let body = json!({ "prompt": prompt }).to_string();
        let head = format!(
            "POST /pictures HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        if let Ok(mut stream) = TcpStream::connect(&self.address).await {
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    }

    async fn job(&self, number: i64) -> Value {
        let response = self.client.get(format!("http://{}/pictures/{number}", self.address)).send().await.unwrap();
        assert_eq!(response.status(), 200, "job {number}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// The job, once it is no longer pending.
    async fn ended(&self, number: i64) -> Value {
        for _ in 0..1200 {
            let job = self.job(number).await;
            if job["status"] != "PENDING" {
                return job;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("job {number} does not end");
    }

    async fn terminate(&mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        let status = timeout(Duration::from_secs(60), self.child.wait()).await.expect("it ends").unwrap();
        (status.code(), began.elapsed())
    }
}

/// The jobs on the disk.
fn jobs(folder: &Path) -> Vec<Value> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_service_that_is_killed_again_and_again_pays_once_for_each_picture() {
    let emulator = troubled::emulator(11).await;
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(2);
    let (mut accepted, mut killed) = (BTreeMap::new(), 0);
    for run in 0..10 {
        let mut service = Service::start(&emulator, folder.path(), &[]).await;
        for order in 0..2 {
            let prompt = format!("pier {run}.{order}");
            if let Some((status, job)) = service.order(&json!({ "prompt": prompt })).await {
                assert_eq!((status, &job["status"]), (202, &json!("PENDING")), "{job}");
                accepted.insert(job["job"].as_i64().unwrap(), prompt);
            }
        }
        service.order_and_leave(&format!("left pier {run}")).await;
        killed += usize::from(random.kill(&mut service.child, &emulator).await);
    }
    assert_eq!((killed, accepted.len()), (10, 20));

    let mut service = Service::start(&emulator, folder.path(), &[]).await;
    let ordered = jobs(folder.path());
    assert!(ordered.len() > 22, "clients that left had {} jobs", ordered.len() - 20);
    for job in &ordered {
        let job = service.ended(job["job"].as_i64().unwrap()).await;
        assert_eq!((&job["status"], job["images"].as_array().unwrap().len()), (&json!("COMPLETE"), 1), "{job}");
    }
    for (number, prompt) in accepted {
        assert_eq!(service.job(number).await["prompt"], prompt);
    }
    let wanted: BTreeMap<_, _> = ordered.iter().map(|job| (job["prompt"].as_str().unwrap().to_owned(), 1)).collect();
    assert_eq!(troubled::paid(&emulator), wanted);

    // The links are those of the pictures that were paid for.
    emulator.set_faults(FaultPlan::none());
    let ids: BTreeSet<_> = emulator.charges().into_iter().map(|charge| charge.generation_id).collect();
    for job in jobs(folder.path()) {
        assert!(ids.contains(job["generation"].as_str().unwrap()), "{job}");
        let picture = service.client.get(job["images"][0].as_str().unwrap()).send().await.unwrap();
        assert!(picture.bytes().await.unwrap().starts_with(&[0xff, 0xd8, 0xff]));
    }
    assert_eq!(service.terminate().await.0, Some(0));
}

#[tokio::test]
async fn a_web_service_refuses_what_cannot_be_drawn_and_tells_what_has_failed() {
    let emulator = Emulator::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&emulator, folder.path(), &[]).await;
    for body in [json!({"prompt": ""}), json!({"prompt": " \n"}), json!({"prompt": 7}), json!({})] {
        assert_eq!(service.order(&body).await.unwrap().0, 400, "{body}");
    }
    assert!(emulator.requests().is_empty() && jobs(folder.path()).is_empty());
    let missing = service.client.get(format!("http://{}/pictures/7", service.address)).send().await.unwrap();
    assert_eq!(missing.status(), 404);

    for (prompt, says) in [("a forbiddenword", "forbiddenword"), ("fail this", "the service gave it up")] {
        let (status, job) = service.order(&json!({ "prompt": prompt })).await.unwrap();
        assert_eq!(status, 202);
        let job = service.ended(job["job"].as_i64().unwrap()).await;
        assert!(job["status"] == "FAILED" && job["error"].as_str().unwrap().contains(says), "{job}");
    }
    assert_eq!(emulator.charges().len(), 1);
}

#[tokio::test]
async fn a_web_service_that_is_told_to_end_finishes_jobs_or_leaves_them_to_the_next_start() {
    let emulator = Emulator::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(&emulator, folder.path(), &[]).await;
    let (_, job) = service.order(&json!({"prompt": "slow 500ms"})).await.unwrap();
    let number = job["job"].as_i64().unwrap();
    assert_eq!(service.terminate().await.0, Some(0));
    assert_eq!(jobs(folder.path())[0]["status"], "COMPLETE");
    assert!(service.order(&json!({"prompt": "too late"})).await.is_none());

    let mut service = Service::start(&emulator, folder.path(), &["--finish", "0.3"]).await;
    assert_eq!(service.job(number).await["status"], "COMPLETE");
    let (_, job) = service.order(&json!({"prompt": "slow 4s"})).await.unwrap();
    while emulator.charges().len() < 2 {
        sleep(Duration::from_millis(5)).await;
    }
    let (status, took) = service.terminate().await;
    assert!(status == Some(0) && took < Duration::from_secs(3), "{status:?} {took:?}");

    let service = Service::start(&emulator, folder.path(), &[]).await;
    assert_eq!(service.ended(job["job"].as_i64().unwrap()).await["status"], "COMPLETE");
    assert_eq!((emulator.charges().len(), jobs(folder.path()).len()), (2, 2));
}

//! Pictures without polling: `webhook [--listen ADDRESS] [--out DIR] [--prompt TEXT] [--count N]`.
//!
//! Creates generations, receives what the service calls back with, and saves the pictures. A webhook only has the wait for
//! its generation look at once, so that one that is lost, late, doubled or forged does no harm.
//!
//! Without `LEONARDO_API_KEY` it starts the emulator, which draws the pictures and sends the webhooks. With it,
//! `LEONARDO_WEBHOOK_KEY` is the callback key of that API key, and its callback URL must lead to `/webhook` at ADDRESS.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, State};
use axum::routing::post;
use leonardo_ai::funcs::{image_download_all, image_generate};
use leonardo_ai::models::CreateGenerationRequest;
use leonardo_ai::webhook::{Deduplicator, Event, Receiver};
use leonardo_ai::{LeonardoCore, LeonardoCoreBuilder, RetryPolicy};
use leonardo_ai_emulator::Emulator;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

mod common;
#[path = "common/options.rs"]
mod options;

#[derive(Clone)]
struct Service {
    core: LeonardoCore,
    receiver: Receiver,
    seen: Arc<Deduplicator>,
}

/// What axum needs to extract an event.
impl FromRef<Service> for Receiver {
    fn from_ref(service: &Service) -> Self {
        service.receiver.clone()
    }
}

/// What is not a webhook with the right key does not come here: axum responds with 401, 413, 400 or 422.
async fn webhook(State(service): State<Service>, event: Event) {
    if service.seen.is_first(&event) {
        let waits = service.core.notify_event(&event);
        println!("Received {} of {}, for {waits} wait(s)", event.r#type, event.id().unwrap_or("nothing"));
    }
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let defaults = [("--listen", "127.0.0.1:0"), ("--out", "pictures"), ("--prompt", "a lighthouse"), ("--count", "3")];
    let [listen, out, prompt, count] = options::options(defaults)?;
    let count: u32 = count.parse()?;
    std::fs::create_dir_all(&out)?;
    let listener = TcpListener::bind(listen).await?;
    let url = format!("http://{}/webhook", listener.local_addr()?);
    println!("Listening on {url}");

    let callback_key = std::env::var("LEONARDO_WEBHOOK_KEY").unwrap_or_else(|_| "of-the-emulator".to_owned());
    let (builder, _emulator) = service(&url, &callback_key).await?;
    // Polls are only there for webhooks that are lost.
    let seldom = RetryPolicy::default().initial_backoff(Duration::from_secs(30)).max_backoff(Duration::from_secs(120));
    let core = builder.poll_delays(seldom).build()?;
    let service = Service { core: core.clone(), receiver: Receiver::new([callback_key])?, seen: Default::default() };
    let routes = axum::Router::new().route("/webhook", post(webhook)).with_state(service);
    let server = tokio::spawn(axum::serve(listener, routes).into_future());

    let mut works = JoinSet::new();
    for number in 1..=count {
        let (core, out, prompt) = (core.clone(), out.clone(), format!("{prompt}, number {number}"));
        works.spawn(async move {
            let made = image_generate(&core, CreateGenerationRequest::new(prompt).num_images(1)).await?;
            image_download_all(&core, &made.generation, out).await.map_err(leonardo_ai::Error::from)
        });
    }
    let mut status = ExitCode::SUCCESS;
    while let Some(done) = works.join_next().await {
        match done? {
            Ok(paths) => paths.iter().for_each(|path| println!("Saved {}", path.display())),
            Err(error) => {
                eprintln!("{error}");
                status = ExitCode::FAILURE;
            }
        }
    }
    server.abort();
    Ok(status)
}

/// The real service or, without a key, an emulator that sends webhooks to `url`.
async fn service(url: &str, callback_key: &str) -> Result<(LeonardoCoreBuilder, Option<Emulator>), Box<dyn Error>> {
    if std::env::var_os("LEONARDO_API_KEY").is_some() {
        if std::env::var_os("LEONARDO_WEBHOOK_KEY").is_none() {
            return Err("LEONARDO_WEBHOOK_KEY is not set; it holds the callback key of LEONARDO_API_KEY".into());
        }
        println!("Using the service of the environment, which charges for it.");
        return Ok((LeonardoCore::builder_from_env()?, None));
    }
    println!("LEONARDO_API_KEY is not set: using the emulator, which draws the pictures itself.");
    let emulator = Emulator::builder().webhook(url, callback_key).start().await?;
    Ok((LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url()), Some(emulator)))
}

#[tokio::main]
async fn main() -> ExitCode {
    common::until_interrupted(run()).await
}

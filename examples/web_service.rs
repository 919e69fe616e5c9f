//! A web service for pictures: `web_service [--listen ADDRESS] [--jobs FOLDER] [--grace SECONDS] [--finish SECONDS]`.
//!
//! - `POST /pictures` with `{"prompt": "…"}` responds at once with 202 and the job, which has a number: `"job": 7`.
//! - `GET /pictures/7` tells its `status`: `PENDING`, `COMPLETE` with links of `images`, or `FAILED` with an `error`.
//!
//! Ctrl-C and SIGTERM end it: it takes no more jobs, and has `--finish` seconds (20) for those under way. What is left,
//! as after `kill -9`, goes on at the next start, and nothing is paid for twice: `docs/services.md` explains how. Without
//! `LEONARDO_API_KEY` it uses the emulator, whose work ends with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::{
    GenerationError, GenerationErrorReason, GenerationProgress, image_generate, image_wait_for_generation,
};
use leonardo_ai::models::{CreateGenerationRequest, Generation, GenerationId, JobStatus, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;

mod common;
#[path = "common/options.rs"]
mod options;
#[path = "common/records.rs"]
mod records;

const AT_ONCE: u32 = 8;

/// What the disk has of a job, and what clients are shown.
#[derive(Clone, Serialize, Deserialize)]
struct Job {
    /// The seed, and the name of the record: so no two jobs have the same.
    job: i64,
    prompt: String,
    /// No create was sent before this time.
    accepted: Timestamp,
    status: JobStatus,
    generation: Option<GenerationId>,
    images: Vec<String>,
    error: Option<String>,
}

struct Service {
    core: LeonardoCore,
    jobs: records::Records<Job>,
    grace: Duration,
    at_once: Semaphore,
    stopping: AtomicBool,
}

async fn order(service: State<Arc<Service>>, Json(order): Json<Value>) -> Result<(StatusCode, Json<Job>), StatusCode> {
    let prompt = order["prompt"].as_str().filter(|prompt| !prompt.trim().is_empty()).ok_or(StatusCode::BAD_REQUEST)?;
    if service.stopping.load(Ordering::Relaxed) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let (prompt, accepted, status) = (prompt.to_owned(), SystemTime::now().into(), JobStatus::Pending);
    let mut job = Job { job: 0, prompt, accepted, status, generation: None, images: Vec::new(), error: None };
    // On the disk before anything is sent. A client that goes away drops this function at an `await`; there is none.
    service.jobs.add_with_seed(&mut job, |job| &mut job.job).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    tokio::spawn(service.0.clone().work(job.job, false));
    Ok((StatusCode::ACCEPTED, Json(job)))
}

async fn state(service: State<Arc<Service>>, Path(job): Path<i64>) -> Result<Json<Job>, StatusCode> {
    service.jobs.get(&job.to_string()).map(Json).ok_or(StatusCode::NOT_FOUND)
}

impl Service {
    /// Works on a job until it is done. `resumed` if a create may have been sent before.
    async fn work(self: Arc<Self>, seed: i64, mut resumed: bool) {
        let (Ok(_permit), name) = (self.at_once.acquire().await, seed.to_string()) else { return };
        while let (Some(job), false) = (self.jobs.get(&name), self.stopping.load(Ordering::Relaxed)) {
            match self.clone().picture(job, resumed).await {
                Ok(made) => {
                    let images = made.generated_images.into_iter().map(|image| image.url).collect();
                    return self.jobs.note(&name, |job| (job.status, job.images) = (JobStatus::Complete, images));
                }
                Err(error) if self.jobs.get(&name).is_some_and(|job| is_final(&job, &error)) => {
                    let error = Some(error.to_string());
                    return self.jobs.note(&name, |job| (job.status, job.error) = (JobStatus::Failed, error));
                }
                Err(error) => eprintln!("job {name} goes on in 5 s: {error}"),
            }
            resumed = true;
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }

    async fn picture(self: Arc<Self>, job: Job, resumed: bool) -> Result<Generation, GenerationError> {
        if let Some(id) = job.generation {
            return image_wait_for_generation(&self.core, id).await;
        }
        let request = CreateGenerationRequest::new(job.prompt).num_images(1).seed(job.job);
        let mut generate = image_generate(&self.core, request).unique_seed(true).grace(self.grace);
        if let (true, Some(accepted)) = (resumed, job.accepted.to_system_time()) {
            generate = generate.look_first(accepted);
        }
        let made = generate.on_progress(move |step| {
            if let GenerationProgress::Created(made) = step {
                self.jobs.note(&job.job.to_string(), |job| job.generation = Some(made.generation_id.clone()));
            }
        });
        Ok(made.await?.generation)
    }
}

/// Whether there is nothing to wait for: nothing was made, or what was made has failed or is not there any more.
fn is_final(job: &Job, error: &GenerationError) -> bool {
    match &error.reason {
        GenerationErrorReason::Failed(_) => true,
        GenerationErrorReason::Call(call) if job.generation.is_some() => call.is_not_found(),
        _ => job.generation.is_none() && !error.may_have_been_charged(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let defaults = [("--listen", "127.0.0.1:3000"), ("--jobs", "jobs"), ("--grace", "30"), ("--finish", "20")];
    let [listen, folder, grace, finish] = options::options(defaults)?;
    let (grace, finish) = (options::seconds(&grace)?, options::seconds(&finish)?);
    let jobs = records::Records::<Job>::open(folder)?;
    let (core, emulator) = common::service().await?;
    if emulator.is_some() {
        // What another emulator was drawing is gone.
        jobs.retain(|job| job.status != JobStatus::Pending)?;
    }
    let (at_once, stopping) = (Semaphore::new(AT_ONCE as usize), AtomicBool::new(false));
    let service = Arc::new(Service { core, jobs, grace, at_once, stopping });
    for (_, job) in service.jobs.all().into_iter().filter(|(_, job)| job.status == JobStatus::Pending) {
        tokio::spawn(service.clone().work(job.job, true));
    }

    let routes = axum::Router::new().route("/pictures", post(order)).route("/pictures/{job}", get(state));
    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    let server = axum::serve(listener, routes.with_state(service.clone()));
    let server = tokio::spawn(server.with_graceful_shutdown(options::told_to_stop()).into_future());
    options::told_to_stop().await;
    service.stopping.store(true, Ordering::Relaxed);
    let finished = async { (server.await, service.at_once.acquire_many(AT_ONCE).await.is_ok()) };
    if tokio::time::timeout(finish, finished).await.is_err() {
        println!("Some jobs are left to the next start.");
    }
    Ok(())
}

//! What is done for each job.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use leonardo_ai::funcs::{
    GenerationErrorReason, image_create_generation_once, image_download_all, image_wait_for_generation,
};
use leonardo_ai::models::{CreateGenerationRequest, GenerationId, GenerationJob};
use leonardo_ai::{ApiErrorKind, LeonardoCore};
use tokio::sync::Semaphore;

use crate::jobs::Job;
use crate::journal::{Entry, Event, Journal, Saved, now};

/// What is done, and what is not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Saved,
    Later,
    Never,
}

pub struct Batch {
    pub core: LeonardoCore,
    pub out: PathBuf,
    pub grace: Duration,
    pub journal: Mutex<Journal>,
    pub at_once: Semaphore,
    /// Nothing more is created.
    pub stop: AtomicBool,
}

impl Batch {
    /// Creates, or finds what was created since a time at which the journal says that it was going to be.
    pub async fn create(self: Arc<Self>, job: Job, seed: i64, since: Option<SystemTime>) -> End {
        let Ok(_permit) = self.at_once.acquire().await else { return End::Later };
        if self.stop.load(Ordering::Relaxed) {
            return End::Later;
        }
        if !self.write(&job, Event::Creating { seed }) {
            return End::Later;
        }
        let request = CreateGenerationRequest {
            seed: Some(seed),
            num_images: Some(1),
            ..CreateGenerationRequest::new(job.prompt.clone())
        };
        let name = job.name();
        // The seed is random and in the journal, so no other request has it.
        let mut create = image_create_generation_once(&self.core, request)
            .unique_seed(true)
            .grace(self.grace)
            .on_retry(move |retry| eprintln!("{name}: {retry}"));
        if let Some(since) = since {
            create = create.look_first(since);
        }
        match create.await {
            Ok(GenerationJob { generation_id: id, cost, .. }) => {
                let cost = cost.map(|cost| format!("{} {}", cost.amount, cost.unit));
                match &cost {
                    Some(cost) => println!("{}: created {id} for {cost}", job.name()),
                    None => println!("{}: found {id}", job.name()),
                }
                if !self.write(&job, Event::Created { id: id.clone(), cost }) {
                    return End::Later;
                }
                self.files(&job, id).await
            }
            Err(error) => {
                let refused = [ApiErrorKind::Moderation, ApiErrorKind::InvalidRequest];
                let last = error.api().is_some_and(|api| refused.contains(&api.kind)) && !error.may_have_been_charged();
                if !last {
                    // It is not about this prompt, so the others would fare no better.
                    self.stop.store(true, Ordering::Relaxed);
                }
                self.failed(&job, &error, last)
            }
        }
    }

    pub async fn fetch(self: Arc<Self>, job: Job, id: GenerationId) -> End {
        let Ok(_permit) = self.at_once.acquire().await else { return End::Later };
        self.files(&job, id).await
    }

    async fn files(&self, job: &Job, id: GenerationId) -> End {
        let name = job.name();
        let wait = image_wait_for_generation(&self.core, id)
            .first_delay(Duration::from_millis(300))
            .on_retry(move |retry| eprintln!("{name}: {retry}"));
        let generation = match wait.await {
            Ok(generation) => generation,
            Err(error) => {
                let last = matches!(error.reason, GenerationErrorReason::Failed(_));
                return self.failed(job, &error, last);
            }
        };
        if generation.generated_images.is_empty() {
            return self.failed(job, &format!("generation {} has no images", generation.id), true);
        }
        if !self.write(job, Event::Complete) {
            return End::Later;
        }
        // A file that is there already, and not in the journal, is downloaded again and replaced.
        let paths = match image_download_all(&self.core, &generation, &self.out).await {
            Ok(paths) => paths,
            Err(error) => return self.failed(job, &error, false),
        };
        let mut files = Vec::new();
        for path in paths {
            match fs::metadata(&path) {
                Ok(file) => files.push(Saved { path, bytes: file.len() }),
                Err(error) => return self.failed(job, &format!("{}: {error}", path.display()), false),
            }
        }
        let shown: Vec<_> = files.iter().map(|file| file.path.display().to_string()).collect();
        if !self.write(job, Event::Saved { files }) {
            return End::Later;
        }
        println!("{}: saved {}", job.name(), shown.join(", "));
        End::Saved
    }

    /// Whether it could be written. Without, nothing must go on.
    fn write(&self, job: &Job, event: Event) -> bool {
        let entry = Entry { time: now(), job: Some(job.mark.clone()), line: Some(job.line), event };
        let written =
            tokio::task::block_in_place(|| self.journal.lock().unwrap_or_else(PoisonError::into_inner).write(&entry));
        if let Err(error) = &written {
            self.stop.store(true, Ordering::Relaxed);
            eprintln!("{}: cannot write the journal: {error}", job.name());
        }
        written.is_ok()
    }

    fn failed(&self, job: &Job, error: &dyn std::fmt::Display, last: bool) -> End {
        eprintln!("{}: {error}", job.name());
        let written = self.write(job, Event::Failed { reason: error.to_string(), last });
        if last && written { End::Never } else { End::Later }
    }
}

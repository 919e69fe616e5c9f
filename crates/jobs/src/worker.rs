//! A worker: one of many.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leonardo_ai::LeonardoCore;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::settings::Settings;
use crate::sink::Sink;
use crate::store::random_seed;
use crate::work::{Context, Cores};
use crate::{Error, Jobs};

/// So many jobs are admitted in a row at most, before others get their turn.
const ADMITTED_AT_ONCE: usize = 64;
/// How long a task rests that ended in an error, which is the database's, or a panic of a sink's.
const AFTER_ERROR: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// A worker, of which there may be any number, on any machine that reaches the database.
pub struct Worker {
    jobs: Jobs,
    cores: Arc<Cores>,
    sink: Arc<dyn Sink>,
    settings: Settings,
}

impl Worker {
    /// A worker that gets the core of an account, and with it its key, from `cores`, and brings files to `sink`. Jobs of an
    /// account for which it gets `None` are left to other workers.
    ///
    /// The key of an account must always be of the same user at the service, since what may have been sent is looked for
    /// there. The first one is written down, and a worker that has another's leaves the account's jobs to others.
    ///
    /// Cores need no limits and no budget of their own: the ledger keeps to both.
    pub fn new(
        jobs: &Jobs,
        cores: impl Fn(&str) -> Option<LeonardoCore> + Send + Sync + 'static,
        sink: impl Sink,
    ) -> Self {
        Self { jobs: jobs.clone(), cores: Arc::new(cores), sink: Arc::new(sink), settings: Settings::default() }
    }

    /// How it works.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Works until `stop` is ready, and then hands back what it has.
    ///
    /// A create that is under way is waited for, at most as long as its timeout; everything else is left at once. A
    /// database that cannot be reached is waited for.
    ///
    /// # Errors
    ///
    /// The system gives no random numbers for the worker's name.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Error> {
        let (stopping, stopped) = watch::channel(false);
        let Self { jobs: Jobs { store }, cores, sink, settings } = self;
        let name = format!("{}-{:08x}{:08x}", std::process::id(), random_seed()?, random_seed()?);
        let signal = tokio::spawn(async move {
            stop.await;
            let _ = stopping.send(true);
            // Kept until nobody listens.
            stopping.closed().await;
        });
        let context = Arc::new(Context {
            store,
            cores,
            sink,
            settings,
            name,
            stop: stopped.clone(),
            known: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        });
        let rounds = tokio::spawn(rounds(context.clone()));
        let works = TaskTracker::new();
        let mut registered = 0_u32;
        while !*stopped.borrow() {
            // The engine does not take the same name again before the earlier one counts as gone.
            registered += 1;
            let engine = format!("{}-{registered}", context.name);
            let (worker, tracker) = (context.clone(), works.clone());
            let work = move |ticket| {
                let context = worker.clone();
                // The engine drops what it runs when the database fails, which would break a create off.
                let is_stopping = *context.stop.borrow();
                let work = (!is_stopping).then(|| tracker.spawn(async move { context.work(ticket).await }));
                async move {
                    // It is given back with all that the engine has.
                    let Some(work) = work else { return std::future::pending().await };
                    let ended = work.await.map_err(|error| Error::Engine(error.to_string())).flatten();
                    if ended.is_err() {
                        // The engine would hand it out again at once.
                        tokio::time::sleep(AFTER_ERROR).await;
                    }
                    ended
                }
            };
            let (mut stopped, tracker) = (stopped.clone(), works.clone());
            let quiet = async move {
                // An error is a sender that is gone, which is as good.
                let _ = stopped.wait_for(|stop| *stop).await;
                tracker.close();
                tracker.wait().await;
            };
            let run = context.store.clone().run(context.settings.clone(), engine, quiet, work);
            if run.await.is_err() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        works.close();
        works.wait().await;
        rounds.abort();
        signal.abort();
        Ok(())
    }
}

/// What is done again and again beside the jobs: admitting, waking and sweeping. Every worker does all of it; the database
/// lets one at a time.
async fn rounds(context: Arc<Context>) {
    let mut next_sweep = Instant::now() + SWEEP_EVERY;
    let mut last_event = None;
    while !*context.stop.borrow() {
        // What fails is tried again in the next round.
        for _ in 0..ADMITTED_AT_ONCE {
            if !matches!(context.store.admit().await, Ok(true)) {
                break;
            }
        }
        for generation in context.store.events(&mut last_event).await.unwrap_or_default() {
            context.wake(&generation);
        }
        if Instant::now() >= next_sweep {
            let _ = context.store.sweep().await;
            next_sweep = Instant::now() + SWEEP_EVERY;
        }
        tokio::time::sleep(context.settings.poll).await;
    }
}

//! What is done for one job, from the moment at which a worker takes it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use leonardo_ai::funcs::{
    GenerationErrorReason, Lookup, image_create_generation, image_find_generation, image_wait_for_generation,
    user_get_user_self,
};
use leonardo_ai::models::{CostUnit, Generation, GenerationId};
use leonardo_ai::{ApiErrorKind, LeonardoCore, RetryPolicy};
use tokio::sync::watch;

use crate::records::{Claim, Ticket, Turn};
use crate::settings::Settings;
use crate::sink::Sink;
use crate::store::Store;
use crate::{Error, Job, Money, State};

/// How long an account whose key this worker does not have is left to others.
const NO_KEY: Duration = Duration::from_secs(5);
/// How long a worker that is to stop goes on trying to reach the database.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// Gives the core of an account, by its name.
pub(crate) type Cores = dyn Fn(&str) -> Option<LeonardoCore> + Send + Sync;

/// What all jobs of a worker have in common.
pub(crate) struct Context {
    pub(crate) store: Store,
    pub(crate) cores: Arc<Cores>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) settings: Settings,
    pub(crate) name: String,
    pub(crate) stop: watch::Receiver<bool>,
    /// The cores that jobs are done with, by account, whose key is of the right user.
    pub(crate) known: Mutex<HashMap<String, LeonardoCore>>,
    /// Held by whoever asks the service whose key it is.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

/// What may be at the service already: looked for from that time on, for so long.
#[derive(Clone, Copy)]
struct Doubt {
    since: SystemTime,
    grace: Duration,
}

impl Context {
    /// Works on the job until it is at its end, somebody else has it, or it was handed back. An error is the database's:
    /// then the task is not done.
    pub(crate) async fn work(&self, ticket: Ticket) -> Result<(), Error> {
        let Some(Claim { mut job, last_sent_at, now }) =
            self.patiently(|| self.store.claim(ticket, &self.name)).await?
        else {
            return Ok(());
        };
        let epoch = job.epoch;
        let Some(core) = (self.cores)(&job.account) else {
            return self.put_off(&job, NO_KEY, Some("the worker has no key for the account")).await;
        };
        let Some(checked) = self.unless_stopped(self.check_user(&job, &core)).await else {
            return self.put_off(&job, Duration::ZERO, None).await;
        };
        if let Err((delay, problem)) = checked? {
            return self.put_off(&job, delay, Some(&problem)).await;
        }
        // What another worker has sent may be on its way still.
        let mut doubt = job.sent_at.filter(|_| job.state == State::Sent).map(|since| {
            let latest = last_sent_at.unwrap_or(now) + self.settings.in_flight();
            Doubt { since, grace: self.settings.grace + latest.duration_since(now).unwrap_or_default() }
        });
        loop {
            match job.state {
                State::Admitted | State::Sent => self.create(&core, &job, doubt.take()).await?,
                State::Created => self.wait(&core, &job).await?,
                State::Complete => self.fetch(&core, &job).await?,
                _ => return Ok(()),
            }
            // The ledger says what came of it: whether a transaction was committed whose response was lost, for example.
            job = self.patiently(|| self.store.job(job.id)).await?;
            if job.epoch != epoch {
                return self.lost(job, ticket).await;
            }
        }
    }

    /// Whether the key is of the account at the service that the ledger knows. In another one nothing would be found that
    /// was sent, and all of it would be paid for again.
    async fn check_user(&self, job: &Job, core: &LeonardoCore) -> Result<Result<(), (Duration, String)>, Error> {
        // One asks for all jobs that begin at the same time.
        let _asking = self.asking.lock().await;
        if let Some(known) = self.known().get_mut(&job.account) {
            // Events go to the one that waits.
            *known = core.clone();
            return Ok(Ok(()));
        }
        let user = match user_get_user_self(core).await.map(|told| told.user.map(|user| user.id.to_string())) {
            Ok(Some(user)) => user,
            Ok(None) => return Ok(Err((NO_KEY, "the service does not tell whose key the worker has".to_owned()))),
            Err(error) => return Ok(Err((self.settings.delay(job.tries), error.to_string()))),
        };
        if self.patiently(|| self.store.user(&job.account, &user)).await? != user {
            return Ok(Err((NO_KEY, "the worker's key is of another account at the service".to_owned())));
        }
        self.known().insert(job.account.clone(), core.clone());
        Ok(Ok(()))
    }

    /// Somebody else has the job. If it is by the same task, that must not be called done before he is: it may be this very
    /// process, to which the engine has given its task back after a while, and which could then die with it.
    async fn lost(&self, mut job: Job, ticket: Ticket) -> Result<(), Error> {
        while (job.id, job.ticket) == ticket && job.is_under_way() {
            let beat = tokio::time::sleep(self.settings.heartbeat);
            if self.unless_stopped(beat).await.is_none() {
                return Ok(());
            }
            job = self.patiently(|| self.store.job(job.id)).await?;
        }
        Ok(())
    }

    /// Sends creates until there is a generation, or it is certain that there is none; each only after the ledger has
    /// said that the job is still this worker's.
    async fn create(&self, core: &LeonardoCore, job: &Job, mut doubt: Option<Doubt>) -> Result<(), Error> {
        loop {
            if let Some(doubt) = doubt.take() {
                let Some(found) = self.unless_stopped(self.look(core, job, doubt)).await else {
                    return self.put_off(job, Duration::ZERO, None).await;
                };
                match found {
                    Ok(Some(id)) => return self.created(job, id.as_ref(), None).await,
                    Ok(None) => {
                        if !self.patiently(|| self.store.not_made(job)).await? {
                            return Ok(());
                        }
                    }
                    Err(problem) => return self.put_off(job, self.settings.delay(job.tries), Some(&problem)).await,
                }
            }
            if *self.stop.borrow() {
                return self.put_off(job, Duration::ZERO, None).await;
            }
            // A clock that does not step, and that goes on while the process is stopped.
            let asked = Instant::now();
            let (number, since) = match self.patiently(|| self.store.sending(job, self.settings.in_flight())).await? {
                Turn::Send(number, at) => (number, at),
                Turn::Later(delay) => return self.put_off(job, whole_seconds(delay), None).await,
                Turn::Lost => return Ok(()),
            };
            if asked.elapsed() >= self.settings.max_age {
                // The word of the ledger is too old, so it is asked again.
                self.patiently(|| self.store.arrived(number)).await?;
                continue;
            }
            let create = image_create_generation(core, job.request.clone())
                .retry(RetryPolicy::none())
                .timeout(self.settings.create_timeout)
                .deadline(self.settings.create_timeout);
            let error = match create.await {
                Ok(made) => {
                    let cost = made.cost.as_ref().and_then(|cost| Some((Money::of(cost)?, cost.unit.clone())));
                    self.patiently(|| self.store.arrived(number)).await?;
                    return self.created(job, made.generation_id.as_ref(), cost).await;
                }
                Err(error) => error,
            };
            if let Some(id) = error.generation_id() {
                return self.created(job, id, None).await;
            }
            if error.may_have_been_charged() {
                doubt = Some(Doubt { since: job.sent_at.unwrap_or(since), grace: self.settings.grace });
                continue;
            }
            self.patiently(|| self.store.arrived(number)).await?;
            return self.refused(job, &error).await;
        }
    }

    /// Nothing was made. What would be refused again has failed; all else is tried again later.
    async fn refused(&self, job: &Job, error: &leonardo_ai::Error) -> Result<(), Error> {
        let lasts = |kind| matches!(kind, ApiErrorKind::Moderation | ApiErrorKind::InvalidRequest);
        let is_invalid = matches!(error, leonardo_ai::Error::InvalidRequest(_));
        if is_invalid || error.api().is_some_and(|api| lasts(api.kind)) {
            return self.failed(job, &error.to_string()).await;
        }
        if !self.patiently(|| self.store.not_made(job)).await? {
            return Ok(());
        }
        let delay = self.settings.delay(job.tries).max(error.retry_after().unwrap_or_default());
        self.put_off(job, whole_seconds(delay), Some(&error.to_string())).await
    }

    async fn created(&self, job: &Job, id: &str, cost: Option<(Money, CostUnit)>) -> Result<(), Error> {
        self.patiently(|| self.store.created(job, id, cost.clone())).await?;
        Ok(())
    }

    async fn failed(&self, job: &Job, problem: &str) -> Result<(), Error> {
        self.patiently(|| self.store.failed(job, problem)).await.map(drop)
    }

    /// The generation of an earlier create; `None` if it is certain that there is none.
    async fn look(&self, core: &LeonardoCore, job: &Job, doubt: Doubt) -> Result<Option<GenerationId>, String> {
        let find = image_find_generation(core, &job.request, doubt.since)
            .unique_seed(true)
            .grace(doubt.grace)
            .deadline(doubt.grace + Duration::from_secs(600));
        match find.await {
            Ok(Lookup::Found(generation)) => Ok(Some(generation.id)),
            Ok(Lookup::Absent) => Ok(None),
            Ok(unclear) => Err(format!("whether it was made cannot be told: {unclear:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Waits until the generation has ended, and frees its place.
    async fn wait(&self, core: &LeonardoCore, job: &Job) -> Result<(), Error> {
        match self.generation(core, job).await? {
            Some(_) => self.patiently(|| self.store.complete(job)).await.map(drop),
            None => Ok(()),
        }
    }

    async fn fetch(&self, core: &LeonardoCore, job: &Job) -> Result<(), Error> {
        let Some(generation) = self.generation(core, job).await? else { return Ok(()) };
        match self.unless_stopped(self.sink.store(core, job, &generation)).await {
            None => self.put_off(job, Duration::ZERO, None).await,
            Some(Ok(files)) => self.patiently(|| self.store.done(job, &files)).await.map(drop),
            Some(Err(error)) => self.put_off(job, self.settings.delay(job.tries), Some(&error.to_string())).await,
        }
    }

    /// The generation once it is complete. `None` if it has failed, or the job was handed back.
    async fn generation(&self, core: &LeonardoCore, job: &Job) -> Result<Option<Generation>, Error> {
        let Some(id) = job.generation.clone() else {
            return Err(Error::Unknown(format!("job {} is {} and has no generation", job.id, job.state)));
        };
        let wait = image_wait_for_generation(core, id).deadline(None);
        match self.unless_stopped(wait.into_future()).await {
            None => self.put_off(job, Duration::ZERO, None).await?,
            Some(Ok(generation)) => return Ok(Some(generation)),
            Some(Err(error)) if matches!(error.reason, GenerationErrorReason::Failed(_)) || error.is_not_found() => {
                self.failed(job, &error.to_string()).await?;
            }
            Some(Err(error)) => self.put_off(job, self.settings.delay(job.tries), Some(&error.to_string())).await?,
        }
        Ok(None)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, LeonardoCore>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is known of a generation: whoever waits for it here, or is about to, looks at once.
    pub(crate) fn wake(&self, generation: &str) {
        for core in self.known().values() {
            core.notify(generation);
        }
    }

    /// Gives the job back.
    async fn put_off(&self, job: &Job, delay: Duration, problem: Option<&str>) -> Result<(), Error> {
        self.patiently(|| self.store.hand_back(job, delay, problem)).await?;
        Ok(())
    }

    /// What it gives, or `None` once the worker is to stop.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T> + Send) -> Option<T> {
        let mut stop = self.stop.clone();
        tokio::select! {
            output = work => Some(output),
            _ = stop.wait_for(|stop| *stop) => None,
        }
    }

    /// Asks the database until it responds. What it fails with only sometimes is worth to wait for: the ledger would not
    /// know what was paid for.
    async fn patiently<T, F, Fut>(&self, ask: F) -> Result<T, Error>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Error>> + Send,
        T: Send,
    {
        let mut stopped_at = None;
        loop {
            let error = match ask().await {
                Err(error @ (Error::Database(_) | Error::Engine(_))) => error,
                result => return result,
            };
            if *self.stop.borrow() && stopped_at.get_or_insert_with(Instant::now).elapsed() > LAST_WORDS {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// The queue counts in seconds, and rounds down.
fn whole_seconds(delay: Duration) -> Duration {
    if delay.is_zero() { delay } else { Duration::from_secs(delay.as_secs() + 1) }
}

//! The job engine: it hands out tasks, keeps a heartbeat, and takes tasks back from workers that are gone.

use std::future::Future;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{BackendExt as _, WorkerBuilder};

use super::{Config, RELEASE, Storage, Store};
use crate::Error;
use crate::records::Ticket;
use crate::settings::Settings;
use crate::store::QUEUE;

impl Store {
    /// Hands tasks to `work` until `quiet` is ready, which is when all work is over and none begins; or until the database
    /// fails.
    ///
    /// The engine's own way to stop is not taken: apalis 1.0 then writes down that tasks are done only once all have
    /// ended, and with more than a few at work their ends wait for that, for ever.
    pub(crate) async fn run<F, Fut, Quiet>(
        self,
        settings: Settings,
        name: String,
        quiet: Quiet,
        work: F,
    ) -> Result<(), Error>
    where
        F: Fn(Ticket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
        Quiet: Future<Output = ()> + Send + 'static,
    {
        let config = Config::default()
            .queue(QUEUE)
            // With more, tasks would lie with a worker that has no room for them; and as long as they did, apalis 1.0
            // would keep no heartbeat.
            .batch_size(1)
            .heartbeat_interval(Duration::from_secs(settings.heartbeat.as_secs().max(1)))
            // The engine counts in whole seconds: with less, everybody would be taken for dead.
            .missed_heartbeats(settings.missed_heartbeats.max(2));
        let storage = Storage::<Ticket>::new(&self.pool).with_config(config).poll_with_interval(settings.poll);
        let worker = WorkerBuilder::new(name.as_str()).backend(storage).concurrency(settings.concurrency).build(work);
        tokio::select! {
            ended = worker.run() => return ended.map_err(|error| Error::Engine(error.to_string())),
            () = quiet => {}
        }
        // What it has fetched and not begun is for others, at once. What is done and not yet written down is a void
        // ticket.
        sqlx::query(RELEASE).bind(&name).execute(&self.pool).await?;
        Ok(())
    }
}

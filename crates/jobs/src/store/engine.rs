//! The job engine: it hands out tasks, keeps a heartbeat, and takes tasks back from workers that are gone.

use std::future::Future;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{BackendExt as _, WorkerBuilder, WorkerError};
use tokio::sync::watch;

use super::{Config, Storage, Store};
use crate::Error;
use crate::records::Ticket;
use crate::settings::Settings;
use crate::store::QUEUE;

impl Store {
    /// Hands tasks to `work` until it is told to stop, and all of them have ended; or until the database fails.
    pub(crate) async fn run<F, Fut>(
        self,
        settings: Settings,
        name: String,
        stop: watch::Receiver<bool>,
        work: F,
    ) -> Result<(), Error>
    where
        F: Fn(Ticket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let config = Config::default()
            .queue(QUEUE)
            // With more, tasks would lie with a worker that has no room for them; and as long as they did, apalis 1.0
            // would keep no heartbeat.
            .batch_size(1)
            .heartbeat_interval(settings.heartbeat)
            .missed_heartbeats(settings.missed_heartbeats);
        let storage = Storage::<Ticket>::new(&self.pool).with_config(config).poll_with_interval(settings.poll);
        let worker = WorkerBuilder::new(name.as_str()).backend(storage).concurrency(settings.concurrency).build(work);
        let mut stop = stop;
        let stopped = async move {
            // An error is a sender that is gone, which is as good.
            let _ = stop.wait_for(|stop| *stop).await;
            Ok::<(), WorkerError>(())
        };
        worker.run_until(stopped).await.map_err(|error| Error::Engine(error.to_string()))
    }
}

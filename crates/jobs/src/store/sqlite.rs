//! What is particular to SQLite: one file, one writer at a time.

use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use apalis::prelude::TaskBuilder;
pub(super) use apalis_sqlite::{Config, SqliteStorage as Storage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
pub(super) use sqlx::{Sqlite as Db, SqliteConnection as Connection, SqlitePool as Pool};

use super::{ATTEMPTS, QUEUE};
use crate::Error;
use crate::records::{Ticket, millis};

#[path = "admission.rs"]
mod admission;
#[path = "engine.rs"]
mod engine;
#[path = "ledger.rs"]
mod ledger;
#[path = "steps.rs"]
mod steps;

/// The ledger in a file.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(super) pool: Pool,
}

/// A transaction that reads before it writes must have the lock at once, or it fails where another wrote in between.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
/// There is one writer, so no row is locked by another.
pub(super) const SKIP_LOCKED: &str = "";

impl Store {
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was written before a create must be there after a power failure. The engine's own setup turns this
            // off, and is therefore not called.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(60));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        let store = Self { pool };
        // Several processes may make the tables at the same time, and SQLite has no lock around that.
        let mut attempts = 0;
        loop {
            match store.migrate().await {
                Err(_) if attempts < 20 => attempts += 1,
                result => return result.map(|()| store),
            }
            tokio::time::sleep(Duration::from_millis(50 * attempts)).await;
        }
    }

    async fn migrate(&self) -> Result<(), Error> {
        // Both have their migrations in the same table.
        Storage::migrations().set_ignore_missing(true).run(&self.pool).await?;
        sqlx::migrate!("migrations/sqlite").set_ignore_missing(true).run(&self.pool).await?;
        Ok(())
    }
}

/// The ledger's time in milliseconds since 1970: all of its workers are on this machine.
pub(super) async fn now(_: &mut Connection) -> Result<i64, sqlx::Error> {
    Ok(millis(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()))
}

/// Puts a task into the engine's queue, in the ledger's transaction.
pub(super) async fn push(connection: &mut Connection, ticket: Ticket, delay: Duration) -> Result<(), Error> {
    let task = TaskBuilder::new(serde_json::to_vec(&ticket)?).run_after(delay).max_attempts(ATTEMPTS).build();
    apalis_sqlite::queries::push_tasks(connection, QUEUE, &[task])
        .await
        .map_err(|error| Error::Engine(error.to_string()))
}

/// Tasks that are done, and workers that are gone, are of no use to anybody.
pub(super) const SWEEP: [&str; 2] = [
    "DELETE FROM Jobs WHERE job_type = $1 AND status = 'Done' AND done_at < CAST($2 AS INTEGER)",
    "DELETE FROM Workers WHERE worker_type = $1 AND last_seen < CAST($2 AS INTEGER) \
     AND NOT EXISTS (SELECT 1 FROM Jobs WHERE Jobs.lock_by = Workers.id)",
];

/// Gives back what a worker has fetched that has stopped.
pub(super) const RELEASE: &str = "UPDATE Jobs SET status = 'Pending', lock_by = NULL, lock_at = NULL \
                                  WHERE lock_by = $1 AND status IN ('Queued', 'Running')";

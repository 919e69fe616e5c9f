//! What is particular to PostgreSQL: many machines, whose clocks need not agree.

use std::time::Duration;

use apalis::prelude::TaskBuilder;
pub(super) use apalis_postgres::{Config, PostgresStorage as Storage};
use sqlx::postgres::PgPoolOptions;
pub(super) use sqlx::{PgConnection as Connection, PgPool as Pool, Postgres as Db};

use super::{ATTEMPTS, QUEUE};
use crate::Error;
use crate::records::Ticket;

#[path = "admission.rs"]
mod admission;
#[path = "engine.rs"]
mod engine;
#[path = "ledger.rs"]
mod ledger;
#[path = "steps.rs"]
mod steps;

/// The ledger on a server.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(super) pool: Pool,
}

pub(super) const BEGIN: &str = "BEGIN";
/// Whoever admits takes the next account instead of waiting for one that another has.
pub(super) const SKIP_LOCKED: &str = "FOR UPDATE SKIP LOCKED";

impl Store {
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let pool =
            PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(10)).connect(url).await?;
        // Both have their migrations in the same table, and sqlx locks it.
        Storage::migrations().set_ignore_missing(true).run(&pool).await?;
        sqlx::migrate!("migrations/postgres").set_ignore_missing(true).run(&pool).await?;
        Ok(Self { pool })
    }
}

/// The ledger's time in milliseconds since 1970, which is the server's.
pub(super) async fn now(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT").fetch_one(connection).await
}

/// Puts a task into the engine's queue, in the ledger's transaction.
pub(super) async fn push(connection: &mut Connection, ticket: Ticket, delay: Duration) -> Result<(), Error> {
    let task = TaskBuilder::new(serde_json::to_vec(&ticket)?).run_after(delay).max_attempts(ATTEMPTS).build();
    let pushed = apalis_postgres::queries::push_tasks(connection, QUEUE, vec![task]).await;
    pushed.map_err(|error| Error::Engine(error.to_string()))
}

/// Tasks that are done, and workers that are gone, are of no use to anybody.
pub(super) const SWEEP: [&str; 2] = [
    "DELETE FROM apalis.jobs WHERE job_type = $1 AND status = 'Done' AND done_at < to_timestamp($2)",
    "DELETE FROM apalis.workers WHERE worker_type = $1 AND last_seen < to_timestamp($2) \
     AND NOT EXISTS (SELECT 1 FROM apalis.jobs WHERE apalis.jobs.lock_by = apalis.workers.id)",
];

/// Gives back what a worker has fetched that has stopped.
pub(super) const RELEASE: &str = "UPDATE apalis.jobs SET status = 'Pending', lock_by = NULL, lock_at = NULL \
                                  WHERE lock_by = $1 AND status IN ('Queued', 'Running')";

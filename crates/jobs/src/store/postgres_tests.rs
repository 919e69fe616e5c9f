//! What an admission costs on PostgreSQL, by the server's own counters. `JOBS_TEST_POSTGRES` says where its programs are;
//! without that nothing is tested here.

use sqlx::postgres::PgPoolOptions;

use super::tests::rate;
use super::{Store, postgres};
use crate::{Account, Submission};

#[path = "../../tests/common/server.rs"]
mod server;

use server::Server;

/// The directory of a server, which is removed after it has stopped, and the server.
fn start() -> Option<(tempfile::TempDir, Server)> {
    let programs = std::env::var_os("JOBS_TEST_POSTGRES")?;
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(programs.into(), directory.path());
    Some((directory, server))
}

/// Rows and pages that were read of all tables, by one connection that tells all it has counted so far.
async fn counted(pool: &postgres::Pool) -> (i64, i64) {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await.unwrap();
    sqlx::query_as(
        "SELECT (SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0))::BIGINT FROM pg_stat_user_tables), \
         (SELECT SUM(heap_blks_hit + heap_blks_read + COALESCE(idx_blks_hit, 0) + COALESCE(idx_blks_read, 0))::BIGINT \
         FROM pg_statio_user_tables)",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_admission_reads_no_more_when_more_jobs_wait() {
    const ADMISSIONS: i64 = 20;
    let Some((_directory, server)) = start() else { return };
    drop(Store::connect(&server.url()).await.unwrap());
    // The counters are those of a connection until it gives them to the server.
    let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
    let store = Store::Postgres(postgres::Store { pool: pool.clone() });
    store.set_account(&Account::new("account 1").jobs(100_000)).await.unwrap();
    let request = leonardo_ai::models::CreateGenerationRequest::new("a pier");
    store.submit("account 1", &[Submission::new("0", request)]).await.unwrap();
    let (mut taken, mut jobs_before, mut accounts_before) = (Vec::new(), 0, 1);
    for (accounts, jobs) in [(1, 1_000), (1, 100_000), (1_000, 200_000)] {
        let add = "INSERT INTO leonardo_account (name, jobs_max, creates_per_minute) \
                   SELECT 'account ' || i, 100000, 100000 FROM generate_series($1 + 1, $2) i";
        sqlx::query(add).bind(accounts_before).bind(accounts).execute(&pool).await.unwrap();
        let fill = "INSERT INTO leonardo_job (account, key, request, seed, state, reserved, created_at, changed_at) \
                    SELECT 'account ' || i % $3 + 1, 'n' || i, (SELECT request FROM leonardo_job LIMIT 1), i, 'waiting', 0, 0, 0 \
                    FROM generate_series($1 + 1, $2) i";
        sqlx::query(fill).bind(jobs_before).bind(jobs).bind(accounts).execute(&pool).await.unwrap();
        sqlx::query("UPDATE leonardo_account SET ready = 1, backlog = $1").bind(jobs).execute(&pool).await.unwrap();
        // As the server does by itself before long.
        sqlx::query("VACUUM ANALYZE").execute(&pool).await.unwrap();
        (jobs_before, accounts_before) = (jobs, accounts);
        assert!(store.admit().await.unwrap());
        let before = counted(&pool).await;
        for _ in 0..ADMISSIONS {
            assert!(store.admit().await.unwrap());
        }
        let after = counted(&pool).await;
        let (rows, pages) = ((after.0 - before.0) / ADMISSIONS, (after.1 - before.1) / ADMISSIONS);
        println!("{accounts} accounts, {jobs} jobs: an admission reads {rows} rows, {pages} pages");
        taken.push((rows, pages));
    }
    let rows: Vec<_> = taken.iter().map(|(rows, _)| *rows).collect();
    assert!(rows[0] > 0 && rows.iter().all(|other| (rows[0]..rows[0] + 3).contains(other)), "{taken:?}");
    // The trees of the indexes are a little higher.
    assert!(taken.iter().all(|(_, pages)| *pages < taken[0].1 * 2), "{taken:?}");
}

/// How many jobs are admitted in a second.
#[tokio::test]
async fn admissions_in_a_second() {
    for (accounts, at_once) in [(1, 1), (1, 8), (1000, 1), (1000, 8)] {
        let Some((_directory, server)) = start() else { return };
        let store = Store::connect(&server.url()).await.unwrap();
        println!("{accounts} accounts, {at_once} at once: {:.0} a second", rate(&store, accounts, at_once).await);
    }
}

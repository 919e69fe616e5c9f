//! What a worker writes down of a job that it has taken. Each step holds only as long as nobody else has taken the job.

use std::time::Duration;

use leonardo_ai::models::CostUnit;
use sqlx::{Row as _, Transaction};

use super::admission::{full_minute, lock};
use super::ledger::job;
use super::{BEGIN, Connection, Db, Store, now, push};
use crate::records::{Claim, Ticket, Turn, millis, time};
use crate::{Error, Job, Money};

impl Store {
    /// Takes a job. `None` if the ticket is void, or there is nothing left to do.
    pub(crate) async fn claim(&self, (id, ticket): Ticket, worker: &str) -> Result<Option<Claim>, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let now = now(&mut tx).await?;
        let row = sqlx::query(
            "UPDATE leonardo_job SET owner = $3, epoch = epoch + 1, changed_at = $4 WHERE id = $1 AND ticket = $2 \
             AND state IN ('admitted', 'sent', 'created', 'complete') RETURNING *",
        )
        .bind(id)
        .bind(ticket)
        .bind(worker)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let last_sent_at = row.try_get::<Option<i64>, _>("last_sent_at")?.map(time);
        Ok(Some(Claim { job: job(&row)?, last_sent_at, now: time(now) }))
    }

    /// Writes down that a create may be sent from now on, if the job is still this worker's and there is room in the
    /// minute. It counts as sent at the latest time at which it can arrive, `in_flight` from now.
    pub(crate) async fn sending(&self, job: &Job, in_flight: Duration) -> Result<Turn, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let limit = sqlx::query_scalar::<_, i64>(
            "UPDATE leonardo_account SET held = held WHERE name = $1 RETURNING creates_per_minute",
        )
        .bind(&job.account)
        .fetch_one(&mut *tx)
        .await?;
        let now = now(&mut tx).await?;
        let changed = sqlx::query(
            "UPDATE leonardo_job SET state = 'sent', sent_at = COALESCE(sent_at, $3), last_sent_at = $3, changed_at = $3 \
             WHERE id = $1 AND epoch = $2 AND state IN ('admitted', 'sent')",
        )
        .bind(job.id)
        .bind(job.epoch)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(Turn::Lost);
        }
        if let Some(free_at) = full_minute(&mut tx, &job.account, limit, now).await? {
            return Ok(Turn::Later(Duration::from_millis((free_at - now).max(1).unsigned_abs())));
        }
        let number = sqlx::query_scalar("INSERT INTO leonardo_create (account, at) VALUES ($1, $2) RETURNING id")
            .bind(&job.account)
            .bind(now + millis(in_flight))
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Turn::Send(number, time(now)))
    }

    /// The request of a create is over: from now on a minute must pass.
    pub(crate) async fn arrived(&self, create: i64) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        let now = now(&mut connection).await?;
        sqlx::query("UPDATE leonardo_create SET at = $2 WHERE id = $1")
            .bind(create)
            .bind(now)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    /// It is certain that nothing was made by any create so far.
    pub(crate) async fn not_made(&self, job: &Job) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let is_mine = step(
            &mut tx,
            job,
            "UPDATE leonardo_job SET state = 'admitted', sent_at = NULL, last_sent_at = NULL, changed_at = $3 \
             WHERE id = $1 AND epoch = $2 AND state IN ('admitted', 'sent')",
        )
        .await?;
        tx.commit().await?;
        Ok(is_mine)
    }

    /// There is a generation, and it is paid for. Where the service charges in another unit than the account has, what was
    /// reserved counts, and nothing more is admitted.
    pub(crate) async fn created(
        &self,
        job: &Job,
        generation: &str,
        cost: Option<(Money, CostUnit)>,
    ) -> Result<bool, Error> {
        let (cost, unit) = cost.map_or((job.reserved, None), |(cost, unit)| (cost, Some(unit)));
        let unit = unit.filter(|unit| !unit.as_str().is_empty());
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let has = sqlx::query_scalar::<_, Option<String>>(
            "UPDATE leonardo_account SET reserved = reserved - $2, unit = COALESCE(unit, $3), \
             ready = CASE WHEN backlog > 0 THEN 1 ELSE 0 END WHERE name = $1 RETURNING unit",
        )
        .bind(&job.account)
        .bind(job.reserved.0)
        .bind(unit.as_ref().map(CostUnit::as_str))
        .fetch_one(&mut *tx)
        .await?;
        let has = has.map(CostUnit::from);
        let other = unit.filter(|unit| has.as_ref() != Some(unit));
        let cost = if other.is_some() { job.reserved } else { cost };
        let problem = other.zip(has).map(|(given, has)| Error::Unit { account: job.account.clone(), has, given });
        sqlx::query(
            "UPDATE leonardo_account SET settled = settled + $2, problem = COALESCE($3, problem) WHERE name = $1",
        )
        .bind(&job.account)
        .bind(cost.0)
        .bind(problem.map(|problem| format!("what the service charges: {problem}")))
        .execute(&mut *tx)
        .await?;
        let now = now(&mut tx).await?;
        let changed = sqlx::query(
            "UPDATE leonardo_job SET state = 'created', generation = $3, settled = COALESCE(settled, 0) + $4, problem = NULL, \
             changed_at = $5 WHERE id = $1 AND epoch = $2 AND state = 'sent'",
        )
        .bind(job.id)
        .bind(job.epoch)
        .bind(generation)
        .bind(cost.0)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        kept(tx, changed.rows_affected()).await
    }

    /// The generation has ended well, so its place is free.
    pub(crate) async fn complete(&self, job: &Job) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        free_place(&mut tx, &job.account, 0).await?;
        let is_mine = step(
            &mut tx,
            job,
            "UPDATE leonardo_job SET state = 'complete', changed_at = $3 WHERE id = $1 AND epoch = $2 AND state = 'created'",
        )
        .await?;
        kept(tx, u64::from(is_mine)).await
    }

    /// Its files are where they should be.
    pub(crate) async fn done(&self, job: &Job, files: &[String]) -> Result<bool, Error> {
        let mut connection = self.pool.acquire().await?;
        let now = now(&mut connection).await?;
        let changed = sqlx::query(
            "UPDATE leonardo_job SET state = 'done', owner = NULL, files = $3, problem = NULL, changed_at = $4 \
             WHERE id = $1 AND epoch = $2 AND state = 'complete'",
        )
        .bind(job.id)
        .bind(job.epoch)
        .bind(serde_json::to_string(files)?)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        Ok(changed.rows_affected() == 1)
    }

    /// There will be no files. `state` is how far it was: what was not created costs nothing, and what is complete has no
    /// place.
    pub(crate) async fn failed(&self, job: &Job, problem: &str) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        lock(&mut tx, &job.account).await?;
        let before: Option<String> = sqlx::query_scalar("SELECT state FROM leonardo_job WHERE id = $1 AND epoch = $2")
            .bind(job.id)
            .bind(job.epoch)
            .fetch_optional(&mut *tx)
            .await?;
        let now = now(&mut tx).await?;
        match before.as_deref() {
            Some("admitted" | "sent") => free_place(&mut tx, &job.account, job.reserved.0).await?,
            Some("created") => free_place(&mut tx, &job.account, 0).await?,
            Some("complete") => {}
            _ => return Ok(false),
        }
        let changed = sqlx::query(
            "UPDATE leonardo_job SET state = 'failed', owner = NULL, problem = $3, changed_at = $4 \
             WHERE id = $1 AND epoch = $2 AND state = $5",
        )
        .bind(job.id)
        .bind(job.epoch)
        .bind(problem)
        .bind(now)
        .bind(before)
        .execute(&mut *tx)
        .await?;
        kept(tx, changed.rows_affected()).await
    }

    /// Gives the job back as it is, for whoever takes it after the delay. The ticket of its task is void from now on.
    pub(crate) async fn hand_back(&self, job: &Job, delay: Duration, problem: Option<&str>) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let now = now(&mut tx).await?;
        let ticket: Option<i64> = sqlx::query_scalar(
            "UPDATE leonardo_job SET owner = NULL, ticket = ticket + 1, epoch = epoch + 1, problem = COALESCE($3, problem), \
             tries = tries + CASE WHEN $3 IS NULL THEN 0 ELSE 1 END, changed_at = $4 WHERE id = $1 AND epoch = $2 \
             AND state IN ('admitted', 'sent', 'created', 'complete') RETURNING ticket",
        )
        .bind(job.id)
        .bind(job.epoch)
        .bind(problem)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(ticket) = ticket else { return Ok(false) };
        push(&mut tx, (job.id, ticket), delay).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Keeps a transaction that has changed the job, and nothing of one that found it with somebody else.
async fn kept(tx: Transaction<'_, Db>, changed: u64) -> Result<bool, Error> {
    if changed > 0 {
        tx.commit().await?;
    }
    Ok(changed > 0)
}

/// A step of a job that takes nothing but its number, its epoch and the time.
async fn step(tx: &mut Connection, job: &Job, query: &'static str) -> Result<bool, sqlx::Error> {
    let now = now(tx).await?;
    let changed = sqlx::query(query).bind(job.id).bind(job.epoch).bind(now).execute(tx).await?;
    Ok(changed.rows_affected() == 1)
}

/// Frees a place, and what was reserved.
async fn free_place(tx: &mut Connection, account: &str, reserved: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE leonardo_account SET held = held - 1, reserved = reserved - $2, \
         ready = CASE WHEN backlog > 0 THEN 1 ELSE 0 END WHERE name = $1",
    )
    .bind(account)
    .bind(reserved)
    .execute(tx)
    .await?;
    Ok(())
}

//! What comes out of the backlog, and what goes back or leaves it.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Row as _};

use super::super::random_seed;
use super::{BEGIN, Connection, SKIP_LOCKED, SWEEP, Store, now, push};
use crate::store::QUEUE;
use crate::{Error, State};

/// A minute at the service may end a little later than here.
const MINUTE: i64 = 60_500;

impl Store {
    /// Admits one job of the account whose turn it is. `false` if there is none.
    ///
    /// It reads the account's row, the first of its backlog, and at most as many creates as it may send in a minute:
    /// the same however many jobs wait.
    pub(crate) async fn admit(&self) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let now = now(&mut tx).await?;
        // Whoever was admitted goes to the end, so that accounts take turns. In microseconds: no admission is as quick.
        let turn = format!(
            "UPDATE leonardo_account SET turn_at = CASE WHEN turn_at < $1 THEN $1 ELSE turn_at + 1 END WHERE name = \
             (SELECT name FROM leonardo_account WHERE ready = 1 AND turn_at <= $1 + 999 ORDER BY turn_at, name LIMIT 1 \
             {SKIP_LOCKED}) RETURNING *"
        );
        let Some(row) = sqlx::query(AssertSqlSafe(turn)).bind(now * 1000).fetch_optional(&mut *tx).await? else {
            return Ok(false);
        };
        let account: String = row.try_get("name")?;
        let number = |column| row.try_get::<i64, _>(column);
        // Not by the number alone: PostgreSQL may then read all jobs in their order, from the first that was ever submitted.
        let next = sqlx::query(
            "SELECT id, ticket, reserved FROM leonardo_job WHERE account = $1 AND state = 'waiting' \
             ORDER BY created_at, id LIMIT 1",
        )
        .bind(&account)
        .fetch_optional(&mut *tx)
        .await?;
        let cost = next.as_ref().map_or(Ok(0), |next| next.try_get::<i64, _>("reserved"))?;
        let budget: Option<i64> = row.try_get("budget")?;
        let is_too_dear = budget.is_some_and(|budget| number_sum(&row, cost).is_none_or(|sum| sum > budget));
        let is_stopped = row.try_get::<Option<String>, _>("problem")?.is_some();
        let has_room = number("held")? < number("jobs_max")? && !is_too_dear && !is_stopped;
        let (Some(next), true) = (next, has_room) else {
            // Whatever frees a place or money, or adds a job, makes it ready again.
            set_ready(&mut tx, &account, 0).await?;
            tx.commit().await?;
            return Ok(true);
        };
        if let Some(later) = full_minute(&mut tx, &account, number("creates_per_minute")?, now).await? {
            sqlx::query("UPDATE leonardo_account SET turn_at = $2 WHERE name = $1")
                .bind(&account)
                .bind(later * 1000)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            return Ok(true);
        }
        let (id, ticket) = (next.try_get::<i64, _>("id")?, next.try_get::<i64, _>("ticket")? + 1);
        let taken = sqlx::query(
            "UPDATE leonardo_job SET state = 'admitted', ticket = $2, changed_at = $3 WHERE id = $1 AND state = 'waiting'",
        )
        .bind(id)
        .bind(ticket)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if taken.rows_affected() == 1 {
            sqlx::query(
                "UPDATE leonardo_account SET backlog = backlog - 1, held = held + 1, reserved = reserved + $2 WHERE name = $1",
            )
            .bind(&account)
            .bind(cost)
            .execute(&mut *tx)
            .await?;
            push(&mut tx, (id, ticket), Duration::ZERO).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a job back of which nothing was sent.
    pub(crate) async fn cancel(&self, id: i64) -> Result<(), Error> {
        let account = self.job(id).await?.account;
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let now = now(&mut tx).await?;
        lock(&mut tx, &account).await?;
        let before =
            sqlx::query("SELECT state, reserved FROM leonardo_job WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
        let (name, reserved): (String, i64) = (before.try_get("state")?, before.try_get("reserved")?);
        // The epoch fences off whoever has it.
        let changed = sqlx::query(
            "UPDATE leonardo_job SET state = 'cancelled', owner = NULL, epoch = epoch + 1, changed_at = $3 \
             WHERE id = $1 AND state = $2 AND state IN ('waiting', 'admitted')",
        )
        .bind(id)
        .bind(&name)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            drop(tx);
            return Err(Error::State { job: id, state: self.job(id).await?.state });
        }
        let freed = if name == State::Waiting.as_str() { "backlog = backlog - 1" } else { "held = held - 1" };
        let back = if name == State::Waiting.as_str() { 0 } else { reserved };
        sqlx::query(AssertSqlSafe(format!(
            "UPDATE leonardo_account SET {freed}, reserved = reserved - $2, ready = 1 WHERE name = $1"
        )))
        .bind(&account)
        .bind(back)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Puts a job that failed or was cancelled into the backlog again, with another seed: it is another generation.
    pub(crate) async fn retry(&self, id: i64) -> Result<(), Error> {
        let account = self.job(id).await?.account;
        loop {
            let seed = random_seed()?;
            let mut tx = self.pool.begin_with(BEGIN).await?;
            let now = now(&mut tx).await?;
            sqlx::query("UPDATE leonardo_account SET backlog = backlog + 1, ready = 1 WHERE name = $1")
                .bind(&account)
                .execute(&mut *tx)
                .await?;
            let changed = sqlx::query(
                "UPDATE leonardo_job SET state = 'waiting', seed = $2, owner = NULL, epoch = epoch + 1, tries = 0, \
                 sent_at = NULL, last_sent_at = NULL, generation = NULL, files = NULL, problem = NULL, changed_at = $3 \
                 WHERE id = $1 AND state IN ('failed', 'cancelled')",
            )
            .bind(id)
            .bind(seed)
            .bind(now)
            .execute(&mut *tx)
            .await;
            match changed {
                Ok(changed) if changed.rows_affected() == 1 => return Ok(tx.commit().await?),
                Ok(_) => {
                    drop(tx);
                    return Err(Error::State { job: id, state: self.job(id).await?.state });
                }
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Removes what the engine and the ledger need no more.
    pub(crate) async fn sweep(&self) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        let now = now(&mut connection).await?;
        for query in SWEEP {
            sqlx::query(query).bind(QUEUE).bind(now / 1000 - 600).execute(&mut *connection).await?;
        }
        sqlx::query("DELETE FROM leonardo_create WHERE at < $1")
            .bind(now - 2 * MINUTE)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

/// What is reserved and spent, with `more`.
fn number_sum(row: &<super::Db as sqlx::Database>::Row, more: i64) -> Option<i64> {
    let (reserved, settled): (i64, i64) = (row.try_get("reserved").ok()?, row.try_get("settled").ok()?);
    reserved.checked_add(settled)?.checked_add(more)
}

async fn set_ready(tx: &mut Connection, account: &str, ready: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE leonardo_account SET ready = $2 WHERE name = $1").bind(account).bind(ready).execute(tx).await?;
    Ok(())
}

/// Has the account's row for this transaction alone.
pub(super) async fn lock(tx: &mut Connection, account: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE leonardo_account SET held = held WHERE name = $1").bind(account).execute(tx).await?;
    Ok(())
}

/// When the next create may be sent, unless one may be now: the oldest of the last minute's must be out of it.
pub(super) async fn full_minute(
    tx: &mut Connection,
    account: &str,
    limit: i64,
    now: i64,
) -> Result<Option<i64>, sqlx::Error> {
    if limit <= 0 {
        return Ok(Some(now + MINUTE));
    }
    let oldest: Option<i64> = sqlx::query_scalar(
        "SELECT at FROM leonardo_create WHERE account = $1 AND at > $2 ORDER BY at DESC LIMIT 1 OFFSET $3",
    )
    .bind(account)
    .bind(now - MINUTE)
    .bind(limit - 1)
    .fetch_optional(tx)
    .await?;
    Ok(oldest.map(|at| at + MINUTE))
}

//! Accounts, submissions, and what the ledger tells.

use leonardo_ai::models::{CostUnit, CreateGenerationRequest, GenerationId};
use sqlx::{Database, Row as _};

use super::super::random_seed;
use super::{BEGIN, Connection, Db, Store, now};
use crate::records::time;
use crate::{Account, Error, Job, Money, State, Status, Submission};

const JOB: &str = "SELECT * FROM leonardo_job WHERE id = $1";

impl Store {
    pub(crate) async fn set_account(&self, account: &Account) -> Result<(), Error> {
        let set = sqlx::query(
            "INSERT INTO leonardo_account (name, jobs_max, creates_per_minute, budget, unit) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO UPDATE SET jobs_max = excluded.jobs_max, \
             creates_per_minute = excluded.creates_per_minute, budget = excluded.budget, \
             unit = COALESCE(excluded.unit, leonardo_account.unit), problem = NULL, \
             ready = CASE WHEN leonardo_account.backlog > 0 THEN 1 ELSE 0 END, turn_at = 0 \
             WHERE COALESCE(excluded.unit, leonardo_account.unit, '') = COALESCE(leonardo_account.unit, excluded.unit, '') \
             OR NOT EXISTS (SELECT 1 FROM leonardo_job WHERE account = excluded.name)",
        )
        .bind(&account.name)
        .bind(i64::from(account.jobs))
        .bind(i64::from(account.creates_per_minute))
        .bind(account.budget.map(|budget| budget.0))
        .bind(account.unit.as_ref().map(CostUnit::as_str))
        .execute(&self.pool)
        .await?;
        let has = self.status(&account.name).await?.unit;
        match (set.rows_affected(), has, &account.unit) {
            (0, Some(has), Some(given)) => {
                Err(Error::Unit { account: account.name.clone(), has, given: given.clone() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn accounts(&self) -> Result<Vec<Account>, Error> {
        let rows = sqlx::query("SELECT * FROM leonardo_account ORDER BY name").fetch_all(&self.pool).await?;
        let limit = |row: &<Db as Database>::Row, column| {
            Ok::<_, Error>(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
        };
        let mut accounts = Vec::with_capacity(rows.len());
        for row in &rows {
            accounts.push(Account {
                name: row.try_get("name")?,
                jobs: limit(row, "jobs_max")?,
                creates_per_minute: limit(row, "creates_per_minute")?,
                budget: row.try_get::<Option<i64>, _>("budget")?.map(Money),
                unit: unit(row)?,
            });
        }
        Ok(accounts)
    }

    /// The user that the account has at the service: whoever was told first.
    pub(crate) async fn user(&self, account: &str, user: &str) -> Result<String, Error> {
        let user = sqlx::query_scalar(
            "UPDATE leonardo_account SET service_user = COALESCE(service_user, $2) WHERE name = $1 RETURNING service_user",
        )
        .bind(account)
        .bind(user)
        .fetch_optional(&self.pool)
        .await?;
        user.ok_or_else(|| Error::NoAccount(account.to_owned()))
    }

    /// The number of each, in the same order, and how many are new: all of them are written down, or none.
    pub(crate) async fn submit(&self, account: &str, submissions: &[Submission]) -> Result<(Vec<i64>, u64), Error> {
        let mut tx = self.pool.begin_with(BEGIN).await?;
        let row = sqlx::query("UPDATE leonardo_account SET backlog = backlog WHERE name = $1 RETURNING budget, unit")
            .bind(account)
            .fetch_optional(&mut *tx)
            .await?;
        let row = row.ok_or_else(|| Error::NoAccount(account.to_owned()))?;
        let has_budget = row.try_get::<Option<i64>, _>("budget")?.is_some();
        let mut has = unit(&row)?;
        let now = now(&mut tx).await?;
        let (mut ids, mut added) = (Vec::with_capacity(submissions.len()), 0_i64);
        for submission in submissions {
            if has_budget && submission.cost.is_none() {
                return Err(Error::NoCost(account.to_owned()));
            }
            if let Some(given) = submission.unit.as_ref() {
                let has = has.get_or_insert_with(|| given.clone());
                if has != given {
                    let (has, given) = (has.clone(), given.clone());
                    return Err(Error::Unit { account: account.to_owned(), has, given });
                }
            }
            let (id, is_new) = insert(&mut tx, account, submission, now).await?;
            ids.push(id);
            added += i64::from(is_new);
        }
        if added > 0 {
            sqlx::query("UPDATE leonardo_account SET backlog = backlog + $2, unit = $3, ready = 1 WHERE name = $1")
                .bind(account)
                .bind(added)
                .bind(has.as_ref().map(CostUnit::as_str))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok((ids, added.unsigned_abs()))
    }

    pub(crate) async fn job(&self, id: i64) -> Result<Job, Error> {
        let row = sqlx::query(JOB).bind(id).fetch_optional(&self.pool).await?;
        job(&row.ok_or(Error::NoJob(id))?)
    }

    pub(crate) async fn find(&self, account: &str, key: &str) -> Result<Option<Job>, Error> {
        let row = sqlx::query("SELECT * FROM leonardo_job WHERE account = $1 AND key = $2")
            .bind(account)
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(job).transpose()
    }

    /// Some jobs with numbers after this one: all, or those of an account that are in this state.
    pub(crate) async fn list(&self, of: Option<(&str, State)>, after: i64, limit: i64) -> Result<Vec<Job>, Error> {
        let rows = match of {
            None => {
                sqlx::query("SELECT * FROM leonardo_job WHERE id > $1 ORDER BY id LIMIT $2").bind(after).bind(limit)
            }
            Some((account, state)) => sqlx::query(
                "SELECT * FROM leonardo_job WHERE account = $3 AND state = $4 AND id > $1 ORDER BY id LIMIT $2",
            )
            .bind(after)
            .bind(limit)
            .bind(account)
            .bind(state.as_str()),
        };
        rows.fetch_all(&self.pool).await?.iter().map(job).collect()
    }

    pub(crate) async fn status(&self, account: &str) -> Result<Status, Error> {
        let row = sqlx::query("SELECT * FROM leonardo_account WHERE name = $1")
            .bind(account)
            .fetch_optional(&self.pool)
            .await?;
        let row = row.ok_or_else(|| Error::NoAccount(account.to_owned()))?;
        let counts = sqlx::query(
            "SELECT state, COUNT(*) AS jobs FROM leonardo_job WHERE account = $1 GROUP BY state ORDER BY state",
        )
        .bind(account)
        .fetch_all(&self.pool)
        .await?;
        let mut jobs = Vec::with_capacity(counts.len());
        for count in &counts {
            jobs.push((state(count.try_get("state")?)?, count.try_get::<i64, _>("jobs")?.unsigned_abs()));
        }
        let number = |column| row.try_get::<i64, _>(column);
        Ok(Status {
            jobs,
            held: number("held")?.unsigned_abs(),
            reserved: Money(number("reserved")?),
            settled: Money(number("settled")?),
            budget: row.try_get::<Option<i64>, _>("budget")?.map(Money),
            unit: unit(&row)?,
            is_stuck: number("backlog")? > 0 && number("held")? == 0 && number("ready")? == 0,
            problem: row.try_get("problem")?,
        })
    }

    /// Tells all workers that something is known of a generation.
    pub(crate) async fn notify(&self, generation: &str) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        let now = now(&mut connection).await?;
        sqlx::query("INSERT INTO leonardo_event (generation, at) VALUES ($1, $2)")
            .bind(generation)
            .bind(now)
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    /// What workers were told after `last`, which is set anew. One whose transaction took longer than that of a later one
    /// can be missed: whoever waits for it looks all the same, only later.
    pub(crate) async fn events(&self, last: &mut Option<i64>) -> Result<Vec<String>, Error> {
        let Some(after) = *last else {
            *last = Some(
                sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM leonardo_event").fetch_one(&self.pool).await?,
            );
            return Ok(Vec::new());
        };
        let rows = sqlx::query("SELECT id, generation FROM leonardo_event WHERE id > $1 ORDER BY id LIMIT 1000")
            .bind(after)
            .fetch_all(&self.pool)
            .await?;
        if let Some(row) = rows.last() {
            *last = Some(row.try_get("id")?);
        }
        rows.iter().map(|row| Ok(row.try_get("generation")?)).collect()
    }

    /// Whether nothing is left to do of any account.
    pub(crate) async fn is_idle(&self) -> Result<bool, Error> {
        let open = "SELECT 1 FROM leonardo_account WHERE backlog > 0 OR held > 0 LIMIT 1";
        let complete = "SELECT 1 FROM leonardo_job WHERE account IN (SELECT name FROM leonardo_account) \
                        AND state = 'complete' LIMIT 1";
        Ok(sqlx::query(open).fetch_optional(&self.pool).await?.is_none()
            && sqlx::query(complete).fetch_optional(&self.pool).await?.is_none())
    }
}

/// The number of a job, and whether it is a new one.
async fn insert(tx: &mut Connection, account: &str, submission: &Submission, now: i64) -> Result<(i64, bool), Error> {
    let request = serde_json::to_string(&submission.request)?;
    loop {
        let seed = match submission.request.seed {
            Some(seed) => seed,
            None => random_seed()?,
        };
        let id: Option<i64> = sqlx::query_scalar(
            "INSERT INTO leonardo_job (account, key, request, seed, state, reserved, created_at, changed_at) \
             VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $6) ON CONFLICT DO NOTHING RETURNING id",
        )
        .bind(account)
        .bind(&submission.key)
        .bind(&request)
        .bind(seed)
        .bind(submission.cost.unwrap_or_default().0)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(id) = id {
            return Ok((id, true));
        }
        let same = sqlx::query("SELECT id, request FROM leonardo_job WHERE account = $1 AND key = $2")
            .bind(account)
            .bind(&submission.key)
            .fetch_optional(&mut *tx)
            .await?;
        match same {
            Some(row) if row.try_get::<String, _>("request")? == request => return Ok((row.try_get("id")?, false)),
            Some(_) => return Err(Error::KeyReused(submission.key.clone())),
            None if submission.request.seed.is_some() => return Err(Error::SeedTaken(seed)),
            // Another job of the account has this seed: another one is drawn.
            None => {}
        }
    }
}

fn unit(row: &<Db as Database>::Row) -> Result<Option<CostUnit>, sqlx::Error> {
    Ok(row.try_get::<Option<&str>, _>("unit")?.map(CostUnit::from))
}

fn state(name: &str) -> Result<State, Error> {
    State::from_name(name).ok_or_else(|| Error::Unknown(format!("the state {name}")))
}

/// A job as it stands in its row.
pub(super) fn job(row: &<Db as Database>::Row) -> Result<Job, Error> {
    let seed = row.try_get("seed")?;
    let mut request: CreateGenerationRequest = serde_json::from_str(row.try_get("request")?)?;
    request.seed = Some(seed);
    let files: Option<String> = row.try_get("files")?;
    Ok(Job {
        id: row.try_get("id")?,
        account: row.try_get("account")?,
        key: row.try_get("key")?,
        request,
        seed,
        state: state(row.try_get("state")?)?,
        ticket: row.try_get("ticket")?,
        owner: row.try_get("owner")?,
        epoch: row.try_get("epoch")?,
        tries: row.try_get("tries")?,
        sent_at: row.try_get::<Option<i64>, _>("sent_at")?.map(time),
        generation: row.try_get::<Option<String>, _>("generation")?.map(GenerationId::from),
        reserved: Money(row.try_get("reserved")?),
        settled: row.try_get::<Option<i64>, _>("settled")?.map(Money),
        files: files.map(|files| serde_json::from_str(&files)).transpose()?.unwrap_or_default(),
        problem: row.try_get("problem")?,
        created_at: time(row.try_get("created_at")?),
    })
}

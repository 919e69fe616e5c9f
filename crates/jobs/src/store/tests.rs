//! The steps of the ledger one by one, as no worker would take them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use leonardo_ai::models::{CostUnit, CreateGenerationRequest};
use tempfile::TempDir;

use super::Store;
use crate::records::{Claim, Turn};
use crate::{Account, Error, Money, State, Submission};

const IN_FLIGHT: Duration = Duration::from_secs(2);

async fn ledger() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("jobs.sqlite").display());
    let store = Store::connect(&url).await.unwrap();
    (directory, store)
}

fn submissions(count: usize) -> Vec<Submission> {
    let request = || CreateGenerationRequest::new("a pier");
    (0..count).map(|number| Submission::new(number.to_string(), request()).cost(Money::whole(3))).collect()
}

/// An account with one job that is admitted, and its number.
async fn admitted(store: &Store) -> i64 {
    store.set_account(&Account::new("a").budget(Money::whole(100))).await.unwrap();
    let (ids, _) = store.submit("a", &submissions(1)).await.unwrap();
    assert!(store.admit().await.unwrap());
    ids[0]
}

async fn claim(store: &Store, ticket: (i64, i64)) -> Claim {
    store.claim(ticket, "worker").await.unwrap().unwrap()
}

fn is_sent(turn: Turn) -> bool {
    matches!(turn, Turn::Send(..))
}

#[tokio::test]
async fn a_worker_that_was_taken_over_does_nothing_more() {
    let (_directory, store) = ledger().await;
    let id = admitted(&store).await;
    let first = claim(&store, (id, 1)).await.job;
    assert!(is_sent(store.sending(&first, IN_FLIGHT).await.unwrap()));
    // The engine takes the first for dead, and hands the same task to another.
    let second = claim(&store, (id, 1)).await;
    assert_eq!((second.job.state, second.job.epoch), (State::Sent, 2));
    assert!(second.job.sent_at.is_some() && second.last_sent_at.is_some());
    // It comes back, and may do nothing at all.
    assert_eq!(store.sending(&first, IN_FLIGHT).await.unwrap(), Turn::Lost);
    assert!(!store.not_made(&first).await.unwrap());
    assert!(!store.created(&first, "generation", None).await.unwrap());
    assert!(!store.complete(&first).await.unwrap());
    assert!(!store.done(&first, &[]).await.unwrap());
    assert!(!store.failed(&first, "no").await.unwrap());
    assert!(!store.hand_back(&first, Duration::ZERO, None).await.unwrap());
    let job = store.job(id).await.unwrap();
    assert_eq!((job.state, job.epoch, job.generation, job.settled), (State::Sent, 2, None, None));
    let status = store.status("a").await.unwrap();
    assert_eq!((status.held, status.reserved, status.settled), (1, Money::whole(3), Money::default()));
    // The other goes on to the end.
    assert!(store.created(&second.job, "generation", Some((Money::whole(2), CostUnit::Credits))).await.unwrap());
    assert_eq!(store.status("a").await.unwrap().held, 1);
    assert!(store.complete(&second.job).await.unwrap());
    assert!(store.done(&second.job, &["file".to_owned()]).await.unwrap());
    let status = store.status("a").await.unwrap();
    assert_eq!((status.held, status.reserved, status.settled), (0, Money::default(), Money::whole(2)));
}

#[tokio::test]
async fn no_step_can_be_taken_twice_or_left_out() {
    let (_directory, store) = ledger().await;
    let id = admitted(&store).await;
    let job = claim(&store, (id, 1)).await.job;
    assert!(!store.created(&job, "generation", None).await.unwrap());
    assert!(!store.complete(&job).await.unwrap());
    assert!(!store.done(&job, &[]).await.unwrap());
    store.sending(&job, IN_FLIGHT).await.unwrap();
    assert!(store.created(&job, "generation", None).await.unwrap());
    assert!(!store.created(&job, "another", None).await.unwrap());
    assert_eq!(store.sending(&job, IN_FLIGHT).await.unwrap(), Turn::Lost);
    assert!(!store.not_made(&job).await.unwrap());
    assert!(store.complete(&job).await.unwrap());
    assert!(!store.complete(&job).await.unwrap());
    let status = store.status("a").await.unwrap();
    // The cost was not told: what was reserved counts.
    assert_eq!((status.held, status.reserved, status.settled), (0, Money::default(), Money::whole(3)));
}

#[tokio::test]
async fn a_ticket_is_void_once_the_job_was_handed_back() {
    let (_directory, store) = ledger().await;
    let id = admitted(&store).await;
    let job = claim(&store, (id, 1)).await.job;
    assert!(store.hand_back(&job, Duration::ZERO, Some("a problem")).await.unwrap());
    // The engine may hand the first task out again: its worker died before it could say that it was done.
    assert!(store.claim((id, 1), "late").await.unwrap().is_none());
    let again = claim(&store, (id, 2)).await.job;
    assert_eq!((again.tries, again.problem.as_deref()), (1, Some("a problem")));
    assert_eq!(store.sending(&job, IN_FLIGHT).await.unwrap(), Turn::Lost);
    store.cancel(id).await.unwrap();
    assert_eq!(store.sending(&again, IN_FLIGHT).await.unwrap(), Turn::Lost);
    assert!(store.claim((id, 2), "late").await.unwrap().is_none());
    assert_eq!(store.status("a").await.unwrap().held, 0);
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_cancelled() {
    let (_directory, store) = ledger().await;
    let id = admitted(&store).await;
    let job = claim(&store, (id, 1)).await.job;
    store.sending(&job, IN_FLIGHT).await.unwrap();
    assert!(matches!(store.cancel(id).await, Err(Error::State { state: State::Sent, .. })));
    assert!(store.not_made(&job).await.unwrap());
    assert_eq!(store.job(id).await.unwrap().sent_at, None);
    store.cancel(id).await.unwrap();
}

#[tokio::test]
async fn creates_of_a_minute_are_counted_until_they_have_arrived() {
    let (_directory, store) = ledger().await;
    store.set_account(&Account::new("a").creates_per_minute(2)).await.unwrap();
    let (ids, _) = store.submit("a", &submissions(3)).await.unwrap();
    for _ in 0..3 {
        assert!(store.admit().await.unwrap());
    }
    for (index, id) in ids.iter().enumerate() {
        let job = claim(&store, (*id, 1)).await.job;
        match store.sending(&job, IN_FLIGHT).await.unwrap() {
            Turn::Send(number, _) if index < 2 => store.arrived(number).await.unwrap(),
            Turn::Later(delay) if index == 2 => {
                assert!(delay > Duration::from_secs(55) && delay < Duration::from_secs(61), "{delay:?}");
                assert_eq!(store.job(*id).await.unwrap().state, State::Admitted);
            }
            turn => panic!("{index}: {turn:?}"),
        }
    }
}

#[tokio::test]
async fn accounts_take_turns() {
    let (_directory, store) = ledger().await;
    for name in ["a", "b", "c"] {
        store.set_account(&Account::new(name)).await.unwrap();
        store.submit(name, &submissions(5)).await.unwrap();
    }
    for round in 1..=4 {
        for _ in 0..3 {
            assert!(store.admit().await.unwrap());
        }
        for name in ["a", "b", "c"] {
            assert_eq!(store.status(name).await.unwrap().held, round);
        }
    }
}

/// The instructions of SQLite's machine that an admission takes, by its own counter: every row that is read takes some,
/// whatever index it is read by.
#[tokio::test]
async fn an_admission_reads_no_more_when_more_jobs_wait() {
    let (_directory, store) = ledger().await;
    store.set_account(&Account::new("a").jobs(1000)).await.unwrap();
    store.submit("a", &submissions(1)).await.unwrap();
    let pool = match &store {
        Store::Sqlite(store) => store.pool.clone(),
        #[cfg(feature = "postgres")]
        Store::Postgres(_) => unreachable!("it is a file"),
    };
    let counter = Arc::new(AtomicU64::new(0));
    // On all connections that there may be, since any of them can be the next one's.
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut connection = pool.acquire().await.unwrap();
        let count = counter.clone();
        connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
            count.fetch_add(1, Ordering::Relaxed);
            true
        });
        connections.push(connection);
    }
    drop(connections);
    let mut taken = Vec::new();
    let mut from = 2;
    for to in [1_000, 100_000] {
        let fill = "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) INSERT INTO leonardo_job \
                    (account, key, request, seed, state, reserved, created_at, changed_at) \
                    SELECT 'a', 'n' || i, request, i, 'waiting', 3, 0, 0 FROM n, (SELECT request FROM leonardo_job LIMIT 1)";
        sqlx::query(fill).bind(from).bind(to).execute(&pool).await.unwrap();
        sqlx::query("UPDATE leonardo_account SET backlog = $1").bind(to).execute(&pool).await.unwrap();
        from = to + 1;
        assert!(store.admit().await.unwrap());
        counter.store(0, Ordering::Relaxed);
        assert!(store.admit().await.unwrap());
        taken.push(counter.load(Ordering::Relaxed));
    }
    println!("instructions of an admission at 1,000 and 100,000 jobs: {taken:?}");
    assert!(taken[0] > 100 && taken[1] <= taken[0] + 20, "{taken:?}");
    assert_eq!(store.status("a").await.unwrap().held, 4);
}

/// How many jobs are admitted in a second: `cargo test --release -p leonardo-ai-jobs admissions -- --nocapture`.
#[tokio::test]
async fn admissions_in_a_second() {
    for (accounts, at_once) in [(1, 1), (1000, 1), (1000, 8)] {
        let (_directory, store) = ledger().await;
        println!("{accounts} accounts, {at_once} at once: {:.0} a second", rate(&store, accounts, at_once).await);
    }
}

/// Admits as many as that to have a rate, so many at once, as workers do.
pub(super) async fn rate(store: &Store, accounts: usize, at_once: usize) -> f64 {
    const JOBS: usize = 2000;
    for number in 0..accounts {
        let name = format!("account {number}");
        store.set_account(&Account::new(&name).jobs(100_000)).await.unwrap();
        store.submit(&name, &submissions(JOBS / accounts)).await.unwrap();
    }
    let begin = Instant::now();
    let left = Arc::new(AtomicU64::new(JOBS as u64 / 2));
    let admit = || {
        let (store, left) = (store.clone(), left.clone());
        tokio::spawn(async move {
            while left.load(Ordering::Relaxed) > 0 {
                if store.admit().await.unwrap() {
                    let _ = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                }
            }
        })
    };
    for ended in (0..at_once).map(|_| admit()).collect::<Vec<_>>() {
        ended.await.unwrap();
    }
    let taken = begin.elapsed().as_secs_f64();
    let mut held = 0;
    for number in 0..accounts {
        held += store.status(&format!("account {number}")).await.unwrap().held;
    }
    assert!(held >= JOBS as u64 / 2, "{held}");
    held as f64 / taken
}

//! The ledger in a database. Its queries are the same for both kinds, and are compiled once for each: `ledger.rs`,
//! `admission.rs`, `steps.rs` and `engine.rs` are mounted in `sqlite.rs` and in `postgres.rs`, which have what differs.
//!
//! Every transaction that changes both an account and a job changes the account first, so that no two of them wait for
//! one another.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(all(test, feature = "postgres", feature = "sqlite", unix))]
mod postgres_tests;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
#[cfg(all(test, feature = "sqlite"))]
mod tests;

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use leonardo_ai::models::CostUnit;

use crate::records::{Claim, Ticket, Turn};
use crate::settings::Settings;
use crate::{Account, Error, Job, Money, State, Status, Submission};

/// The queue of the engine that tasks of jobs are in.
pub(crate) const QUEUE: &str = "leonardo-ai-jobs";

/// As good as no limit: the ledger alone says when a job is given up.
const ATTEMPTS: usize = 1_000_000_000;

/// What every model takes as a seed.
const LARGEST_SEED: u64 = 2_147_483_637;

/// A seed that no other program can draw by being started alike.
pub(crate) fn random_seed() -> Result<i64, Error> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes).map_err(|_| Error::Random)?;
    i64::try_from(u64::from_le_bytes(bytes) % (LARGEST_SEED + 1)).map_err(|_| Error::Random)
}

/// The ledger in either kind of database.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    #[cfg(feature = "postgres")]
    Postgres(postgres::Store),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Store),
}

/// Writes the methods that both have.
macro_rules! both {
    ($(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $output:ty;)*) => {
        impl Store {
            $(pub(crate) async fn $name(&self $(, $argument: $type)*) -> Result<$output, Error> {
                match self {
                    #[cfg(feature = "postgres")]
                    Self::Postgres(store) => store.$name($($argument),*).await,
                    #[cfg(feature = "sqlite")]
                    Self::Sqlite(store) => store.$name($($argument),*).await,
                }
            })*
        }
    };
}

both! {
    fn set_account(&self, account: &Account) -> ();
    fn accounts(&self) -> Vec<Account>;
    fn user(&self, account: &str, user: &str) -> String;
    fn submit(&self, account: &str, submissions: &[Submission]) -> (Vec<i64>, u64);
    fn job(&self, id: i64) -> Job;
    fn find(&self, account: &str, key: &str) -> Option<Job>;
    fn list(&self, of: Option<(&str, State)>, after: i64, limit: i64) -> Vec<Job>;
    fn status(&self, account: &str) -> Status;
    fn is_idle(&self) -> bool;
    fn notify(&self, generation: &str) -> ();
    fn events(&self, last: &mut Option<i64>) -> Vec<String>;
    fn admit(&self) -> bool;
    fn cancel(&self, id: i64) -> ();
    fn retry(&self, id: i64) -> ();
    fn sweep(&self) -> ();
    fn claim(&self, ticket: Ticket, worker: &str) -> Option<Claim>;
    fn sending(&self, job: &Job, in_flight: Duration) -> Turn;
    fn arrived(&self, create: i64) -> ();
    fn not_made(&self, job: &Job) -> bool;
    fn created(&self, job: &Job, generation: &str, cost: Option<(Money, CostUnit)>) -> bool;
    fn complete(&self, job: &Job) -> bool;
    fn done(&self, job: &Job, files: &[String]) -> bool;
    fn failed(&self, job: &Job, problem: &str) -> bool;
    fn hand_back(&self, job: &Job, delay: Duration, problem: Option<&str>) -> bool;
}

impl Store {
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        match url.split(':').next() {
            #[cfg(feature = "sqlite")]
            Some("sqlite") => Ok(Self::Sqlite(sqlite::Store::connect(url).await?)),
            #[cfg(feature = "postgres")]
            Some("postgres" | "postgresql") => Ok(Self::Postgres(postgres::Store::connect(url).await?)),
            // Not the URL itself, which may have a password.
            kind => Err(Error::Url(kind.unwrap_or_default().to_owned())),
        }
    }

    /// Hands tasks to `work`. It owns all that it needs, without which the compiler cannot tell that it may be spawned.
    pub(crate) fn run<F, Fut, Quiet>(
        self,
        settings: Settings,
        name: String,
        quiet: Quiet,
        work: F,
    ) -> BoxFuture<'static, Result<(), Error>>
    where
        F: Fn(Ticket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
        Quiet: Future<Output = ()> + Send + 'static,
    {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.run(settings, name, quiet, work).boxed(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.run(settings, name, quiet, work).boxed(),
        }
    }
}

//! What can go wrong with the ledger.

use leonardo_ai::models::CostUnit;

use crate::{BadLines, State};

/// What went wrong with the ledger. Nothing was sent to the service because of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database failed, or could not be reached.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be made.
    #[error("the tables of the ledger: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The job engine failed.
    #[error("the job engine: {0}")]
    Engine(String),
    /// The URL names no database that this build can use.
    #[error("no database that this build can use: {0}")]
    Url(String),
    /// There is no such account; [`Jobs::set_account`](crate::Jobs::set_account) makes one.
    #[error("there is no account {0}")]
    NoAccount(String),
    /// There is no such job.
    #[error("there is no job {0}")]
    NoJob(i64),
    /// The key was used before, for another request.
    #[error("the key {0} was used before, for another request")]
    KeyReused(String),
    /// Another job of the account has the seed that the request asks for.
    #[error("another job of the account has the seed {0}")]
    SeedTaken(i64),
    /// The account has a budget, so it must be said what the request costs at most.
    #[error("account {0} has a budget: say what the request costs at most")]
    NoCost(String),
    /// Credits and dollars cannot be added up.
    #[error("account {account} pays in {has}, and this is in {given}")]
    Unit {
        /// Which account.
        account: String,
        /// What it pays in.
        has: CostUnit,
        /// What was given.
        given: CostUnit,
    },
    /// The job is in a state in which that cannot be done.
    #[error("job {job} is {state}: it cannot be done now")]
    State {
        /// Which job.
        job: i64,
        /// How far it is.
        state: State,
    },
    /// Lines that are no submissions.
    #[error("{0}")]
    Lines(BadLines),
    /// Submissions could not be read.
    #[error("reading submissions: {0}")]
    Io(#[from] std::io::Error),
    /// A request cannot be written down or read again.
    #[error("a request in the ledger: {0}")]
    Request(#[from] serde_json::Error),
    /// The ledger holds what this version does not know.
    #[error("the ledger holds what this version does not know: {0}")]
    Unknown(String),
    /// The system gives no random numbers to draw a seed from.
    #[error("the system gives no random numbers")]
    Random,
}

//! The ledger, for programs that submit jobs and ask about them.

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::store::Store;
use crate::{Account, Error, Job, Status, Submission};

/// So many submissions are written down in one transaction.
const CHUNK: usize = 500;

/// The ledger of jobs, in a database that all workers share. Clones are the same ledger.
///
/// ```no_run
/// # async fn example() -> Result<(), leonardo_ai_jobs::Error> {
/// use leonardo_ai::models::CreateGenerationRequest;
/// use leonardo_ai_jobs::{Account, Jobs, Submission};
///
/// let jobs = Jobs::connect("sqlite:jobs.sqlite").await?;
/// jobs.set_account(&Account::new("studio")).await?;
/// let request = CreateGenerationRequest::new("a lighthouse at dusk").num_images(1);
/// jobs.submit("studio", &[Submission::new("lighthouse-1", request)]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Jobs {
    pub(crate) store: Store,
}

impl Jobs {
    /// Opens the ledger, and makes its tables where they are missing: `sqlite:FILE`, or with the feature `postgres`
    /// `postgres://USER:PASSWORD@HOST/DATABASE`.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, or is none.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self { store: Store::connect(url).await? })
    }

    /// Makes an account, or changes the limits of one.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn set_account(&self, account: &Account) -> Result<(), Error> {
        self.store.set_account(account).await
    }

    /// Writes jobs down, all of them or none, and tells their numbers in the same order. A key that was submitted before
    /// is the job that it was then.
    ///
    /// # Errors
    ///
    /// There is no such account, a key was used for another request, a seed is taken, or the database failed.
    pub async fn submit(&self, account: &str, submissions: &[Submission]) -> Result<Vec<i64>, Error> {
        self.store.submit(account, submissions).await
    }

    /// Writes down whatever a stream gives, some hundred at a time, and tells how many it were. If it fails or is dropped,
    /// it can be submitted again from the beginning.
    ///
    /// # Errors
    ///
    /// Those of [`submit`](Self::submit).
    pub async fn submit_all(&self, account: &str, submissions: impl Stream<Item = Submission>) -> Result<u64, Error> {
        let mut chunks = std::pin::pin!(submissions.chunks(CHUNK));
        let mut count = 0;
        while let Some(chunk) = chunks.next().await {
            count += self.submit(account, &chunk).await?.len() as u64;
        }
        Ok(count)
    }

    /// A job by its number.
    ///
    /// # Errors
    ///
    /// There is none, or the database failed.
    pub async fn job(&self, id: i64) -> Result<Job, Error> {
        self.store.job(id).await
    }

    /// A job by the caller's key.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn find(&self, account: &str, key: &str) -> Result<Option<Job>, Error> {
        self.store.find(account, key).await
    }

    /// All jobs, the oldest first, read a page at a time.
    pub fn export(&self) -> impl Stream<Item = Result<Job, Error>> + Send + use<> {
        let store = self.store.clone();
        stream::try_unfold(0, move |after| {
            let store = store.clone();
            async move {
                let page = store.list(after, 500).await?;
                let Some(last) = page.last().map(|job| job.id) else { return Ok::<_, Error>(None) };
                Ok(Some((stream::iter(page.into_iter().map(Ok)), last)))
            }
        })
        .try_flatten()
    }

    /// How many jobs of an account are in each state, and what they cost. It counts the account's jobs.
    ///
    /// # Errors
    ///
    /// There is no such account, or the database failed.
    pub async fn status(&self, account: &str) -> Result<Status, Error> {
        self.store.status(account).await
    }

    /// Whether nothing is left to do, of any account.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn is_idle(&self) -> Result<bool, Error> {
        self.store.is_idle().await
    }

    /// Has the worker look at once that waits for a generation, wherever it is: for a program that receives webhooks, with the
    /// id that an event names. Ids of other generations do no harm.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn notify(&self, generation: impl AsRef<str>) -> Result<(), Error> {
        self.store.notify(generation.as_ref()).await
    }

    /// Takes a job back of which nothing was sent.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if a create may have been sent, or it is at its end.
    pub async fn cancel(&self, id: i64) -> Result<(), Error> {
        self.store.cancel(id).await
    }

    /// Has a job that failed or was cancelled done again, with another seed. It is paid for again.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if it is in another state.
    pub async fn retry(&self, id: i64) -> Result<(), Error> {
        self.store.retry(id).await
    }
}

//! The ledger, for programs that submit jobs and ask about them.

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use leonardo_ai::models::CreateGenerationRequest;
use tokio::io::{AsyncBufRead, AsyncSeek, AsyncSeekExt as _};

use crate::store::Store;
use crate::{Account, Error, Job, Lines, State, Status, Submission};

/// So many submissions are written down in one transaction.
const CHUNK: usize = 500;
/// So many jobs are read at a time.
const PAGE: i64 = 500;

/// How many jobs were written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submitted {
    /// How many are new.
    pub new: u64,
    /// How many were there already, by their keys.
    pub known: u64,
}

impl Submitted {
    fn add(&mut self, (ids, new): (Vec<i64>, u64)) {
        self.new += new;
        self.known += ids.len() as u64 - new;
    }
}

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
    /// [`Error::Unit`] if it has jobs and pays in another unit, or the database failed.
    pub async fn set_account(&self, account: &Account) -> Result<(), Error> {
        self.store.set_account(account).await
    }

    /// All accounts, by their names.
    ///
    /// # Errors
    ///
    /// The database failed.
    pub async fn accounts(&self) -> Result<Vec<Account>, Error> {
        self.store.accounts().await
    }

    /// Writes jobs down, all of them or none, and tells their numbers in the same order. A key that was submitted before
    /// is the job that it was then.
    ///
    /// # Errors
    ///
    /// There is no such account, a key was used for another request, a seed is taken, a cost is in another unit than the
    /// account pays in, or the database failed.
    pub async fn submit(&self, account: &str, submissions: &[Submission]) -> Result<Vec<i64>, Error> {
        Ok(self.store.submit(account, submissions).await?.0)
    }

    /// Writes down whatever a stream gives, 500 at a time. If it fails or is dropped, what came before stays, and it can be
    /// submitted again from the beginning.
    ///
    /// # Errors
    ///
    /// Those of [`submit`](Self::submit).
    pub async fn submit_all(
        &self,
        account: &str,
        submissions: impl Stream<Item = Submission>,
    ) -> Result<Submitted, Error> {
        let mut chunks = std::pin::pin!(submissions.chunks(CHUNK));
        let mut submitted = Submitted::default();
        while let Some(chunk) = chunks.next().await {
            submitted.add(self.store.submit(account, &chunk).await?);
        }
        Ok(submitted)
    }

    /// Writes down the jobs that a text has, such as a file: see [`Lines`]. It is read twice, so that nothing is written down
    /// of a text with bad lines, and never held in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Lines`] with the bad lines, [`Error::Io`], or those of [`submit`](Self::submit): then what came before stays, as
    /// with [`submit_all`](Self::submit_all).
    pub async fn submit_lines(
        &self,
        account: &str,
        mut reader: impl AsyncBufRead + AsyncSeek + Unpin,
        template: &CreateGenerationRequest,
    ) -> Result<Submitted, Error> {
        let begin = reader.stream_position().await?;
        Lines::new(&mut reader, template)?.check().await?;
        reader.seek(std::io::SeekFrom::Start(begin)).await?;
        let mut lines = Lines::new(reader, template)?;
        let (mut submitted, mut chunk) = (Submitted::default(), Vec::with_capacity(CHUNK));
        loop {
            let next = lines.next().await?;
            let is_over = next.is_none();
            chunk.extend(next);
            if chunk.len() == CHUNK || is_over {
                submitted.add(self.store.submit(account, &chunk).await?);
                chunk.clear();
            }
            if is_over {
                return Ok(submitted);
            }
        }
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
        self.pages(None)
    }

    /// The jobs of an account that are in one state, the oldest first, read a page at a time.
    pub fn list(&self, account: &str, state: State) -> impl Stream<Item = Result<Job, Error>> + Send + use<> {
        self.pages(Some((account.to_owned(), state)))
    }

    fn pages(&self, of: Option<(String, State)>) -> impl Stream<Item = Result<Job, Error>> + Send + use<> {
        let store = self.store.clone();
        stream::try_unfold(0, move |after| {
            let (store, of) = (store.clone(), of.clone());
            async move {
                let of = of.as_ref().map(|(account, state)| (account.as_str(), *state));
                let page = store.list(of, after, PAGE).await?;
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

    /// [`notify`](Self::notify) with what a webhook tells, as [`Receiver`](leonardo_ai::webhook::Receiver) gives it.
    ///
    /// # Errors
    ///
    /// The database failed: then the response should say so, with a status of 500, in case that the service sends it again.
    #[cfg(feature = "webhooks")]
    pub async fn notify_event(&self, event: &leonardo_ai::webhook::Event) -> Result<(), Error> {
        match event.generation_id() {
            Some(generation) => self.notify(generation).await,
            None => Ok(()),
        }
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

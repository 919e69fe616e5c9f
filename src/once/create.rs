//! The loop of attempts to create, of which at most one is carried out.

use std::future::IntoFuture as _;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::Marked;
use super::search::{Search, Sought};
use super::window::Sent;
use crate::call::Options;
use crate::error::{Error, OutcomeUnknownError};
use crate::operation::Effect;
use crate::paging::Row;
use crate::poll::BudgetedDelays;
use crate::runtime::{self, BoxFuture, Instant, SystemTime, lock};

/// What may have been sent before this call.
pub(super) struct LookFirst {
    pub(super) sent_after: SystemTime,
    /// The body that the create has.
    pub(super) request: Bytes,
}

/// One create, whose output is kept elsewhere: what is left here is its id, so that the loop is compiled once.
type SendCreate<'a> = &'a (dyn Fn(&Options) -> BoxFuture<'static, Result<String, Error>> + Send + Sync);

/// Creates exactly once what the marking of `request` says. What is not listed though it had the time to appear was made all
/// the same, perhaps, unless `is_listed`.
pub(super) async fn create_once<Q: Marked>(
    #[cfg_attr(not(feature = "limits"), allow(unused_mut, reason = "nothing is held"))] mut search: Search<Q::Record>,
    look_first: Option<LookFirst>,
    is_listed: bool,
    request: Q,
) -> Result<Q::Job, Error> {
    #[cfg(feature = "limits")]
    {
        search.options.call.ticket = Some(Arc::default());
    }
    let marking = Q::marking();
    let core = search.core.clone();
    let kept = Arc::new(Mutex::new(None));
    let keep = kept.clone();
    let send = move |options: &Options| -> BoxFuture<'static, Result<String, Error>> {
        let call = (marking.create)(&core, request.clone());
        let (sending, keep) = (call.with_options(options).into_future(), keep.clone());
        Box::pin(async move {
            let job = sending.await?;
            let id = (marking.id)(&job).to_owned();
            *lock(&keep) = Some(job);
            Ok(id)
        })
    };
    let id = one_at_a_time(search, look_first, is_listed, marking.operation, &send).await?;
    let job = lock(&kept).take();
    Ok(job.unwrap_or_else(|| (marking.found)(id)))
}

/// A mark that nobody can guess: from a generator that a program can seed, two processes might draw the same. `None` if
/// the system gives no random numbers.
pub(super) fn random_mark(largest: u64) -> Option<i64> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes).ok()?;
    i64::try_from(u64::from_le_bytes(bytes) % largest.saturating_add(1)).ok()
}

/// The id of what is created, once no other call with the same mark and text is in flight.
async fn one_at_a_time<R: Row + Clone + Send + 'static>(
    search: Search<R>,
    look_first: Option<LookFirst>,
    is_listed: bool,
    operation: &'static str,
    send: SendCreate<'_>,
) -> Result<String, Error> {
    let turn = search.turn();
    let warning = DropWarning { name: search.workflow.name, mark: search.classifier.wanted.mark, pending: false };
    let mut attempts = Attempts { operation, is_listed, creates: 0, first_sent: None, warning, search };
    let _turn = match &turn {
        None => None,
        Some(turn) => match runtime::timeout(attempts.search.left(), pin!(turn.lock())).await {
            Some(turn) => Some(turn),
            None => return Err(attempts.search.late()),
        },
    };
    attempts.run(look_first, send).await
}

/// The attempts of one call.
struct Attempts<R: 'static> {
    /// What creates.
    operation: &'static str,
    /// Whether what it makes can be found.
    is_listed: bool,
    creates: u32,
    /// When the first create was sent whose outcome was not known.
    first_sent: Option<(Sent, SystemTime)>,
    warning: DropWarning,
    search: Search<R>,
}

impl<R: Row + Clone + Send + 'static> Attempts<R> {
    async fn run(&mut self, look_first: Option<LookFirst>, send: SendCreate<'_>) -> Result<String, Error> {
        // What was looked for first was looked for in the account of the key of that search.
        let mut has_key = look_first.is_some();
        if let Some(look_first) = look_first {
            if let Some(found) = self.look_first(look_first).await? {
                return Ok(found);
            }
        }
        let (core, policy) = (self.search.core.clone(), self.search.policy());
        let least = core.inner.min_time_for_billable;
        let mut delays = BudgetedDelays::new(&core, &policy);
        loop {
            self.creates += 1;
            if !std::mem::take(&mut has_key) {
                self.search.ask_key().await.map_err(|error| self.named(error))?;
            }
            self.warning.pending = true;
            let sent = Sent::now(&core);
            let response = send(&self.search.attempt_options()).await;
            let failed_at = Instant::now();
            let (error, absent) = match response {
                Ok(id) => return Ok(self.done(id)),
                Err(Error::OutcomeUnknown(unknown)) => match self.settle(sent, unknown).await? {
                    Ok(id) => return Ok(id),
                    Err(cause) => (cause, true),
                },
                Err(error) => (error, false),
            };
            // From here on it is certain that nothing was made.
            self.warning.pending = false;
            if !absent && !error.may_be_retried(Effect::Billable) {
                return Err(self.named(error));
            }
            // It counts from the failure: what the search took is part of it.
            let delay = delays.after(&error).saturating_sub(failed_at.elapsed());
            let again =
                self.search.allows(&error, self.creates, delay) && self.search.left() > delay.saturating_add(least);
            if !again {
                return Err(self.named(error));
            }
            self.search.options.on_retry.tell(self.operation, self.creates, &error, delay);
            runtime::sleep(delay).await;
            // A timer may be late, and without time for a response a create would have an unknown outcome.
            if self.search.left() <= least {
                return Err(self.named(error));
            }
        }
    }

    async fn look_first(&mut self, look_first: LookFirst) -> Result<Option<String>, Error> {
        let LookFirst { sent_after, request } = look_first;
        self.search.ask_key().await?;
        // What an earlier call has ended with is what is looked for.
        let taken_count = std::mem::replace(&mut self.search.taken_count, true);
        let sought = self.look(Sent::earlier(sent_after)).await;
        self.search.taken_count = taken_count;
        match sought {
            Sought::Found(record) => Ok(Some(self.done(record.id().to_owned()))),
            Sought::Absent => Ok(None),
            Sought::Unclear { candidates, cause } => {
                let reason = "whether an earlier create was carried out cannot be told";
                let invalid = self.search.workflow.invalid("look_first", reason);
                let mut unknown = OutcomeUnknownError::unknown(sent_after, request, None, invalid);
                (unknown.candidates, unknown.lookup) = (candidates, cause.map(Box::new));
                Err(Error::OutcomeUnknown(Box::new(unknown)))
            }
        }
    }

    /// Finds out what became of a create whose outcome is unknown: its id, or the failure if there is none.
    async fn settle(
        &mut self,
        sent: Sent,
        mut unknown: Box<OutcomeUnknownError>,
    ) -> Result<Result<String, Error>, Error> {
        if let Some(id) = unknown.id.take() {
            // The response could not be read to its end, but far enough.
            return Ok(Ok(self.done(id)));
        }
        let (sent, sent_at) = *self.first_sent.get_or_insert((sent, unknown.sent_at));
        match self.look(sent).await {
            Sought::Found(record) => Ok(Ok(self.done(record.id().to_owned()))),
            Sought::Absent => {
                self.resolve(None);
                Ok(Err(unknown.cause))
            }
            Sought::Unclear { candidates, cause } => {
                self.warning.pending = false;
                unknown.lookup = cause.map(Box::new);
                unknown.candidates = candidates;
                unknown.sent_at = sent_at;
                Err(self.named(Error::OutcomeUnknown(unknown)))
            }
        }
    }

    async fn look(&mut self, sent: Sent) -> Sought<R> {
        match self.search.run(sent).await {
            Sought::Absent if !self.is_listed => Sought::Unclear { candidates: Vec::new(), cause: None },
            sought => sought,
        }
    }

    fn done(&mut self, id: String) -> String {
        self.warning.pending = false;
        self.search.take(&id);
        self.resolve(Some(&id));
        id
    }

    /// Gives what is held of the account's limits to what was made, or back.
    fn resolve(&self, id: Option<&str>) {
        #[cfg(feature = "limits")]
        if let Some(ticket) = &self.search.options.call.ticket {
            ticket.resolve(id);
        }
        let _ = id;
    }

    /// An error of one attempt, as the error of all of them.
    fn named(&self, mut error: Error) -> Error {
        error.set_call(self.creates, self.search.elapsed());
        error.set_operation(self.search.workflow.name);
        error
    }
}

/// Reports, when it is dropped, that a create may have been sent and nobody waits for its outcome any more.
struct DropWarning {
    name: &'static str,
    mark: i64,
    pending: bool,
}

impl Drop for DropWarning {
    fn drop(&mut self) {
        if self.pending {
            #[cfg(feature = "tracing")]
            tracing::warn!(
                operation = self.name,
                seed = self.mark,
                "dropped before its outcome was known: the generation may have been made and charged"
            );
            let _ = (self.name, self.mark);
        }
    }
}

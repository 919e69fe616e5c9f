//! A create that is carried out at most once, as a future.

use std::future::IntoFuture;

use super::create::{LookFirst, create_once, random_mark};
use super::search::Search;
use super::wanted::Kind;
use super::{Marked, SearchOptions, search_options};
use crate::call::{call_options, cost_option};
use crate::core::LeonardoCore;
use crate::error::Error;
use crate::poll::on_retry_option;
use crate::runtime::{BoxFuture, SystemTime};

/// A create that ends with exactly one generation, or with an error that says whether one may have been made; made by a
/// function such as `image_create_generation_once`. Costs credits.
///
/// Awaiting it ends in one of three ways:
///
/// - the id of the one generation that was made;
/// - an error after which it is certain that none was made and nothing was charged;
/// - [`OutcomeUnknown`](Error::OutcomeUnknown), if the deadline came, looking the generation up was refused, or several
///   generations may be the one, before it could be told.
///
/// A request without a seed gets a random one, from the operating system. After a failure that does not tell whether the
/// work was done, the account's newest generations are searched for one with that seed, until the
/// [grace period](Self::grace) is over. Where it is [listed](Self::listed), it is only then created again. Unlike other
/// calls, it goes on until its deadline, however many attempts that takes, unless the server was never reached: then the
/// retry policy's limits hold.
///
/// A program that may be ended at any moment chooses the seed itself, writes it down with the time, and, when it starts
/// again, has it [looked for first](Self::look_first).
///
/// # What it cannot promise
///
/// - A generation that appears in the list later than the grace period may be followed by a second one.
/// - A request with a seed of the caller's, sent twice at about the same time by *different* processes or through
///   different functions, cannot be told apart: one of them may end with the other's id after a failure. Within one
///   process such calls wait for one another.
/// - A generation that is found by looking it up comes without its cost.
#[derive(Clone, Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct CreateOnce<Q: Marked> {
    core: LeonardoCore,
    request: Q,
    look_first: Option<SystemTime>,
    is_listed: bool,
    pub(super) options: SearchOptions,
}

search_options! { impl[Q: Marked] CreateOnce<Q>, options: options }
on_retry_option! { impl[Q: Marked] CreateOnce<Q>, options: options }
cost_option! { impl[Q: Marked] CreateOnce<Q>, options: options.call }
call_options! {
    impl[Q: Marked] CreateOnce<Q>, options: options.call, core: core,
    deadline: "The longest that all of it may take; `None` for no limit. Defaults to 10 minutes. One that is shorter than the \
               grace period leaves no time to find out.",
    retry: "The delays between attempts. Defaults to the core's. Its limits to attempts and time hold only as long as no \
            connection to the server was made."
}

impl<Q: Marked> CreateOnce<Q> {
    pub(crate) fn new(core: &LeonardoCore, request: Q) -> Self {
        let is_listed = Q::marking().is_listed;
        Self { core: core.clone(), request, look_first: None, is_listed, options: SearchOptions::default() }
    }

    /// Looks for the generation before the first create: an earlier process, or an earlier call whose outcome was not
    /// known, may have sent the same request at `sent_after` or later. If it is there, it is what this call ends with.
    ///
    /// It is looked for in the account of the key that the core has, or that its provider gives. The request must have a
    /// seed. Where nothing is found, the create is sent once the
    /// [grace period](Self::grace), counted from now, is over.
    pub fn look_first(mut self, sent_after: SystemTime) -> Self {
        self.look_first = Some(sent_after);
        self
    }

    /// Whether the account's list shows what this makes. Defaults to `true` for images of version 1 of the API, for which
    /// that is documented, and to `false` for videos and version 2, for which it is not.
    ///
    /// What is found there is taken in any case. With `true`, what is not there once the [grace period](Self::grace) is over
    /// was never made, and is created again. With `false` that proves nothing, and ends in
    /// [`OutcomeUnknown`](Error::OutcomeUnknown). Say `true` only after you have seen one in the list of your account, with the seed that it was asked for.
    pub fn listed(mut self, listed: bool) -> Self {
        self.is_listed = listed;
        self
    }
}

impl<Q: Marked> IntoFuture for CreateOnce<Q> {
    type Output = Result<Q::Job, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let marking = Q::marking();
            let workflow = marking.workflow;
            let Self { core, mut request, look_first, is_listed, options } = self;
            let chosen = (marking.mark)(&request).map_err(|reason| workflow.invalid("seed", reason))?;
            let (mark, kind) = match (chosen, (marking.largest)(&request)) {
                (Some(mark), _) if options.unique_seed => (mark, Kind::Unique),
                (Some(mark), _) => (mark, Kind::Chosen),
                (None, _) if look_first.is_some() => {
                    return Err(workflow.invalid("look_first", "a request without a seed cannot be looked for"));
                }
                (None, Some(largest)) => {
                    let mark = random_mark(largest)
                        .ok_or_else(|| workflow.invalid("seed", "the system gives no random numbers to choose one"))?;
                    (marking.set_mark)(&mut request, mark);
                    (mark, if largest >= LARGE { Kind::Random } else { Kind::Chosen })
                }
                (None, None) => return unmarked(&core, request, &options).await,
            };
            let look_first = look_first.map(|sent_after| LookFirst {
                sent_after,
                request: (marking.create)(&core, request.clone()).written(),
            });
            let wanted = (marking.wanted)(&request, mark, kind);
            let search = Search::new(workflow, core, marking.account, wanted, options)?;
            create_once(search, look_first, is_listed, request).await
        })
    }
}

/// Among fewer marks than this two calls may draw the same one.
const LARGE: u64 = 1 << 30;

/// A create that cannot be looked up, since it can have no mark: one call, and an error that says so.
async fn unmarked<Q: Marked>(core: &LeonardoCore, request: Q, options: &SearchOptions) -> Result<Q::Job, Error> {
    let marking = Q::marking();
    let mut call = options.call.clone();
    call.deadline = Some(options.limit());
    (marking.create)(core, request).with_options(&call).await.map_err(|mut error| {
        error.set_operation(marking.workflow.name);
        error
    })
}

//! What a workflow knows of the requests whose outcome it can find out.

use std::fmt;

use super::Workflow;
use super::wanted::{Account, Kind, Wanted};
use crate::call::Call;
use crate::core::LeonardoCore;
use crate::paging::Row;

/// A request that can have a mark: a seed, by which what it has made is recognised in the account's list.
pub trait Marked: Clone + fmt::Debug + Send + Sync + 'static {
    /// The response to a create of it.
    type Job: Clone + fmt::Debug + Send + 'static;
    /// What the list shows of what it makes.
    type Record: Row + Clone + Send + 'static;

    #[doc(hidden)]
    fn marking() -> &'static Marking<Self>;
}

/// How requests of one type are created, marked and recognised. Everything that is particular to an endpoint is here.
pub struct Marking<Q: Marked> {
    pub(crate) workflow: Workflow,
    /// What creates.
    pub(crate) operation: &'static str,
    pub(crate) create: fn(&LeonardoCore, Q) -> Call<Q::Job>,
    pub(crate) id: fn(&Q::Job) -> &str,
    /// The response, where only the id is known.
    pub(crate) found: fn(String) -> Q::Job,
    pub(crate) account: &'static Account<Q::Record>,
    /// The mark that the caller chose, or why it cannot be used.
    pub(crate) mark: fn(&Q) -> Result<Option<i64>, &'static str>,
    pub(crate) set_mark: fn(&mut Q, i64),
    /// The largest mark that the service takes with this request; `None` if it takes none, or if that is not known.
    pub(crate) largest: fn(&Q) -> Option<u64>,
    pub(crate) wanted: fn(&Q, i64, Kind) -> Wanted<Q::Record>,
    /// Whether it is documented that the list shows all that requests of this type make.
    pub(crate) is_listed: bool,
}

//! What is looked for in an account's list, and which of its records is the one.

use super::in_flight::InFlight;
use super::normalised;
use super::window::Window;
use crate::call::{Call, Options};
use crate::core::LeonardoCore;
use crate::error::Error;
use crate::paging::Row;
use crate::runtime::BoxFuture;

/// Reads the user of a key; none if the service does not tell.
pub(crate) type ReadUser = BoxFuture<'static, Result<Option<String>, Error>>;

/// How an account's list is read, and what its records show.
pub(crate) struct Account<R> {
    /// The operation that tells the user of a key.
    pub(crate) user_operation: &'static str,
    /// The user of the key that the options hold, or of the core's, if the service tells.
    pub(crate) user: fn(&LeonardoCore, &Options) -> ReadUser,
    /// The operation that reads a page.
    pub(crate) page_operation: &'static str,
    /// The page of a user's list, newest first, at an offset, of so many records at most.
    pub(crate) page: fn(&LeonardoCore, &str, u32, u32) -> Call<Vec<R>>,
    /// `None` if it cannot be read.
    pub(crate) mark: fn(&R) -> Option<i64>,
    pub(crate) text: fn(&R) -> &str,
}

/// What is looked for.
pub(crate) struct Wanted<R> {
    pub(crate) mark: i64,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Whether the service shows the text as it was sent, but for blanks and case.
    pub(crate) text_is_kept: bool,
    /// How much a record with this mark and text is like it in all else.
    pub(crate) likeness: Box<dyn Fn(&R) -> Likeness + Send + Sync>,
}

impl<R> Wanted<R> {
    pub(crate) fn new(mark: i64, kind: Kind, text: &str, text_is_kept: bool) -> Self {
        Self { mark, kind, text: text.to_owned(), text_is_kept, likeness: Box::new(|_| Likeness::Same) }
    }
}

/// What a mark says of a record that has it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// It was drawn for this call, so nobody else's has it; but an old one may, by chance.
    Random,
    /// The caller says that nobody else's has it.
    Unique,
    /// Others may have it.
    Chosen,
}

/// How much a record is what was asked for, apart from its mark and text.
pub(crate) enum Likeness {
    Same,
    /// The more like it, the higher.
    Differs(u8),
}

/// How much a record is the one that is looked for.
pub(super) enum Match {
    Exact,
    /// The more the higher.
    Like(u8),
    /// It has the mark, and may be another's.
    Doubtful,
    None,
}

/// Tells the record that is looked for from all others.
pub(super) struct Classifier<R: 'static> {
    pub(super) account: &'static Account<R>,
    pub(super) wanted: Wanted<R>,
    /// None for a random mark, which no other call has.
    pub(super) in_flight: Option<InFlight>,
}

impl<R: Row> Classifier<R> {
    /// `taken_count`: whether records that other calls of this process have ended with count, too.
    pub(super) fn classify(&self, record: &R, window: &Window, taken_count: bool) -> Match {
        // One without a time is at least not known to be old.
        let made_at = record.made_at().unwrap_or(i64::MAX);
        let text = || normalised((self.account.text)(record));
        match (self.account.mark)(record) {
            Some(mark) if mark != self.wanted.mark => return Match::None,
            // What cannot be read does not prove that it is another one.
            None if made_at < window.doubt || text() != self.wanted.text => return Match::None,
            None => return Match::Doubtful,
            Some(_) if record.id().is_empty() => return Match::Doubtful,
            Some(_) => {}
        }
        match self.wanted.kind {
            Kind::Unique => return Match::Exact,
            // What else the service shows it may have changed, and taking a record for somebody else's would mean to pay
            // for a second one.
            Kind::Random if made_at >= window.random => return Match::Exact,
            Kind::Random => return Match::Doubtful,
            Kind::Chosen => {}
        }
        if let Some(in_flight) = &self.in_flight {
            let text = text();
            if made_at < window.doubt
                || in_flight.is_anothers(&text)
                || (!taken_count && in_flight.is_taken(record.id()))
            {
                return Match::None;
            }
            if made_at < window.sure || in_flight.text.as_ref().is_some_and(|asked| *asked != text) {
                return Match::Doubtful;
            }
        }
        match (self.wanted.likeness)(record) {
            Likeness::Same => Match::Exact,
            Likeness::Differs(likeness) => Match::Like(likeness),
        }
    }
}

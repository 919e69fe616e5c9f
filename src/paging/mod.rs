//! Lists that come in pages: how pages are put together, and streams over them.

#[cfg(feature = "listing")]
mod cursor;
#[cfg(feature = "listing")]
mod list;
mod offset;
#[cfg(feature = "listing")]
mod stream;

#[cfg(feature = "listing")]
pub(crate) use self::cursor::CursorPage;
#[cfg(feature = "searching")]
pub(crate) use self::offset::{Pages, Read};
#[cfg(feature = "listing")]
use self::stream::PageStream;
#[cfg(feature = "listing")]
pub use self::{cursor::CursorList, list::List};

/// How many records a page is asked for. A larger one takes longer, a smaller one needs more of them; the service may give
/// fewer.
pub(crate) const PAGE: u32 = 50;

/// A record of a list that is read newest first.
pub trait Row {
    /// Its id.
    fn id(&self) -> &str;

    /// When it was made, in ms since 1970, if it tells.
    fn made_at(&self) -> Option<i64>;
}

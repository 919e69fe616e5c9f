//! Lists that come in pages: how pages are put together, and a stream over them.

mod offset;
#[cfg(feature = "image-list-generations")]
mod stream;

#[cfg(feature = "image-find-generation")]
pub(crate) use self::offset::{Pages, Read};
#[cfg(feature = "image-list-generations")]
pub(crate) use self::stream::PageStream;

/// What a list has in its rows, newest first.
pub(crate) trait Row {
    fn id(&self) -> &str;

    /// In ms since 1970, if it tells.
    fn made_at(&self) -> Option<i64>;
}

//! Files of any size for trying downloads, without keeping or making them.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, Uri};
use axum::routing::get;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::http::ranges;
use crate::http::response::no_such_file;
use crate::state::ids::mix;

/// The pattern repeats after a prime number of bytes, so that pieces put together at wrong places show.
const PERIOD: usize = 65_521;

fn pattern() -> &'static Bytes {
    static PATTERN: OnceLock<Bytes> = OnceLock::new();
    PATTERN.get_or_init(|| (0..PERIOD as u64).map(|at| mix(at).to_le_bytes()[0]).collect())
}

pub(super) fn routes() -> Router {
    Router::new().route("/cdn/blob/{bytes}", get(blob))
}

async fn blob(uri: Uri, headers: HeaderMap) -> Response<Body> {
    let Some(length) = uri.path().rsplit('/').next().and_then(|text| text.parse::<u64>().ok()) else {
        return no_such_file().await;
    };
    let etag = format!("\"blob-{length}\"");
    ranges::respond(&headers, "application/octet-stream", &etag, length, |at, end| Body::new(Blob { at, end }))
}

struct Blob {
    at: u64,
    end: u64,
}

impl hyper::body::Body for Blob {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.at >= self.end {
            return Poll::Ready(None);
        }
        let start = usize::try_from(self.at % PERIOD as u64).unwrap_or(0);
        let room = usize::try_from(self.end - self.at).unwrap_or(PERIOD).min(PERIOD - start);
        self.at += room as u64;
        Poll::Ready(Some(Ok(Frame::data(pattern().slice(start..start + room)))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.at)
    }
}

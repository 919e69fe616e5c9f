//! Whether a client stays until it has its response.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::{Method, Response, header};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::http::wire::Wire;
use crate::state::State;
use crate::state::log::Entry;
use crate::sync::lock;

/// A request without the whole of its response. The HTTP layer drops it if the client goes away.
pub(crate) struct UnderWay {
    state: Arc<State>,
    wire: Arc<Wire>,
    entry: Option<Entry>,
}

impl UnderWay {
    pub(crate) fn new(state: Arc<State>, wire: Arc<Wire>, entry: Entry) -> Self {
        Self { state, wire, entry: Some(entry) }
    }

    /// Goes on until the response's body was handed to the connection.
    pub(crate) fn until_read(mut self, method: &Method, response: Response<Body>) -> Response<Body> {
        let (parts, body) = response.into_parts();
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if *method == Method::HEAD || body.is_end_stream() {
            self.complete();
        }
        Response::from_parts(parts, Body::new(Read { body, left: announced, under_way: self }))
    }

    fn complete(&mut self) {
        self.entry = None;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.filter(|_| !self.wire.is_ended()) {
            lock(&self.state.log).abort(entry);
        }
    }
}

/// A body that knows whether it was read to its end.
struct Read {
    body: Body,
    /// Of the length that is announced, after which the HTTP layer reads no further.
    left: Option<u64>,
    under_way: UnderWay,
}

impl hyper::body::Body for Read {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let read = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        self.left = self.left.map(|left| left.saturating_sub(read as u64));
        if frame.is_none() || self.left == Some(0) || self.body.is_end_stream() {
            self.under_way.complete();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! An [`Event`] as an extractor of axum 0.8.

use std::future::poll_fn;
use std::pin::Pin;

use axum_core::body::{Body, BodyDataStream};
use axum_core::extract::{FromRef, FromRequest, Request};
use axum_core::response::{IntoResponse, Response};
use futures_core::Stream as _;
use http::header::CONTENT_LENGTH;

use super::error::WebhookError;
use super::event::Event;
use super::receiver::Receiver;

/// With a [`Receiver`] in the state: the state itself, or a part of it by [`FromRef`].
///
/// The key is checked before anything of the body is read, and no more of it is read than the receiver takes. How long the
/// body may take to arrive is up to the server.
impl<S: Send + Sync> FromRequest<S> for Event
where
    Receiver: FromRef<S>,
{
    type Rejection = WebhookError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebhookError> {
        let receiver = Receiver::from_ref(state);
        let (parts, body) = request.into_parts();
        receiver.authenticate(&parts.headers)?;
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > receiver.limit())) {
            return Err(receiver.too_large());
        }
        let body = read(body.into_data_stream(), &receiver).await?;
        receiver.receive(&parts.headers, &body)
    }
}

/// All of a body, unless it is larger than the receiver takes.
async fn read(mut body: BodyDataStream, receiver: &Receiver) -> Result<Vec<u8>, WebhookError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        let chunk = chunk.map_err(|_| WebhookError::Incomplete)?;
        if chunk.len() > receiver.limit() - bytes.len() {
            return Err(receiver.too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Responds with [`WebhookError::status`] and the message, which shows no key and nothing of the body.
impl IntoResponse for WebhookError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_string()));
        *response.status_mut() = self.status();
        response
    }
}

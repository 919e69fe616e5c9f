//! What each fault does to a response.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Fault;
use crate::http::response::{self, ApiError};
use crate::http::wire::{End, Wire};
use crate::state::ids::mix;

/// Responds in place of the work.
pub(crate) async fn before(fault: &Fault, wire: &Wire) -> Response<Body> {
    match fault {
        Fault::StatusBefore(status) => status_page(*status),
        Fault::RetryAfter { status, value } => {
            let mut response = status_page(*status);
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Fault::Redirect(location) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            if let Ok(location) = HeaderValue::from_str(location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Fault::ResetBeforeWork => end(wire, End::Reset).await,
        Fault::CloseBeforeWork => end(wire, End::Close).await,
        _ => std::future::pending().await,
    }
}

/// Spoils the response to work that was done.
pub(crate) async fn after(
    fault: &Fault,
    drip: Duration,
    wire: &Wire,
    method: &Method,
    response: Response<Body>,
) -> Response<Body> {
    match fault {
        Fault::StatusAfter(status) => status_page(*status),
        Fault::ResetAfterWork => end(wire, End::Reset).await,
        Fault::CloseAfterWork => end(wire, End::Close).await,
        Fault::StallAfterWork => std::future::pending().await,
        Fault::CutBody => {
            cut_body(wire, method, response).await;
            end(wire, End::Close).await
        }
        Fault::CutHeaders => {
            let head = head(&response);
            // If the peer is gone already, there is nobody to see the difference.
            let _ = wire.write_raw(&head.as_bytes()[..head.len() / 2]).await;
            end(wire, End::Close).await
        }
        Fault::EndlessHeaders => {
            endless_headers(wire).await;
            end(wire, End::Close).await
        }
        Fault::Garbage => {
            let noise: Vec<u8> = (0..64).flat_map(|n| mix(n).to_le_bytes()).map(|byte| byte | 0x80).collect();
            let _ = wire.write_raw(&noise).await;
            end(wire, End::Close).await
        }
        Fault::StallBody => respool(response, |body, length| Spoiled::Stall { body, left: length / 2 }),
        Fault::Drip => respool(response, |body, _| {
            let mut pace = interval(drip.max(Duration::from_millis(1)));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Spoiled::Drip { body, pending: Bytes::new(), pace }
        }),
        Fault::EndlessBody => {
            let (mut parts, _) = response.into_parts();
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::new(Spoiled::Endless { started: false }))
        }
        Fault::GarbageJson => {
            response::with_type(StatusCode::OK, "application/json; charset=utf-8", "{\"sdGenerationJob\": {\"generatio")
        }
        Fault::Html => response::html(StatusCode::OK, "Please stand by"),
        Fault::EmptyBody => {
            let mut response = Response::new(Body::empty());
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
            response
        }
        _ => response,
    }
}

/// Ends the connection; the task that asks for it is dropped with it and never goes on.
async fn end(wire: &Wire, how: End) -> Response<Body> {
    wire.end(how);
    std::future::pending().await
}

fn status_page(status: u16) -> Response<Body> {
    // What is below is no final response, and HTTP has no way to send it as one.
    let status = StatusCode::from_u16(status.max(200)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if matches!(status.as_u16(), 502..=504) {
        let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
        return response::html(status, &title);
    }
    let (error, code) = match status.as_u16() {
        429 => ("Too many requests", "bad-request"),
        401 => ("Authentication hook unauthorized this request", "access-denied"),
        500.. => ("Service Error", "unexpected"),
        _ => ("Invalid request", "bad-request"),
    };
    ApiError::new(status, error, code).into_response()
}

/// The head of a response as it goes over the wire.
fn head(response: &Response<Body>) -> String {
    let status = response.status();
    let mut head = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or(""));
    for (name, value) in response.headers() {
        head += &format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
    }
    if !response.headers().contains_key(header::CONTENT_LENGTH) {
        head += &format!("content-length: {}\r\n", length(response));
    }
    head + "\r\n"
}

fn length(response: &Response<Body>) -> u64 {
    let size = response.body().size_hint();
    size.exact().unwrap_or_else(|| size.lower())
}

async fn cut_body(wire: &Wire, method: &Method, response: Response<Body>) {
    let head = head(&response);
    let mut left = length(&response) / 2;
    if wire.write_raw(head.as_bytes()).await.is_err() || *method == Method::HEAD {
        return;
    }
    let mut body = response.into_body();
    while left > 0 {
        let Some(Ok(frame)) = body.frame().await else { return };
        let Ok(mut data) = frame.into_data() else { continue };
        data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= data.len() as u64;
        if wire.write_raw(&data).await.is_err() {
            return;
        }
    }
}

async fn endless_headers(wire: &Wire) {
    let filler = "v".repeat(100);
    let mut lines = String::from("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n");
    let mut number = 0_u64;
    while wire.write_raw(lines.as_bytes()).await.is_ok() {
        lines.clear();
        for _ in 0..64 {
            lines += &format!("x-more-{number}: {filler}\r\n");
            number += 1;
        }
        // A peer that always reads would otherwise keep a single-threaded runtime to itself.
        tokio::task::yield_now().await;
    }
}

/// Gives the body another pace, its announced length stays.
fn respool(response: Response<Body>, spoil: impl FnOnce(Body, u64) -> Spoiled) -> Response<Body> {
    let length = length(&response);
    let (mut parts, body) = response.into_parts();
    announce(&mut parts.headers, length);
    Response::from_parts(parts, Body::new(spoil(body, length)))
}

fn announce(headers: &mut HeaderMap, length: u64) {
    headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
}

/// A body at a pace that no proper one has.
enum Spoiled {
    Stall { body: Body, left: u64 },
    Drip { body: Body, pending: Bytes, pace: Interval },
    Endless { started: bool },
}

/// What an endless body is made of.
static FILLER: [u8; 16 * 1024] = [b'x'; 16 * 1024];

impl hyper::body::Body for Spoiled {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Stall { left: 0, .. } => Poll::Pending,
            Self::Stall { body, left } => match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let mut data = frame.into_data().unwrap_or_default();
                    data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= data.len() as u64;
                    Poll::Ready(Some(Ok(Frame::data(data))))
                }
                _ => Poll::Pending,
            },
            Self::Drip { body, pending, pace } => loop {
                if !pending.is_empty() {
                    ready!(pace.poll_tick(cx));
                    return Poll::Ready(Some(Ok(Frame::data(pending.split_to(1)))));
                }
                match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                    Some(Ok(frame)) => *pending = frame.into_data().unwrap_or_default(),
                    end => return Poll::Ready(end),
                }
            },
            Self::Endless { started } => {
                let data = if *started { Bytes::from_static(&FILLER) } else { Bytes::from_static(b"{\"endless\":\"") };
                *started = true;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

//! Faults: all that can go wrong between a client and the service, on purpose and in a known order.
//!
//! A [`FaultPlan`] is asked once for each request. Most faults come in two kinds, before and after the work, because
//! that difference is what a client cannot see and has to live with: after the work a create request is charged, and
//! before it is not.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::ids::mix;
use crate::lock;
use crate::reply::{self, ApiError};
use crate::wire::{End, Wire};

/// Something that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing does.
    None,
    /// The request is read, then the connection is reset (RST). No work was done.
    ResetBeforeWork,
    /// The work is done, then the connection is reset (RST) without an answer.
    ResetAfterWork,
    /// The request is read, then the connection is closed (FIN) without an answer. No work was done.
    CloseBeforeWork,
    /// The work is done, then the connection is closed (FIN) without an answer.
    CloseAfterWork,
    /// The work is done; the answer's head announces the whole body, half of it follows, then the connection is closed.
    CutBody,
    /// The work is done; the answer ends within its header lines, where the connection is closed.
    CutHeaders,
    /// The request is read and never answered. No work was done.
    StallBeforeWork,
    /// The work is done and the answer never comes.
    StallAfterWork,
    /// The work is done; head and half of the body come, the rest never does.
    StallBody,
    /// The work is done; the body comes byte by byte, in the end whole. See [`FaultPlan::drip_interval`].
    Drip,
    /// The work is done; the body never ends and comes as fast as it is read.
    EndlessBody,
    /// The work is done; the answer has header lines without end.
    EndlessHeaders,
    /// An answer of this status, in JSON, or in HTML for those that proxies give (502 to 504). No work was done.
    StatusBefore(u16),
    /// As [`Fault::StatusBefore`], but the work is done.
    StatusAfter(u16),
    /// An answer of this status with a `Retry-After` header. No work was done.
    RetryAfter {
        /// The status of the answer, such as 429 or 503.
        status: u16,
        /// The value of the header: seconds, a date, or something that is neither.
        value: String,
    },
    /// The work is done; the answer is bytes that are not HTTP, then the connection is closed.
    Garbage,
    /// The work is done; status 200 and the content type of JSON with a body that is not JSON.
    GarbageJson,
    /// The work is done; status 200 with an HTML page.
    Html,
    /// The work is done; status 200 without a body.
    EmptyBody,
    /// Status 307 with this `Location`. No work was done.
    Redirect(String),
}

impl Fault {
    /// The name of the fault, without its values.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::ResetBeforeWork => "ResetBeforeWork",
            Self::ResetAfterWork => "ResetAfterWork",
            Self::CloseBeforeWork => "CloseBeforeWork",
            Self::CloseAfterWork => "CloseAfterWork",
            Self::CutBody => "CutBody",
            Self::CutHeaders => "CutHeaders",
            Self::StallBeforeWork => "StallBeforeWork",
            Self::StallAfterWork => "StallAfterWork",
            Self::StallBody => "StallBody",
            Self::Drip => "Drip",
            Self::EndlessBody => "EndlessBody",
            Self::EndlessHeaders => "EndlessHeaders",
            Self::StatusBefore(_) => "StatusBefore",
            Self::StatusAfter(_) => "StatusAfter",
            Self::RetryAfter { .. } => "RetryAfter",
            Self::Garbage => "Garbage",
            Self::GarbageJson => "GarbageJson",
            Self::Html => "Html",
            Self::EmptyBody => "EmptyBody",
            Self::Redirect(_) => "Redirect",
        }
    }

    /// Whether the request is carried out although its answer goes wrong.
    #[must_use]
    pub fn does_the_work(&self) -> bool {
        !matches!(
            self,
            Self::ResetBeforeWork
                | Self::CloseBeforeWork
                | Self::StallBeforeWork
                | Self::StatusBefore(_)
                | Self::RetryAfter { .. }
                | Self::Redirect(_)
        )
    }
}

type Filter = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Which request meets which fault.
#[derive(Clone)]
#[must_use]
pub struct FaultPlan {
    source: Source,
    filters: Vec<Filter>,
    drip_interval: Duration,
}

#[derive(Debug, Clone)]
enum Source {
    Always(Fault),
    Sequence(VecDeque<Fault>),
    Random { seed: u64, percent: u8, faults: Vec<(u32, Fault)>, asked: u64 },
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan")
            .field("source", &self.source)
            .field("filters", &self.filters.len())
            .field("drip_interval", &self.drip_interval)
            .finish()
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}

impl FaultPlan {
    /// No faults.
    pub fn none() -> Self {
        Self::always(Fault::None)
    }

    /// The same for every request.
    pub fn always(fault: Fault) -> Self {
        Self::of(Source::Always(fault))
    }

    /// One after the other, for the requests in the order in which they arrive; no more after the last.
    pub fn sequence(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::of(Source::Sequence(faults.into_iter().collect()))
    }

    /// Faults for some percent of the requests, chosen among `faults` in proportion to their weights. The same seed
    /// gives the same choices in the same order.
    pub fn random(seed: u64, percent: u8, faults: Vec<(u32, Fault)>) -> Self {
        Self::of(Source::Random { seed, percent, faults, asked: 0 })
    }

    fn of(source: Source) -> Self {
        Self { source, filters: Vec::new(), drip_interval: Duration::from_millis(20) }
    }

    /// Leaves requests with other methods alone; a sequence does not advance at them.
    pub fn on_method(self, method: &str) -> Self {
        let wanted = method.to_ascii_uppercase();
        self.only(move |method, _| method == wanted)
    }

    /// Leaves requests alone for whose method and path, as sent with its query, this is false; a sequence does not
    /// advance at them. Several filters must all agree. A filter must not use the emulator's plan itself, which waits
    /// for it.
    pub fn only(mut self, filter: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// The pause before each byte of [`Fault::Drip`]; 20 milliseconds unless given.
    pub fn drip_interval(mut self, interval: Duration) -> Self {
        self.drip_interval = interval;
        self
    }

    fn next(&mut self, method: &str, path: &str) -> Fault {
        if !self.filters.iter().all(|filter| filter(method, path)) {
            return Fault::None;
        }
        match &mut self.source {
            Source::Always(fault) => fault.clone(),
            Source::Sequence(faults) => faults.pop_front().unwrap_or(Fault::None),
            Source::Random { seed, percent, faults, asked } => {
                *asked += 1;
                let chance = mix(*seed ^ mix(*asked));
                if chance % 100 >= u64::from(*percent) {
                    return Fault::None;
                }
                let total: u64 = faults.iter().map(|(weight, _)| u64::from(*weight)).sum();
                if total == 0 {
                    return Fault::None;
                }
                let mut at = mix(chance) % total;
                for (weight, fault) in faults {
                    match at.checked_sub(u64::from(*weight)) {
                        Some(rest) => at = rest,
                        None => return fault.clone(),
                    }
                }
                Fault::None
            }
        }
    }
}

/// The plan in force and the account of what it did.
#[derive(Default)]
pub(crate) struct Faults(Mutex<(FaultPlan, BTreeMap<&'static str, u64>)>);

impl Faults {
    pub(crate) fn set(&self, plan: FaultPlan) {
        lock(&self.0).0 = plan;
    }

    /// What happens to a request, and how slowly if it drips.
    pub(crate) fn next(&self, method: &str, path: &str) -> (Fault, Duration) {
        let (plan, injected) = &mut *lock(&self.0);
        let fault = plan.next(method, path);
        if fault != Fault::None {
            *injected.entry(fault.name()).or_default() += 1;
        }
        (fault, plan.drip_interval)
    }

    pub(crate) fn injected(&self) -> Vec<(&'static str, u64)> {
        lock(&self.0).1.iter().map(|(name, count)| (*name, *count)).collect()
    }
}

/// Answers in place of the work.
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

/// Spoils the answer to work that was done.
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
            reply::with_type(StatusCode::OK, "application/json; charset=utf-8", "{\"sdGenerationJob\": {\"generatio")
        }
        Fault::Html => reply::html(StatusCode::OK, "Please stand by"),
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
    // What is below is no final answer, and HTTP has no way to send it as one.
    let status = StatusCode::from_u16(status.max(200)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if matches!(status.as_u16(), 502..=504) {
        let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
        return reply::html(status, &title);
    }
    let (error, code) = match status.as_u16() {
        429 => ("Too many requests", "bad-request"),
        401 => ("Authentication hook unauthorized this request", "access-denied"),
        500.. => ("Service Error", "unexpected"),
        _ => ("Invalid request", "bad-request"),
    };
    ApiError::new(status, error, code).into_response()
}

/// The head of an answer as it goes over the wire.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(plan: &mut FaultPlan, count: usize) -> Vec<Fault> {
        (0..count).map(|_| plan.next("POST", "/x")).collect()
    }

    #[test]
    fn sequences_wait_for_their_requests() {
        let mut plan = FaultPlan::sequence(vec![Fault::CutBody, Fault::None, Fault::Html])
            .on_method("post")
            .only(|_, path| path.starts_with("/x"));
        assert_eq!(plan.next("GET", "/x"), Fault::None);
        assert_eq!(plan.next("POST", "/y"), Fault::None);
        assert_eq!(draw(&mut plan, 4), [Fault::CutBody, Fault::None, Fault::Html, Fault::None]);
    }

    #[test]
    fn chance_is_reproducible_and_fair() {
        let faults = vec![(3, Fault::Garbage), (1, Fault::Html), (0, Fault::Drip)];
        let plan = |seed| FaultPlan::random(seed, 20, faults.clone());
        let drawn = draw(&mut plan(7), 10_000);
        assert_eq!(drawn, draw(&mut plan(7), 10_000));
        assert_ne!(drawn, draw(&mut plan(8), 10_000));
        let count = |fault| drawn.iter().filter(|f| **f == fault).count();
        assert!((1350..1650).contains(&count(Fault::Garbage)), "{}", count(Fault::Garbage));
        assert!((430..570).contains(&count(Fault::Html)), "{}", count(Fault::Html));
        assert_eq!(count(Fault::Drip), 0);
        assert!(draw(&mut FaultPlan::random(1, 100, Vec::new()), 9).iter().all(|f| *f == Fault::None));
        assert!(draw(&mut FaultPlan::random(1, 100, faults.clone()), 999).iter().all(|f| *f != Fault::None));
        assert!(draw(&mut FaultPlan::random(1, 0, faults), 999).iter().all(|f| *f == Fault::None));
    }
}

//! The life of a call: attempts and delays until there is a response or an error.

use std::time::Duration;

use http::header::AUTHORIZATION;

use super::Attempted;
use super::account::Accounted;
use super::request::Request;
use crate::bearer::Bearer;
use crate::core;
use crate::core::key::Auth;
use crate::error::{
    ConnectionError, DecodeReason, Error, OutcomeUnknownError, Redactor, Refused, Seconds, TimeoutError, TimeoutScope,
};
use crate::retry::Delays;
use crate::runtime::{self, Instant, SystemTime};
use crate::trace::CallSpan;
use crate::transport::{TransportError, TransportErrorKind, TransportRequest, TransportResponse};

impl Request {
    /// [`attempts`](Self::attempts), in a span of its own.
    pub(super) async fn execute(&mut self) -> Result<Attempted, Error> {
        let span = CallSpan::new(self.operation);
        let started = Instant::now();
        let result = span.around(self.attempts(started, &span)).await;
        match &result {
            Ok(attempted) => {
                self.core.inner.budget.give_back(attempted.attempts);
                span.ended(attempted.attempts, started, Ok(attempted.status.as_u16()));
            }
            Err(error) => {
                span.ended(error.call().map_or(0, |call| call.attempts), started, Err(error));
            }
        }
        result
    }

    /// The whole life of a call: attempts and delays until there is a record or an error that stays.
    async fn attempts(&mut self, started: Instant, span: &CallSpan) -> Result<Attempted, Error> {
        if let Some(refused) = self.options.refused.take() {
            return Err(self.invalid(refused));
        }
        if !self.path_rest.is_empty() {
            return Err(self.invalid(Refused::new("id", "an id is missing")));
        }
        if !runtime::is_running() {
            let reason = "a call must be awaited within a Tokio runtime";
            return Err(self.invalid(Refused::new("runtime", reason)));
        }
        let core = &*self.core.inner;
        let effect = self.operation.effect;
        let policy = self.options.retry.as_ref().unwrap_or(&core.retry);
        let deadline = self.options.deadline.unwrap_or(core.deadline).unwrap_or(Duration::MAX);
        // An attempt that is cut short would make an outcome unknown that is certain without it.
        let least = if effect.is_repeatable() { Duration::ZERO } else { core.min_time_for_billable };
        if deadline < least {
            let (left, least) = (Seconds(deadline), Seconds(least));
            let reason = format!(
                "it leaves {left} s, and a call that must not be sent twice needs {least} s to begin; allow more time, or change \
                 min_time_for_billable of the core"
            );
            return Err(self.invalid(Refused::new("deadline", reason)));
        }
        let in_time = |at: Duration| at.saturating_add(least) < deadline;
        let mut delays: Option<Box<Delays>> = None;
        let mut attempts = 0;
        let mut sent = Sent::default();
        loop {
            attempts += 1;
            span.attempt(attempts);
            sent.at = None;
            let left = if attempts == 1 { deadline } else { deadline.saturating_sub(started.elapsed()) };
            #[cfg(feature = "limits")]
            let admitted = self.admitted(left, deadline, least, &mut sent, span).await;
            #[cfg(not(feature = "limits"))]
            let admitted = Ok(left);
            let result = match admitted {
                Ok(left) => self.attempt(left, deadline, &mut sent).await,
                Err(error) => Err(error),
            };
            let result = match result {
                Ok(response) => self.classify(response, &mut sent),
                Err(error) => Err(error),
            };
            let mut error = match result {
                Ok((status, headers, output)) => return Ok(Attempted { status, headers, attempts, output }),
                Err(error) => error,
            };
            sent.account.failed(self, &error);
            let elapsed = started.elapsed();
            error.set_call(attempts, elapsed);
            if error.may_be_retried(effect) {
                // A server may ask for more, but not for so little that the policy means nothing.
                let own = delays.get_or_insert_with(|| Box::new(policy.delays())).next();
                let delay = error.retry_after().map_or(own, |asked| asked.max(own));
                if policy.allows(attempts, elapsed, delay) && in_time(elapsed.saturating_add(delay)) {
                    if core.budget.take() {
                        span.retried(attempts, &error, delay);
                        runtime::sleep(delay).await;
                        // A timer may be late, and an attempt without time could only make things worse.
                        if in_time(started.elapsed()) {
                            continue;
                        }
                    } else {
                        error.set_out_of_budget();
                    }
                }
            }
            return Err(match sent.at {
                Some(sent_at) if !effect.is_repeatable() && !error.proves_nothing_done() => {
                    let request = self.body.clone().unwrap_or_default();
                    let id = error.take_id();
                    let mut unknown = Box::new(OutcomeUnknownError::unknown(sent_at, request, id, error));
                    sent.account.ended_unknown(self, &mut unknown);
                    Error::OutcomeUnknown(unknown)
                }
                _ => error,
            });
        }
    }

    /// What is left of the time once the core's limits let an attempt begin.
    #[cfg(feature = "limits")]
    async fn admitted(
        &self,
        left: Duration,
        deadline: Duration,
        least: Duration,
        sent: &mut Sent,
        span: &CallSpan,
    ) -> Result<Duration, Error> {
        let began = Instant::now();
        let waited = sent.account.admit(self, left.saturating_sub(least), deadline, span).await?;
        Ok(if waited { left.saturating_sub(began.elapsed()) } else { left })
    }

    /// One attempt within its time.
    async fn attempt(&self, left: Duration, deadline: Duration, sent: &mut Sent) -> Result<TransportResponse, Error> {
        let timeout = self.options.timeout.unwrap_or(self.core.inner.timeout);
        let (limit, scope) =
            if left < timeout { (deadline, TimeoutScope::Deadline) } else { (timeout, TimeoutScope::Attempt) };
        let result = runtime::timeout(timeout.min(left), std::pin::pin!(self.exchange(sent))).await;
        match result {
            Some(result) => result,
            None => {
                let sent = sent.at.is_some();
                Err(Error::Timeout(Box::new(TimeoutError { call: self.info(), scope, limit, sent })))
            }
        }
    }

    /// Asks for the key, sends, and reads the response.
    async fn exchange(&self, sent: &mut Sent) -> Result<TransportResponse, Error> {
        let core = &*self.core.inner;
        let bearer = match &self.options.bearer {
            Some(bearer) => Some(bearer.clone()),
            None => core.auth.bearer().await.map_err(|(reason, source)| {
                self.invalid(Refused { source, ..Refused::new("bearer_auth_provider", reason) })
            })?,
        };
        let request = self.prepared(bearer.as_ref());
        sent.keys.extend(bearer);
        sent.at = Some(core.wall_now());
        sent.account.sent(self);
        core.transport.send(request).await.map_err(|error| self.broken(error))
    }

    /// What is sent, with a key that is not among the core's headers.
    ///
    /// Not a part of [`exchange`](Self::exchange), whose future would hold its parts for as long as it lives.
    fn prepared(&self, bearer: Option<&Bearer>) -> TransportRequest {
        let core = &*self.core.inner;
        let mut url = self.server().join(&self.path);
        if !self.query.is_empty() {
            url.set_query(Some(&self.query));
        }
        let mut request = TransportRequest::new(self.operation.method.clone(), url, core.max_response_bytes);
        request.headers = if self.body.is_some() { &core.headers_with_body } else { &core.headers }.clone();
        if let Some(bearer) = bearer {
            core::set(&mut request.headers, AUTHORIZATION, bearer.header().clone());
        }
        for (name, value) in &self.options.headers {
            core::set(&mut request.headers, name.clone(), value.clone());
        }
        request.body = self.body.clone();
        request
    }

    fn broken(&self, error: TransportError) -> Error {
        match (error.kind(), error.status()) {
            (TransportErrorKind::TooLarge, status) => {
                let limit = self.core.inner.max_response_bytes;
                self.undecodable(status.unwrap_or_default(), DecodeReason::TooLarge { limit }, String::new())
            }
            _ => {
                let server = self.server().origin();
                Error::Connection(Box::new(ConnectionError { call: self.info(), server, source: error }))
            }
        }
    }
}

/// What is known of an attempt even if its time ran out.
#[derive(Default)]
pub(super) struct Sent {
    /// Every key that a provider gave for the call, since a server may show an earlier one.
    keys: Vec<Bearer>,
    at: Option<SystemTime>,
    pub(super) account: Accounted,
}

impl Sent {
    pub(super) fn redactor<'a>(&'a self, auth: &'a Auth) -> Redactor<'a> {
        match auth {
            Auth::Fixed(bearer) => Redactor(std::slice::from_ref(bearer)),
            Auth::Asked(_) => Redactor(&self.keys),
        }
    }
}

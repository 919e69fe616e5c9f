//! What a call has to do with the limits of its account: a turn before each attempt, and what it costs.
//!
//! Without the feature `limits` there is nothing to do, and no code for it.

use super::request::Request;
use crate::error::{Error, OutcomeUnknownError};
use crate::transport::TransportResponse;

#[cfg(feature = "limits")]
pub(super) use self::on::Accounted;
#[cfg(feature = "limits")]
pub(crate) use self::on::Ticket;

/// What is held of the account's limits for a call.
#[cfg(not(feature = "limits"))]
#[derive(Default)]
pub(super) struct Accounted;

#[cfg(not(feature = "limits"))]
impl Accounted {
    pub(super) fn sent(&mut self, _: &Request) {}

    pub(super) fn succeeded(&mut self, _: &Request, _: &TransportResponse) {}

    pub(super) fn failed(&mut self, _: &Request, _: &Error) {}

    pub(super) fn ended_unknown(&mut self, _: &Request, _: &mut OutcomeUnknownError) {}
}

#[cfg(feature = "limits")]
mod on {
    use std::pin::pin;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use bytes::Bytes;

    use super::{Error, OutcomeUnknownError, Request, TransportResponse};
    use crate::call::decoder::Reader;
    use crate::call::options::Options;
    use crate::call::prices::{Priced, Prices, Spending};
    use crate::codec::{Budget, Model, decode};
    use crate::core::LeonardoCore;
    use crate::error::{ApiErrorKind, Refused, SpendingLimitError, TimeoutError, TimeoutScope};
    use crate::limits::{self, Admission, Admitted, JobOutcome, Limiter};
    use crate::models::Cost;
    use crate::operation::Effect;
    use crate::runtime::{self, SystemTime, lock};
    use crate::spending::{self, Expected, Open};
    use crate::trace::CallSpan;

    /// What is held of the account's limits for a call. Dropped while a request is under way, it leaves the job's place and
    /// the money as those of a call with an unknown outcome; dropped before, it gives them back.
    #[derive(Default)]
    pub(in crate::call) struct Accounted {
        admission: Option<Admission>,
        open: Option<Open>,
        /// When a request was sent whose outcome is not known, and its body.
        sent: Option<(SystemTime, Bytes)>,
        ticket: Option<Arc<Ticket>>,
    }

    /// What is held for a create whose outcome is not known, for whoever looks it up. Dropped, it leaves that as it is.
    #[derive(Default)]
    pub(crate) struct Ticket(Mutex<Unresolved>);

    #[derive(Default)]
    struct Unresolved {
        job: Option<(Arc<Limiter>, Admitted)>,
        open: Option<Open>,
    }

    impl Ticket {
        /// The create has made the job with this id, or nothing.
        #[cfg(feature = "creating-once")]
        pub(crate) fn resolve(&self, id: Option<&str>) {
            let Unresolved { job, open } = std::mem::take(&mut *lock(&self.0));
            if let Some((limiter, admitted)) = job {
                limiter.resolve(admitted, id);
            }
            match (open, id) {
                (Some(open), Some(_)) => open.settle(None),
                (Some(open), None) => open.release(),
                (None, _) => {}
            }
        }
    }

    /// What a response says that its call has cost.
    #[derive(Clone, Debug, Default, PartialEq, Model)]
    #[model(response)]
    #[non_exhaustive]
    struct Charged {
        /// In the unit that the account pays in.
        cost: Option<Cost>,
        /// In credits, where the service still says so.
        api_credit_cost: Option<f64>,
    }

    impl Accounted {
        /// Waits for a turn, once the money is reserved; at most until the last moment at which an attempt may begin. Tells
        /// whether there was anything to wait for.
        pub(in crate::call) async fn admit(
            &mut self,
            request: &Request,
            left: Duration,
            deadline: Duration,
            span: &CallSpan,
        ) -> Result<bool, Error> {
            let Request { core, options, .. } = request;
            let is_limited = Limiter::of(core).is_some() || core.setting::<Spending>().is_some();
            if !is_limited && options.cost_at_most.is_none() {
                return Ok(false);
            }
            self.ticket.clone_from(&options.ticket);
            let admitted = {
                let admit = pin!(self.admit_all(request, span));
                runtime::timeout(left, admit).await
            };
            let Some(admitted) = admitted else {
                let scope = TimeoutScope::Turn;
                let error = TimeoutError { call: request.info(), scope, limit: deadline, sent: false };
                return Err(Error::Timeout(Box::new(error)));
            };
            admitted.map(|()| true)
        }

        async fn admit_all(&mut self, request: &Request, span: &CallSpan) -> Result<(), Error> {
            let Request { core, operation, .. } = request;
            if operation.effect == Effect::Billable && self.open.is_none() {
                self.open = reserve(request).await?;
            }
            if let Some(limiter) = Limiter::of(core) {
                let admission = limiter.admit(core, operation, |counter| span.waits(counter)).await;
                self.admission = Some(admission.map_err(|source| request.invalid(limits::failed(source)))?);
            }
            Ok(())
        }

        /// The request is on its way.
        pub(in crate::call) fn sent(&mut self, request: &Request) {
            if let Some(admission) = &mut self.admission {
                admission.sent = true;
            }
            if self.open.is_some() {
                self.sent = Some((request.core.wall_now(), request.body.clone().unwrap_or_default()));
            }
        }

        /// The response is what was asked for.
        pub(in crate::call) fn succeeded(&mut self, request: &Request, response: &TransportResponse) {
            self.sent = None;
            if let Some(open) = self.open.take() {
                open.settle(charged(request, response).as_ref());
            }
            if let Some(admission) = self.admission.take() {
                let id = if request.operation.job.is_some() { made(request, response) } else { None };
                let outcome = match (&id, request.operation.job) {
                    // Something goes on, and nobody can say what.
                    (None, Some(_)) => JobOutcome::Unknown,
                    (id, _) => JobOutcome::Made(id.as_deref()),
                };
                admission.end(outcome);
            }
        }

        /// The attempt has failed.
        pub(in crate::call) fn failed(&mut self, request: &Request, error: &Error) {
            let is_certain = request.operation.effect.is_repeatable() || error.proves_nothing_done();
            if is_certain {
                self.sent = None;
            }
            let Some(admission) = self.admission.take() else { return };
            if error.api().is_some_and(|error| error.kind == ApiErrorKind::RateLimited) {
                admission.refused(request.operation, error.retry_after());
            }
            let left = admission.end(if is_certain { JobOutcome::Nothing } else { JobOutcome::Unknown });
            if let (Some(left), Some(ticket), Some(limiter)) = (left, &self.ticket, Limiter::of(&request.core)) {
                lock(&ticket.0).job = Some((limiter.clone(), left));
            }
        }

        /// The call has ended, and its outcome is not known.
        pub(in crate::call) fn ended_unknown(&mut self, _: &Request, error: &mut OutcomeUnknownError) {
            self.sent = None;
            if let Some(open) = self.open.take() {
                error.reservation = open.leave(error.sent_at, error.request.clone(), error.id.clone());
                if let Some(ticket) = &self.ticket {
                    lock(&ticket.0).open = Some(open);
                }
            }
        }
    }

    impl Drop for Accounted {
        fn drop(&mut self) {
            match (self.open.take(), self.sent.take()) {
                (Some(open), Some((at, request))) => {
                    open.leave(at, request, None);
                }
                (Some(open), None) => open.release(),
                (None, _) => {}
            }
        }
    }

    /// Reserves what a call may cost, if that is limited.
    async fn reserve(request: &Request) -> Result<Option<Open>, Error> {
        let Request { core, operation, options, .. } = request;
        let Some(spending) = core.setting::<Spending>() else {
            if options.cost_at_most.is_some() {
                let reason = "the core has no spending limit to count it against; SpendingLimit::unlimited() will do";
                return Err(request.invalid(Refused::new("cost_at_most", reason)));
            }
            return Ok(None);
        };
        let at_most = options.cost_at_most.clone();
        if at_most.as_ref().is_some_and(|cost| !spending::is_money(cost)) {
            return Err(request.invalid(Refused::new("cost_at_most", "it is no amount of money such as 0.05")));
        }
        let body = request.body.clone().unwrap_or_default();
        let mut expected = Expected { at_most, ..Expected::default() };
        if let Some(priced) = (spending.price)(operation.name, &body) {
            let must_know = spending.limit.is_limited() || expected.at_most.is_some();
            if must_know && !spending.limit.knows(&priced.key) {
                expected.estimate = estimate(core, options, &priced).await?;
            }
            expected.key = Some(priced.key);
        }
        spending.limit.reserve(operation.name, expected).map(Some).map_err(|reason| {
            Error::SpendingLimit(Box::new(SpendingLimitError { call: request.info(), reason: *reason }))
        })
    }

    /// What the service says that a call will cost, asked once for equal calls.
    async fn estimate(core: &LeonardoCore, options: &Options, priced: &Priced) -> Result<Option<Cost>, Error> {
        // The same account, and nothing else of this call's.
        let options = Options {
            server: options.server.clone(),
            headers: options.headers.clone(),
            bearer: options.bearer.clone(),
            ..Options::default()
        };
        core.state(Prices::default).ask(core, priced, &options).await
    }

    fn charged(request: &Request, response: &TransportResponse) -> Option<Cost> {
        let text = std::str::from_utf8(&response.body).ok()?;
        let mut charged = Charged::default();
        let budget = Budget::new(request.core.inner.max_response_bytes);
        decode::fill_flat(request.operation.field, text, &mut charged, &budget).ok()?;
        charged.cost.filter(spending::is_money).or_else(|| spending::credits(charged.api_credit_cost?))
    }

    fn made(request: &Request, response: &TransportResponse) -> Option<String> {
        let Reader::Model(make, fill) = request.reader else { return None };
        let text = std::str::from_utf8(&response.body).ok()?;
        let mut target = make();
        let budget = Budget::new(request.core.inner.max_response_bytes.saturating_mul(3));
        fill(request.operation.field, text, target.place(), &budget).ok()?;
        target.place().id().map(std::borrow::Cow::into_owned)
    }
}

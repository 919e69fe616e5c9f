//! A download under way: what has arrived, whether it can go on from there, and whether it is what was expected.

use std::pin::pin;

use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::super::kind::{HEAD, Kind};
use super::super::{
    Failure, Refusal, Retries, address, excerpt, in_time, may_begin, next_chunk, refusal, request, shown,
};
#[cfg(not(target_arch = "wasm32"))]
use super::Arrived;
use super::sink::Sink;
use super::{Download, DownloadError, DownloadOptions, DownloadReason, Downloaded, Progress};
use crate::core::LeonardoCore;
use crate::error;
use crate::runtime;
use crate::transport;
use crate::transport::wire;
use crate::url::{Url, form_urlencoded};

/// How much further a download must come for the attempts until then not to count any more.
const A_GOOD_DEAL: u64 = 1024 * 1024;

/// A download under way.
pub(super) struct Receiving {
    core: LeonardoCore,
    url: Url,
    /// The URL as it may be shown.
    shown: String,
    options: DownloadOptions,
    on_progress: Option<Box<dyn FnMut(Progress) + Send>>,
    retries: Retries,
    /// The bytes that arrived.
    received: u64,
    /// Whether they are in the sink. Before that `head` has all of them.
    begun: bool,
    /// The most bytes that had arrived when an attempt had brought a good deal.
    furthest: u64,
    reported: Option<u64>,
    total: Option<u64>,
    /// What tells this file from a changed one, if there is a way to.
    validator: Option<HeaderValue>,
    content_type: Option<String>,
    /// The first bytes.
    head: Vec<u8>,
}

impl Receiving {
    pub(super) fn new(download: Download) -> Result<Self, DownloadError> {
        let Download { core, url, options, on_progress } = download;
        let retries = Retries::new(&core, &options.transfer);
        let (shown, url) = address(&url, &core.inner.server);
        let url = url.map_err(DownloadReason::Url);
        let url = match url.and_then(|url| may_begin(options.transfer.limit()).map(|()| url)) {
            Ok(url) => url,
            Err(reason) => return Err(DownloadError::unsent(shown, reason)),
        };
        Ok(Self {
            core,
            url,
            shown,
            options,
            on_progress,
            retries,
            received: 0,
            begun: false,
            furthest: 0,
            reported: None,
            total: None,
            validator: None,
            content_type: None,
            head: Vec::new(),
        })
    }

    pub(super) async fn run(&mut self, sink: &mut Sink<'_>) -> Result<(), DownloadError> {
        let limit = self.options.transfer.limit();
        let result = in_time(limit, pin!(self.attempts(sink))).await;
        result.map_err(|reason| self.error(reason))
    }

    pub(super) fn error(&self, reason: DownloadReason) -> DownloadError {
        DownloadError {
            url: self.shown.as_str().into(),
            attempts: self.retries.attempts,
            received: self.received,
            elapsed: self.retries.elapsed(),
            out_of_budget: self.retries.out_of_budget,
            reason,
        }
    }

    pub(super) fn downloaded(self) -> Downloaded {
        Downloaded { bytes: self.received, content_type: self.content_type, attempts: self.retries.attempts }
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn arrived(&self) -> Arrived<'_> {
        Arrived { head: &self.head, content_type: self.content_type.as_deref(), path: self.url.path() }
    }

    /// What kind of file it is, by its content or else by what the server says; empty if neither tells.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn media_type(&self) -> &str {
        let kind = Kind::of(&self.head).map(|kind| kind.content_type);
        kind.or(self.content_type.as_deref()).unwrap_or_default()
    }

    async fn attempts(&mut self, sink: &mut Sink<'_>) -> Result<(), DownloadReason> {
        let core = self.core.clone();
        let client = core.storage().map_err(DownloadReason::Config)?;
        loop {
            self.retries.begin();
            let failure = match self.attempt(client, sink).await {
                Ok(()) => {
                    self.retries.succeeded();
                    return sink.finish().await;
                }
                Err(failure) => failure,
            };
            if self.validator.is_none() && self.begun && !sink.can_restart() {
                return Err(failure.reason);
            }
            // Only what was never reached before counts, so that a file that is begun anew again and again comes to an
            // end.
            if self.validator.is_some() && self.received >= self.furthest + A_GOOD_DEAL {
                self.furthest = self.received;
                self.retries.forgive();
            }
            self.retries.before_next(failure).await?;
        }
    }

    /// One request, and what it brings.
    async fn attempt(&mut self, client: &wire::Client, sink: &mut Sink<'_>) -> Result<(), Failure<DownloadReason>> {
        let mut request = request(Method::GET, self.url.clone());
        let resumed = match &self.validator {
            Some(validator) if self.received > 0 => {
                let range = HeaderValue::try_from(format!("bytes={}-", self.received));
                request.headers_mut().insert(RANGE, range.map_err(|_| DownloadReason::Unusable("its length"))?);
                request.headers_mut().insert(IF_RANGE, validator.clone());
                true
            }
            _ => false,
        };
        if !resumed {
            self.restart(sink).await?;
        }
        let idle_timeout = self.options.transfer.idle_timeout;
        let response = match runtime::timeout(idle_timeout, pin!(runtime::connecting(client.execute(request)))).await {
            Some(Ok(response)) => response,
            Some(Err(error)) => return Err(Failure::no_response(error)),
            None => return Err(Failure::idle(idle_timeout)),
        };
        if *response.url() != self.url {
            // A client of the caller's own, or a browser, has followed it.
            let to = Some(shown(response.url()));
            return Err(DownloadReason::Redirect { status: None, to }.into());
        }
        match response.status() {
            StatusCode::PARTIAL_CONTENT if resumed => self.resume(&response)?,
            StatusCode::OK => {
                self.restart(sink).await?;
                self.begin(&response, resumed)?;
            }
            // The file is shorter now, or the server cannot do it after all.
            StatusCode::RANGE_NOT_SATISFIABLE if resumed => return Err(self.cannot_resume("the range was refused")),
            _ => return Err(self.refused(response).await),
        }
        self.take(response, sink).await
    }

    async fn restart(&mut self, sink: &mut Sink<'_>) -> Result<(), DownloadReason> {
        if self.begun {
            sink.restart().await?;
        }
        self.begun = false;
        self.received = 0;
        self.head.clear();
        Ok(())
    }

    /// Looks at the head of a response that brings the whole file.
    fn begin(&mut self, response: &wire::Response, instead_of_a_part: bool) -> Result<(), DownloadReason> {
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if text(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(DownloadReason::Unusable("its content is encoded, which was not asked for"));
        }
        self.content_type = text(CONTENT_TYPE).map(str::to_owned);
        self.total = response.content_length();
        let validator = validator(headers);
        // A server that was asked for a part of this very file, and gives all of it, will do so again.
        let never_resumes = instead_of_a_part && validator.is_some() && validator == self.validator;
        let never_resumes = never_resumes || text(ACCEPT_RANGES) == Some("none");
        self.validator = validator.filter(|_| !never_resumes);
        self.within_limit()
    }

    /// Looks at the head of a response that brings the rest of the file.
    fn resume(&mut self, response: &wire::Response) -> Result<(), Failure<DownloadReason>> {
        let range = response.headers().get(CONTENT_RANGE).and_then(|range| Range::parse(range.to_str().ok()?));
        let Some(Range { first, total }) = range else {
            return Err(self.cannot_resume("it does not say which part of the file it has"));
        };
        if first != self.received {
            return Err(self.cannot_resume("it has another part of the file than was asked for"));
        }
        let changed_length = matches!((self.total, total), (Some(before), Some(now)) if before != now);
        let now = validator(response.headers());
        if changed_length || (now.is_some() && now != self.validator) {
            return Err(self.cannot_resume("the file has changed"));
        }
        let rest = response.content_length();
        self.total = self.total.or(total).or(rest.map(|rest| first.saturating_add(rest)));
        Ok(self.within_limit()?)
    }

    /// The next attempt begins anew.
    fn cannot_resume(&mut self, why: &'static str) -> Failure<DownloadReason> {
        self.validator = None;
        Failure::transient(DownloadReason::Unusable(why))
    }

    fn within_limit(&self) -> Result<(), DownloadReason> {
        match self.total {
            Some(total) if total > self.options.max_bytes => {
                Err(DownloadReason::TooLarge { limit: self.options.max_bytes, announced: self.total })
            }
            _ => Ok(()),
        }
    }

    async fn refused(&mut self, response: wire::Response) -> Failure<DownloadReason> {
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| self.url.join(to.to_str().ok()?).ok());
            return DownloadReason::Redirect { status: Some(status), to: to.map(|to| shown(&to)) }.into();
        }
        let secrets = self.secrets();
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        let refusal = refusal(response, self.options.transfer.idle_timeout, &secrets).await;
        let Refusal { code, message, retry_after: delay } = refusal;
        let reason = DownloadReason::Refused { status, code, message, retry_after: delay };
        Failure { reason, transient: error::is_transient(status), delay }
    }

    /// What the query holds, as it is meant and as it stands in the link.
    fn secrets(&self) -> Vec<String> {
        let query = self.url.query().unwrap_or_default();
        let meant = form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned());
        let written = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value).to_owned());
        meant.chain(written).collect()
    }

    /// Why what arrived is not written. Only an empty body may be another one the next time.
    fn not_media(&mut self) -> Failure<DownloadReason> {
        let secrets = self.secrets();
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        let content_type = self.content_type.as_ref().map(|text| excerpt(text.as_bytes(), &secrets));
        let beginning = excerpt(&self.head, &secrets);
        // Nothing of it is of the file.
        self.received = 0;
        let transient = beginning.is_empty();
        Failure { reason: DownloadReason::NotMedia { content_type, beginning }, transient, delay: None }
    }

    /// Reads the body to its end.
    async fn take(&mut self, response: wire::Response, sink: &mut Sink<'_>) -> Result<(), Failure<DownloadReason>> {
        let idle_timeout = self.options.transfer.idle_timeout;
        let mut response = Some(response);
        self.report();
        loop {
            let chunk = match runtime::timeout(idle_timeout, pin!(next_chunk(&mut response))).await {
                Some(Ok(Some(chunk))) => chunk,
                Some(Ok(None)) => break,
                Some(Err(error)) => {
                    return Err(Failure::transient(DownloadReason::Connection(transport::broken_off(error))));
                }
                None => return Err(Failure::idle(idle_timeout)),
            };
            let length = self.received.saturating_add(chunk.len() as u64);
            if length > self.options.max_bytes {
                return Err(DownloadReason::TooLarge { limit: self.options.max_bytes, announced: None }.into());
            }
            let held = self.head.len();
            self.head.extend(chunk.iter().take(HEAD - held));
            if !self.begun && (self.options.any_content || Kind::of(&self.head).is_some()) {
                self.begun = true;
                if held > 0 {
                    sink.write(&self.head[..held]).await?;
                }
            }
            if self.begun {
                sink.write(&chunk).await?;
            } else if self.head.len() == HEAD {
                return Err(self.not_media());
            }
            self.received = length;
            self.retries.moved();
            self.report();
        }
        match self.total {
            Some(total) if self.received != total => {
                if self.received > total {
                    self.validator = None;
                }
                Err(Failure::transient(DownloadReason::Length { expected: total }))
            }
            _ if !self.begun && !self.options.any_content => Err(self.not_media()),
            _ => Ok(()),
        }
    }

    fn report(&mut self) {
        let Some(told) = &mut self.on_progress else { return };
        if self.reported.is_none_or(|before| before < self.received) {
            self.reported = Some(self.received);
            told(Progress { received: self.received, total: self.total });
        }
    }
}

/// What tells a file from a changed one under the same link: a strong tag, or else a date.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = |tag: &&HeaderValue| tag.as_bytes().first() == Some(&b'"');
    headers.get(ETAG).filter(strong).or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// Which part of a file a response has.
struct Range {
    first: u64,
    total: Option<u64>,
}

impl Range {
    /// Reads `bytes 5-9/10`.
    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let first = range.split_once('-')?.0.trim().parse().ok()?;
        let total = match total.trim() {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        Some(Self { first, total })
    }
}

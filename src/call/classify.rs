//! What a response means.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::attempts::Sent;
use super::decoder::{Output, Reader, Target};
use super::request::Request;
use crate::codec::Budget;
use crate::codec::decode::{FillFn, Found, Unwrapped};
use crate::error::{self, DecodeReason, Error, Redactor};
use crate::transport::TransportResponse;

impl Request {
    /// Whether a response is what was asked for.
    pub(super) fn classify(
        &self,
        response: TransportResponse,
        sent: &mut Sent,
    ) -> Result<(StatusCode, HeaderMap, Output), Error> {
        match self.output(response.status, &response.body) {
            Ok(output) => {
                sent.account.succeeded(self, &response);
                let mut headers = response.headers;
                if self.with_response {
                    hide_keys(&mut headers, &sent.redactor(&self.core.inner.auth));
                }
                Ok((response.status, headers, output))
            }
            Err(fault) => Err(self.fault(fault, response, sent)),
        }
    }

    fn output(&self, status: StatusCode, body: &Bytes) -> Result<Output, Fault> {
        if !status.is_success() {
            return Err(Fault::Refused);
        }
        // What was made is handed over even if an error stands beside it.
        let makes = !self.operation.effect.is_repeatable();
        match self.read(body) {
            Ok(Unwrapped { found: Found::Record(output), errors }) if makes || !errors => Ok(output),
            Ok(Unwrapped { errors: true, .. }) => Err(Fault::Refused),
            // Without a record, an error may stand in its place. A record that cannot be read is still a sign that
            // something was done.
            Ok(Unwrapped { found: Found::Nothing, .. }) if error::tells_error(body) => Err(Fault::Refused),
            // No record is a list, so that one of errors is a refusal whatever the operation does.
            Err(Fault::Unreadable(Unreadable::NotJson(_), _))
                if (!makes || error::is_list(body)) && error::tells_error(body) =>
            {
                Err(Fault::Refused)
            }
            Ok(Unwrapped { found: Found::Null, .. }) if !makes => Err(Fault::NotFound),
            Ok(Unwrapped { found: Found::Nothing, .. }) => Err(Fault::NoField),
            Ok(_) => Err(Fault::NoRecord),
            Err(fault) => Err(fault),
        }
    }

    fn read(&self, body: &Bytes) -> Result<Unwrapped<Output>, Fault> {
        match self.reader {
            Reader::Raw => Ok(Unwrapped { found: Found::Record(Box::new(body.clone())), errors: false }),
            _ if body.is_empty() => Err(Fault::Empty),
            Reader::Model(make, fill) => self.read_model(body, make(), fill),
            Reader::Serde(read) => match std::str::from_utf8(body) {
                Ok(text) => read(self.field, text).map_err(|error| Fault::Unreadable(Unreadable::NotJson(error), None)),
                Err(error) => Err(Fault::Unreadable(Unreadable::NotText(error), None)),
            },
        }
    }

    fn read_model(&self, body: &[u8], mut target: Box<dyn Target>, fill: FillFn) -> Result<Unwrapped<Output>, Fault> {
        let limit = self.core.inner.max_response_bytes.saturating_mul(3).max(LEAST_DECODED);
        let budget = Budget::new(limit);
        let (text, not_text) = match std::str::from_utf8(body) {
            Ok(text) => (text, None),
            // What is text before that may hold the id of what was made.
            Err(error) => (body.utf8_chunks().next().map_or("", |chunk| chunk.valid()), Some(error)),
        };
        let read = fill(self.field, text, target.place(), &budget);
        let error = match (read, not_text) {
            (Ok(read), None) => return Ok(read.map(|taken| target.output(taken.is_some()))),
            (_, Some(error)) => Unreadable::NotText(error),
            (Err(_), None) if budget.is_exceeded() => Unreadable::Expands(limit),
            (Err(error), None) => Unreadable::NotJson(error),
        };
        Err(Fault::Unreadable(error, target.place().id().map(Cow::into_owned)))
    }

    #[cold]
    fn fault(&self, fault: Fault, response: TransportResponse, sent: &Sent) -> Error {
        let TransportResponse { status, headers, body } = response;
        let redactor = sent.redactor(&self.core.inner.auth);
        let (reason, excerpt) = match fault {
            Fault::Refused | Fault::NotFound => {
                let told = matches!(fault, Fault::Refused);
                let error = error::api_error(self.info(), told, status, headers, body, &redactor);
                return Error::Api(Box::new(error));
            }
            Fault::Empty => (DecodeReason::Empty, String::new()),
            Fault::NoRecord => (DecodeReason::NoRecord(self.field), String::new()),
            Fault::NoField => (DecodeReason::MissingField(self.field), error::excerpt(&redactor.whole(body), 0)),
            Fault::Unreadable(error, id) => {
                let (reason, excerpt) = match error {
                    Unreadable::NotText(error) => error::not_text(error, body, &redactor),
                    Unreadable::NotJson(error) => error::unreadable(&error, body, &redactor),
                    Unreadable::Expands(limit) => (DecodeReason::Expands { limit }, String::new()),
                };
                let mut error = self.undecodable(status, reason, excerpt);
                error.set_id(id.map(|id| redactor.text(id)));
                return error;
            }
        };
        self.undecodable(status, reason, excerpt)
    }
}

/// Keeps what `Debug` of headers shows free of keys.
fn hide_keys(headers: &mut HeaderMap, redactor: &Redactor<'_>) {
    while let Some(name) = headers.keys().find(|name| redactor.is_in(name.as_ref())).cloned() {
        headers.remove(&name);
    }
    for value in headers.values_mut() {
        if redactor.is_in(value.as_bytes()) {
            value.set_sensitive(true);
        }
    }
}

/// What a response may take when it is decoded, in bytes, however little `max_response_bytes` allows.
const LEAST_DECODED: usize = 64 * 1024;

/// Why a response is not what was asked for.
enum Fault {
    /// It is an error of the API.
    Refused,
    /// It says that there is no such record.
    NotFound,
    Empty,
    /// It cannot be read; with the id of what was made, if that was read before.
    Unreadable(Unreadable, Option<String>),
    /// The field that holds the record is missing.
    NoField,
    /// It is there, and `null`.
    NoRecord,
}

enum Unreadable {
    NotText(std::str::Utf8Error),
    NotJson(serde_json::Error),
    /// It takes more memory than this.
    Expands(usize),
}

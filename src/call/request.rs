//! What a call sends.

use std::borrow::Cow;

use bytes::Bytes;
use http::StatusCode;

use super::decoder::Reader;
use super::options::Options;
use crate::codec::{self, Fields, Fragment};
use crate::core::LeonardoCore;
use crate::core::server_url::{self, ServerUrl};
use crate::error::{CallInfo, DecodeError, DecodeReason, Error, Refused};
use crate::operation::OperationInfo;
use crate::url::form_urlencoded;

/// Everything of a call but the type of its output, so that it is compiled once.
pub(super) struct Request {
    pub(super) core: LeonardoCore,
    pub(super) operation: &'static OperationInfo,
    /// The field that holds the record.
    pub(super) field: &'static str,
    pub(super) reader: Reader,
    pub(super) path: String,
    /// What of the operation's path follows the ids that were given.
    pub(super) path_rest: &'static str,
    pub(super) query: String,
    pub(super) body: Option<Bytes>,
    pub(super) options: Options,
    /// Whether the headers of the response are handed over.
    pub(super) with_response: bool,
}

impl Request {
    pub(super) fn new(core: &LeonardoCore, operation: &'static OperationInfo, reader: Reader) -> Self {
        let (path_start, path_rest) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        // Room for an id, which is a UUID.
        let mut path = String::with_capacity(operation.path.len() + 40);
        path.push_str(path_start);
        Self {
            core: core.clone(),
            operation,
            field: operation.field,
            reader,
            path,
            path_rest,
            query: String::new(),
            body: None,
            options: Options::default(),
            with_response: false,
        }
    }

    pub(super) fn id(&mut self, id: &str) {
        let Some((name, rest)) = self.path_rest.split_once('}') else {
            return self.options.refuse(Refused::new("id", "the operation's path takes no further id"));
        };
        if let Err(reason) = server_url::push_segment(&mut self.path, id) {
            self.options.refuse(Refused::new(name, reason));
        }
        let (literal, rest) = rest.split_once('{').unwrap_or((rest, ""));
        self.path.push_str(literal);
        self.path_rest = rest;
    }

    pub(super) fn query(&mut self, fields: &dyn Fields) {
        let mut pairs = form_urlencoded::Serializer::new(std::mem::take(&mut self.query));
        let options = &mut self.options;
        codec::each(fields, &mut |name, value| {
            let value = match value.fragment() {
                Fragment::None | Fragment::Null => return,
                Fragment::Text(text) => Ok(Cow::from(text)),
                Fragment::Record(_) | Fragment::List(_) => {
                    Err(format!("`{name}` is neither a text, nor a number, nor a boolean"))
                }
                scalar => serde_json::to_string(&scalar).map(Cow::from).map_err(|error| format!("{error}")),
            };
            match value {
                Ok(value) => _ = pairs.append_pair(name, &value),
                Err(reason) => options.refuse(Refused::new("query", reason)),
            }
        });
        self.query = pairs.finish();
    }

    pub(super) fn body(&mut self, body: serde_json::Result<Vec<u8>>) {
        if cfg!(target_arch = "wasm32") && self.operation.method == http::Method::GET {
            return self.options.refuse(Refused::new("body", "a browser sends no body with a GET"));
        }
        match body {
            Ok(body) => self.body = Some(body.into()),
            Err(error) => self.unwritable("body", error),
        }
    }

    pub(super) fn unwritable(&mut self, field: &'static str, error: serde_json::Error) {
        let refused = Refused::new(field, format!("{error}"));
        self.options.refuse(Refused { source: Some(Box::new(error)), ..refused });
    }

    pub(super) fn info(&self) -> CallInfo {
        CallInfo::new(self.operation.name, self.operation.effect)
    }

    pub(super) fn invalid(&self, refused: Refused) -> Error {
        refused.into_error(self.info())
    }

    pub(super) fn undecodable(&self, status: StatusCode, reason: DecodeReason, excerpt: String) -> Error {
        Error::Decode(Box::new(DecodeError { call: self.info(), status, reason, excerpt, id: None }))
    }

    pub(super) fn server(&self) -> &ServerUrl {
        self.options.server.as_ref().unwrap_or(&self.core.inner.server)
    }
}

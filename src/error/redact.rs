//! What may be kept and shown of a server's words.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::bearer::Bearer;
use crate::transport;

/// The most that is kept of an error's body.
pub(super) const KEPT_BODY: usize = 64 * 1024;
const EXCERPT: usize = 240;

/// Text of the server's in a message: cut where it is long, and with nothing in it that could forge a line of a log or
/// steer a terminal.
pub(crate) fn clipped(text: &str) -> String {
    const MOST: usize = 500;
    let text = text.trim_ascii().trim_end_matches('.');
    let mut clean: String = text.chars().take(MOST).map(|char| if char.is_control() { ' ' } else { char }).collect();
    if text.chars().nth(MOST).is_some() {
        clean.push('…');
    }
    clean
}

/// What stands around `at`, as text.
pub(crate) fn excerpt(body: &[u8], at: usize) -> String {
    let start = at.min(body.len()).saturating_sub(EXCERPT / 2);
    let end = body.len().min(start + EXCERPT);
    String::from_utf8_lossy(&body[start..end]).into_owned()
}

/// Puts `[key]` in the place of the keys wherever a server sent them back.
pub(crate) struct Redactor<'a>(pub(crate) &'a [Bearer]);

const REDACTED: &str = "[key]";

impl Redactor<'_> {
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|key| find(text, key.secret()).is_some())
    }

    /// To be done before anything is cut off: a part of a key must not survive either.
    pub(super) fn whole_or_none(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut clean: Option<Vec<u8>> = None;
        for key in self.0.iter().map(Bearer::secret) {
            let text = clean.as_deref().unwrap_or(text);
            if find(text, key).is_some() {
                clean = Some(redact(text, key));
            }
        }
        clean
    }

    pub(crate) fn whole(&self, bytes: Bytes) -> Bytes {
        self.whole_or_none(&bytes).map_or(bytes, Bytes::from)
    }

    /// What may be kept of a text of the server's.
    pub(crate) fn text(&self, text: String) -> String {
        // A key is ASCII, so what is left of UTF-8 is UTF-8.
        let clean = self.whole_or_none(text.as_bytes());
        let mut text = clean.map_or(text, |clean| String::from_utf8(clean).unwrap_or_default());
        if text.len() > KEPT_BODY {
            text.truncate((0..=KEPT_BODY).rfind(|&at| text.is_char_boundary(at)).unwrap_or(0));
            text.shrink_to_fit();
        }
        text
    }

    pub(super) fn bytes(&self, bytes: Bytes) -> Bytes {
        let clean = self.whole(bytes);
        // A copy, so that a small error does not hold a large buffer.
        Bytes::copy_from_slice(&clean[..clean.len().min(KEPT_BODY)])
    }

    pub(super) fn headers(&self, mut headers: HeaderMap) -> HeaderMap {
        if headers.keys().any(|name| self.is_in(name.as_ref())) {
            // A name cannot be redacted, and whoever sends such headers sends nothing worth keeping.
            headers.clear();
        }
        transport::detach(&mut headers);
        for value in headers.values_mut() {
            if self.is_in(value.as_bytes()) {
                *value = HeaderValue::from_static(REDACTED);
            }
        }
        headers
    }
}

/// Where `key` stands, in either case of its letters: a UUID is the same in both.
#[inline(never)]
pub(super) fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    let (first, rest) = key.split_first()?;
    let last = text.len().checked_sub(key.len())?;
    (0..=last).find(|&at| {
        // Most places are ruled out by one byte.
        text[at].eq_ignore_ascii_case(first) && text[at + 1..at + key.len()].eq_ignore_ascii_case(rest)
    })
}

fn redact(mut rest: &[u8], key: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(rest.len());
    // No longer than what it stands for, so that a text does not grow.
    let instead = &REDACTED.as_bytes()[..REDACTED.len().min(key.len())];
    while let Some(at) = find(rest, key) {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(instead);
        rest = &rest[at + key.len()..];
    }
    clean.extend_from_slice(rest);
    clean
}

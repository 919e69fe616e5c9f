//! From a request to the event in it.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq};

use super::error::{CallbackKeyError, WebhookError};
use super::event::Event;
use super::read;

/// Receives webhooks: checks the callback key and reads the event.
///
/// Clones are cheap. `Debug` shows no key.
#[derive(Clone)]
pub struct Receiver {
    keys: Arc<[Box<[u8]>]>,
    max_bytes: usize,
}

impl Receiver {
    /// The largest body that is taken unless [`max_bytes`](Self::max_bytes) says otherwise: 1 MiB. The service's own are a
    /// few KiB.
    pub const DEFAULT_MAX_BYTES: usize = 1024 * 1024;

    /// Takes webhooks with any of these callback keys: the one that was given for the service's API key, or several while
    /// one takes the place of another.
    ///
    /// # Errors
    ///
    /// If there is none, or one is empty or holds control characters: so an environment variable that is not set does not
    /// let everybody in.
    pub fn new(keys: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, CallbackKeyError> {
        let mut checked = Vec::new();
        for key in keys {
            let key = key.into();
            if key.trim().is_empty() {
                return Err(CallbackKeyError("the callback key is empty"));
            }
            if key.trim().len() != key.len() {
                return Err(CallbackKeyError("the callback key begins or ends with a blank or a line break"));
            }
            if key.chars().any(char::is_control) {
                return Err(CallbackKeyError("the callback key holds a control character"));
            }
            checked.push(key.into_bytes().into_boxed_slice());
        }
        if checked.is_empty() {
            return Err(CallbackKeyError("there is no callback key"));
        }
        Ok(Self { keys: checked.into(), max_bytes: Self::DEFAULT_MAX_BYTES })
    }

    /// The largest body that is taken, in bytes. Defaults to 1 MiB. A larger one is refused before it is parsed, and what
    /// is read of a body takes at most three times as much memory (256 KiB at least).
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The largest body that is taken, in bytes: whoever reads the body need not read more.
    pub fn limit(&self) -> usize {
        self.max_bytes
    }

    /// The event in a request.
    ///
    /// The body must not be kept or logged: the service puts the account's API key and the callback key into it. The event
    /// has neither.
    ///
    /// # Errors
    ///
    /// [`WebhookError`], which knows the status to respond with.
    pub fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Result<Event, WebhookError> {
        self.authenticate(headers)?;
        if body.len() > self.max_bytes {
            return Err(self.too_large());
        }
        read::event(body, self.max_bytes, self.keys())
    }

    /// Whether a request has one of the keys. [`receive`](Self::receive) checks that too; this is for those who want to
    /// refuse a request before they read its body.
    ///
    /// # Errors
    ///
    /// [`WebhookError::NoKey`] or [`WebhookError::WrongKey`].
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<(), WebhookError> {
        let given = presented(headers).ok_or(WebhookError::NoKey)?;
        // In a time that tells nothing of the keys' content, nor which of them it is.
        let known = self.keys.iter().fold(Choice::from(0), |known, key| known | key.ct_eq(given));
        if bool::from(known) { Ok(()) } else { Err(WebhookError::WrongKey) }
    }

    pub(super) fn too_large(&self) -> WebhookError {
        WebhookError::TooLarge { limit: self.max_bytes }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| std::str::from_utf8(key).ok())
    }
}

/// What stands behind `Bearer`, if there is one such header.
fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer ";
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next()?.as_bytes(), values.next());
    let (scheme, key) = value.split_at_checked(SCHEME.len())?;
    (more.is_none() && scheme.eq_ignore_ascii_case(SCHEME)).then(|| key.trim_ascii()).filter(|key| !key.is_empty())
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("max_bytes", &self.max_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn one_of_the_keys_lets_in_and_nothing_else_does() {
        let receiver = Receiver::new(["old key", "new-kéy"]).unwrap();
        for good in ["Bearer old key", "bearer new-kéy", "BEARER  old key "] {
            assert_eq!(receiver.authenticate(&headers(&[good])), Ok(()), "{good}");
        }
        for wrong in ["Bearer old", "Bearer old key2", "Bearer OLD KEY", "Bearer old key, new-kéy", "Bearer x"] {
            assert_eq!(receiver.authenticate(&headers(&[wrong])), Err(WebhookError::WrongKey), "{wrong}");
        }
        for none in
            [&[][..], &[""], &["Bearer"], &["Bearer "], &["Basic old key"], &["old key"], &["Bearer old key"; 2]]
        {
            assert_eq!(receiver.authenticate(&headers(none)), Err(WebhookError::NoKey), "{none:?}");
        }
    }

    #[test]
    fn keys_that_would_let_everybody_in_are_refused() {
        for keys in [&[][..], &[""], &["good", ""], &[" "], &["a\nb"], &[" a"], &["a\n"]] {
            let error = Receiver::new(keys.iter().copied()).unwrap_err();
            assert!(error.to_string().contains("key"), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let receiver = Receiver::new(["sesame"]).unwrap().max_bytes(7);
        assert_eq!(format!("{receiver:?}"), "Receiver { max_bytes: 7, .. }");
    }
}

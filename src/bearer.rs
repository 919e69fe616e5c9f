//! The key: checked once, kept out of everything that prints.

use std::fmt;

use http::HeaderValue;

/// A key in the form in which it is sent. Neither its `Debug` nor the header's shows it.
#[derive(Clone, PartialEq)]
pub(crate) struct Bearer(HeaderValue);

const SCHEME: &str = "Bearer ";

impl Bearer {
    /// The reason why `key` cannot be one, never the key itself, on error.
    pub(crate) fn new(key: &str) -> Result<Self, &'static str> {
        if key.is_empty() {
            return Err("the key is empty");
        }
        if let Some(byte) = key.bytes().find(|byte| !byte.is_ascii_graphic()) {
            return Err(match byte {
                b' ' | b'\t' | b'\r' | b'\n' => "the key holds a blank or a line break; was it copied whole and alone?",
                0x80.. => "the key holds a character that is not ASCII",
                _ => "the key holds a control character",
            });
        }
        let mut header =
            HeaderValue::try_from(format!("{SCHEME}{key}")).map_err(|_| "the key cannot stand in a header")?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.0
    }

    /// The key's bytes, to be searched for and blotted out in what a server sent back.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.0.as_bytes()[SCHEME.len()..]
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(hidden)")
    }
}

//! URLs as the browser reads them, with what the crate uses of the crate `url`, under the same names.
//!
//! That crate brings tables for names in other scripts than Latin, which are larger than the rest of a module with one
//! operation. A browser has them already.

use std::fmt;
use std::ops::{Index, RangeTo};

pub(crate) use form_urlencoded;
use wasm_bindgen::JsValue;

/// An absolute URL, as the `URL` of the browser writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url(String);

/// It is not an absolute URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError(());

/// A place in a URL.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only transfers show what is before it"))]
pub(crate) enum Position {
    BeforePath,
}

/// The parts of a URL.
struct Parts<'a> {
    /// Without the colon.
    scheme: &'a str,
    /// User name and password.
    user: Option<&'a str>,
    /// With the port.
    host: &'a str,
    /// Where the path begins.
    path_at: usize,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl Url {
    /// Reads an absolute URL.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if it is none.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::read(web_sys::Url::new(text))
    }

    /// Reads a URL that may be relative to this one.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only downloads look where a redirect leads"))]
    pub(crate) fn join(&self, text: &str) -> Result<Self, ParseError> {
        Self::read(web_sys::Url::new_with_base(text, &self.0))
    }

    fn read(read: Result<web_sys::Url, JsValue>) -> Result<Self, ParseError> {
        let url = Self(read.map_err(|_| ParseError(()))?.href());
        // Chromium escapes what no name of a host may hold, where the standard refuses it.
        let name = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        match name.is_some_and(|name| name.contains(['%', ' ', '<', '>', '^', '|'])) {
            true => Err(ParseError(())),
            false => Ok(url),
        }
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme, such as `https`.
    pub fn scheme(&self) -> &str {
        self.parts().scheme
    }

    /// The user name; empty if there is none.
    pub fn username(&self) -> &str {
        self.parts().user.map_or("", |user| user.split_once(':').map_or(user, |(name, _)| name))
    }

    /// The password, if there is one.
    pub fn password(&self) -> Option<&str> {
        self.parts().user?.split_once(':').map(|(_, password)| password)
    }

    /// The host without its port; of an IPv6 address with the brackets.
    pub fn host_str(&self) -> Option<&str> {
        let host = self.parts().host;
        let end = host.find(']').map_or_else(|| host.find(':'), |bracket| Some(bracket + 1));
        Some(&host[..end.unwrap_or(host.len())]).filter(|host| !host.is_empty())
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        self.parts().path
    }

    /// The query without the question mark, if there is one.
    pub fn query(&self) -> Option<&str> {
        self.parts().query
    }

    /// The fragment, if there is one.
    pub fn fragment(&self) -> Option<&str> {
        self.parts().fragment
    }

    /// Replaces the path by one that is encoded already.
    pub(crate) fn set_path(&mut self, path: &str) {
        let Parts { path_at, path: old, .. } = self.parts();
        let slash = if path.starts_with('/') { "" } else { "/" };
        self.0 = format!("{}{slash}{path}{}", &self.0[..path_at], &self.0[path_at + old.len()..]);
    }

    /// Replaces the query by one that is encoded already.
    pub(crate) fn set_query(&mut self, query: Option<&str>) {
        let Parts { path_at, path, fragment, .. } = self.parts();
        let mut text = self.0[..path_at + path.len()].to_owned();
        for (mark, part) in [('?', query), ('#', fragment)] {
            if let Some(part) = part {
                text.push(mark);
                text.push_str(part);
            }
        }
        self.0 = text;
    }

    /// Takes the fragment off.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only transfers have links with one"))]
    pub(crate) fn set_fragment(&mut self, _none: Option<&str>) {
        let fragment = self.fragment().map(|fragment| fragment.len() + 1);
        self.0.truncate(self.0.len() - fragment.unwrap_or_default());
    }

    /// Scheme, host and port; nothing where there is no host.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only transfers show it"))]
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin(self.parts())
    }

    fn parts(&self) -> Parts<'_> {
        let text = &*self.0;
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let (user, host, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
                match authority.rsplit_once('@') {
                    Some((user, host)) => (Some(user), host, rest),
                    None => (None, authority, rest),
                }
            }
            None => (None, "", rest),
        };
        let path_at = text.len() - rest.len();
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        Parts { scheme, user, host, path_at, path, query, fragment }
    }
}

impl Index<RangeTo<Position>> for Url {
    type Output = str;

    fn index(&self, _: RangeTo<Position>) -> &str {
        &self.0[..self.parts().path_at]
    }
}

/// Where a URL leads, without a path.
pub(crate) struct Origin<'a>(Parts<'a>);

impl Origin<'_> {
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only transfers show it"))]
    pub(crate) fn ascii_serialization(&self) -> String {
        let Parts { scheme, host, .. } = &self.0;
        if host.is_empty() { "null".to_owned() } else { format!("{scheme}://{host}") }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not an absolute URL")
    }
}

impl std::error::Error for ParseError {}

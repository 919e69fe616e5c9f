//! The server's base URL, and the URL of one call below it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::url::Url;

/// The real service.
pub(crate) const DEFAULT: &str = "https://cloud.leonardo.ai/api/rest";

/// What JavaScript's `encodeURIComponent`, and so the official client, leaves as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A checked base URL: http or https, nothing behind the path, no slash and no version at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl(Url);

impl ServerUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|error| format!("it is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("its scheme must be http or https".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user name or a password; use bearer_auth".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it must end with its path: no query, no fragment".into());
        }
        let path = url.path().trim_end_matches('/');
        let version = path.strip_suffix("/v1").or_else(|| path.strip_suffix("/v2"));
        let path = version.unwrap_or(path).trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Refuses to send the key unencrypted to another machine, unless that is allowed.
    pub(crate) fn permitted(self, allow_http: bool) -> Result<Self, String> {
        if allow_http || self.0.scheme() == "https" || self.0.host_str().is_some_and(is_loopback) {
            return Ok(self);
        }
        let host = self.0.host_str().unwrap_or_default();
        Err(format!(
            "http://{host} is not on loopback, so the key would be sent to it unencrypted. Use https, or allow it with \
             allow_http(true) of the core's builder or with LEONARDO_ALLOW_HTTP=1 in the environment"
        ))
    }

    /// The URL of `path`, which starts with a slash and is encoded already.
    pub(crate) fn join(&self, path: &str) -> Url {
        let base = self.0.path().trim_end_matches('/');
        let mut joined = String::with_capacity(base.len() + path.len());
        joined.push_str(base);
        joined.push_str(path);
        let mut url = self.0.clone();
        url.set_path(&joined);
        url
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Scheme, host and port, for messages.
    pub(crate) fn origin(&self) -> String {
        let text = self.0.as_str();
        text[..text.len() - self.0.path().len()].to_owned()
    }
}

/// Of a host as URLs write it: names are in lower case, and each address has one form.
fn is_loopback(host: &str) -> bool {
    // A name may begin in the same way.
    let ipv4 = || host.starts_with("127.") && host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // `127.0.0.0/8` in IPv6: `7f`, two more digits, and the rest.
    let mapped = || {
        let rest = host.strip_prefix("[::ffff:7f").and_then(|rest| rest.split_once(':'));
        rest.is_some_and(|(digits, rest)| digits.len() == 2 && !rest.contains(':'))
    };
    // A resolver keeps these names on this machine.
    host == "localhost" || host.ends_with(".localhost") || ipv4() || host == "[::1]" || mapped()
}

/// Appends `id` as exactly one path segment, whatever it holds.
///
/// Empty ids and dots would name another resource, and control characters are never meant: these are errors.
pub(crate) fn push_segment(path: &mut String, id: &str) -> Result<(), &'static str> {
    if id.is_empty() {
        return Err("it is empty");
    }
    // What ids look like.
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        path.push_str(id);
        return Ok(());
    }
    if id == "." || id == ".." {
        return Err("`.` and `..` are not ids");
    }
    if id.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    path.extend(utf8_percent_encode(id, SEGMENT));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_end_in_a_slash_or_a_version() {
        for text in [
            "https://h.example/api/rest",
            "https://h.example/api/rest/",
            "https://h.example/api/rest/v1",
            "https://h.example/api/rest/v1//",
            "https://h.example/api/rest/v2",
        ] {
            let url = ServerUrl::parse(text).unwrap();
            assert_eq!(url.join("/v1/me").as_str(), "https://h.example/api/rest/v1/me", "{text}");
        }
        assert_eq!(ServerUrl::parse("http://127.0.0.1:80").unwrap().join("/v2/x").as_str(), "http://127.0.0.1/v2/x");
        assert_eq!(ServerUrl::parse("http://h/v1").unwrap().join("/v1/me").as_str(), "http://h/v1/me");
    }

    #[test]
    fn what_is_no_base_url_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "not a URL"),
            ("cloud.leonardo.ai", "not a URL"),
            ("ftp://h/", "http or https"),
            ("file:///tmp", "http or https"),
            ("https://", "not a URL"),
            ("https://user:secret@h/", "user name"),
            ("https://h/?a=b", "no query"),
            ("https://h/#a", "no fragment"),
        ] {
            let refused = ServerUrl::parse(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
            assert!(!refused.contains("secret"));
        }
    }

    #[test]
    fn plain_http_is_for_loopback_unless_it_is_allowed() {
        for (host, loopback) in [
            ("localhost", true),
            ("LocalHost:8080", true),
            ("api.localhost", true),
            ("127.0.0.1", true),
            ("127.255.255.254:1", true),
            ("0x7f.1", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]", true),
            ("[::ffff:7f00:1]", true),
            ("h", false),
            ("notlocalhost", false),
            ("localhost.example", false),
            ("127.0.0.1.example", false),
            ("0.0.0.0", false),
            ("128.0.0.1", false),
            ("192.168.0.1", false),
            ("[::]", false),
            ("[::2]", false),
            ("[::127.0.0.1]", false),
            ("[::ffff:10.0.0.1]", false),
            ("[::ffff:0.127.0.1]", false),
            ("[::ffff:7f:1]", false),
            ("[::ffff:7f:1:2]", false),
            ("[::ffff:7f00:1:2]", false),
            ("127.example", false),
            ("127.example1", false),
            ("127.0.0.1.a1", false),
            ("[2001:db8::1]", false),
        ] {
            let parsed = |scheme: &str| ServerUrl::parse(&format!("{scheme}://{host}/a-path")).unwrap();
            let refused = parsed("http").permitted(false).err();
            assert_eq!(refused.is_none(), loopback, "{host}");
            assert!(refused.is_none_or(|reason| !reason.contains("a-path")), "{host}");
            assert!(parsed("http").permitted(true).is_ok() && parsed("https").permitted(false).is_ok(), "{host}");
        }
    }

    #[test]
    fn an_id_stays_one_segment() {
        let base = ServerUrl::parse("http://h/api/rest").unwrap();
        for (id, encoded) in [
            ("75925cd2-fb65", "75925cd2-fb65"),
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("%2f", "%252f"),
            ("%2e%2e", "%252e%252e"),
            ("...", "..."),
            ("ä ö\\", "%C3%A4%20%C3%B6%5C"),
            ("-_.!~*'()", "-_.!~*'()"),
        ] {
            let mut path = "/v1/generations/".to_owned();
            push_segment(&mut path, id).unwrap();
            let url = base.join(&path);
            assert_eq!(url.path(), format!("/api/rest/v1/generations/{encoded}"), "{id}");
            assert_eq!((url.query(), url.fragment()), (None, None));
        }
        for id in ["", ".", "..", "a\nb", "\u{0}", "\u{85}"] {
            assert!(push_segment(&mut String::new(), id).is_err(), "{id:?}");
        }
    }
}

//! What the service says when it refuses.

use crate::codec::Model;

/// The body of a response that reports an error.
///
/// Anything that is an object decodes: a part that is absent or has an unexpected shape is left empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct ApiErrorBody {
    /// What went wrong, in the service's words. Empty when it did not say.
    pub error: String,
    /// Where in the request it went wrong, `$` for the whole of it.
    pub path: Option<String>,
    /// A code for programs, for example `access-denied` or `validation-failed`.
    pub code: Option<String>,
}

#[cfg(all(test, feature = "models"))]
mod tests {
    use super::*;

    #[test]
    fn decodes_whatever_is_there() {
        let of = |text: &str| serde_json::from_str::<ApiErrorBody>(text).unwrap();
        let full = of(r#"{"error":"no","path":"$","code":"access-denied","more":[1]}"#);
        assert_eq!(full.error, "no");
        assert_eq!(full.path.as_deref(), Some("$"));
        assert_eq!(full.code.as_deref(), Some("access-denied"));
        let odd = of(r#"{"error":{"a":[{}]},"path":["x",null],"code":400}"#);
        assert_eq!((odd.error.as_str(), odd.path, odd.code.as_deref()), ("", None, Some("400")));
        assert_eq!(of("{}"), ApiErrorBody::default());
        assert_eq!(of(r#"{"error":null,"path":null,"code":null}"#), ApiErrorBody::default());
    }
}

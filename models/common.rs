//! What answers of several groups have in common.

use std::fmt;

use super::enums::CostUnit;
use crate::codec::record::record;
use crate::codec::text;
use crate::time;

record! {
    /// What an operation was charged.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Cost {
        /// How much, with every digit that the service sent; usually a decimal such as `0.0147`.
        pub amount: String = "amount",
        /// What the amount is counted in.
        pub unit: CostUnit = "unit",
    }
    required amount: "the cost has no amount";
}

impl Cost {
    /// The amount as a number, for display and rough sums. Add up money from [`amount`](Self::amount) instead.
    pub fn amount_f64(&self) -> Option<f64> {
        self.amount.trim().parse().ok().filter(|amount: &f64| amount.is_finite())
    }
}

/// A point in time, as text in the form in which the service sent it.
///
/// `2023-11-09T00:42:22.707` and `2023-11-09T00:42:22.707Z` are the same moment: without a zone, UTC is meant. Compare
/// [`unix_millis`](Self::unix_millis) for that; equality here is equality of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timestamp(String);

text! { Timestamp }

impl Timestamp {
    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Milliseconds since the beginning of 1970 (UTC), negative before it.
    ///
    /// Digits beyond the millisecond are cut off. `None` for text that is no date and time: the form is
    /// `YYYY-MM-DDTHH:MM:SS`, then at will a fraction (`.707`), then at will a zone (`Z` or `+hh:mm`).
    pub fn unix_millis(&self) -> Option<i64> {
        time::unix_millis(self.0.as_bytes())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Timestamp {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(all(test, feature = "models"))]
mod tests {
    use super::*;

    #[test]
    fn costs() {
        let of = |json: &str| serde_json::from_str::<Cost>(json);
        for (json, amount, number, unit) in [
            (r#"{"amount":"0.0147","unit":"DOLLARS"}"#, "0.0147", Some(0.0147), CostUnit::Dollars),
            (r#"{"unit":"CREDITS","more":{},"amount":"9.10"}"#, "9.10", Some(9.1), CostUnit::Credits),
            (r#"{"amount":9,"unit":"BEANS"}"#, "9", Some(9.0), CostUnit::Unknown("BEANS".to_owned())),
            (r#"{"amount":0.0147,"unit":null}"#, "0.0147", Some(0.0147), CostUnit::default()),
            (r#"{"amount":"NaN"}"#, "NaN", None, CostUnit::default()),
        ] {
            let cost = of(json).unwrap();
            assert_eq!((cost.amount.as_str(), cost.amount_f64(), cost.unit), (amount, number, unit));
        }
        for json in ["{}", "3", "[]", "null", r#"{"amount":null}"#, r#"{"amount":{}}"#] {
            assert!(of(json).is_err(), "{json}");
        }
        let cost = of(r#"{"amount":"1","unit":"DOLLARS"}"#).unwrap();
        assert_eq!(serde_json::to_string(&cost).unwrap(), r#"{"amount":"1","unit":"DOLLARS"}"#);
    }
}

//! What answers of several groups have in common.

use std::fmt;

use super::calendar::{days_from_civil, days_in, digits, within};
use super::enums::CostUnit;
use super::record::record;
use super::wire::text;

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
        unix_millis(self.0.as_bytes())
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

fn unix_millis(text: &[u8]) -> Option<i64> {
    let (stamp, mut rest) = text.split_at_checked(19)?;
    for (at, mark) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        if stamp[at] != mark {
            return None;
        }
    }
    let year = digits(&stamp[..4])?;
    let month = within(&stamp[5..7], 1, 12)?;
    let day = within(&stamp[8..10], 1, days_in(year, month))?;
    let hour = within(&stamp[11..13], 0, 23)?;
    let minute = within(&stamp[14..16], 0, 59)?;
    let second = within(&stamp[17..], 0, 59)?;

    let mut millis = 0;
    if let Some((b'.', fraction)) = rest.split_first() {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        let (fraction, zone) = fraction.split_at(length);
        for place in 0..3 {
            millis = millis * 10 + fraction.get(place).map_or(0, |digit| i64::from(digit - b'0'));
        }
        rest = zone;
    }
    let ahead = match rest {
        [] | [b'Z'] => 0,
        [sign @ (b'+' | b'-'), zone @ ..] if zone.len() == 5 && zone[2] == b':' => {
            let minutes = within(&zone[..2], 0, 23)? * 60 + within(&zone[3..], 0, 59)?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };

    let minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - ahead;
    Some((minutes * 60 + second) * 1000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<i64> {
        Timestamp::from(text).unix_millis()
    }

    #[test]
    fn moments() {
        for (text, expected) in [
            ("1970-01-01T00:00:00", 0),
            ("1970-01-01T00:00:00.001Z", 1),
            ("1969-12-31T23:59:59.999", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2000-03-01T00:00:00Z", 951_868_800_000),
            ("2024-02-29T23:59:59Z", 1_709_251_199_000),
            ("2023-11-09T00:42:22.707", 1_699_490_542_707),
            ("2023-11-09T00:42:22.707Z", 1_699_490_542_707),
            ("2023-11-09T00:42:22.7", 1_699_490_542_700),
            ("2023-11-09T00:42:22.707999+00:00", 1_699_490_542_707),
            ("2023-11-09T10:12:22.707+09:30", 1_699_490_542_707),
            ("2023-11-08T19:42:22.707-05:00", 1_699_490_542_707),
            ("2100-03-01T00:00:00Z", 4_107_542_400_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_moments() {
        for text in [
            "",
            "now",
            "2023-11-09",
            "2023-11-09T00:42",
            "2023-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2023-00-09T00:00:00Z",
            "2023-13-09T00:00:00Z",
            "2023-11-00T00:00:00Z",
            "2023-11-31T00:00:00Z",
            "2023-11-09T24:00:00Z",
            "2023-11-09T00:60:00Z",
            "2023-11-09T00:00:60Z",
            "2023-11-09T00:00:00.Z",
            "2023-11-09T00:00:00ZZ",
            "2023-11-09T00:00:00+0100",
            "2023-11-09T00:00:00+24:00",
            "2023-11-09T00:00:00+01:60",
            "2023-11-09T00:00:00+ä:00",
            "+023-11-09T00:00:00Z",
            "2023-11-09T00:00:0ä",
            "ääääääääääääääääääää",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_a_cycle_follows_the_one_before() {
        let mut expected = millis("1900-01-01T00:00:00").unwrap();
        for year in 1900..2300 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(found) = millis(&format!("{year:04}-{month:02}-{day:02}T00:00:00")) {
                        assert_eq!(found, expected);
                        expected += 86_400_000;
                    }
                }
            }
        }
        assert_eq!(millis("2300-01-01T00:00:00"), Some(expected));
    }

    #[cfg(feature = "models")]
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

//! Amounts, exact to a millionth.

use std::fmt;

use leonardo_ai::models::Cost;

/// An amount in the account's own unit, credits or dollars, exact to a millionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub(crate) i64);

const MILLION: i64 = 1_000_000;

impl Money {
    /// So many whole units.
    pub fn whole(units: u32) -> Self {
        Self(i64::from(units) * MILLION)
    }

    /// A decimal such as `0.0147`. `None` if it is none, negative, or too large. What is less than a millionth counts as
    /// one, so that no sum is too small.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let (kept, rest) = fraction.split_at(fraction.len().min(6));
        let millionths: i64 = format!("{kept:0<6}").parse().ok()?;
        let rounded_up = i64::from(rest.bytes().any(|byte| byte != b'0'));
        Some(Self(whole.parse::<i64>().ok()?.checked_mul(MILLION)?.checked_add(millionths)?.checked_add(rounded_up)?))
    }

    /// What a response says that something did cost. `None` if it is no amount.
    pub fn of(cost: &Cost) -> Option<Self> {
        Self::parse(&cost.amount)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / MILLION, self.0 % MILLION);
        formatter.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn decimals_are_exact() {
        let shown = |text| Money::parse(text).map(|money| money.to_string());
        assert_eq!(shown("0.0147").as_deref(), Some("0.0147"));
        assert_eq!(shown("12").as_deref(), Some("12"));
        assert_eq!(shown("100").as_deref(), Some("100"));
        assert_eq!(shown("0.0000001").as_deref(), Some("0.000001"));
        assert_eq!([shown("-1"), shown(""), shown("1e3"), shown("99999999999999999999")], [None, None, None, None]);
    }
}

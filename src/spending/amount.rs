//! Sums of money, exact.

use std::fmt;
use std::ops::{AddAssign, SubAssign};

use crate::codec::decimal;

/// A sum in units of 10⁻¹⁸ of a credit or a dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(i128);

const DIGITS: usize = 18;
const ONE: i128 = 10_i128.pow(DIGITS as u32);
/// Sums beyond this are not money; of two of them the sum and the difference fit.
const MOST: i128 = i128::MAX / 4;

impl Amount {
    pub(crate) const ZERO: Self = Self(0);

    /// A decimal number that is not negative, such as `0.0147`. Digits beyond the eighteenth round up.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (kept, rest) = fraction.split_at(fraction.len().min(DIGITS));
        let up = i128::from(rest.bytes().any(|digit| digit != b'0'));
        let fraction: i128 = format!("{kept:0<DIGITS$}").parse().ok()?;
        let whole: i128 = whole.parse().ok()?;
        let sum = whole.checked_mul(ONE)?.checked_add(fraction)?.checked_add(up)?;
        (sum <= MOST).then_some(Self(sum))
    }

    /// A number of a response, as it is shown.
    pub(crate) fn of(number: f64) -> Option<Self> {
        Self::parse(&decimal(number)?)
    }

    /// So many times `price`, rounded up.
    pub(crate) fn times(self, price: Self) -> Option<Self> {
        // In two steps, since the product of both would not fit.
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        let (price_whole, price_fraction) = (price.0 / ONE, price.0 % ONE);
        let of_fractions = fraction.checked_mul(price_fraction)?;
        let sum = whole
            .checked_mul(price.0)?
            .checked_add(fraction.checked_mul(price_whole)?)?
            .checked_add(of_fractions / ONE + i128::from(of_fractions % ONE != 0))?;
        (sum <= MOST).then_some(Self(sum))
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0).min(MOST);
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_sub(other.0).max(0);
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |mut sum, amount| {
            sum += amount;
            sum
        })
    }
}

/// Without needless zeros.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{fraction:0>DIGITS$}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn decimals_are_exact() {
        for text in ["0", "7", "0.0147", "0.1", "123456789012.000000000000000001", "10000000000000000000"] {
            assert_eq!(amount(text).to_string(), text);
        }
        assert_eq!(amount(" 007.500 ").to_string(), "7.5");
        assert_eq!(amount("1.").to_string(), "1");
        let mut sum = Amount::ZERO;
        for _ in 0..1000 {
            sum += amount("0.1");
        }
        assert_eq!(sum, amount("100"));
        sum -= amount("99.9");
        assert_eq!(sum.to_string(), "0.1");
        assert_eq!(Amount::of(24.0), Some(amount("24")));
        assert_eq!(Amount::of(0.1), Some(amount("0.1")));
    }

    #[test]
    fn what_is_no_sum_of_money_is_refused() {
        for text in ["", ".", ".5", "-1", "1e3", "1,5", "NaN", "0x1", "99999999999999999999999999999999999999999"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
        assert_eq!(Amount::of(f64::NAN), None);
        assert_eq!(Amount::of(-1.0), None);
        assert_eq!(amount("0.0000000000000000001").to_string(), "0.000000000000000001", "rounded up");
    }

    #[test]
    fn prices_are_multiplied() {
        assert_eq!(amount("7").times(amount("0.0021")), Some(amount("0.0147")));
        assert_eq!(amount("2.5").times(amount("2.5")), Some(amount("6.25")));
        assert_eq!(amount("0.000000000000000001").times(amount("0.1")), Some(amount("0.000000000000000001")));
        assert_eq!(amount("9999999999999999999").times(amount("9999999999999999999")), None);
    }

    proptest::proptest! {
        #[test]
        fn text_comes_back(whole in 0_u64.., fraction in 0_u64..1_000_000_000) {
            let text = format!("{whole}.{fraction:09}1");
            proptest::prop_assert_eq!(amount(&text).to_string(), text);
        }
    }
}

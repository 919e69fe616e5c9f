//! Dollars, counted in ten-thousandths so that sums stay exact.

/// Ten-thousandths of a dollar.
pub(crate) type Ticks = i64;

const PER_DOLLAR: f64 = 10_000.0;

/// What one image of 1024 by 768 costs with Alchemy.
const IMAGE: i64 = 147;

/// The price of a job: for each image 0.0147 dollars at 1024 by 768, in proportion to its area, half of that
/// without Alchemy, double in Ultra mode; rounded to the nearest ten-thousandth, and never nothing.
pub(crate) fn price(width: u32, height: u32, images: u32, alchemy: bool, ultra: bool) -> Ticks {
    let half_rates = if ultra {
        4
    } else if alchemy {
        2
    } else {
        1
    };
    let pixels = i64::from(width) * i64::from(height) * i64::from(images);
    let unit = 1024 * 768 * 2;
    let ticks = (IMAGE * half_rates * pixels + unit / 2) / unit;
    ticks.max(1)
}

/// `0.0588`: a decimal without needless zeros.
pub(crate) fn decimal(ticks: Ticks) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let (whole, rest) = (ticks / 10_000, ticks % 10_000);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let rest = format!("{rest:04}");
    format!("{sign}{whole}.{}", rest.trim_end_matches('0'))
}

#[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
pub(crate) fn dollars(ticks: Ticks) -> f64 {
    ticks as f64 / PER_DOLLAR
}

#[expect(clippy::cast_possible_truncation, reason = "a cast saturates, which is what is wanted of absurd sums")]
pub(crate) fn ticks(dollars: f64) -> Ticks {
    (dollars * PER_DOLLAR).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        assert_eq!(price(1024, 768, 4, true, false), 588);
        assert_eq!(price(1024, 768, 1, true, false), 147);
        assert_eq!(price(1024, 768, 1, false, true), 294);
        assert_eq!(price(512, 512, 1, false, false), 25);
        assert_eq!(price(32, 32, 1, false, false), 1);
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal(588), "0.0588");
        assert_eq!(decimal(500), "0.05");
        assert_eq!(decimal(20_000), "2");
        assert_eq!(decimal(-15_000), "-1.5");
        assert_eq!(ticks(12.4567), 124_567);
        assert!((dollars(124_567) - 12.4567).abs() < 1e-12);
    }
}

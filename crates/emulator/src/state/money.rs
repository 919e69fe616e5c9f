//! Money: credits or dollars, counted in ten-thousandths so that sums stay exact.

/// How the account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Plan {
    /// In credits; prices and balance are whole numbers.
    #[default]
    Credits,
    /// In dollars, as the work is done; prices and balance are decimals.
    PayAsYouGo,
}

/// Ten-thousandths of a credit or of a dollar.
pub(crate) type Ticks = i64;

const PER_UNIT: Ticks = 10_000;

impl Plan {
    /// The unit that the API names beside an amount.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Credits => "CREDITS",
            Self::PayAsYouGo => "DOLLARS",
        }
    }

    /// What an account starts with unless the builder says otherwise.
    pub(crate) fn start(self) -> Ticks {
        match self {
            Self::Credits => 10_000 * PER_UNIT,
            Self::PayAsYouGo => 100 * PER_UNIT,
        }
    }

    /// The smallest step in which prices and balance change.
    fn step(self) -> Ticks {
        match self {
            Self::Credits => PER_UNIT,
            Self::PayAsYouGo => 1,
        }
    }

    /// What one image of 1024 by 768 costs with Alchemy, in steps.
    fn image(self) -> i64 {
        match self {
            Self::Credits => 7,
            Self::PayAsYouGo => 147,
        }
    }

    /// The price of images: for each 7 credits or 0.0147 dollars at 1024 by 768, in proportion to its area, half
    /// of that without Alchemy, double in Ultra mode; rounded to the nearest step, and never nothing.
    pub(super) fn images(self, width: u32, height: u32, images: u32, alchemy: bool, ultra: bool) -> Ticks {
        let half_rates = if ultra {
            4
        } else if alchemy {
            2
        } else {
            1
        };
        let pixels = i64::from(width) * i64::from(height) * i64::from(images);
        let unit = 1024 * 768 * 2;
        let steps = (self.image() * half_rates * pixels + unit / 2) / unit;
        steps.max(1) * self.step()
    }

    /// As much as some credits, at the rate of the images.
    pub(super) fn credits(self, credits: u32) -> Ticks {
        match self {
            Self::Credits => i64::from(credits) * PER_UNIT,
            Self::PayAsYouGo => i64::from(credits) * self.image() / Self::Credits.image(),
        }
    }

    /// A sum given by the caller, to the nearest step.
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, which is what is wanted of absurd sums")]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn sum(self, units: f64) -> Ticks {
        let steps = (units * (PER_UNIT / self.step()) as f64).round() as i64;
        steps.saturating_mul(self.step())
    }
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

/// In credits or dollars.
#[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
pub(crate) fn units(ticks: Ticks) -> f64 {
    ticks as f64 / PER_UNIT as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        let prices = |plan: Plan| {
            [(1024, 4, true, false), (1024, 1, true, false), (1024, 1, false, true), (512, 1, false, false)]
                .map(|(side, images, alchemy, ultra)| decimal(plan.images(side, 768, images, alchemy, ultra)))
        };
        assert_eq!(prices(Plan::PayAsYouGo), ["0.0588", "0.0147", "0.0294", "0.0037"]);
        assert_eq!(prices(Plan::Credits), ["28", "7", "14", "2"]);
        assert_eq!(decimal(Plan::PayAsYouGo.images(32, 32, 1, false, false)), "0.0001");
        assert_eq!(decimal(Plan::Credits.images(32, 32, 1, false, false)), "1");
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal(588), "0.0588");
        assert_eq!(decimal(500), "0.05");
        assert_eq!(decimal(20_000), "2");
        assert_eq!(decimal(-15_000), "-1.5");
        assert_eq!(Plan::PayAsYouGo.sum(12.4567), 124_567);
        assert_eq!(Plan::Credits.sum(12.4567), 120_000);
        assert_eq!(Plan::Credits.sum(1e300), i64::MAX);
        assert!((units(124_567) - 12.4567).abs() < 1e-12);
    }
}

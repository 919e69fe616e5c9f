//! Durations in messages. Not as floating point numbers, whose formatting is as large as all other numbers' together.

use std::fmt;
use std::time::Duration;

/// In seconds, such as `60` or `0.25`; with a precision of 1, tenths: `1.2`.
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.precision() == Some(1) {
            let tenths = self.0.saturating_add(Duration::from_millis(50));
            return write!(f, "{}.{}", tenths.as_secs(), tenths.subsec_millis() / 100);
        }
        write!(f, "{}", self.0.as_secs())?;
        match self.0.subsec_nanos() {
            0 => Ok(()),
            nanos => write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_read_as_floating_point_numbers_do() {
        for nanos in
            [0, 1, 10_000_000, 49_999_999, 160_000_000, 300_000_000, 960_000_000, 1_500_000_000, 60_000_000_000]
        {
            let time = Duration::from_nanos(nanos);
            assert_eq!(Seconds(time).to_string(), time.as_secs_f64().to_string());
            assert_eq!(format!("{:.1}", Seconds(time)), format!("{:.1}", time.as_secs_f64()));
        }
        assert_eq!(format!("{:.1}", Seconds(Duration::MAX)), format!("{}.9", u64::MAX));
    }
}

//! Times in the two forms the API writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `2023-11-09T00:42:22.707`: UTC without a zone, as the routes write it.
pub(crate) fn zoneless(at: SystemTime) -> String {
    let millis = millis(at);
    let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}",
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1000 % 60,
        of_day % 1000
    )
}

/// Milliseconds since 1970, before it as well.
pub(crate) fn millis(at: SystemTime) -> i64 {
    let whole = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

/// The time moved by some milliseconds; a move out of the clock's range leaves it where it is.
pub(crate) fn shifted(at: SystemTime, by_millis: i64) -> SystemTime {
    let by = Duration::from_millis(by_millis.unsigned_abs());
    if by_millis < 0 { at.checked_sub(by).unwrap_or(at) } else { at.checked_add(by).unwrap_or(at) }
}

/// Howard Hinnant's days-to-date, counting years from March so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        let at = |ms| zoneless(UNIX_EPOCH + Duration::from_millis(ms));
        assert_eq!(at(0), "1970-01-01T00:00:00.000");
        assert_eq!(at(1_699_490_542_707), "2023-11-09T00:42:22.707");
        assert_eq!(at(1_709_164_799_999), "2024-02-28T23:59:59.999");
        assert_eq!(at(1_709_164_800_000), "2024-02-29T00:00:00.000");
        assert_eq!(at(4_107_542_400_000), "2100-03-01T00:00:00.000");
        assert_eq!(zoneless(shifted(UNIX_EPOCH, -1)), "1969-12-31T23:59:59.999");
    }
}

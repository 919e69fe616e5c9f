//! Dates: in records, in headers and in messages.

#[cfg(feature = "client")]
pub(crate) use client::{header, parse, shown};

#[cfg(feature = "client")]
pub(crate) use crate::runtime::SystemTime;
#[cfg(not(feature = "client"))]
pub(crate) use std::time::SystemTime;

pub(crate) fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Counts years from March, so that a leap day is the last of its year, in cycles of 400 years.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * 146_097 + day_of_cycle - 719_468
}

/// The year, month and day that lie `days` after 1970-01-01, as [`days_from_civil`] counts them.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let cycle = days.div_euclid(146_097);
    let day_of_cycle = days.rem_euclid(146_097);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day)
}

pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |number, byte| match byte {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(i64::from(byte - b'0')),
        _ => None,
    })
}

pub(crate) fn within(text: &[u8], least: i64, most: i64) -> Option<i64> {
    digits(text).filter(|number| (least..=most).contains(number))
}

/// Milliseconds since 1970 of a time in the form of the service's records.
pub(crate) fn unix_millis(text: &[u8]) -> Option<i64> {
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

/// A time in the form of the service's webhooks, in UTC and to the millisecond. Years beyond 0 to 9999 end there.
pub(crate) fn written(time: SystemTime) -> String {
    const YEAR_0: i64 = -62_167_219_200_000;
    const YEAR_9999: i64 = 253_402_300_799_999;
    let millis = |apart: std::time::Duration| i64::try_from(apart.as_millis()).unwrap_or(i64::MAX);
    let time = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => millis(after),
        // What is not whole milliseconds lies in the one before.
        Err(before) => -millis(before.duration().saturating_add(std::time::Duration::from_nanos(999_999))),
    };
    let time = time.clamp(YEAR_0, YEAR_9999);
    let (days, rest) = (time.div_euclid(86_400_000), time.rem_euclid(86_400_000));
    let ((year, month, day), seconds) = (civil_from_days(days), rest / 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1000)
}

/// What only the client needs.
#[cfg(feature = "client")]
mod client {
    use std::time::Duration;

    use http::{HeaderMap, HeaderName};

    use super::{SystemTime, days_from_civil, days_in, digits, within};

    const MONTHS: &[u8] = b"janfebmaraprmayjunjulaugsepoctnovdec";

    /// A header that holds a date, as the time since 1970.
    pub(crate) fn header(headers: &HeaderMap, name: HeaderName) -> Option<Duration> {
        parse(headers.get(name)?.to_str().ok()?)
    }

    /// The time since 1970 of a date in one of the three forms that HTTP knows; nothing for a date before that.
    pub(crate) fn parse(text: &str) -> Option<Duration> {
        // All three consist of the same words, of which only day, month and year change places; the first, the day of the
        // week, is not needed.
        let mut words = [""; 8];
        for (at, word) in text.split([' ', ',', '-', ':']).filter(|word| !word.is_empty()).enumerate() {
            *words.get_mut(at)? = word;
        }
        let [day, month, year, hour, minute, second] = match words {
            // `Sun, 06 Nov 1994 08:49:37 GMT` and `Sunday, 06-Nov-94 08:49:37 GMT`.
            [_, day, month, year, hour, minute, second, "GMT"] => [day, month, year, hour, minute, second],
            // `Sun Nov  6 08:49:37 1994`.
            [_, month, day, hour, minute, second, year, ""] => [day, month, year, hour, minute, second],
            _ => return None,
        };
        let month = month.as_bytes();
        let month = MONTHS.chunks(3).position(|name| name.eq_ignore_ascii_case(month))? as i64 + 1;
        let year = match (digits(year.as_bytes())?, year.len()) {
            (year, 4) => year,
            // Nobody writes two digits for a year before 1970.
            (year, 2) => year + if year < 70 { 2000 } else { 1900 },
            _ => return None,
        };
        let number = |word: &str, least, most| within(word.as_bytes(), least, most);
        let day = number(day, 1, days_in(year, month))?;
        let (hour, minute) = (number(hour, 0, 23)?, number(minute, 0, 59)?);
        // A leap second counts as the second after it.
        let second = number(second, 0, 60)?;
        let seconds = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        Some(Duration::from_secs(u64::try_from(seconds).ok()?))
    }

    /// A time in the form of the service's records, to the second.
    pub(crate) fn shown(time: SystemTime) -> String {
        let mut text = super::written(time);
        text.truncate("2026-01-02T03:04:05".len());
        text.push('Z');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_there_and_back() {
        for days in -800_000..3_000_000 {
            let (year, month, day) = civil_from_days(days);
            assert!((1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day));
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(civil_from_days(11_016), (2000, 2, 29));
        assert_eq!(civil_from_days(-1), (1969, 12, 31));
    }

    fn millis(text: &str) -> Option<i64> {
        unix_millis(text.as_bytes())
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

    #[cfg(feature = "client")]
    #[test]
    fn dates_of_headers() {
        for (text, seconds) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Friday, 31-Dec-99 23:59:59 GMT", Some(946_684_799)),
            ("Wednesday, 21-Oct-15 07:30:00 GMT", Some(1_445_412_600)),
            ("Thu, 29 Feb 2024 23:59:60 GMT", Some(1_709_251_200)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", None),
            ("Thu, 30 Feb 2023 00:00:00 GMT", None),
            ("Thu, 00 Feb 2023 00:00:00 GMT", None),
            ("Thu, 01 Foo 2023 00:00:00 GMT", None),
            ("Thu, 01 anf 2023 00:00:00 GMT", None),
            ("Thu, 01 Feb 2023 24:00:00 GMT", None),
            ("Thu, 01 Feb 2023 00:60:00 GMT", None),
            ("Thu, 01 Feb 2023 00:00:61 GMT", None),
            ("Thu, 01 Feb 99999999999 00:00:00 GMT", None),
            ("Thu, 01 Feb 20231 00:00:00 GMT", None),
            ("Thu, 01 Feb 2023", None),
            ("now", None),
            ("", None),
            ("ä, ö ü", None),
        ] {
            assert_eq!(parse(text).map(|time| time.as_secs()), seconds, "{text}");
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn shown_dates() {
        let at = |seconds| shown(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(1_699_490_542), "2023-11-09T00:42:22Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(at(1 << 40), "9999-12-31T23:59:59Z");
        assert_eq!(
            shown(std::time::SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1)),
            "1969-12-31T23:59:59Z"
        );
    }
}

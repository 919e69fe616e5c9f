//! Dates in headers and in messages.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::models::calendar::{civil_from_days, days_from_civil, days_in, digits, within};
use crate::runtime::SystemTime;

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

/// A point in time the way the service writes them, to the second.
pub(crate) fn shown(time: SystemTime) -> String {
    // The year that has no more than four digits.
    const YEAR_9999: u64 = 253_402_300_799;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().min(YEAR_9999);
    let (days, seconds) = ((seconds / 86_400) as i64, seconds % 86_400);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn shown_dates() {
        let at = |seconds| shown(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(1_699_490_542), "2023-11-09T00:42:22Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(at(1 << 40), "9999-12-31T23:59:59Z");
        assert_eq!(shown(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00Z");
    }
}

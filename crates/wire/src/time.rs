//! Times on the wire.
//!
//! Moments are RFC 3339 with an offset. A session's date is the exception: naive, meaning UTC. Some servers add an
//! offset to it all the same, so reading accepts one and writing never adds one.
//!
//! They are read by hand: what chrono reads any format with is six times as much to load.

use std::fmt;

use chrono::{DateTime, Datelike as _, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A moment in UTC.
pub type Timestamp = DateTime<Utc>;

/// Reads a date and time without an offset, such as `2026-11-21T09:30:00`; with an offset, it is the same in UTC.
#[must_use]
pub fn parse_date_time(text: &str) -> Option<NaiveDateTime> {
    let (local, offset) = split(text)?;
    in_utc(local, offset.unwrap_or_default())
}

/// Reads a moment, such as `2026-11-21T09:30:00.5+01:00`.
#[must_use]
pub fn parse_moment(text: &str) -> Option<Timestamp> {
    let (local, offset) = split(text)?;
    in_utc(local, offset?).map(|date| date.and_utc())
}

/// The same moment in UTC, unless that has no year of four digits: no such moment could be written again.
fn in_utc(local: NaiveDateTime, offset: Duration) -> Option<NaiveDateTime> {
    let utc = local.checked_sub_signed(offset)?;
    (0..=9999).contains(&utc.year()).then_some(utc)
}

/// Reads a moment as HTTP writes it: `Sat, 21 Nov 2026 09:30:00 GMT` (RFC 9110, section 5.6.7).
#[must_use]
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (_, text) = text.split_once(", ")?;
    let mut words = text.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let month = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? / 3 + 1;
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, u32::try_from(month).ok()?, number(day)?)?;
    let (time, rest) = time(words.next()?)?;
    let is_gmt = words.next() == Some("GMT") && words.next().is_none();
    (rest.is_empty() && is_gmt).then(|| date.and_time(time).and_utc())
}

/// A date and time where it was written, and how far that is ahead of UTC if that is said.
fn split(text: &str) -> Option<(NaiveDateTime, Option<Duration>)> {
    let (day, rest) = text.split_at_checked("2026-11-21".len())?;
    let (time, rest) = time(rest.strip_prefix(['T', 't', ' '])?)?;
    let sign = match rest.as_bytes().first() {
        None => return Some((date(day)?.and_time(time), None)),
        Some(b'Z' | b'z') if rest.len() == 1 => 0,
        Some(b'+') => 60,
        Some(b'-') => -60,
        Some(_) => return None,
    };
    let seconds = match rest.get(1..)?.split_once(':') {
        Some((hours, minutes)) => {
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            // RFC 3339 knows no others.
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * i64::from(hours * 60 + minutes)
        }
        None if sign == 0 => 0,
        None => return None,
    };
    Some((date(day)?.and_time(time), Some(Duration::seconds(seconds))))
}

/// `2026-11-21`
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let (century, year) = year.split_at_checked(2)?;
    let year = number(century)? * 100 + number(year)?;
    NaiveDate::from_ymd_opt(year.cast_signed(), number(month)?, number(day)?)
}

/// `09:30:00` or `09:30:00.123456789`, and what follows it.
fn time(text: &str) -> Option<(NaiveTime, &str)> {
    let (clock, mut rest) = text.split_at_checked("09:30:00".len())?;
    let mut parts = clock.split(':');
    let (hour, minute, mut second) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        // What is finer than a nanosecond is nobody's concern.
        for at in 0..9 {
            let digit = fraction.as_bytes().get(at).filter(|_| at < digits);
            nanos = nanos * 10 + digit.map_or(0, |digit| u32::from(digit - b'0'));
        }
        rest = fraction.get(digits..)?;
    }
    if second == 60 {
        // A leap second: chrono counts it as the second half of the one before.
        (second, nanos) = (59, nanos + 1_000_000_000);
    }
    Some((NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?, rest))
}

/// Two digits.
fn number(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0')),
        _ => None,
    }
}

/// `#[serde(deserialize_with = "time::moment")]`
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    deserializer.deserialize_str(Text(parse_moment, MOMENT))
}

/// `#[serde(default, deserialize_with = "time::optional_moment")]`
pub(crate) fn optional_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    struct Moment(Timestamp);
    impl<'de> Deserialize<'de> for Moment {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            moment(deserializer).map(Self)
        }
    }
    Ok(Option::<Moment>::deserialize(deserializer)?.map(|moment| moment.0))
}

/// Reads a day such as `2026-11-21`, or `null`: `#[serde(default, deserialize_with = "wire::optional_date")]`.
///
/// # Errors
///
/// It is something else.
pub fn optional_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    struct Date(NaiveDate);
    impl<'de> Deserialize<'de> for Date {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_str(Text(date, DAY)).map(Self)
        }
    }
    Ok(Option::<Date>::deserialize(deserializer)?.map(|date| date.0))
}

/// `#[serde(deserialize_with = "time::naive_utc")]` for a naive date and time that means UTC.
pub(crate) fn naive_utc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDateTime, D::Error> {
    deserializer.deserialize_str(Text(parse_date_time, NAIVE))
}

/// `#[serde(deserialize_with = "time::naive")]` for a naive date and time that must not say how far it is from UTC.
pub(crate) fn naive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDateTime, D::Error> {
    let naive = |text: &str| {
        split(text)
            .filter(|(_, offset)| offset.is_none())
            .map(|(local, _)| local)
    };
    deserializer.deserialize_str(Text(naive, NAIVE))
}

const MOMENT: &str = "expected a date and time with its offset from UTC, such as 2026-11-21T09:30:00Z";
const NAIVE: &str = "expected a date and time in UTC without an offset, such as 2026-11-21T09:30:00";
const DAY: &str = "expected a day, such as 2026-11-21";

/// Text that this function can read, and what is said of any other. Without the text, which is somebody's.
struct Text<T>(fn(&str) -> Option<T>, &'static str);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1.strip_prefix("expected ").unwrap_or(self.1))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).ok_or_else(|| E::custom(self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::{DateTime, NaiveDate, date, parse_date_time, parse_http_date, parse_moment};

    #[test]
    fn naive_date_is_utc() {
        let naive = parse_date_time("2026-11-21T11:13:52.873398");
        assert!(naive.is_some());
        assert_eq!(naive, parse_date_time("2026-11-21T11:13:52.873398Z"));
        assert_eq!(naive, parse_date_time("2026-11-21T12:13:52.873398+01:00"));
        assert_eq!(parse_date_time("2026-11-21"), None);
        assert_eq!(parse_date_time("9999-12-31T23:59:59-01:00"), None);
    }

    #[test]
    fn moments_are_what_chrono_says_they_are() {
        for text in [
            "2026-11-21T11:13:52Z",
            "2026-11-21t11:13:52z",
            "2026-11-21 11:13:52.5+01:00",
            "2024-02-29T23:59:59.123456789-11:45",
            "2024-02-29T00:00:00.1234567899Z",
            "0001-01-01T00:00:00+23:59",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999999Z",
        ] {
            let expected = DateTime::parse_from_rfc3339(text).unwrap().to_utc();
            assert_eq!(parse_moment(text), Some(expected), "{text}");
            let written = serde_json::to_string(&expected).unwrap();
            assert_eq!(parse_moment(written.trim_matches('"')), Some(expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T11:13:52",
            "2026-11-21T11:13Z",
            "2026-11-21T11:13:52.Z",
            "2026-11-21T11:13:52Zulu",
            "2026-11-21T11:13:52+1:00",
            "2026-11-21T11:13:52+0100",
            "2026-11-21T11:13:52+24:00",
            "2026-11-21T11:13:52-01:60",
            "2026-11-21T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "+026-11-21T00:00:00Z",
            "2026-11-21T1é:00:00Z",
            "20é6-11-21T11:00:00Z",
            "yesterday",
            // In UTC, these are in years that have no four digits.
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_has_no_time() {
        assert_eq!(date("2026-11-21"), NaiveDate::from_ymd_opt(2026, 11, 21));
        for text in ["2026-11-21T00:00:00", "21-11-2026", "2026-1-21", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn http_writes_moments_in_its_own_way() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT";
        let expected = DateTime::parse_from_rfc2822(text).unwrap().to_utc();
        assert_eq!(parse_http_date(text), Some(expected));
        for text in [
            "Sun, 06 ovD 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "soon",
        ] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }
}

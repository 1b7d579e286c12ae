//! Dates in a readable form, in the time zone of the person.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Timelike, Utc};

use crate::browser::clock;
use crate::time::EpochMillis;

/// Returns today's date in the time zone of the person, at this moment. Components use
/// [`use_today`](crate::today::use_today) instead.
#[must_use]
pub fn today() -> NaiveDate {
    local(to_utc(clock::wall())).date()
}

/// Converts a UTC time to the time zone of the person.
#[must_use]
pub fn local(utc: NaiveDateTime) -> NaiveDateTime {
    let millis = u64::try_from(utc.and_utc().timestamp_millis()).unwrap_or_default();
    utc + Duration::minutes(i64::from(clock::utc_offset_minutes(EpochMillis::from_millis(millis))))
}

/// Converts a time in the time zone of the person to UTC.
#[must_use]
pub fn utc(local_time: NaiveDateTime) -> NaiveDateTime {
    // The first guess reads the offset of the local time as if it were UTC, which is wrong for some hours around a
    // clock change. A second step corrects it.
    let guess = local_time - (local(local_time) - local_time);
    local_time - (local(guess) - guess)
}

/// Parses the value of a `datetime-local` field, such as `2026-11-21T09:30`.
#[must_use]
pub fn from_field(text: &str) -> Option<NaiveDateTime> {
    // Dates on the wire have seconds as well.
    wire::parse_date_time(&format!("{text}:00"))
}

fn to_utc(moment: EpochMillis) -> NaiveDateTime {
    i64::try_from(moment.as_millis())
        .ok()
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .unwrap_or_default()
        .naive_utc()
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Formats a day relative to `today`, as short as possible: "Today", "Tomorrow", "Sat 28 Nov", "Sat 28 Nov 2027".
#[must_use]
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    match (date - today).num_days() {
        -1 => return "Yesterday".to_owned(),
        0 => return "Today".to_owned(),
        1 => return "Tomorrow".to_owned(),
        _ => {}
    }
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    let near = format!("{} {} {month}", date.weekday(), date.day());
    if date.year() == today.year() {
        near
    } else {
        format!("{near} {}", date.year())
    }
}

/// Formats a day independently of today: "Sat 28 Nov 2026".
#[must_use]
pub fn full_day(date: NaiveDate) -> String {
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    format!("{} {} {month} {}", date.weekday(), date.day(), date.year())
}

/// Formats a day for the middle of a sentence: "today", "Sat 28 Nov".
#[must_use]
pub fn day_in_sentence(date: NaiveDate, today: NaiveDate) -> String {
    let day = day(date, today);
    if (date - today).num_days().abs() <= 1 {
        day.to_ascii_lowercase()
    } else {
        day
    }
}

/// Formats a time of day: "09:30".
#[must_use]
pub fn time_of_day(moment: NaiveDateTime) -> String {
    format!("{:02}:{:02}", moment.hour(), moment.minute())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{NaiveDate, day, from_field, time_of_day};

    #[test]
    fn date_field_holds_day_and_time() {
        let starts = from_field("2026-11-21T09:30").unwrap();
        assert_eq!(
            (starts.date().to_string().as_str(), time_of_day(starts).as_str()),
            ("2026-11-21", "09:30")
        );
        for text in ["", "2026-11-21", "2026-13-21T09:30", "09:30"] {
            assert_eq!(from_field(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_named_as_near_as_possible() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = date("2026-12-31");
        let table = [
            ("2026-12-31", "Today"),
            ("2027-01-01", "Tomorrow"),
            ("2026-12-30", "Yesterday"),
            ("2026-11-28", "Sat 28 Nov"),
            ("2027-01-02", "Sat 2 Jan 2027"),
        ];
        for (text, expected) in table {
            assert_eq!(day(date(text), today), expected);
        }
    }
}

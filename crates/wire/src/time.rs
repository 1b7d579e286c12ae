//! Times on the wire.
//!
//! Moments are RFC 3339 with an offset. A session's date is the exception: naive, meaning UTC. Some servers add an
//! offset to it all the same, so reading accepts one and writing never adds one.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC.
pub type Timestamp = DateTime<Utc>;

/// `#[serde(with = "crate::time::naive_utc")]` for a naive date and time that means UTC.
pub(crate) mod naive_utc {
    use super::{Deserialize, Deserializer, NaiveDateTime, Serialize, Serializer, parse};

    pub(crate) fn serialize<S: Serializer>(value: &NaiveDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDateTime, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| serde::de::Error::custom("expected a date and time such as 2026-11-21T09:30:00"))
    }
}

fn parse(text: &str) -> Option<NaiveDateTime> {
    if let Ok(naive) = text.parse::<NaiveDateTime>() {
        return Some(naive);
    }
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.naive_utc())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_naive_date_means_utc_and_an_offset_is_understood() {
        let naive = parse("2026-11-21T11:13:52.873398");
        assert!(naive.is_some());
        assert_eq!(naive, parse("2026-11-21T11:13:52.873398Z"));
        assert_eq!(naive, parse("2026-11-21T12:13:52.873398+01:00"));
        assert_eq!(parse("2026-11-21"), None);
    }
}

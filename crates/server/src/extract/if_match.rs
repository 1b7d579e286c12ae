//! `If-Match` (RFC 9110, 13.1.1): a condition that limits a change to the version of a row that the client knows.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;

use crate::error::Error;

/// The precondition of a request, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// The request has no precondition.
    Absent,
    /// `*`: the row exists.
    Any,
    /// The row has one of these versions.
    Tags {
        /// The versions of the strong tags.
        versions: Vec<u64>,
    },
}

impl IfMatch {
    /// Returns whether a row of this version may be changed.
    pub(crate) fn allows(&self, version: u64) -> bool {
        match self {
            Self::Absent | Self::Any => true,
            Self::Tags { versions } => versions.contains(&version),
        }
    }

    /// Returns the newest version in the list, which is the last one that the client knows.
    pub(crate) fn newest(&self) -> Option<u64> {
        match self {
            Self::Absent | Self::Any => None,
            Self::Tags { versions } => versions.iter().max().copied(),
        }
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let lines: Vec<&[u8]> = headers.get_all(IF_MATCH).iter().map(AsRef::as_ref).collect();
        if lines.is_empty() {
            return Some(Self::Absent);
        }
        // Multiple header lines form one list.
        let list = lines.join(&b',');
        if list.trim_ascii() == b"*" {
            return Some(Self::Any);
        }
        tags(&list).map(|versions| Self::Tags { versions })
    }
}

/// Parses a list of entity tags. Returns the versions of the strong tags; `None` if the list is empty or malformed.
fn tags(list: &[u8]) -> Option<Vec<u64>> {
    let (mut rest, mut versions, mut any) = (list.trim_ascii(), Vec::new(), false);
    while !rest.is_empty() {
        // Recipients ignore empty elements (RFC 9110, 5.6.1.2).
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
            continue;
        }
        let (weak, after) = match rest.strip_prefix(b"W/") {
            Some(after) => (true, after),
            None => (false, rest),
        };
        let after = after.strip_prefix(b"\"")?;
        let length = after.iter().position(|byte| *byte == b'"')?;
        let (tag, after) = after.split_at_checked(length)?;
        if !tag.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)) {
            return None;
        }
        any = true;
        // A weak tag never matches in a strong comparison, and a tag that this server did not send matches no row.
        versions.extend(version(tag).filter(|_| !weak));
        rest = after.get(1..)?.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return None;
        }
    }
    any.then_some(versions)
}

/// Parses the version of a tag, in the format of `ETag`.
fn version(tag: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(tag).ok()?;
    let version: u64 = text.parse().ok()?;
    // Accepts only the format that the server sends.
    (version.to_string() == text).then_some(version)
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::of(&parts.headers).ok_or_else(|| {
            let message = "If-Match is * or a list of entity tags in double quotes, such as \"3\"";
            Error::BadRequest(message.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;
    use axum::http::{HeaderMap, HeaderValue};

    use super::IfMatch;

    fn read(lines: &[&str]) -> Option<IfMatch> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        IfMatch::of(&headers)
    }

    #[test]
    fn tags_are_compared_strongly() {
        let versions: [(&[&str], &[u64]); 10] = [
            (&["\"3\""], &[3]),
            (&["\"3\", \"4\""], &[3, 4]),
            (&["\"3\"", " \"4\" "], &[3, 4]),
            (&[",\"3\" ,, \"a,b\","], &[3]),
            (&["W/\"3\""], &[]),
            (&["W/\"3\",\"5\""], &[5]),
            (&["\"\""], &[]),
            (&["\"03\""], &[]),
            (&["\"+3\""], &[]),
            (&["\"ü\""], &[]),
        ];
        for (lines, versions) in versions {
            let expected = IfMatch::Tags {
                versions: versions.to_vec(),
            };
            assert_eq!(read(lines), Some(expected), "{lines:?}");
        }
        let some = read(&["\"3\", \"7\""]).unwrap();
        assert!(some.allows(3) && some.allows(7) && !some.allows(5));
        assert_eq!(some.newest(), Some(7));
    }

    #[test]
    fn any_row_matches_a_star_or_nothing() {
        assert_eq!(read(&[]), Some(IfMatch::Absent));
        for star in ["*", " * "] {
            assert_eq!(read(&[star]), Some(IfMatch::Any));
        }
        assert!(IfMatch::Absent.allows(7) && IfMatch::Any.allows(7));
    }

    #[test]
    fn other_values_are_no_tags() {
        let bad: [&[&str]; 14] = [
            &[""],
            &[" , "],
            &["3"],
            &["\"3"],
            &["3\""],
            &["'3'"],
            &["w/\"3\""],
            &["W/"],
            &["W/ \"3\""],
            &["\"3\" \"4\""],
            &["\"3\"4"],
            &["\"a b\""],
            &["*, \"3\""],
            &["*", "*"],
        ];
        for lines in bad {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }
}

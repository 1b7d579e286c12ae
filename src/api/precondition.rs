//! Conditional writes: they depend on the version of the row (RFC 9110, section 13.1.1).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use wire::{Deletion, FieldAuthor};

/// The outcome of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written<T> {
    /// The write succeeded. Holds the server's answer.
    Done(T),
    /// The row has changed since it was seen: nothing was written.
    Changed(Changed<T>),
    /// The row was deleted: nothing was written.
    Gone(Option<Deletion>),
}

/// The outcome of a deletion.
#[derive(Clone, Debug, PartialEq)]
pub enum Deleted<T> {
    /// The row is deleted.
    Done,
    /// The row has changed since it was seen, and is still there.
    Changed(Changed<T>),
}

/// A row that has changed since it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed<T> {
    /// The row as it is now.
    pub now: T,
    /// The last author of each field that was written since.
    pub authors: BTreeMap<String, FieldAuthor>,
}

/// The body of a 412 answer.
#[derive(Deserialize)]
struct Failed<T> {
    data: T,
    #[serde(default)]
    details: Authors,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Authors {
    changed: BTreeMap<String, FieldAuthor>,
}

/// The body of a 404 answer.
#[derive(Deserialize)]
struct Missing {
    details: Deletion,
}

impl<T: DeserializeOwned> Changed<T> {
    /// Reads the body of a 412 answer. Returns `None` if the body is not of our server.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let Failed { data, details } = serde_json::from_slice(body).ok()?;
        Some(Self {
            now: data,
            authors: details.changed,
        })
    }
}

/// Reads the author and the time of a row's deletion from the body of a 404 answer.
pub(super) fn deletion(body: &[u8]) -> Option<Deletion> {
    serde_json::from_slice(body).ok().map(|Missing { details }| details)
}

/// Formats a version as an entity tag.
pub(super) fn entity_tag(version: u64) -> String {
    format!("\"{version}\"")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Changed, deletion};

    const AUTHOR: &str = "616b8c55-d382-4ba7-a491-1c6c084eeb18";

    #[test]
    fn reads_row_and_authors_of_412() {
        let body = format!(
            r#"{{"status_code":412,"error":"precondition_failed","message":"","data":7,
                "details":{{"changed":{{"body":{{"by":"{AUTHOR}","at":"2026-11-21T11:18:12Z"}}}}}}}}"#
        );
        let changed: Changed<u64> = Changed::read(body.as_bytes()).unwrap();
        assert_eq!(changed.now, 7);
        assert_eq!(changed.authors["body"].by.to_string(), AUTHOR);
        let bare: Changed<u64> = Changed::read(br#"{"data":7}"#).unwrap();
        assert!(bare.authors.is_empty());
        assert_eq!(Changed::<u64>::read(b"<html>"), None);
    }

    #[test]
    fn reads_deletion_of_404_if_named() {
        let body = format!(r#"{{"details":{{"deleted_by":"{AUTHOR}","deleted_at":"2026-11-21T11:18:12Z"}}}}"#);
        assert_eq!(deletion(body.as_bytes()).unwrap().deleted_by.to_string(), AUTHOR);
        assert_eq!(deletion(b"{}"), None);
        assert_eq!(deletion(b""), None);
    }
}

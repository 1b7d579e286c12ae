//! Records in memory, with the information which of them are missing on the device.

use std::collections::{BTreeMap, BTreeSet};

/// Records by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    all: BTreeMap<String, String>,
    /// The names of the records that the device does not have.
    only_here: BTreeSet<String>,
}

impl Records {
    pub(super) fn get(&self, name: &str) -> Option<&String> {
        self.all.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    /// Returns the records whose names begin with `prefix`, in order.
    pub(super) fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a String)> {
        let from = self.all.range(prefix.to_owned()..);
        let records = from.take_while(move |(name, _)| name.starts_with(prefix));
        records.map(|(name, content)| (name.as_str(), content))
    }

    /// Records a write or a removal, and whether the device has carried it out as well.
    pub(super) fn put(&mut self, name: &str, content: Option<String>, is_on_device: bool) {
        self.only_here.remove(name);
        match content {
            Some(content) => {
                self.all.insert(name.to_owned(), content);
                if !is_on_device {
                    self.only_here.insert(name.to_owned());
                }
            }
            None => {
                self.all.remove(name);
            }
        }
    }

    /// Takes over the records on the device. Records that exist only here stay, because the device may have an older
    /// form of them.
    pub(super) fn reload(&mut self, on_device: BTreeMap<String, String>) {
        let all = &self.all;
        self.only_here.retain(|name| all.get(name) != on_device.get(name));
        self.all.retain(|name, _| self.only_here.contains(name));
        for (name, content) in on_device {
            self.all.entry(name).or_insert(content);
        }
    }

    /// Writes the records that the device does not have. `write` returns whether the device has the record now.
    pub(super) fn write_missing(&mut self, write: impl Fn(&str, &str) -> bool) {
        let all = &self.all;
        self.only_here
            .retain(|name| all.get(name).is_some_and(|content| !write(name, content)));
    }

    /// Writes all records. `write` returns whether the device has the record now.
    pub(super) fn write_all(&mut self, write: impl Fn(&str, &str) -> bool) {
        self.only_here = self.all.keys().cloned().collect();
        self.write_missing(write);
    }

    pub(super) fn is_any_only_here(&self) -> bool {
        !self.only_here.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Records;

    fn names(records: &Records, prefix: &str) -> Vec<String> {
        records.with_prefix(prefix).map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn record_only_here_survives_a_reload() {
        let mut records = Records::default();
        records.put("a", Some("1".to_owned()), true);
        records.put("b", Some("2".to_owned()), false);
        assert!(records.is_any_only_here());
        records.reload([("c".to_owned(), "3".to_owned())].into());
        assert_eq!(names(&records, ""), ["b", "c"]);
        records.put("b", Some("2".to_owned()), true);
        assert!(!records.is_any_only_here());
    }

    #[test]
    fn newer_words_survive_what_the_device_has() {
        let mut records = Records::default();
        records.put("a", Some("abc".to_owned()), true);
        records.put("a", Some("abcdef".to_owned()), false);
        records.reload([("a".to_owned(), "abc".to_owned())].into());
        assert_eq!(records.get("a").unwrap(), "abcdef");
        assert!(records.is_any_only_here());
        // From now on the record on the device is decisive.
        records.reload([("a".to_owned(), "abcdef".to_owned())].into());
        assert!(!records.is_any_only_here());
        records.reload([("a".to_owned(), "other words".to_owned())].into());
        assert_eq!(records.get("a").unwrap(), "other words");
    }

    #[test]
    fn records_that_are_not_written_stay_at_risk() {
        let mut records = Records::default();
        records.put("a", Some("1".to_owned()), true);
        records.put("b", Some("2".to_owned()), false);
        records.write_all(|name, _| name == "b");
        records.reload([("b".to_owned(), "2".to_owned())].into());
        assert_eq!(names(&records, ""), ["a", "b"]);
        records.write_all(|_, _| true);
        assert!(!records.is_any_only_here());
    }

    #[test]
    fn removed_record_is_not_at_risk() {
        let mut records = Records::default();
        records.put("a", Some("1".to_owned()), false);
        records.put("a", None, false);
        assert!(!records.is_any_only_here());
        assert_eq!(records.get("a"), None);
    }

    #[test]
    fn records_are_found_by_prefix() {
        let mut records = Records::default();
        for name in ["text/a", "text/b", "textile", "unresolved/1"] {
            records.put(name, Some(String::new()), true);
        }
        assert_eq!(names(&records, "text/"), ["text/a", "text/b"]);
        assert_eq!(names(&records, "text/b"), ["text/b"]);
        assert!(names(&records, "x").is_empty());
    }
}

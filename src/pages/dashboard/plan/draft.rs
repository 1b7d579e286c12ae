//! The draft of the form that plans a coaching session, as it is stored.

use intent::{Row, Value};

use crate::kept::KeptText;

/// The names of the record's fields besides the title, as in a coaching session.
const DATE: &str = "date";
const RELATIONSHIP: &str = "coaching_relationship_id";

/// The draft of the form that plans a coaching session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) title: String,
    /// The value of the field for day and time.
    pub(super) when: String,
    /// The id of the chosen coaching relationship; empty for the first one.
    pub(super) with: String,
}

impl Draft {
    /// Reads a stored draft.
    pub(super) fn of(kept: Option<KeptText>) -> Self {
        let Some(kept) = kept else { return Self::default() };
        let row = kept.row.unwrap_or_default();
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            title: kept.text,
            when: field(DATE),
            with: field(RELATIONSHIP),
        }
    }

    /// Returns whether nothing is typed. A chosen coaching relationship alone does not count as typed.
    pub(super) fn is_blank(&self) -> bool {
        self.title.is_empty() && self.when.is_empty()
    }

    /// Returns the record to store, or `None` if nothing is typed.
    pub(super) fn kept(self) -> Option<KeptText> {
        if self.is_blank() {
            return None;
        }
        let fields = [(DATE, self.when), (RELATIONSHIP, self.with)];
        let row: Row = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        Some(KeptText {
            text: self.title,
            row: Some(row),
            ..KeptText::default()
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Draft, KeptText};

    #[test]
    fn typed_plan_is_read_back() {
        let draft = Draft {
            title: "Soon".to_owned(),
            when: "2026-11-21T09:30".to_owned(),
            with: "7".to_owned(),
        };
        assert_eq!(Draft::of(draft.clone().kept()), draft);
    }

    #[test]
    fn choice_alone_is_not_kept() {
        let draft = Draft {
            with: "7".to_owned(),
            ..Draft::default()
        };
        assert_eq!(draft.kept(), None);
    }

    #[test]
    fn title_kept_by_earlier_version_is_read() {
        let kept = KeptText {
            text: "Soon".to_owned(),
            ..KeptText::default()
        };
        let draft = Draft::of(Some(kept));
        assert_eq!((draft.title.as_str(), draft.when.as_str()), ("Soon", ""));
    }
}

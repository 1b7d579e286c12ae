//! What is typed into the form that plans a session, as it is kept.

use intent::{Row, Value};

use crate::kept::KeptText;

/// The fields of the record beside the title, named as those of a session.
const DATE: &str = "date";
const RELATIONSHIP: &str = "coaching_relationship_id";

/// What is typed into the form that plans a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) title: String,
    /// What the field for day and time holds.
    pub(super) when: String,
    /// The id of the relationship that is chosen; empty for the first.
    pub(super) with: String,
}

impl Draft {
    /// Reads what was kept.
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

    /// Whether nothing is typed. A choice alone is no text.
    pub(super) fn is_blank(&self) -> bool {
        self.title.is_empty() && self.when.is_empty()
    }

    /// What to keep of it.
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

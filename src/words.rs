//! Values in words, the same on every page.

use wire::{ItemStatus, UserId};

/// Returns the label of a status.
#[must_use]
pub const fn status_label(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::NotStarted => "Not started",
        ItemStatus::InProgress => "In progress",
        ItemStatus::Completed => "Completed",
        ItemStatus::OnHold => "On hold",
        ItemStatus::WontDo => "Won't do",
    }
}

/// Formats people for the middle of a sentence, as one of them reads it: "you and Ada Lovelace". People without a known
/// name are left out.
#[must_use]
pub fn people_in_sentence(people: &[UserId], reader: UserId, name_of: impl Fn(UserId) -> Option<String>) -> String {
    let name = |person: &UserId| {
        if *person == reader {
            Some("you".to_owned())
        } else {
            name_of(*person)
        }
    };
    let names: Vec<String> = people.iter().filter_map(name).collect();
    names.join(" and ")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{UserId, people_in_sentence};

    #[test]
    fn reader_of_a_sentence_is_you() {
        let [reader, other, unknown] = [1, 2, 3].map(UserId::from_u128);
        let name_of = |person| (person == other).then(|| "Ada Lovelace".to_owned());
        let said = |people: &[UserId]| people_in_sentence(people, reader, name_of);
        assert_eq!(said(&[reader, other]), "you and Ada Lovelace");
        assert_eq!(said(&[other, unknown]), "Ada Lovelace");
        assert_eq!(said(&[]), "");
    }
}

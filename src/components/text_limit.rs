//! The length limit of a text: shown while the person types, never enforced by cutting.

use yew::prelude::*;

/// Returns whether a text has more than `most` characters.
#[must_use]
pub fn is_too_long(text: &str, most: usize) -> bool {
    excess(text, most) > 0
}

/// Returns the number of characters beyond the limit.
fn excess(text: &str, most: usize) -> usize {
    // A text has at most as many characters as bytes.
    if text.len() <= most {
        return 0;
    }
    text.chars().count().saturating_sub(most)
}

/// Shows the number of characters beyond the limit, if there are any.
pub fn limit_note(text: &str, most: usize) -> Html {
    match excess(text.trim(), most) {
        0 => Html::default(),
        excess => html! {
            <p class="error" role="status"
                ~textContent={format!("{excess} characters too many: at most {most} can be saved.")} />
        },
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::excess;

    #[test]
    fn limit_counts_characters() {
        for (text, expected) in [("", 0), ("abc", 0), ("abcd", 1), ("äöü", 0), ("äöüß", 1)] {
            assert_eq!(excess(text, 3), expected, "{text}");
        }
    }
}

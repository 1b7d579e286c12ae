//! A choice of one of several values.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Properties of [`Select`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SelectProperties {
    /// The id of the element, for its label.
    #[prop_or_default]
    pub id: Option<AttrValue>,
    /// The name of the element, if it has no label.
    #[prop_or_default]
    pub label: Option<AttrValue>,
    /// The id of the element that says what the choice is about.
    #[prop_or_default]
    pub describes: Option<AttrValue>,
    /// The value that is chosen.
    pub value: AttrValue,
    /// The values to choose from, each with its text.
    pub options: Vec<(AttrValue, AttrValue)>,
    /// Another value was chosen.
    pub on_choose: Callback<String>,
}

/// A choice of one of several values: a controlled `<select>`. It shows `value`, also after the person has picked another
/// one, and keeps the focus when `value` changes.
#[component]
pub fn Select(props: &SelectProperties) -> Html {
    let select = use_node_ref();
    {
        // After each render, since the browser keeps a pick whichever option is marked as selected.
        let (select, value) = (select.clone(), props.value.clone());
        use_effect(move || {
            if let Some(select) = select.cast::<HtmlSelectElement>()
                && select.value() != *value
            {
                select.set_value(&value);
            }
        });
    }
    let on_change = props
        .on_choose
        .reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value());
    html! {
        <select ref={select} id={props.id.clone()} dir="auto" aria-label={props.label.clone()}
            aria-describedby={props.describes.clone()} onchange={on_change}>
            for (value, text) in &props.options {
                <option value={value.clone()} dir="auto" ~textContent={&**text} />
            }
        </select>
    }
}

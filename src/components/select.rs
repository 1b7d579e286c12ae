//! A choice of one value.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Properties of [`Select`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SelectProperties {
    /// The id of the element, for a `<label>`.
    #[prop_or_default]
    pub id: Option<AttrValue>,
    /// The accessible name of the element, if it has no `<label>`.
    #[prop_or_default]
    pub label: Option<AttrValue>,
    /// The id of the element that describes the choice.
    #[prop_or_default]
    pub describes: Option<AttrValue>,
    /// The current value.
    pub value: AttrValue,
    /// The options: each value with its text.
    pub options: Vec<(AttrValue, AttrValue)>,
    /// The callback for another choice.
    pub on_choose: Callback<String>,
}

/// A controlled `<select>`. It shows `value`, even after the person has picked another option, and keeps the focus when
/// `value` changes.
#[component]
pub fn Select(props: &SelectProperties) -> Html {
    let select = use_node_ref();
    {
        // Runs after each render, because the browser keeps the person's pick regardless of the `selected` attributes.
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

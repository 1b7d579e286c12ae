//! A card for a change that was not made, with the choices of the person.

use yew::prelude::*;

use super::focus::focus;
use super::icon::{Glyph, icon};
use crate::title::has_no_focus;

/// A value of this person, next to the value of the other person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versus {
    /// The name of the field.
    pub label: &'static str,
    /// The value of this person.
    pub mine: String,
    /// The value of the other person.
    pub theirs: String,
}

/// A choice that the person has.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The label of the button.
    pub label: &'static str,
    /// The callback for a press of the button.
    pub on_choose: Callback<()>,
}

/// Properties of [`ConflictCard`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ConflictCardProperties {
    /// A sentence that explains what happened.
    pub explanation: String,
    /// The values of both people.
    #[prop_or_default]
    pub values: Vec<Versus>,
    /// The other person and the time, as in "Ada, 12:03".
    pub author: String,
    /// The text of this person, if the conflict is about a single text.
    #[prop_or_default]
    pub text: Option<String>,
    /// The callback for edits of the text, if the person was typing it when the card appeared.
    #[prop_or_default]
    pub on_text: Option<Callback<String>>,
    /// Whether the card replaces the field in which the text was typed. It then takes the focus, if no element has it.
    #[prop_or_default]
    pub replaces_field: bool,
    /// The choices, the safest one first.
    pub choices: Vec<Choice>,
}

/// A card for a change that was not made, with the choices of the person. It stays until the person chooses.
#[component]
pub fn ConflictCard(props: &ConflictCardProperties) -> Html {
    let field = use_node_ref();
    {
        let (field, takes_focus) = (field.clone(), props.replaces_field);
        use_effect_with((), move |()| {
            let area = field.cast::<web_sys::HtmlTextAreaElement>();
            if let Some(area) = area.filter(|_| takes_focus && has_no_focus()) {
                focus(&field);
                let end = area.text_length();
                if area.set_selection_range(end, end).is_err() {
                    log::info!("a text has no end");
                }
            }
        });
    }
    let choice = |choice: &Choice| {
        let on_choose = choice.on_choose.reform(|_: MouseEvent| ());
        html! { <button type="button" key={choice.label} onclick={on_choose} ~textContent={choice.label} /> }
    };
    html! {
        <div class="conflict" role="group" aria-label="Your decision is needed" data-testid="conflict">
            <p class="explanation" role="status">{ icon(Glyph::Alert) }<span dir="auto" ~textContent={&*props.explanation} /></p>
            if let Some((text, on_text)) = props.text.as_ref().zip(props.on_text.as_ref()) {
                <textarea ref={field} class="mine" rows="2" dir="auto" aria-label="Your text" value={text.clone()}
                    oninput={on_text.reform(|event: InputEvent| {
                        event.target_unchecked_into::<web_sys::HtmlTextAreaElement>().value()
                    })} />
            } else if let Some(text) = &props.text {
                <blockquote class="mine" dir="auto" ~textContent={&**text} />
            }
            for value in props.values.iter() {
                <dl key={value.label}>
                    <dt ~textContent={format!("Your {}", value.label)} />
                    <dd class="mine" dir="auto" ~textContent={&value.mine} />
                    <dt dir="auto" ~textContent={&*props.author} />
                    <dd class="theirs" dir="auto" ~textContent={&value.theirs} />
                </dl>
            }
            <span class="buttons">{ for props.choices.iter().map(choice) }</span>
        </div>
    }
}

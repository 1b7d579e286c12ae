//! A field for an optional day.

use std::rc::Rc;

use chrono::{Datelike as _, NaiveDate};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::focus::focus;
use super::keys::is_enter;

/// The first year that counts as complete. While a person types the digits of 2027, browsers report the dates of the
/// years 2, 20, 202 and 2027.
const FIRST_YEAR: i32 = 1900;

/// Properties of [`DayField`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct DayFieldProperties {
    /// The id of the input element.
    pub id: AttrValue,
    /// The label of the field.
    pub label: AttrValue,
    /// The chosen day, if there is one.
    pub day: Option<NaiveDate>,
    /// The callback for another choice: a day, or none.
    pub on_choose: Callback<Option<NaiveDate>>,
}

/// A field for an optional day. A day is chosen once it is complete: by the calendar of the browser, by the fourth
/// digit of the year, by Enter, or by leaving the field. While the person types in the field, nothing else changes it.
#[component]
pub fn DayField(props: &DayFieldProperties) -> Html {
    let input = use_node_ref();
    let is_typing = use_mut_ref(|| false);
    {
        let (input, is_typing, day) = (input.clone(), Rc::clone(&is_typing), props.day);
        use_effect(move || {
            if !*is_typing.borrow() {
                show(&input, day);
            }
        });
    }
    let choose = {
        let (input, is_typing, props) = (input.clone(), Rc::clone(&is_typing), props.clone());
        move |is_done: bool| {
            let Some(input) = input.cast::<HtmlInputElement>() else {
                return;
            };
            let Ok(typed) = typed(&input) else { return };
            let is_complete = is_done || typed.is_none_or(|day| day.year() >= FIRST_YEAR);
            if is_complete {
                is_typing.replace(false);
                if typed != props.day {
                    props.on_choose.emit(typed);
                }
            }
        }
    };
    let on_input = {
        let is_typing = Rc::clone(&is_typing);
        Callback::from(move |_: InputEvent| _ = is_typing.replace(true))
    };
    let on_change = {
        let choose = choose.clone();
        Callback::from(move |_: Event| choose(false))
    };
    let on_key = {
        let choose = choose.clone();
        Callback::from(move |event: KeyboardEvent| {
            if is_enter(&event) {
                choose(true);
            }
        })
    };
    let on_blur = {
        let (input, day) = (input.clone(), props.day);
        Callback::from(move |_: FocusEvent| {
            if *is_typing.borrow() {
                choose(true);
            }
            // Restores the chosen day if the typed text is not a complete one.
            if is_typing.replace(false) {
                show(&input, day);
            }
        })
    };
    let on_none = {
        let (input, on_choose) = (input.clone(), props.on_choose.clone());
        Callback::from(move |_: MouseEvent| {
            on_choose.emit(None);
            // The button disappears together with the day.
            focus(&input);
        })
    };
    html! {
        <div class="field">
            <label for={props.id.clone()} ~textContent={&*props.label} />
            <span class="inline">
                <input ref={input} id={props.id.clone()} type="date" max="9999-12-31" oninput={on_input}
                    onchange={on_change} onkeydown={on_key} onblur={on_blur} />
                if props.day.is_some() {
                    <button type="button" onclick={on_none} ~textContent="No date" />
                }
            </span>
        </div>
    }
}

/// The error for a field that holds only a part of a day.
struct Incomplete;

/// Returns the day in the field, or `None` if the field is empty.
fn typed(input: &HtmlInputElement) -> Result<Option<NaiveDate>, Incomplete> {
    let text = input.value();
    if input.validity().bad_input() {
        Err(Incomplete)
    } else if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some).or(Err(Incomplete))
    }
}

fn show(input: &NodeRef, day: Option<NaiveDate>) {
    let text = day.map(|day| day.to_string()).unwrap_or_default();
    if let Some(input) = input.cast::<HtmlInputElement>()
        && (input.value() != text || input.validity().bad_input())
    {
        input.set_value(&text);
    }
}

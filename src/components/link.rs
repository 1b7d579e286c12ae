//! A link to another page of the app.

use yew::prelude::*;

use crate::navigation::{address, use_navigation};
use crate::route::Route;

/// Properties of [`RouteLink`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RouteLinkProperties {
    /// The target page.
    pub to: Route,
    /// The id of the link itself.
    #[prop_or_default]
    pub id: Option<AttrValue>,
    /// The id of an element or a row on the target page.
    #[prop_or_default]
    pub place: Option<AttrValue>,
    /// The CSS classes.
    pub classes: &'static str,
    /// The callback for a pointer over the link or focus on it: the person is likely to follow it.
    #[prop_or_default]
    pub on_near: Callback<()>,
    /// The content of the link.
    #[prop_or_default]
    pub children: Html,
}

/// A link to another page of the app. The router has a link component as well, with support for any type of query,
/// state and history. The app needs none of these.
#[component]
pub fn RouteLink(props: &RouteLinkProperties) -> Html {
    let navigation = use_navigation();
    let (to, place) = (props.to, props.place.clone());
    let href = address(to, place.as_deref());
    let on_click = Callback::from(move |event: MouseEvent| {
        // With a modifier key held, the browser opens another tab or window.
        if event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key() {
            return;
        }
        event.prevent_default();
        navigation.go(to, place.as_deref());
    });
    let on_pointer = props.on_near.reform(|_: PointerEvent| ());
    let on_focus = props.on_near.reform(|_: FocusEvent| ());
    html! {
        <a id={props.id.clone()} class={props.classes} {href} onclick={on_click} onpointerenter={on_pointer}
            onfocus={on_focus}>{ props.children.clone() }</a>
    }
}

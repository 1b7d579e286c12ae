//! A way to another page of the app.

use yew::prelude::*;

use crate::navigation::{address, use_navigation};
use crate::route::Route;

/// Properties of [`RouteLink`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RouteLinkProperties {
    /// Where to.
    pub to: Route,
    /// Its own id.
    #[prop_or_default]
    pub id: Option<AttrValue>,
    /// The id of an element or a row there.
    #[prop_or_default]
    pub place: Option<AttrValue>,
    /// How it looks.
    pub classes: &'static str,
    /// Somebody is about to follow it: a pointer is over it, or it has the focus.
    #[prop_or_default]
    pub on_near: Callback<()>,
    /// What it says.
    #[prop_or_default]
    pub children: Html,
}

/// A way to another page of the app. The router has one as well, for every kind of query and state there may be in any
/// kind of history; the app needs none of these.
#[component]
pub fn RouteLink(props: &RouteLinkProperties) -> Html {
    let navigation = use_navigation();
    let (to, place) = (props.to, props.place.clone());
    let href = address(to, place.as_deref());
    let on_click = Callback::from(move |event: MouseEvent| {
        // With one of these keys held, the browser opens another tab or window.
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

//! The short messages, in their corner.

use yew::prelude::*;

use super::icon::{Glyph, Icon};
use crate::toast::use_toaster;

/// The short messages, in their corner.
#[component]
pub fn Toasts() -> Html {
    let toaster = use_toaster();
    html! {
        <div class="toasts" role="status" aria-live="polite" data-testid="toasts">
            for toast in toaster.toasts.shown.iter() {
                <div class="toast" key={toast.number}>
                    <Icon glyph={Glyph::Alert} />
                    <p>{ &*toast.text }</p>
                    <button type="button" class="plain" aria-label="Dismiss" onclick={{
                        let (toaster, number) = (toaster.clone(), toast.number);
                        Callback::from(move |_: MouseEvent| toaster.dismiss(number))
                    }}><Icon glyph={Glyph::Cross} /></button>
                </div>
            }
        </div>
    }
}

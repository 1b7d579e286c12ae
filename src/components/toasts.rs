//! The short messages, in their corner.

use yew::prelude::*;

use super::icon::{Glyph, icon};
use crate::toast::Toast;

/// The short messages, in their corner, the oldest first.
pub fn toasts(shown: &[Toast], dismiss: &Callback<u32>) -> Html {
    html! {
        <div class="toasts" role="status" aria-live="polite" data-testid="toasts">
            for toast in shown.iter() {
                <div class="toast" key={toast.number}>
                    { icon(Glyph::Alert) }
                    <p>{ &*toast.text }</p>
                    <button type="button" class="plain" aria-label="Dismiss" onclick={{
                        let number = toast.number;
                        dismiss.reform(move |_: MouseEvent| number)
                    }}>{ icon(Glyph::Cross) }</button>
                </div>
            }
        </div>
    }
}

//! The toasts in their corner.

use yew::prelude::*;

use super::icon::{Glyph, icon};
use crate::toast::{Hold, Offer, Toast, ToastAction};

/// Shows the toasts in their corner, the oldest first.
pub fn toasts(shown: &[Toast<Offer>], on_action: &Callback<ToastAction>) -> Html {
    let newest = shown
        .iter()
        .rev()
        .find(|toast| toast.offer.is_some())
        .map(|toast| toast.id);
    html! {
        // A screen reader reads only a new toast aloud, not those that are there already.
        <div class="toasts" role="status" aria-live="polite" aria-atomic="false" data-testid="toasts">
            for toast in shown.iter() { { view(toast, newest == Some(toast.id), on_action) } }
        </div>
    }
}

fn view(toast: &Toast<Offer>, is_newest_offer: bool, on_action: &Callback<ToastAction>) -> Html {
    let id = toast.id;
    let hold = |hold: Hold, is_held: bool| on_action.reform(move |()| ToastAction::Hold(id, hold, is_held));
    let (enter, leave) = (hold(Hold::Pointer, true), hold(Hold::Pointer, false));
    let (focus, blur) = (hold(Hold::Focus, true), hold(Hold::Focus, false));
    html! {
        <div class={classes!("toast", toast.offer.is_some().then_some("offer"))} key={id.to_string()}
            onpointerenter={enter.reform(|_: PointerEvent| ())} onpointerleave={leave.reform(|_: PointerEvent| ())}
            onfocusin={focus.reform(|_: FocusEvent| ())} onfocusout={blur.reform(|_: FocusEvent| ())}>
            { icon(if toast.offer.is_some() { Glyph::Check } else { Glyph::Alert }) }
            <p dir="auto" ~textContent={&*toast.text} />
            { toast.offer.as_ref().map(|offer| accept(toast, offer, is_newest_offer, on_action)).unwrap_or_default() }
            <button type="button" class="plain" aria-label="Dismiss"
                onclick={on_action.reform(move |_: MouseEvent| ToastAction::Dismiss(id))}>{ icon(Glyph::Cross) }</button>
        </div>
    }
}

fn accept(toast: &Toast<Offer>, offer: &Offer, is_newest: bool, on_action: &Callback<ToastAction>) -> Html {
    let id = toast.id;
    html! {
        <button type="button" class="accept" aria-keyshortcuts={is_newest.then_some("Control+Z Meta+Z")}
            title={is_newest.then_some("Ctrl+Z")} onclick={on_action.reform(move |_: MouseEvent| ToastAction::Accept(id))}
            ~textContent={&*offer.label} />
    }
}

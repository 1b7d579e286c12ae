//! A question that must be answered before the page can be used again.

use yew::prelude::*;

/// Properties of [`Question`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct QuestionProperties {
    /// The question.
    pub title: AttrValue,
    /// The consequences of the answer.
    pub text: AttrValue,
    /// The label of the button that confirms.
    pub confirm: AttrValue,
    /// The label of the button that cancels. The button has the focus first.
    pub cancel: AttrValue,
    /// The callback for the confirmation.
    pub on_confirm: Callback<()>,
    /// The callback for the cancellation, by the button or by Escape.
    pub on_cancel: Callback<()>,
}

/// A question in a modal dialog. It is in sight at any scroll position, and nothing behind it can be used. The focus
/// returns to its previous element when the dialog closes.
#[component]
pub fn Question(props: &QuestionProperties) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let dialog = dialog.cast::<web_sys::HtmlDialogElement>();
            if let Some(dialog) = &dialog
                && dialog.show_modal().is_err()
            {
                log::error!("the question can not be asked in a dialog");
            }
            move || {
                // Closes the dialog before it is removed, because only `close` returns the focus to the previous
                // element.
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let on_cancel = props.on_cancel.reform(|event: Event| event.prevent_default());
    html! {
        <dialog ref={dialog} class="question" role="alertdialog" aria-labelledby="question-title"
            aria-describedby="question-text" oncancel={on_cancel.clone()} onclose={on_cancel}>
            <h2 id="question-title" ~textContent={&*props.title} />
            <p id="question-text" ~textContent={&*props.text} />
            <div class="buttons">
                <button type="button" autofocus=true onclick={props.on_cancel.reform(|_: MouseEvent| ())}
                    ~textContent={&*props.cancel} />
                <button type="button" class="danger" onclick={props.on_confirm.reform(|_: MouseEvent| ())}
                    ~textContent={&*props.confirm} />
            </div>
        </dialog>
    }
}

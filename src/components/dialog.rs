//! A question that has to be answered before anything else is done.

use yew::prelude::*;

/// Properties of [`Question`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct QuestionProperties {
    /// The question.
    pub title: AttrValue,
    /// What depends on the answer.
    pub text: AttrValue,
    /// The button that does it.
    pub confirm: AttrValue,
    /// The button that does not, which has the focus first.
    pub cancel: AttrValue,
    /// Do it.
    pub on_confirm: Callback<()>,
    /// Do not: by the button or by Escape.
    pub on_cancel: Callback<()>,
}

/// A question in a modal dialog: it is in sight wherever the page is scrolled to, and nothing behind it can be used.
/// The focus returns to where it was.
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
                // What is closed gives the focus back.
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

//! Rows that this version of the app can not show.

use uuid::Uuid;
use yew::prelude::*;

use crate::components::{Glyph, icon, not_shown, text_id};
use crate::query::{Opaque, use_mutation};
use crate::resources::{DeleteOpaque, RowList};
use crate::title::move_focus;
use crate::toast::use_toaster;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct OpaqueRowsProperties {
    /// The list of the rows.
    pub(super) list: RowList,
    /// The kind of row, as a word in the singular: "action".
    pub(super) noun: &'static str,
    pub(super) rows: Vec<Opaque>,
}

/// The rows of a list that can not be shown. Each row says so, and can be deleted.
#[component]
pub(super) fn OpaqueRows(props: &OpaqueRowsProperties) -> Html {
    let change = use_mutation::<DeleteOpaque>();
    let toaster = use_toaster();
    let row = |row: &Opaque| {
        let (list, noun) = (props.list, props.noun);
        let delete = DeleteOpaque {
            list,
            id: Uuid::from_u128(row.id),
            version: row.version,
            is_undo: false,
        };
        let on_delete = {
            let (change, toaster) = (change.clone(), toaster.clone());
            Callback::from(move |_: MouseEvent| {
                move_focus(&format!("new-{noun}"));
                let undo = {
                    let change = change.clone();
                    Callback::from(move |()| {
                        change.run(DeleteOpaque {
                            is_undo: true,
                            ..delete
                        });
                    })
                };
                let (toaster, offer) = (
                    toaster.clone(),
                    toaster.offer(format!("The {noun} was deleted."), "Undo", undo),
                );
                change.run_to_end(delete, move |deleted| {
                    if deleted.is_err() {
                        toaster.withdraw(offer);
                    }
                });
            })
        };
        let describes = text_id(delete.id);
        let text = not_shown(&format!("This {noun}"));
        html! {
            <li key={delete.id.to_string()} class="item" data-opaque={delete.id.to_string()}>
                <div class="content"><p class="empty" id={describes.clone()} tabindex="-1" ~textContent={text} /></div>
                <span class="buttons quiet">
                    <button type="button" class="plain" title="Delete" aria-label="Delete" aria-describedby={describes}
                        onclick={on_delete}>{ icon(Glyph::Bin) }</button>
                </span>
            </li>
        }
    };
    html! { <ul class="items">{ for props.rows.iter().map(row) }</ul> }
}

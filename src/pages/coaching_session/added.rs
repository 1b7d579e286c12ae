//! Rows that were added before their list was fetched.

use std::rc::Rc;

use yew::prelude::*;

use super::row::{TextRow, use_delete, use_row};
use crate::components::ItemRow;
use crate::query::{List, Query, use_added};

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct AddedProperties<Q: PartialEq> {
    pub(super) list: Q,
}

/// The rows that were added to a list without data. Once the list has data, it shows the rows itself.
#[component]
pub(super) fn Added<T: TextRow>(props: &AddedProperties<T::Home>) -> Html
where
    T::Home: Query<Data = List<T>>,
{
    let added = use_added(&props.list).unwrap_or_default();
    html! {
        if !added.is_empty() {
            <ul class="items" data-testid={T::COLLECTION}>
                for row in added.iter() {
                    <AddedRow<T> key={row.id().to_string()} row={Rc::clone(row)} />
                }
            </ul>
        }
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct AddedRowProperties<T: PartialEq> {
    row: Rc<T>,
}

/// A row with an editable text. Its other fields are editable once the list has data.
#[component]
fn AddedRow<T: TextRow>(props: &AddedRowProperties<T>) -> Html {
    let row = use_row(&props.row);
    let on_delete = use_delete(&row);
    let editor = props.row.editor();
    html! {
        <ItemRow noun={T::NAMES.noun} id={props.row.uuid().to_string()} text={props.row.text().unwrap_or_default().to_owned()}
            version={props.row.version()} row={row.on_keep()} editor={editor.clone()} max_length={T::MAX_LENGTH}
            unsaved_since={row.unsaved_since} on_save={row.on_save()} on_discard={row.on_discard(editor)} {on_delete} />
    }
}

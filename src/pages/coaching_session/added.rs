//! Rows that were added before their list could be read.

use yew::prelude::*;

use super::row::TextRow;
use crate::api::Api;
use crate::components::NotSaved;
use crate::query::use_waiting;
use crate::resources::Create;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct AddedProperties {
    /// The session or relationship in whose list they stand.
    pub(super) scope: AttrValue,
}

/// The rows that were added to a list that is not there yet, which shows them itself once it is.
#[component]
pub(super) fn Added<T: TextRow>(props: &AddedProperties) -> Html {
    let waiting = use_waiting::<Create<T>>();
    let mut rows = waiting
        .iter()
        .filter(|Create(row)| *row.scope() == *props.scope)
        .peekable();
    if rows.peek().is_none() {
        return Html::default();
    }
    let row = |Create(row): &Create<T>| {
        let text = row.text().unwrap_or_default().to_owned();
        html! {
            <li key={row.id().to_string()} class="item draft">
                <div class="content">
                    <p class="text" dir="auto" ~textContent={text} />
                    <p class="details unsaved"><NotSaved<Api> row={row.id()} /></p>
                </div>
            </li>
        }
    };
    html! { <ul class="items">{ for rows.map(row) }</ul> }
}

//! Unsaved changes of rows that are not in their list: drafts of deleted rows, and rows that could not be added.

use yew::prelude::*;

use super::people::People;
use super::row::{TextRow, editors, use_add};
use crate::components::{Choice, ConflictCard};
use crate::kept::{KeptText, use_from_kept, use_kept, use_unresolved};
use crate::title::move_focus;
use crate::toast::use_toaster;
use crate::unresolved::{Problem, Unresolved};

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct LeftoversProperties {
    /// The id of the coaching session or coaching relationship of the list.
    pub(super) scope: AttrValue,
    /// The ids of the rows in the list.
    pub(super) present: Vec<u128>,
    pub(super) people: People,
}

/// The unsaved changes of rows that are not in the list: drafts of deleted rows, and rows that could not be added.
#[component]
pub(super) fn Leftovers<T: TextRow>(props: &LeftoversProperties) -> Html {
    let (kept, toaster) = (use_kept(), use_toaster());
    let add = use_add::<T>();
    let scope = props.scope.clone();
    let editors = AttrValue::from(editors::<T>(&scope));
    let texts = {
        let editors = editors.clone();
        use_from_kept(move |kept| kept.texts_below(&editors))
    };
    let unresolved = use_unresolved(move |all| {
        let of_list = |each: &&Unresolved| {
            let row = || T::from_row(each.seen.clone());
            each.collection == T::COLLECTION && row().is_some_and(|row| *row.scope() == *scope)
        };
        all.iter().filter(of_list).cloned().collect::<Vec<_>>()
    });
    let is_absent = |id: u128| !props.present.contains(&id);
    // The rows in the list at the previous render.
    let before = use_mut_ref(Vec::new).replace(props.present.clone());
    let has_just_gone = |id: u128| before.contains(&id);
    let add_again = |wanted: Option<T>, done: Callback<()>| {
        let (add, wanted) = (add.clone(), wanted?);
        Some(Callback::from(move |()| {
            add.emit(wanted.anew());
            done.emit(());
        }))
    };
    let noun = T::NAMES.noun;
    let of_changes = unresolved
        .iter()
        .filter(|each| is_absent(each.row.as_u128()))
        .map(|each| {
            let wanted = each.wanted::<T>();
            let done = {
                let (kept, each) = (kept.clone(), each.clone());
                Callback::from(move |()| kept.resolve(&each))
            };
            let explanation = match &each.problem {
                Problem::Refused { message } if each.changes.is_empty() => {
                    format!("This {noun} could not be added. {message}")
                }
                Problem::Uncertain => format!(
                    "It is not known whether this {noun} was added: the server could not be reached. Please look above."
                ),
                // Only for this problem is `by` the person who deleted the row.
                Problem::DeletedThere if each.by.is_some() => format!(
                    "{} deleted this {noun} while you were changing it.",
                    each.by
                        .and_then(|by| props.people.name(by))
                        .unwrap_or_else(|| "The other person".to_owned())
                ),
                Problem::DeletedThere
                | Problem::BothChanged { .. }
                | Problem::ChangedThere
                | Problem::Refused { .. } => format!("This {noun} was deleted while you were changing it."),
            };
            let text = wanted.as_ref().and_then(|row| row.text().map(str::to_owned));
            let again = {
                let (kept, each) = (kept.clone(), each.clone());
                Callback::from(move |()| kept.put_back(&each))
            };
            Left {
                key: each.id.clone(),
                explanation,
                text,
                on_text: None,
                has_just_gone: false,
                on_add: add_again(wanted, done.clone()),
                on_discard: done,
                on_undo: again,
            }
        });
    let of_editors = texts.iter().cloned().filter_map(|(place, typed)| {
        let (id, field) = place_of_text::<T>(&place, &editors)?;
        let mut row = typed.row.clone().filter(|_| is_absent(id.as_u128()))?;
        row.insert(field, typed.text.clone().into());
        let wanted = T::from_row(row)?;
        let done = {
            let (kept, place) = (kept.clone(), place.clone());
            Callback::from(move |()| kept.set_text(&place, None))
        };
        let on_text = {
            let (kept, place, typed) = (kept.clone(), place.clone(), typed.clone());
            Callback::from(move |text: String| {
                kept.set_text(&place, Some(&KeptText { text, ..typed.clone() }));
            })
        };
        let again = {
            let (kept, place, typed) = (kept.clone(), place.clone(), typed.clone());
            Callback::from(move |()| kept.set_text(&place, Some(&typed)))
        };
        Some(Left {
            key: place,
            explanation: format!("This {noun} was deleted while you were editing it."),
            text: Some(typed.text),
            on_text: Some(on_text),
            has_just_gone: has_just_gone(id.as_u128()),
            on_add: add_again(Some(wanted), done.clone()),
            on_discard: done,
            on_undo: again,
        })
    });
    let card = |left: Left| {
        let choice = |label: &'static str, decide: Callback<()>| Choice {
            label,
            on_choose: Callback::from(move |()| {
                decide.emit(());
                // The button disappears with the decision, so the focus moves.
                move_focus(&format!("new-{noun}"));
            }),
        };
        let add = left.on_add.map(|on_add| choice("Add again", on_add));
        let discard = {
            let (toaster, undo) = (toaster.clone(), left.on_undo);
            left.on_discard.reform(move |()| {
                toaster.offer("Text discarded.", "Undo", undo.clone());
            })
        };
        let choices: Vec<_> = add.into_iter().chain([choice("Discard", discard)]).collect();
        html! {
            <div key={left.key} class="leftover">
                <ConflictCard explanation={left.explanation} text={left.text} on_text={left.on_text}
                    replaces_field={left.has_just_gone} author={String::new()} {choices} />
            </div>
        }
    };
    html! { <div class="leftovers">{ for of_changes.chain(of_editors).map(card) }</div> }
}

/// The unsaved change of a row that is not in the list.
struct Left {
    key: String,
    explanation: String,
    text: Option<String>,
    /// The callback for edits of the text.
    on_text: Option<Callback<String>>,
    /// Whether the row was in the list at the previous render.
    has_just_gone: bool,
    on_add: Option<Callback<()>>,
    on_discard: Callback<()>,
    /// The callback that restores a discarded change.
    on_undo: Callback<()>,
}

/// Parses the key of a draft: returns the row and the field of the text.
fn place_of_text<T: TextRow>(place: &str, editors: &str) -> Option<(uuid::Uuid, String)> {
    let rest = place.strip_prefix(editors)?;
    let (id, field) = rest.split_once('/').unwrap_or((rest, T::TEXT));
    Some((id.parse().ok()?, field.to_owned()))
}

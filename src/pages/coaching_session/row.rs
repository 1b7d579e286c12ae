//! The common parts of all rows: changes with undo, and unresolved changes.

use std::rc::Rc;

use intent::{FieldConflict, Row, Value};
use yew::prelude::*;

use super::history::History;
use super::people::{People, field_label};
use crate::api::Api;
use crate::components::{Choice, ConflictCard, Versus, editor_id, text_id};
use crate::kept::{Kept, KeptText, use_kept, use_unresolved};
use crate::query::{UseMutation, use_mutation, use_query_client, use_unsaved};
use crate::resources::{Create, Delete, Record, Removed, Restore, Saved, Update};
use crate::time::Instant;
use crate::title::{move_focus, move_focus_soon};
use crate::toast::{Toaster, use_toaster};
use crate::unresolved::{Problem, Unresolved};

/// The label of the choice that leaves the row as the other person has it.
const KEEP_THEIRS: &str = "Keep theirs";

/// A row with a text that is edited in place.
pub(super) trait TextRow: Record {
    /// The field of the text, as on the wire.
    const TEXT: &'static str;

    /// The maximum number of characters of the text.
    const MAX_LENGTH: usize;

    /// Returns the text.
    fn text(&self) -> Option<&str>;

    /// Returns the row with another text.
    fn with_text(&self, text: String) -> Self;

    /// Returns the id of the coaching session or coaching relationship of the row's list.
    fn scope(&self) -> String;

    /// Returns the row with a temporary id, to be added again.
    fn anew(&self) -> Self;

    /// Returns the key under which the draft of the row's editor is stored.
    fn editor(&self) -> AttrValue {
        format!("{}{}", editors::<Self>(&self.scope()), self.uuid()).into()
    }
}

/// Returns the prefix of the keys under which the drafts of a list's editors are stored.
pub(super) fn editors<T: TextRow>(scope: &str) -> String {
    format!("edit/{}/{scope}/", T::COLLECTION)
}

/// Returns the key under which the draft of the form below a list is stored.
pub(super) fn form<T: TextRow>(scope: &str) -> AttrValue {
    format!("new/{}/{scope}", T::COLLECTION).into()
}

/// A row, with the changes that a person can make to it.
#[derive(Clone)]
pub(super) struct UseRow<T: TextRow> {
    row: Rc<T>,
    update: UseMutation<Update<T>>,
    toaster: Toaster,
    kept: Kept,
    /// The moment since which a change of the row waits to be saved.
    pub(super) unsaved_since: Option<Instant>,
    unresolved: Rc<Option<Unresolved>>,
    /// Whether the server stores the history of the row.
    pub(super) has_history: bool,
}

/// Returns the row with the changes that a person can make to it.
#[hook]
pub(super) fn use_row<T: TextRow>(row: &Rc<T>) -> UseRow<T> {
    let id = row.uuid();
    UseRow {
        row: Rc::clone(row),
        update: use_mutation(),
        toaster: use_toaster(),
        kept: use_kept(),
        unsaved_since: use_unsaved::<Api>(row.id()),
        unresolved: use_unresolved(move |all| all.iter().find(|each| each.row == id).cloned()),
        has_history: use_query_client::<Api>().backend().patches(),
    }
}

/// Returns a callback that deletes a row at once, and offers to undo it.
#[hook]
pub(super) fn use_delete<T: TextRow>(row: &UseRow<T>) -> Callback<()> {
    let delete = use_mutation::<Delete<T>>();
    let restore = use_mutation::<Restore<T>>();
    let this = row.clone();
    Callback::from(move |()| {
        let row = (*this.row).clone();
        let (restore, again) = (restore.clone(), row.clone());
        let (kept, unresolved, typed) = (
            this.kept.clone(),
            Rc::clone(&this.unresolved),
            this.kept.text(&row.editor()),
        );
        kept.set_text(&row.editor(), None);
        if let Some(unresolved) = &*unresolved {
            kept.resolve(unresolved);
        }
        let message = format!("{} deleted.", capitalised(T::NAMES.noun));
        move_focus(&format!("new-{}", T::NAMES.noun));
        let undo = Callback::from(move |()| {
            restore.run(Restore::of(again.clone()));
            if let Some(unresolved) = &*unresolved {
                kept.put_back(unresolved);
            }
            if typed.is_some() {
                kept.set_text(&again.editor(), typed.as_ref());
            }
        });
        let (toaster, offer) = (this.toaster.clone(), this.toaster.offer(message, "Undo", undo));
        delete.run_to_end(Delete::of(row), move |removal| {
            let is_gone = removal.is_ok_and(|removal| matches!(removal.removed, Removed::Gone));
            if !is_gone {
                toaster.withdraw(offer);
            }
        });
    })
}

/// Returns a callback that adds a row.
#[hook]
pub(super) fn use_add<T: TextRow>() -> Callback<T> {
    let create = use_mutation::<Create<T>>();
    Callback::from(move |draft: T| create.run(Create(draft)))
}

impl<T: TextRow> UseRow<T> {
    /// Changes the row to `wanted`, shows a message, and offers to undo the change.
    pub(super) fn change(&self, wanted: &T, message: impl Into<String>) {
        self.change_from(&self.row, wanted, message);
    }

    /// Changes the row starting from the form in which the person saw it, even if it has changed since.
    pub(super) fn change_from(&self, seen: &T, wanted: &T, message: impl Into<String>) {
        let change = Update::between(seen, wanted);
        if change.changes.is_empty() {
            return;
        }
        let (update, undo) = (self.update.clone(), change.reversed());
        let undo = Callback::from(move |()| update.run(undo.clone()));
        let (toaster, offer) = (self.toaster.clone(), self.toaster.offer(message, "Undo", undo));
        self.update.run_to_end(change, move |saved| {
            // The change was not made, or not completely. The row shows the rest as an unresolved change.
            if !matches!(saved, Ok(Saved::Row { conflicts, .. }) if conflicts.is_empty()) {
                toaster.withdraw(offer);
            }
        });
    }

    /// Returns a callback that saves a text from the editor.
    pub(super) fn on_save(&self) -> Callback<KeptText> {
        let this = self.clone();
        Callback::from(move |typed: KeptText| {
            // The change starts from the row as the person saw it, even if it has changed since.
            let seen = this.row.with_text(typed.seen).at_version(typed.version);
            let wanted = seen.with_text(typed.text);
            this.change_from(&seen, &wanted, format!("{} changed.", capitalised(T::NAMES.noun)));
            if let Some(unresolved) = &*this.unresolved {
                this.kept.resolve_field(unresolved, T::TEXT);
            }
        })
    }

    /// Returns a callback that reports a discarded draft, and offers to restore it.
    pub(super) fn on_discard(&self, place: AttrValue) -> Callback<KeptText> {
        let this = self.clone();
        Callback::from(move |typed: KeptText| {
            let (kept, place) = (this.kept.clone(), place.clone());
            let undo = Callback::from(move |()| kept.set_text(&place, Some(&typed)));
            this.toaster.offer("Text discarded.", "Undo", undo);
        })
    }

    /// Shows the history of the row.
    pub(super) fn history(&self, people: &People) -> Html {
        html! {
            <History collection={T::COLLECTION} id={self.row.uuid()} text_field={T::TEXT}
                text={self.row.text().unwrap_or_default().to_owned()} people={people.clone()}
                on_bring_back={self.on_bring_back()} />
        }
    }

    /// Returns a callback that restores an earlier text.
    fn on_bring_back(&self) -> Callback<String> {
        let this = self.clone();
        Callback::from(move |text: String| this.change(&this.row.with_text(text), "The earlier text is back."))
    }

    /// Returns a callback for the row that is stored with an open editor.
    pub(super) fn on_keep(&self) -> Callback<(), Row> {
        let row = Rc::clone(&self.row);
        Callback::from(move |()| row.to_row())
    }

    /// Shows the unresolved change of this row, if there is one. `on_delete` is the callback that deletes the row, if
    /// that is possible.
    pub(super) fn conflict(&self, people: &People, on_delete: Option<&Callback<()>>) -> Html {
        let Some(unresolved) = &*self.unresolved else {
            return Html::default();
        };
        let noun = T::NAMES.noun;
        let now = self.row.to_row();
        let conflicts = unresolved.conflicts(&now);
        // The other version comes from another tab or device of the same person.
        let is_own = unresolved.by == Some(people.user);
        let (explanation, choices) = match &unresolved.problem {
            Problem::BothChanged { .. } if is_own => (
                format!("You have changed this {noun} in two places."),
                self.conflict_choices("Keep the other", unresolved, &conflicts),
            ),
            Problem::BothChanged { .. } => (
                format!("Both of you have changed this {noun}."),
                self.conflict_choices(KEEP_THEIRS, unresolved, &conflicts),
            ),
            Problem::DeletedThere => (
                format!("This {noun} was deleted while you were changing it, and is back."),
                self.conflict_choices(KEEP_THEIRS, unresolved, &conflicts),
            ),
            Problem::ChangedThere => (
                format!("You deleted this {noun}. It was changed meanwhile, so it is still here."),
                // Deleting resolves the change itself, and also moves the focus when the row is gone.
                std::iter::once(self.giving_up(KEEP_THEIRS, unresolved))
                    .chain(on_delete.map(|on_delete| Choice {
                        label: "Delete",
                        on_choose: on_delete.clone(),
                    }))
                    .collect(),
            ),
            Problem::Refused { message } => (
                format!("Your change could not be saved. {message}"),
                self.refusal_choices(unresolved),
            ),
            Problem::Uncertain => (
                format!("It is not known whether your change of this {noun} was saved."),
                self.refusal_choices(unresolved),
            ),
        };
        let author = match unresolved.problem {
            Problem::Refused { .. } | Problem::Uncertain => "As it is saved".to_owned(),
            _ => people.author(unresolved.by, unresolved.at),
        };
        let values = versus(&conflicts, people);
        html! { <ConflictCard {explanation} {values} {author} {choices} /> }
    }

    fn conflict_choices(
        &self,
        keep: &'static str,
        unresolved: &Unresolved,
        conflicts: &[FieldConflict],
    ) -> Vec<Choice> {
        let mine: Vec<(String, Value)> = conflicts
            .iter()
            .map(|conflict| (conflict.field.clone(), conflict.mine.clone()))
            .collect();
        let mut choices = vec![self.giving_up(keep, unresolved)];
        if !mine.is_empty() {
            choices.push(self.choice("Use mine", unresolved, move |this| {
                let mut row = this.row.to_row();
                row.extend(mine.clone());
                let wanted = T::from_row(row);
                if let Some(wanted) = &wanted {
                    this.change(wanted, "Your version is used.");
                }
                wanted.is_some()
            }));
        }
        let text = conflicts.iter().find(|conflict| conflict.field == T::TEXT);
        let text = text.and_then(|conflict| conflict.mine.as_str().map(str::to_owned));
        choices.extend(text.map(|text| self.edit_choice(text)));
        choices
    }

    fn refusal_choices(&self, unresolved: &Unresolved) -> Vec<Choice> {
        let changes = unresolved.changes.clone();
        let text = changes.iter().find(|change| change.field == T::TEXT);
        let text = text.and_then(|change| change.to.as_str().map(str::to_owned));
        let mut choices = vec![
            self.giving_up("Discard", unresolved),
            self.choice("Try again", unresolved, move |this| {
                let wanted = T::from_row(changes.apply(&this.row.to_row()));
                if let Some(wanted) = &wanted {
                    this.change(wanted, "Saved.");
                }
                wanted.is_some()
            }),
        ];
        choices.extend(text.map(|text| self.edit_choice(text)));
        choices
    }

    /// Returns a choice that opens the editor with this text. The decision is made when the text is saved.
    fn edit_choice(&self, text: String) -> Choice {
        let this = self.clone();
        let on_choose = Callback::from(move |()| {
            let is_typing = this
                .kept
                .text(&this.row.editor())
                .is_some_and(|typed| !typed.is_untouched());
            if is_typing {
                return this.toaster.say("The editor is open already. Save or cancel it first.");
            }
            let now = this.row.text().unwrap_or_default().to_owned();
            let typed = KeptText {
                text: text.clone(),
                ..KeptText::of_row(now, this.row.version(), this.row.to_row())
            };
            this.kept.set_text(&this.row.editor(), Some(&typed));
            move_focus_soon(editor_id(this.row.uuid()));
        });
        Choice {
            label: "Edit",
            on_choose,
        }
    }

    /// Returns a choice that gives up the person's own change. The choice can be undone.
    fn giving_up(&self, label: &'static str, unresolved: &Unresolved) -> Choice {
        let again = unresolved.clone();
        self.choice(label, unresolved, move |this| {
            let (kept, again) = (this.kept.clone(), again.clone());
            let undo = Callback::from(move |()| kept.put_back(&again));
            this.toaster.offer("Your change is given up.", "Undo", undo);
            true
        })
    }

    /// Returns a choice that resolves the change if `act` succeeds.
    fn choice(&self, label: &'static str, unresolved: &Unresolved, act: impl Fn(&Self) -> bool + 'static) -> Choice {
        let (this, unresolved) = (self.clone(), unresolved.clone());
        let on_choose = Callback::from(move |()| {
            if act(&this) {
                this.kept.resolve(&unresolved);
                // The button disappears with the decision, so the focus moves.
                move_focus(&text_id(this.row.uuid()));
            }
        });
        Choice { label, on_choose }
    }
}

/// Returns the values of both people, field by field.
fn versus(conflicts: &[FieldConflict], people: &People) -> Vec<Versus> {
    let value = |conflict: &FieldConflict| Versus {
        label: field_label(&conflict.field),
        mine: people.describe(&conflict.field, &conflict.mine),
        theirs: people.describe(&conflict.field, &conflict.theirs),
    };
    conflicts.iter().map(value).collect()
}

fn capitalised(noun: &str) -> String {
    let mut letters = noun.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

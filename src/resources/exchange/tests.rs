//! Tests of exchanges: the row that was seen, the row that is wanted, and the current row.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;
use wire::{Action, ActionId, CoachingSessionId, FieldAuthor, ItemStatus, Timestamp, UserId};

use super::*;
use crate::query::{AnyMutation, List, Mutation, Value};
use crate::resources::{Delete, Removal, Restore, Update};

/// Returns an action with this version.
pub(in crate::resources) fn action(version: Option<u64>, body: &str, status: ItemStatus) -> Action {
    let then = Timestamp::default();
    Action {
        id: ActionId::from_u128(7),
        coaching_session_id: CoachingSessionId::from_u128(1),
        goal_id: None,
        user_id: UserId::from_u128(2),
        body: Some(body.to_owned()),
        due_by: None,
        status,
        status_changed_at: then,
        created_at: then,
        updated_at: then,
        assignee_ids: Vec::new(),
        version,
    }
}

pub(in crate::resources) const OPEN: ItemStatus = ItemStatus::InProgress;
pub(in crate::resources) const DONE: ItemStatus = ItemStatus::Completed;

/// Completes an action that was seen at version 1.
fn tick(circumstances: Circumstances<Action>) -> (Updating<Action>, Step<Action, Saved<Action>>) {
    let version = circumstances.patches.then_some(1);
    let seen = action(version, "a", OPEN);
    let Update { changes, .. } = Update::between(&seen, &action(version, "a", DONE));
    Updating::begin(&seen, &changes, circumstances)
}

fn patching(confirmed: Option<Action>) -> Circumstances<Action> {
    Circumstances {
        patches: true,
        has_status_route: false,
        confirmed: confirmed.map(Rc::new),
        is_current: false,
    }
}

fn putting(confirmed: Option<Action>, is_current: bool) -> Circumstances<Action> {
    Circumstances {
        patches: false,
        has_status_route: true,
        confirmed: confirmed.map(Rc::new),
        is_current,
    }
}

fn patch_of_status(version: u64) -> Step<Action, Saved<Action>> {
    let mut patch = Row::new();
    patch.insert("status".to_owned(), json!("Completed"));
    Step::Ask(Ask::Patch(patch, version))
}

fn put(now: Action, wanted: &Action) -> Step<Action, Saved<Action>> {
    Step::Ask(Ask::Put {
        now: Box::new(now),
        wanted: Box::new(wanted.clone()),
    })
}

fn saved(row: Action, conflicts: &[&str]) -> (Action, Vec<String>) {
    (row, conflicts.iter().map(|field| (*field).to_owned()).collect())
}

#[track_caller]
fn done(step: Step<Action, Saved<Action>>) -> (Action, Vec<String>) {
    match step {
        Step::Done(Saved::Row { row, conflicts, .. }) => {
            (row, conflicts.into_iter().map(|conflict| conflict.field).collect())
        }
        other => panic!("{other:?}"),
    }
}

fn changed(now: Action) -> Answer<Action> {
    Answer::Changed(Changed {
        now,
        authors: BTreeMap::new(),
    })
}

#[test]
fn update_is_one_patch_if_nothing_interferes() {
    let (mut updating, step) = tick(patching(None));
    assert_eq!(step, patch_of_status(1));
    let row = action(Some(2), "a", DONE);
    assert_eq!(done(updating.handle(Answer::Row(row.clone()))), saved(row, &[]));
}

#[test]
fn update_takes_second_patch_after_412() {
    let (mut updating, _) = tick(patching(None));
    assert_eq!(updating.handle(changed(action(Some(2), "b", OPEN))), patch_of_status(2));
    let row = action(Some(3), "b", DONE);
    assert_eq!(done(updating.handle(Answer::Row(row.clone()))), saved(row, &[]));
}

#[test]
fn update_uses_newest_version_that_fits() {
    let newer = action(Some(5), "b", OPEN);
    assert_eq!(tick(patching(Some(newer))).1, patch_of_status(5));
    // Another person has written the status: the condition is on the version that was seen, so that the server answers
    // with the current row.
    let conflicting = action(Some(5), "b", ItemStatus::OnHold);
    assert_eq!(tick(patching(Some(conflicting))).1, patch_of_status(1));
}

#[test]
fn same_field_is_a_conflict_and_stays_unwritten() {
    let (mut updating, _) = tick(patching(None));
    let theirs = action(Some(2), "a", ItemStatus::WontDo);
    let step = updating.handle(changed(theirs.clone()));
    assert_eq!(done(step), saved(theirs, &["status"]));
}

#[test]
fn same_value_leaves_nothing_to_do() {
    let (mut updating, _) = tick(patching(None));
    let theirs = action(Some(2), "b", DONE);
    assert_eq!(done(updating.handle(changed(theirs.clone()))), saved(theirs, &[]));
}

#[test]
fn field_without_conflict_is_written_beside_a_conflict() {
    let seen = action(Some(1), "a", OPEN);
    let Update { changes, .. } = Update::between(&seen, &action(Some(1), "mine", DONE));
    let (mut updating, _) = Updating::begin(&seen, &changes, patching(None));
    let step = updating.handle(changed(action(Some(2), "theirs", OPEN)));
    assert_eq!(step, patch_of_status(2));
    let row = action(Some(3), "theirs", DONE);
    assert_eq!(done(updating.handle(Answer::Row(row.clone()))), saved(row, &["body"]));
}

#[test]
fn constantly_changing_row_is_retried_later() {
    let (mut updating, mut step) = tick(patching(None));
    for version in 2..40 {
        if step == Step::Later {
            return assert_eq!(version, 10, "after eight rounds");
        }
        step = updating.handle(changed(action(Some(version), "b", OPEN)));
    }
    panic!("it never ends");
}

#[test]
fn deleted_row_ends_the_update() {
    let (mut updating, _) = tick(patching(None));
    assert_eq!(updating.handle(Answer::Gone(None)), Step::Done(Saved::Gone(None)));
}

#[test]
fn unversioned_row_is_read_before_patch() {
    let seen = action(None, "a", OPEN);
    let Update { changes, .. } = Update::between(&seen, &action(None, "a", DONE));
    let (mut updating, step) = Updating::begin(&seen, &changes, patching(None));
    // A patch without condition would overwrite unseen values. A patch on this condition writes nothing.
    assert_eq!(step, patch_of_status(NO_VERSION));
    let step = updating.handle(changed(action(Some(3), "b", OPEN)));
    assert_eq!(step, patch_of_status(3));
}

#[test]
fn unversioned_conflict_names_author() {
    let seen = action(None, "a", OPEN);
    let Update { changes, .. } = Update::between(&seen, &action(None, "a", DONE));
    let (mut updating, _) = Updating::begin(&seen, &changes, patching(None));
    let author = FieldAuthor {
        by: UserId::from_u128(9),
        at: Timestamp::default(),
    };
    let told = BTreeMap::from([("status".to_owned(), author)]);
    let step = updating.handle(Answer::Changed(Changed {
        now: action(Some(3), "a", ItemStatus::WontDo),
        authors: told.clone(),
    }));
    let Step::Done(Saved::Row { conflicts, authors, .. }) = step else {
        panic!("{step:?}");
    };
    assert_eq!((conflicts.len(), authors), (1, told));
}

#[test]
fn seen_version_counts_only_if_values_fit() {
    // The update is combined from two changes that were made on different screens, one of which was out of date.
    let seen = action(Some(5), "a", OPEN);
    let Update { changes, .. } = Update::between(&action(Some(4), "b", OPEN), &action(Some(4), "c", OPEN));
    let (_, step) = Updating::begin(&seen, &changes, patching(None));
    assert_eq!(step, Step::Ask(Ask::Patch(changes.patch(), NO_VERSION)));
}

#[test]
fn row_with_unconfirmed_values_shows_no_version() {
    let seen = action(Some(5), "a", OPEN);
    let update = Update::between(&seen, &action(Some(5), "a", DONE));
    let list = Value::new(List::from(vec![Rc::new(seen)]));
    let edit = update.edits().edits.remove(0);
    let shown = edit.optimistic.apply(&list).get::<List<Action>>().unwrap();
    // The server never had these values together: with a condition on version 5, an update would overwrite values of
    // that version that it has not seen.
    assert_eq!((shown[0].status, shown[0].version), (DONE, None));
    assert_eq!(update.reversed().seen.version, None);
}

#[test]
fn restore_keeps_existing_row() {
    let list = Value::new(List::from(vec![Rc::new(action(None, "newer", OPEN))]));
    let edit = Restore::of(action(Some(2), "a", OPEN)).edits().edits.remove(0);
    assert!(edit.optimistic.apply(&list).is(&list));
    let empty = Value::new(List::<Action>::new());
    let shown = edit.optimistic.apply(&empty).get::<List<Action>>().unwrap();
    assert_eq!(shown[0].body.as_deref(), Some("a"));
}

#[test]
fn row_that_stays_comes_to_no_other_list() {
    let row = action(Some(2), "a", OPEN);
    let edit = Delete::of(row.clone()).edits().edits.remove(0);
    let Answer::Changed(now) = changed(action(Some(3), "theirs", OPEN)) else {
        unreachable!()
    };
    let removal = Removal {
        removed: Removed::Kept(now),
        pending: Changes::default(),
    };
    let outcome = (edit.outcome)(&removal).unwrap();
    let shown = |list: List<Action>| outcome.apply(&Value::new(list)).get::<List<Action>>().unwrap();
    assert_eq!(shown(List::new()).len(), 0);
    assert_eq!(shown(List::from(vec![Rc::new(row)]))[0].body.as_deref(), Some("theirs"));
}

#[test]
fn unversioned_row_is_read_before_deletion() {
    let seen = action(None, "a", OPEN);
    let (mut deleting, step) = Deleting::begin(&seen, patching(None));
    assert_eq!(step, Step::Ask(Ask::Delete(Some(NO_VERSION))));
    let step = deleting.handle(changed(action(Some(3), "a", OPEN)));
    assert_eq!(step, Step::Ask(Ask::Delete(Some(3))));
}

#[test]
fn current_row_is_put_at_once() {
    let (_, step) = tick(putting(Some(action(None, "b", OPEN)), true));
    assert_eq!(step, Step::Ask(Ask::Status("Completed".to_owned())));
}

#[test]
fn without_patch_an_old_row_is_read_first() {
    for circumstances in [putting(None, true), putting(Some(action(None, "a", OPEN)), false)] {
        let (mut updating, step) = tick(circumstances);
        assert_eq!(step, Step::Ask(Ask::Read));
        let now = action(None, "b", OPEN);
        let step = updating.handle(Answer::Row(now.clone()));
        assert_eq!(step, Step::Ask(Ask::Status("Completed".to_owned())));
        // Some versions of the coaching backend refuse their own route. The row may have changed meanwhile.
        assert_eq!(updating.handle(Answer::NoRoute), Step::Ask(Ask::Read));
        let now = action(None, "c", OPEN);
        let wanted = action(None, "c", DONE);
        assert_eq!(updating.handle(Answer::Row(now.clone())), put(now, &wanted));
        assert_eq!(done(updating.handle(Answer::Row(wanted.clone()))), saved(wanted, &[]));
    }
}

#[test]
fn current_status_is_put_without_status_route() {
    let now = action(None, "b", OPEN);
    let circumstances = Circumstances {
        has_status_route: false,
        ..putting(Some(now.clone()), true)
    };
    let (_, step) = tick(circumstances);
    assert_eq!(step, put(now, &action(None, "b", DONE)));
}

#[test]
fn without_patch_a_conflict_writes_nothing() {
    let (mut updating, _) = tick(putting(None, false));
    let theirs = action(None, "a", ItemStatus::WontDo);
    assert_eq!(
        done(updating.handle(Answer::Row(theirs.clone()))),
        saved(theirs, &["status"])
    );
}

#[test]
fn deletion_asks_again_with_a_changed_text() {
    let seen = action(Some(1), "a", OPEN);
    let (mut deleting, step) = Deleting::begin(&seen, patching(None));
    assert_eq!(step, Step::Ask(Ask::Delete(Some(1))));
    let now = action(Some(2), "b", OPEN);
    let step = deleting.handle(changed(now.clone()));
    let authors = BTreeMap::new();
    assert_eq!(step, Step::Done(Removed::Kept(Changed { now, authors })));
}

#[test]
fn deletion_ignores_version_only_change() {
    let seen = action(Some(1), "a", OPEN);
    let (mut deleting, _) = Deleting::begin(&seen, patching(None));
    let step = deleting.handle(changed(action(Some(4), "a", OPEN)));
    assert_eq!(step, Step::Ask(Ask::Delete(Some(4))));
    assert_eq!(deleting.handle::<Action>(Answer::Deleted), Step::Done(Removed::Gone));
}

#[test]
fn without_patch_a_deletion_reads_first_unless_current() {
    let seen = action(None, "a", OPEN);
    let (_, step) = Deleting::begin(&seen, putting(Some(seen.clone()), true));
    assert_eq!(step, Step::Ask(Ask::Delete(None)));
    let (mut deleting, step) = Deleting::begin(&seen, putting(Some(seen.clone()), false));
    assert_eq!(step, Step::Ask(Ask::Read));
    assert_eq!(deleting.handle(Answer::Row(seen.clone())), Step::Ask(Ask::Delete(None)));
    let (mut deleting, _) = Deleting::begin(&seen, putting(None, false));
    let now = action(None, "b", OPEN);
    let authors = BTreeMap::new();
    assert_eq!(
        deleting.handle(Answer::Row(now.clone())),
        Step::Done(Removed::Kept(Changed { now, authors }))
    );
}

#[test]
fn deletion_keeps_pending_changes_on_rename() {
    let (draft, changed) = (action(None, "a", OPEN), action(None, "b", OPEN));
    let deletion = Delete {
        pending: Update::between(&draft, &changed).changes,
        ..Delete::of(draft.clone())
    };
    let created = Action {
        id: ActionId::from_u128(draft.id.as_u128() + 1),
        ..action(Some(1), "a", OPEN)
    };
    let following = deletion.follow(&created).unwrap();
    let held = Delete {
        seen: created,
        ..deletion
    };
    assert_eq!(following.content(), AnyMutation::new(held).content());
}

#[test]
fn conflict_names_the_author_of_its_own_field() {
    let seen = action(Some(1), "a", OPEN);
    let update = Update::between(&seen, &action(Some(1), "mine", DONE));
    let author = |person| FieldAuthor {
        by: UserId::from_u128(person),
        at: Timestamp::default(),
    };
    let conflict = FieldConflict {
        field: "status".to_owned(),
        from: json!(OPEN),
        mine: json!(DONE),
        theirs: json!("OnHold"),
    };
    // The body was the first of the changed fields, but already had the wanted value.
    let authors = [("body".to_owned(), author(8)), ("status".to_owned(), author(9))];
    let saved = Saved::Row {
        row: action(Some(3), "mine", ItemStatus::OnHold),
        conflicts: vec![conflict],
        authors: BTreeMap::from(authors),
    };
    let left = update.leftover(Ok(&saved)).unwrap();
    assert_eq!(left.by, Some(UserId::from_u128(9)));
}

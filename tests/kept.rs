//! Drafts and unresolved changes outlive the tab, and belong to one person.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and stands in for the browser"
)]

mod common;

use std::collections::BTreeMap;

use common::{Place, until};
use freshet::browser::storage;
use freshet::kept::{Kept, KeptProvider, KeptText, use_kept_text, use_unresolved};
use freshet::resources::{Record as _, Update};
use freshet::unresolved::{Problem, Unresolved};
use intent::FieldConflict;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{Action, ActionId, CoachingSessionId, ItemStatus, Timestamp, UserId};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

fn typed(text: &str) -> KeptText {
    KeptText {
        text: text.to_owned(),
        ..KeptText::default()
    }
}

/// Starts a visit of this signed-in person.
fn visit(owner: &str) -> Kept {
    storage::remember_user(Some(owner));
    let kept = Kept::new();
    kept.set_owner(owner);
    kept
}

/// Starts a visit of this person without anything from earlier tests.
fn fresh(owner: &str) -> Kept {
    let kept = visit(owner);
    kept.clear();
    visit(owner)
}

fn action(body: &str) -> Action {
    let then = Timestamp::default();
    Action {
        id: ActionId::from_u128(7),
        coaching_session_id: CoachingSessionId::from_u128(1),
        goal_id: None,
        user_id: UserId::from_u128(2),
        body: Some(body.to_owned()),
        due_by: None,
        status: ItemStatus::InProgress,
        status_changed_at: then,
        created_at: then,
        updated_at: then,
        assignee_ids: Vec::new(),
        version: Some(1),
    }
}

/// Creates a conflict: both people have changed the text to different values.
fn conflict(from: &str, mine: &str, theirs: &str) -> Unresolved {
    let update = Update::between(&action(from), &action(mine));
    let fields = vec![FieldConflict {
        field: "body".to_owned(),
        from: from.into(),
        mine: mine.into(),
        theirs: theirs.into(),
    }];
    Unresolved::new(
        &update.seen,
        update.changes,
        Problem::BothChanged { fields },
        &BTreeMap::new(),
    )
    .now(&action(theirs))
}

#[wasm_bindgen_test]
fn typed_text_is_there_on_next_visit() {
    fresh("a").set_text("new/actions/1", Some(&typed("half a thought")));
    let again = visit("a");
    assert_eq!(again.text("new/actions/1"), Some(typed("half a thought")));
    assert!(again.has_texts() && !again.is_at_risk());
    again.set_text("new/actions/1", None);
    assert_eq!(visit("a").text("new/actions/1"), None);
}

#[wasm_bindgen_test]
fn another_person_finds_no_text() {
    fresh("a").set_text("new/actions/1", Some(&typed("private")));
    let other = visit("b");
    assert!(!other.has_texts());
    assert_eq!(visit("a").text("new/actions/1"), None, "it is gone from the device");
    assert!(storage::names("freshet-kept/a/").is_empty());
}

#[wasm_bindgen_test]
fn signing_out_on_purpose_removes_everything() {
    let kept = fresh("a");
    kept.set_text("new/actions/1", Some(&typed("private")));
    kept.add_unresolved(&conflict("a", "mine", "theirs"));
    kept.clear();
    assert!(storage::names("freshet-kept/").is_empty());
    assert!(visit("a").unresolved().is_empty());
}

#[wasm_bindgen_test]
fn renamed_row_keeps_its_typed_text() {
    let kept = fresh("a");
    let [temporary, other, real] = [1, 2, 3].map(uuid::Uuid::from_u128);
    let places = [
        format!("edit/goals/1/{temporary}"),
        format!("edit/goals/1/{temporary}/body"),
        format!("edit/goals/1/{other}"),
    ];
    for place in &places {
        kept.set_text(place, Some(&typed("half")));
    }
    kept.rename_row(temporary, real);
    let places: Vec<String> = kept
        .texts_below("edit/goals/1/")
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    let expected = [
        format!("edit/goals/1/{other}"),
        format!("edit/goals/1/{real}"),
        format!("edit/goals/1/{real}/body"),
    ];
    assert_eq!(places, expected);
    kept.clear();
}

#[wasm_bindgen_test]
fn conflict_outlives_the_page_until_decided() {
    fresh("a").add_unresolved(&conflict("a", "mine", "theirs"));
    let again = visit("a");
    let all = again.unresolved();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].wanted::<Action>().unwrap().body.as_deref(), Some("mine"));
    again.resolve(&all[0]);
    assert!(again.unresolved().is_empty() && visit("a").unresolved().is_empty());
}

#[wasm_bindgen_test]
fn conflicts_are_shown_oldest_first() {
    let kept = fresh("a");
    let words = ["one", "two", "three", "four", "five", "six"];
    let rows = (1..).zip(words);
    for (row, word) in rows {
        let conflict = Unresolved {
            row: uuid::Uuid::from_u128(row),
            ..conflict("a", word, "theirs")
        };
        kept.add_unresolved(&conflict);
    }
    for kept in [&kept, &visit("a")] {
        let all = kept.unresolved();
        let bodies: Vec<_> = all
            .iter()
            .map(|each| each.wanted::<Action>().unwrap().body.unwrap())
            .collect();
        assert_eq!(bodies, words);
    }
    kept.clear();
}

#[wasm_bindgen_test]
fn second_conflict_of_a_field_joins_the_first() {
    let kept = fresh("a");
    kept.add_unresolved(&conflict("a", "mine", "theirs"));
    kept.add_unresolved(&conflict("mine", "mine again", "theirs"));
    let all = kept.unresolved();
    assert_eq!(all.len(), 1, "one decision is enough");
    assert_eq!(all[0].wanted::<Action>().unwrap().body.as_deref(), Some("mine again"));
    kept.clear();
}

#[wasm_bindgen_test]
fn changes_that_begin_with_one_value_stay_two() {
    let kept = fresh("a");
    kept.add_unresolved(&conflict("a", "mine", "theirs"));
    kept.add_unresolved(&conflict("a", "mine in another tab", "theirs"));
    assert_eq!(kept.unresolved().len(), 2, "none of the two texts is lost");
    kept.clear();
}

#[wasm_bindgen_test]
fn deciding_on_one_field_leaves_the_other() {
    let kept = fresh("a");
    let mut both = conflict("a", "mine", "theirs");
    let done = Action {
        status: ItemStatus::Completed,
        ..action("mine")
    };
    both.changes = Update::between(&action("a"), &done).changes;
    both.problem = Problem::BothChanged {
        fields: both.conflicts(&Default::default()),
    };
    if let Problem::BothChanged { fields } = &mut both.problem {
        fields.push(FieldConflict {
            field: "status".to_owned(),
            from: "InProgress".into(),
            mine: "Completed".into(),
            theirs: "OnHold".into(),
        });
    }
    kept.add_unresolved(&both);
    kept.resolve_field(&kept.unresolved()[0], "body");
    let rest = kept.unresolved()[0].clone();
    assert!(rest.changes.contains("status") && !rest.changes.contains("body"));
    kept.resolve_field(&rest, "status");
    assert!(kept.unresolved().is_empty());
    kept.put_back(&rest);
    assert_eq!(*kept.unresolved(), [rest]);
    kept.clear();
}

#[wasm_bindgen_test]
fn deleted_row_that_is_back_shows_both_texts() {
    let gone = Unresolved {
        problem: Problem::DeletedThere,
        ..conflict("a", "mine", "theirs")
    };
    let row = |body: &str| action(body).to_row();
    let conflicts = gone.conflicts(&row("a"));
    assert_eq!(conflicts.len(), 1);
    assert_eq!(
        (&conflicts[0].mine, &conflicts[0].theirs),
        (&"mine".into(), &"a".into())
    );
    assert!(gone.conflicts(&row("mine")).is_empty(), "it reads as it was meant to");
}

/// Runs `act` while the browser has no room for any record.
fn while_full(act: impl FnOnce()) {
    let refuse = js_sys::Function::new_no_args(
        "window.__setItem = Storage.prototype.setItem;
         Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    );
    refuse.call0(&js_sys::global()).unwrap();
    act();
    let restore = js_sys::Function::new_no_args("Storage.prototype.setItem = window.__setItem;");
    restore.call0(&js_sys::global()).unwrap();
}

#[wasm_bindgen_test]
fn unstorable_text_is_at_risk() {
    let kept = fresh("a");
    while_full(|| kept.set_text("new/actions/1", Some(&typed("only here"))));
    assert_eq!(kept.text("new/actions/1"), Some(typed("only here")));
    assert!(kept.is_at_risk());
    // The session expires and the same person signs in again, without a reload.
    kept.set_owner("a");
    assert_eq!(kept.text("new/actions/1"), Some(typed("only here")));
    // The device stores records again.
    kept.set_text("new/actions/1", Some(&typed("here and there")));
    assert!(!kept.is_at_risk());
    kept.clear();
}

#[wasm_bindgen_test]
fn full_device_brings_no_older_words_back() {
    let kept = fresh("a");
    kept.set_text("new/actions/1", Some(&typed("abc")));
    while_full(|| {
        kept.set_text("new/actions/1", Some(&typed("abcdef")));
        // As after an event of another tab, and as after a sign-in.
        kept.reload();
        kept.set_owner("a");
        assert_eq!(kept.text("new/actions/1"), Some(typed("abcdef")));
        assert!(kept.is_at_risk());
    });
    kept.reload();
    assert!(!kept.is_at_risk());
    assert_eq!(visit("a").text("new/actions/1"), Some(typed("abcdef")));
    kept.clear();
}

#[wasm_bindgen_test]
fn cleared_records_are_written_again() {
    let kept = fresh("a");
    kept.set_text("new/actions/1", Some(&typed("typed before")));
    kept.add_unresolved(&conflict("a", "mine", "theirs"));
    web_sys::window()
        .unwrap()
        .local_storage()
        .unwrap()
        .unwrap()
        .clear()
        .unwrap();
    kept.reload();
    assert!(!kept.is_at_risk());
    let again = visit("a");
    assert_eq!(again.text("new/actions/1"), Some(typed("typed before")));
    assert_eq!(again.unresolved().len(), 1);

    // Records that another tab has removed are not written again.
    again.clear();
    kept.reload();
    assert_eq!(kept.text("new/actions/1"), None);
    assert!(kept.unresolved().is_empty() && visit("a").unresolved().is_empty());
}

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    kept: Kept,
}

#[component]
fn Page(props: &PageProperties) -> Html {
    html! { <KeptProvider kept={props.kept.clone()}><Show /></KeptProvider> }
}

#[component]
fn Show() -> Html {
    let text = use_kept_text(&AttrValue::from("new/actions/1"));
    let count = use_unresolved(<[Unresolved]>::len);
    let text = text.current.map(|typed| typed.text).unwrap_or_default();
    html! { <p>{ format!("{text}, {count} undecided") }</p> }
}

#[wasm_bindgen_test]
async fn components_show_changes_by_other_tabs() {
    let kept = fresh("a");
    let place = Place::new();
    let app = place.render::<Page>(PageProperties { kept: kept.clone() });
    until("nothing", || place.text() == ", 0 undecided").await;
    // As another tab does: a write to the device, and an event that this tab receives.
    let other = visit("a");
    other.set_text("new/actions/1", Some(&typed("from there")));
    other.add_unresolved(&conflict("a", "mine", "theirs"));
    let event = Event::new("storage").unwrap();
    web_sys::window().unwrap().dispatch_event(&event).unwrap();
    until("both", || place.text() == "from there, 1 undecided").await;
    kept.clear();
    until("nothing again", || place.text() == ", 0 undecided").await;
    app.destroy();
}

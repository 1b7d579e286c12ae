//! Text that a deletion holds, and the undo of the deletion.

use super::*;
use changes::UNDO_WINDOW;

/// Completes an action, edits its text before the answer, and then deletes it. Returns the row as the person saw it
/// last.
fn delete_with_words(page: &mut Page) -> Action {
    let seen = action(NAMED, Some(1), "a", OPEN);
    page.make(Update::between(&seen, &action(NAMED, Some(1), "a", DONE)));
    let shown = action(NAMED, None, "words", DONE);
    page.make(Update::between(&action(NAMED, None, "a", DONE), &shown));
    page.make(Delete::of(shown.clone()));
    page.answer([row(&action(NAMED, Some(2), "a", DONE))]);
    page.asked();
    shown
}

fn deleted() -> Reply {
    Reply::Says(200, json!({ "status_code": 200, "data": { "id": "7" } }))
}

/// Returns the replies to the deletion of a row without a known version.
fn read_and_deleted() -> [Reply; 2] {
    [changed(&action(NAMED, Some(2), "a", DONE)), deleted()]
}

#[test]
fn undo_brings_words_back_after_the_deletion() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted()).asked();
    page.make(Restore::of(shown));
    page.answer([
        row(&action(NAMED, Some(4), "a", DONE)),
        row(&action(NAMED, Some(5), "words", DONE)),
    ]);
    let patch = at(r#" {"body":"words"}"#);
    assert_eq!(
        page.asked(),
        [format!("POST {} null", at("/restore")), format!("PATCH {patch}")]
    );
    assert!(page.left.is_empty() && page.told.is_empty());
}

#[test]
fn undo_during_the_deletion_brings_words_back() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.make(Restore::of(shown));
    page.answer(read_and_deleted()).asked();
    page.answer([
        row(&action(NAMED, Some(4), "a", DONE)),
        row(&action(NAMED, Some(5), "words", DONE)),
    ]);
    assert_eq!(
        page.asked().last(),
        Some(&format!("PATCH {}", at(r#" {"body":"words"}"#)))
    );
}

#[test]
fn later_undo_does_not_repeat_an_earlier_one() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted());
    page.make(Restore::of(shown));
    page.answer([
        row(&action(NAMED, Some(4), "a", DONE)),
        row(&action(NAMED, Some(5), "words", DONE)),
    ]);
    let reworded = action(NAMED, Some(6), "other words", DONE);
    page.make(Delete::of(reworded.clone()));
    page.answer([deleted()]).asked();
    page.make(Restore::of(reworded.clone()));
    page.answer([row(&action(NAMED, Some(8), "other words", DONE))]);
    assert_eq!(page.asked(), [format!("POST {} null", at("/restore"))]);
    // The same holds for a row that another person has deleted.
    page.make(Restore::of(reworded));
    page.answer([row(&action(NAMED, Some(10), "other words", DONE))]);
    assert_eq!(page.asked(), [format!("POST {} null", at("/restore"))]);
}

#[test]
fn unrestorable_text_is_unresolved() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted());
    page.make(Restore::of(shown));
    // The other person has written another text into the row.
    let theirs = action(NAMED, Some(4), "theirs", DONE);
    page.answer([row(&theirs), changed(&theirs)]);
    let [left] = &*page.left else { panic!("{:?}", page.left) };
    assert!(matches!(&left.problem, Problem::BothChanged { fields } if fields[0].mine == "words"));
}

#[test]
fn refused_undo_keeps_the_words() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted());
    page.make(Restore::of(shown));
    page.answer([refusal(404, "It is too old.")]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
}

#[test]
fn refused_deletion_keeps_the_words_it_held() {
    let mut page = Page::patching();
    delete_with_words(&mut page);
    page.answer([refusal(403, "Not you.")]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
    assert!(page.told.is_empty());
    // A deletion that held nothing is reported as a failure.
    page.make(Delete::of(action(NAMED, Some(2), "a", DONE)));
    page.answer([refusal(403, "Not you.")]);
    assert_eq!((page.left.len(), &*page.told), (1, &["delete the action"][..]));
}

#[test]
fn deletion_that_was_overtaken_keeps_the_words() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    let theirs = action(NAMED, Some(3), "a", OPEN);
    page.answer([changed(&theirs)]);
    let [left] = &*page.left else { panic!("{:?}", page.left) };
    assert_eq!(left.problem, Problem::ChangedThere);
    // The result has the other person's status and the own text.
    let wanted = left.wanted::<Action>().unwrap();
    assert_eq!((wanted.body.as_deref(), wanted.status), (Some("words"), OPEN));
    page.asked();
    page.make(Restore::of(shown));
    page.answer([row(&theirs), row(&action(NAMED, Some(4), "words", OPEN))]);
    assert_eq!(
        page.asked().last(),
        Some(&format!("PATCH {}", at(r#" {"body":"words"}"#)))
    );
}

#[test]
fn undo_restores_pending_changes() {
    let mut page = Page::patching();
    // An update is under way: later mutations of the row wait for it.
    let seen = action(NAMED, Some(1), "a", OPEN);
    let ticked = action(NAMED, None, "a", DONE);
    page.make(Update::between(&seen, &ticked));
    let shown = action(NAMED, None, "words", DONE);
    page.make(Update::between(&ticked, &shown));
    page.make(Delete::of(shown.clone()));
    // The undo offers of the update and of the deletion outlive the row.
    page.make(Update::between(&shown, &action(NAMED, None, "words", OPEN)));
    page.make(Restore::of(shown));
    let now = action(NAMED, Some(3), "words", OPEN);
    page.answer([row(&action(NAMED, Some(2), "a", DONE)), row(&now)]);
    let tick = at(r#" {"status":"Completed"}"#);
    let both = at(r#" {"body":"words","status":"InProgress"}"#);
    assert_eq!(page.asked(), [format!("PATCH {tick}"), format!("PATCH {both}")]);
    assert!(page.left.is_empty() && page.told.is_empty());
}

#[test]
fn undo_of_reverted_change_does_nothing() {
    let mut page = Page::patching();
    let open = action(NAMED, Some(1), "a", OPEN);
    page.show(vec![open.clone()]);
    page.set_online(false);
    // The action is completed, and then reopened together with an edit of its text. Each change offers an undo.
    let ticked = action(NAMED, None, "a", DONE);
    let reworded = action(NAMED, None, "words", OPEN);
    let (tick, reword) = (Update::between(&open, &ticked), Update::between(&ticked, &reworded));
    page.make(tick.clone());
    page.make(reword.clone());
    page.make(tick.reversed());
    page.make(reword.reversed());
    page.set_online(true);
    page.answer([row(&action(NAMED, Some(2), "a", DONE))]);
    // The value that the last undo wants is sent.
    assert_eq!(page.asked(), [format!("PATCH {}", at(r#" {"status":"Completed"}"#))]);
}

#[test]
fn update_leaves_words_to_later_undo() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    // The deletion is under way: the update and the restoration wait.
    page.make(Update::between(&shown, &action(NAMED, None, "words", OPEN)));
    page.make(Restore::of(shown));
    // The other person has set a due date meanwhile, so that the row is not deleted and can be changed.
    let now = |version, body, status| Action {
        due_by: Some(Timestamp::UNIX_EPOCH),
        ..action(NAMED, Some(version), body, status)
    };
    page.answer([changed(&now(3, "a", DONE)), row(&now(4, "a", OPEN))]);
    page.asked();
    page.answer([row(&now(4, "a", OPEN)), row(&now(5, "words", OPEN))]);
    assert_eq!(
        page.asked().last(),
        Some(&format!("PATCH {}", at(r#" {"body":"words"}"#)))
    );
}

#[test]
fn undo_of_refused_deletion_adds_nothing() {
    let mut page = Page::coaching();
    let shown = action(NAMED, None, "a", OPEN);
    page.make(Delete::of(shown.clone()));
    page.wait(UNDO_WINDOW);
    // The other person has edited the text: the row stays.
    let theirs = action(NAMED, None, "theirs", OPEN);
    page.answer([row(&theirs)]);
    assert_eq!(page.left.len(), 1);
    page.asked();
    page.make(Restore::of(shown));
    page.answer([row(&theirs)]);
    assert_eq!(page.asked(), [format!("GET {}", at(""))]);
    assert_eq!((page.left.len(), page.told.len()), (1, 0));
}

#[test]
fn earlier_persisted_undo_is_read() {
    let row = action(NAMED, Some(1), "a", OPEN);
    let content = serde_json::to_vec(&row).unwrap();
    let read = kinds().read("restore_action", &content).unwrap();
    assert_eq!(read.content(), AnyMutation::new(Restore::of(row)).content());
}

//! Additions that fail, and the mutations that were made on their rows meanwhile.

use super::*;

/// Adds a row, and edits its text before the answer.
fn add_with_words(page: &mut Page) {
    page.make(Create(draft("a")));
    page.make(Update::between(&draft("a"), &draft("words")));
}

#[test]
fn refused_addition_keeps_what_was_changed_meanwhile() {
    let mut page = Page::patching();
    add_with_words(&mut page);
    page.answer([refusal(422, "No.")]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
    assert!(matches!(page.left[0].problem, Problem::Refused { .. }));
    assert_eq!((page.asked().len(), page.cache.pending()), (1, 0));
}

#[test]
fn refused_addition_of_a_deleted_row_is_forgotten() {
    let mut page = Page::patching();
    add_with_words(&mut page);
    page.make(Delete::of(draft("words")));
    page.answer([refusal(422, "No.")]);
    assert!(page.left.is_empty() && page.told.is_empty());
    assert_eq!((page.asked().len(), page.cache.pending()), (1, 0));
}

#[test]
fn uncertain_addition_keeps_what_was_changed_meanwhile() {
    let mut page = Page::coaching();
    add_with_words(&mut page);
    page.answer([Reply::Lost]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
    assert_eq!(page.left[0].problem, Problem::Uncertain);
    assert_eq!((page.asked().len(), page.cache.pending()), (1, 0));
}

#[test]
fn uncertain_addition_of_a_deleted_row_is_told() {
    let mut page = Page::coaching();
    page.make(Create(draft("a")));
    page.make(Delete::of(draft("a")));
    page.answer([Reply::Lost]);
    assert_eq!(page.left_texts(), [Some("a".to_owned())]);
    assert_eq!((page.asked().len(), page.cache.pending()), (1, 0));
}

#[test]
fn uncertain_restored_addition_asks_once() {
    let mut page = Page::coaching();
    page.take_up(Create(draft("a")), true);
    page.take_up(Update::between(&draft("a"), &draft("words")), false);
    let other = Action {
        id: ActionId::from_u128(crate::draft::MARK << 64 | 2),
        ..draft("other")
    };
    page.take_up(Create(other), true);
    let texts = ["words", "other"].map(|text| Some(text.to_owned()));
    assert_eq!(page.left_texts(), texts);
    assert_eq!((page.asked().len(), page.cache.pending()), (0, 0));
}

#[test]
fn refused_undo_keeps_what_was_changed_since() {
    let mut page = Page::patching();
    let shown = action(NAMED, Some(1), "a", OPEN);
    page.make(Restore::of(shown.clone()));
    page.make(Update::between(&shown, &action(NAMED, Some(1), "words", OPEN)));
    page.answer([refusal(404, "It is too old.")]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
    assert_eq!((page.asked().len(), page.cache.pending()), (1, 0));
}

#[test]
fn goal_that_is_not_added_is_not_linked() {
    let goal = Goal {
        id: wire::GoalId::from_u128(crate::draft::MARK << 64 | 1),
        coaching_relationship_id: wire::CoachingRelationshipId::from_u128(2),
        created_in_session_id: None,
        user_id: UserId::from_u128(3),
        title: None,
        body: None,
        status: OPEN,
        status_changed_at: None,
        completed_at: None,
        target_date: None,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        version: None,
    };
    let mut page = Page::patching();
    page.make(Create(goal.clone()));
    page.make(LinkGoal(CoachingSessionId::from_u128(1), goal));
    page.answer([refusal(422, "No.")]);
    assert_eq!(
        (page.left.len(), &*page.told),
        (1, &["work on the goal in this session"][..])
    );
    assert_eq!((page.asked().len(), page.cache.pending()), (1, 0));
}

/// Returns a draft that refers to a goal.
fn serving() -> Action {
    Action {
        goal_id: Some(wire::GoalId::from_u128(5)),
        ..draft("a")
    }
}

/// Returns for each request whether it names the goal.
fn goals_sent(page: &Page) -> Vec<bool> {
    let asked = page.asked();
    asked.iter().map(|asked| asked.contains(r#""goal_id":"0"#)).collect()
}

#[test]
fn action_is_added_without_deleted_goal() {
    let unserving = action(NAMED, Some(1), "a", OPEN);
    let refused = || refusal(422, "goal_id names no goal of this relationship");
    let mut page = Page::patching();
    page.make(Create(serving()));
    page.answer([refused(), row(&unserving)]);
    assert_eq!(goals_sent(&page), [true, false]);
    assert_eq!(*page.server.named.borrow(), ["1", "1-unattached"]);
    // On a server that can not restore, an undo adds the row as well.
    let mut page = Page::coaching();
    page.make(Restore::of(serving()));
    page.answer([refused(), row(&unserving)]);
    assert_eq!(goals_sent(&page), [true, false]);
    assert!(page.left.is_empty() && page.told.is_empty());
}

#[test]
fn twice_refused_addition_is_unresolved() {
    let mut page = Page::patching();
    page.make(Create(serving()));
    page.answer([refusal(422, "No."), refusal(422, "No.")]);
    let wanted: Action = page.left[0].wanted().unwrap();
    assert_eq!(wanted.goal_id, serving().goal_id);
    // An action without a goal has no reference to leave out.
    page.make(Create(draft("b")));
    page.answer([refusal(422, "No.")]);
    assert_eq!(page.left.len(), 2);
}

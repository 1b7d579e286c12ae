//! Sessions that are planned, and whether that is known to have come to something.

use chrono::NaiveDate;
use wire::{CoachingRelationshipId, NewCoachingSession};

use super::*;

fn plan(title: &str) -> PlanSession {
    let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let list = UserSessions {
        user: UserId::from_u128(7),
        from: day,
        to: day,
    };
    let new = NewCoachingSession {
        coaching_relationship_id: CoachingRelationshipId::from_u128(8),
        date: day.and_hms_opt(9, 30, 0).unwrap(),
        duration_minutes: None,
        title: Some(title.to_owned()),
        meeting_url: None,
        provider: None,
    };
    PlanSession(list, new)
}

/// What is left over, as it would be planned again.
fn left(page: &Page) -> Vec<NewCoachingSession> {
    let drafts = page.left.iter().filter_map(PlanSession::left_over);
    drafts.map(|draft| PlanSession::new_of(&draft)).collect()
}

#[test]
fn refused_plan_is_left_over_as_it_was() {
    let mut page = Page::patching();
    page.make(plan("a"));
    page.answer([refusal(422, "No.")]);
    assert!(matches!(page.left[0].problem, Problem::Refused { .. }));
    assert_eq!((left(&page), page.told.len()), (vec![plan("a").1], 0));
    // What is left over of a row is not.
    page.make(Create(draft("a")));
    page.answer([refusal(422, "No.")]);
    assert_eq!((left(&page).len(), page.left.len()), (1, 2));
}

#[test]
fn plan_that_may_have_arrived_is_uncertain() {
    let mut page = Page::coaching();
    page.make(plan("a"));
    page.answer([Reply::Lost]);
    page.take_up(plan("b"), true);
    page.take_up(plan("c"), true);
    assert!(page.left.iter().all(|left| left.problem == Problem::Uncertain));
    // Of the same day and time, but each for itself.
    assert_eq!(left(&page), ["a", "b", "c"].map(|title| plan(title).1));
    assert_eq!(page.asked().len(), 1);
}

//! Plans of coaching sessions that fail, or whose outcome is unknown.

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

/// Returns the unresolved plans, as the person would make them again.
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
    // The unresolved change of another row is not a plan.
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
    // The plans are of the same day and time, but stay separate.
    assert_eq!(left(&page), ["a", "b", "c"].map(|title| plan(title).1));
    assert_eq!(page.asked().len(), 1);
}

//! Goals.

use serde_json::{Value, json};
use wire::{Action, Event, Goal, ItemStatus};

use crate::common::{Person, TestServer};

/// A goal in the demo's first relationship, with further fields.
async fn set(person: &Person, extra: Value) -> crate::common::Answer {
    let mut body = json!({ "coaching_relationship_id": person.relationship().await.id, "status": "NotStarted" });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    person.post("/api/goals", body).await
}

#[tokio::test]
async fn goal_changes_are_announced() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let relationship = coach.relationship().await.id;
    let mut told = coach.stream().await;
    let mut news = async || told.next_logged().await.decode();

    let answer = set(&coachee, json!({ "title": "Rest more", "target_date": "2031-02-03" })).await;
    assert_eq!(answer.status, 201);
    let goal: Goal = answer.data();
    assert_eq!(
        (goal.user_id, goal.status, goal.completed_at),
        (coachee.id, ItemStatus::NotStarted, None)
    );
    assert_eq!(
        news().await,
        Event::GoalCreated {
            coaching_relationship_id: relationship,
            goal: goal.clone()
        }
    );

    let path = format!("/api/goals/{}", goal.id);
    let body = json!({ "coaching_relationship_id": relationship, "title": "Rest", "status": "Completed" });
    let done: Goal = coach.put(&path, body).await.data();
    assert_eq!((done.body.as_deref(), done.target_date), (None, None), "PUT replaces");
    assert!(done.completed_at.is_some() && done.status_changed_at > goal.status_changed_at);
    assert_eq!(coachee.get(&path).await.data::<Goal>(), done);
    assert_eq!(
        news().await,
        Event::GoalUpdated {
            coaching_relationship_id: relationship,
            goal: done.clone()
        }
    );

    let body = json!({ "coaching_relationship_id": relationship, "title": "Rest", "status": "Completed" });
    let again: Goal = coach.put(&path, body).await.data();
    assert_eq!(
        again.status_changed_at, done.status_changed_at,
        "only a change of status counts as one"
    );
    assert_eq!(
        news().await,
        Event::GoalUpdated {
            coaching_relationship_id: relationship,
            goal: again
        }
    );

    assert_eq!(coach.delete(&path).await.json(), json!({ "id": goal.id }));
    assert_eq!(
        news().await,
        Event::GoalDeleted {
            coaching_relationship_id: relationship,
            goal_id: goal.id
        }
    );
    coach.delete(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn goal_of_session_is_announced_as_stored() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let relationship = session.coaching_relationship_id;
    let mut told = coachee.stream().await;
    let extra = json!({ "title": "Sleep", "created_in_session_id": session.id });
    let goal: Goal = set(&coach, extra).await.data();
    assert_eq!(goal.status, ItemStatus::InProgress, "it was asked for as NotStarted");
    assert_eq!(coach.get(&format!("/api/goals/{}", goal.id)).await.data::<Goal>(), goal);
    let event = told.next_logged().await.decode();
    assert_eq!(
        event,
        Event::GoalCreated {
            coaching_relationship_id: relationship,
            goal: goal.clone()
        }
    );
    let event = told.next_logged().await.decode();
    let linked = Event::CoachingSessionGoalCreated {
        coaching_relationship_id: relationship,
        coaching_session_id: session.id,
        goal_id: goal.id,
    };
    assert_eq!(event, linked);

    let extra = json!({ "created_in_session_id": session.id, "status": "Completed" });
    set(&coach, extra).await.refused(422, "cannot_link_completed_goal");
    let elsewhere = json!({ "created_in_session_id": goal.id });
    set(&coach, elsewhere).await.refused(422, "validation_error");
}

#[tokio::test]
async fn fourth_goal_in_progress_is_refused() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let relationship = coach.relationship().await.id;
    let waiting: Goal = set(&coach, json!({ "title": "Later" })).await.data();
    let third: Goal = set(&coach, json!({ "title": "Third", "status": "InProgress" }))
        .await
        .data();

    let refusal = set(&coach, json!({ "title": "Fourth", "status": "InProgress" }))
        .await
        .refused(409, "conflict");
    let details = refusal.details.unwrap();
    assert_eq!(details["max_in_progress_goals"], 3);
    assert_eq!(
        details["in_progress_goals"][2],
        json!({ "id": third.id, "title": "Third" })
    );
    let session = coach.today().await.id;
    set(&coach, json!({ "created_in_session_id": session }))
        .await
        .refused(409, "conflict");
    let promote = json!({ "coaching_relationship_id": relationship, "status": "InProgress" });
    coach
        .put(&format!("/api/goals/{}", waiting.id), promote.clone())
        .await
        .refused(409, "conflict");
    // One that is in progress already may be written as such.
    coach
        .put(&format!("/api/goals/{}", third.id), promote)
        .await
        .data::<Goal>();
    let list = format!("/api/goals?coaching_relationship_id={relationship}&status=InProgress");
    assert_eq!(coach.get(&list).await.data::<Vec<Goal>>().len(), 3);
}

#[tokio::test]
async fn deleting_goal_unlinks_sessions_and_actions() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await.id;
    let goals: Vec<Goal> = coach
        .get(&format!("/api/coaching_sessions/{session}/goals"))
        .await
        .data();
    let actions = format!("/api/actions?coaching_session_id={session}");
    let serving = format!("{actions}&goal_id={}", goals[0].id);
    assert_eq!(coach.get(&serving).await.data::<Vec<Action>>().len(), 1);
    coach.delete(&format!("/api/goals/{}", goals[0].id)).await;
    let left: Vec<Goal> = coach
        .get(&format!("/api/coaching_sessions/{session}/goals"))
        .await
        .data();
    assert_eq!(left, goals[1..]);
    let actions: Vec<Action> = coach.get(&actions).await.data();
    assert_eq!(actions.len(), 4, "no action is lost");
    assert!(actions.iter().all(|action| action.goal_id != Some(goals[0].id)));
}

#[tokio::test]
async fn a_goal_is_checked_and_listed() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    for extra in [
        json!({ "title": "x".repeat(501) }),
        json!({ "body": "x".repeat(20_001) }),
        json!({ "status": "Doing" }),
        json!({ "status": null }),
        json!({ "target_date": "2031-02-03T10:00:00Z" }),
        json!({ "target_date": "2031-02-30" }),
    ] {
        set(&coach, extra).await.refused(422, "validation_error");
    }
    let unknown = json!({ "coaching_relationship_id": "00000000-0000-0000-0000-000000000007" });
    set(&coach, unknown).await.refused(404, "not_found");

    let path = format!("/api/goals?coaching_relationship_id={}", coach.relationship().await.id);
    let titles = async |sort: &str| {
        let goals: Vec<Goal> = coach.get(&format!("{path}{sort}")).await.data();
        goals
            .into_iter()
            .map(|goal| goal.title.unwrap()[..4].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles("").await, ["Hand", "Give", "Spea"]);
    assert_eq!(titles("&sort_by=title").await, ["Give", "Hand", "Spea"]);
    assert_eq!(titles("&sort_order=desc").await, ["Spea", "Hand", "Give"]);
    assert_eq!(titles("&status=NotStarted").await, ["Spea"]);
    coach.get("/api/goals").await.refused(400, "bad_request");
    coach
        .get(&format!("{path}&status=Doing"))
        .await
        .refused(400, "bad_request");
}

//! Which goals a session works on.

use serde_json::{Value, json};
use wire::{Event, Goal, GoalId, ItemStatus, SessionGoal};

use crate::common::TestServer;

#[tokio::test]
async fn linking_a_goal_puts_it_in_progress() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let relationship = session.coaching_relationship_id;
    let path = format!("/api/coaching_sessions/{}/goals", session.id);
    let all = format!("/api/goals?coaching_relationship_id={relationship}&status=NotStarted");
    let [waiting] = coach.get(&all).await.data::<[Goal; 1]>();
    let mut told = coachee.stream().await;

    let answer = coach.post(&path, json!({ "goal_id": waiting.id })).await;
    assert_eq!(answer.status, 201);
    let link: SessionGoal = answer.data();
    assert_eq!((link.coaching_session_id, link.goal_id), (session.id, waiting.id));
    let linked = Event::CoachingSessionGoalCreated {
        coaching_relationship_id: relationship,
        coaching_session_id: session.id,
        goal_id: waiting.id,
    };
    assert_eq!(told.next_logged().await.decode(), linked);
    let promoted: Goal = coach.get(&format!("/api/goals/{}", waiting.id)).await.data();
    assert_eq!(promoted.status, ItemStatus::InProgress);
    let updated = Event::GoalUpdated {
        coaching_relationship_id: relationship,
        goal: promoted.clone(),
    };
    assert_eq!(told.next_logged().await.decode(), updated);

    coach
        .post(&path, json!({ "goal_id": waiting.id }))
        .await
        .refused(409, "goal_already_linked_to_session");
    let unlinked = coachee.delete(&format!("{path}/{}", waiting.id)).await;
    assert_eq!(
        (unlinked.status, unlinked.json()),
        (200, json!({ "goal_id": waiting.id }))
    );
    assert_eq!(told.next_logged().await.event, "coaching_session_goal_deleted");
    coachee
        .delete(&format!("{path}/{}", waiting.id))
        .await
        .refused(404, "not_found");
    assert_eq!(
        coach.get(&format!("/api/goals/{}", waiting.id)).await.data::<Goal>(),
        promoted,
        "not demoted"
    );
}

#[tokio::test]
async fn some_goals_can_not_be_linked() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let session = coach.today().await;
    let path = format!("/api/coaching_sessions/{}/goals", session.id);
    let set = async |title: &str, status: &str| {
        let body = json!({
            "coaching_relationship_id": session.coaching_relationship_id, "title": title, "status": status,
        });
        coach.post("/api/goals", body).await.data::<Goal>().id
    };
    let completed = set("Old", "Completed").await;
    coach
        .post(&path, json!({ "goal_id": completed }))
        .await
        .refused(422, "cannot_link_completed_goal");
    let waiting = set("Waiting", "OnHold").await;
    set("Third", "InProgress").await;
    let refusal = coach
        .post(&path, json!({ "goal_id": waiting }))
        .await
        .refused(409, "conflict");
    assert_eq!(refusal.details.unwrap()["max_in_progress_goals"], 3);

    let theirs = json!({ "coaching_relationship_id": other.relationship().await.id, "status": "NotStarted" });
    let theirs: Goal = other.post("/api/goals", theirs).await.data();
    coach
        .post(&path, json!({ "goal_id": theirs.id }))
        .await
        .refused(404, "not_found");
    coach
        .post(&path, json!({ "goal_id": GoalId::from_u128(7) }))
        .await
        .refused(404, "not_found");
    let nowhere = format!("/api/coaching_sessions/{}/goals", GoalId::from_u128(7));
    coach
        .post(&nowhere, json!({ "goal_id": waiting }))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn goals_of_many_sessions_are_batched() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let sessions = coach.sessions().await;
    let relationship = sessions[0].coaching_relationship_id;
    let path = "/api/coaching_sessions/goals";
    let all: Value = coach
        .get(&format!("{path}?coaching_relationship_id={relationship}"))
        .await
        .data();
    let all = all["session_goals"].as_object().unwrap();
    assert_eq!(all.len(), 5);
    let count = |session: usize| all[&sessions[session].id.to_string()].as_array().unwrap().len();
    assert_eq!(
        (count(0), count(2), count(4)),
        (2, 2, 0),
        "a session without goals has an empty list"
    );

    let (one, two) = (sessions[0].id, sessions[4].id);
    let some: Value = coach
        .get(&format!("{path}?coaching_session_ids={one},{two}"))
        .await
        .data();
    assert_eq!(some["session_goals"].as_object().unwrap().len(), 2);
    coach.get(path).await.refused(400, "bad_request");
    let both = format!("{path}?coaching_session_ids={one}&coaching_relationship_id={relationship}");
    coach.get(&both).await.refused(400, "bad_request");
    coach
        .get(&format!("{path}?coaching_session_ids=7"))
        .await
        .refused(400, "bad_request");
}

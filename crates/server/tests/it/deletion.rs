//! Deleted rows: gone from everywhere, and back with all they had.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::Tuning;
use wire::{Action, Agreement, CoachingSession, Deletion, ErrorBody, Event, Goal, HistoryPage};

use crate::common::{Answer, Person, TestServer, soon, tuning};

/// Checks that a row was deleted by this person.
#[track_caller]
fn deleted_by(answer: &Answer, person: &Person) {
    let details = answer.refused(404, "not_found").details.unwrap();
    let deletion: Deletion = serde_json::from_value(details).unwrap();
    assert_eq!(deletion.deleted_by, person.id);
}

async fn goals_of(person: &Person, session: &CoachingSession) -> Vec<Goal> {
    person
        .get(&format!("/api/coaching_sessions/{}/goals", session.id))
        .await
        .data()
}

#[tokio::test]
async fn a_deleted_row_says_who_deleted_it() {
    let server = TestServer::start().await;
    let (coach, coachee, other) = (
        server.sign_in("coach").await,
        server.sign_in("coachee").await,
        server.sign_in("coach2").await,
    );
    let session = coach.today().await;
    let in_session = json!({ "coaching_session_id": session.id, "status": "NotStarted", "body": "x" });
    let in_pair = json!({ "coaching_relationship_id": session.coaching_relationship_id, "status": "NotStarted" });
    for (path, put) in [
        (
            format!("/api/actions/{}", coach.add_action(&session, "x").await.id),
            &in_session,
        ),
        (
            format!("/api/agreements/{}", coach.add_agreement(&session, "x").await.id),
            &in_session,
        ),
        (format!("/api/goals/{}", coach.add_goal("x").await.id), &in_pair),
    ] {
        assert_eq!(coachee.delete(&path).await.status, 200);
        deleted_by(&coach.get(&path).await, &coachee);
        deleted_by(&coach.get(&format!("{path}/history")).await, &coachee);
        deleted_by(&coach.put(&path, put.clone()).await, &coachee);
        deleted_by(&coach.patch(&path, json!({})).await, &coachee);
        deleted_by(&coach.delete(&path).await, &coachee);
        deleted_by(&coach.send_if("\"1\"", Method::PATCH, &path, json!({})).await, &coachee);
        for answer in [other.get(&path).await, other.delete(&path).await] {
            assert_eq!(answer.refused(403, "forbidden").details, None);
        }
    }
    let unknown = "/api/actions/00000000-0000-0000-0000-000000000007";
    assert_eq!(coach.get(unknown).await.refused(404, "not_found").details, None);
    coach
        .post(&format!("{unknown}/restore"), json!({}))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn a_deleted_row_is_in_no_list() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let (id, pair) = (session.id, session.coaching_relationship_id);
    let action = coach.add_action(&session, "gone").await;
    let agreement = coach.add_agreement(&session, "gone").await;
    let goal = goals_of(&coach, &session).await.swap_remove(0);
    coach
        .patch(
            &format!("/api/actions/{}", action.id),
            json!({ "assignee_ids": [coach.id] }),
        )
        .await;
    let busy = coach
        .delete(&format!("/api/coaching_sessions/{id}"))
        .await
        .refused(409, "conflict");
    assert_eq!(busy.details, Some(json!({ "actions": 1, "agreements": 1 })));

    for path in [
        format!("/api/actions/{}", action.id),
        format!("/api/agreements/{}", agreement.id),
        format!("/api/goals/{}", goal.id),
    ] {
        assert_eq!(coach.delete(&path).await.status, 200);
    }
    let me = coach.id;
    for path in [
        format!("/api/actions?coaching_session_id={id}"),
        format!("/api/users/{me}/actions"),
        format!("/api/users/{me}/actions?scope=assigned"),
        format!("/api/agreements?coaching_session_id={id}"),
        format!("/api/goals?coaching_relationship_id={pair}"),
        format!("/api/goals?coaching_relationship_id={pair}&status=InProgress"),
        format!("/api/coaching_sessions/{id}/goals"),
        format!("/api/coaching_sessions/goals?coaching_session_ids={id}"),
    ] {
        let text = coach.get(&path).await.text;
        for gone in [action.id.0, agreement.id.0, goal.id.0] {
            assert!(!text.contains(&format!("\"id\":\"{gone}\"")), "{path}: {text}");
        }
    }
    let listed = coach.sessions().await.into_iter().find(|other| other.id == id).unwrap();
    assert_ne!(listed.display_title, goal.title, "nor the title of a session");

    // Nothing can be begun with it, and it counts for nothing.
    let link = json!({ "goal_id": goal.id });
    coach
        .post(&format!("/api/coaching_sessions/{id}/goals"), link.clone())
        .await
        .refused(404, "not_found");
    coach
        .delete(&format!("/api/coaching_sessions/{id}/goals/{}", goal.id))
        .await
        .refused(404, "not_found");
    let body = json!({ "coaching_session_id": id, "status": "NotStarted", "goal_id": goal.id });
    coach.post("/api/actions", body).await.refused(422, "validation_error");
    for title in ["Second", "Third"] {
        let begun = format!("/api/goals/{}", coach.add_goal(title).await.id);
        coach
            .patch(&begun, json!({ "status": "InProgress" }))
            .await
            .data::<Goal>();
    }
    coach.delete(&format!("/api/coaching_sessions/{id}")).await.done();
    // With the session goes for good what was deleted in it.
    let restore = format!("/api/actions/{}/restore", action.id);
    assert_eq!(
        coach.post(&restore, json!({})).await.refused(404, "not_found").details,
        None
    );
}

#[tokio::test]
async fn a_restored_row_is_as_it_was() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let action = coach.add_action(&session, "kept").await;
    let path = format!("/api/actions/{}", action.id);
    let goal = goals_of(&coach, &session).await.swap_remove(0).id;
    let patch = json!({ "assignee_ids": [coachee.id, coach.id], "goal_id": goal });
    let before: Action = coach.patch(&path, patch).await.data();
    coach.delete(&path).await;
    let mut told = coachee.stream().await;
    let answer = coachee.post(&format!("{path}/restore"), json!({})).await;
    let restored: Action = answer.data();
    let expected = Action {
        version: Some(4),
        ..before
    };
    assert_eq!((&restored, answer.version()), (&expected, 4));
    assert_eq!(coach.get(&path).await.data::<Action>(), restored);
    let created = Event::ActionCreated {
        coaching_session_id: session.id,
        action: restored.clone(),
    };
    assert_eq!(told.next_logged().await.decode(), created);
    let page: HistoryPage = coach.get(&format!("{path}/history")).await.data();
    assert_eq!(page.entries.len(), 4);

    // A row that is not deleted stays as it is.
    let head = coach.head().await;
    let again = coach.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!((again.data::<Action>(), again.version()), (restored, 4));
    assert_eq!(coach.head().await, head);

    let agreement = coach.add_agreement(&session, "kept").await;
    let path = format!("/api/agreements/{}", agreement.id);
    coach.delete(&path).await;
    let restored: Agreement = coach.post(&format!("{path}/restore"), json!({})).await.data();
    let expected = Agreement {
        version: Some(3),
        ..agreement
    };
    assert_eq!(restored, expected);
    for event in ["agreement_created", "agreement_deleted", "agreement_created"] {
        assert_eq!(told.next_logged().await.event, event);
    }
}

#[tokio::test]
async fn a_restored_goal_has_its_links_and_actions() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let [goal, other] = <[Goal; 2]>::try_from(goals_of(&coach, &session).await).unwrap();
    let path = format!("/api/goals/{}", goal.id);
    let mut actions = Vec::new();
    for text in [
        "regains",
        "has another",
        "had another",
        "deleted before",
        "deleted after",
    ] {
        let action = format!("/api/actions/{}", coach.add_action(&session, text).await.id);
        coach
            .patch(&action, json!({ "goal_id": goal.id }))
            .await
            .data::<Action>();
        actions.push(action);
    }
    let of_demo: Vec<Action> = coach
        .get(&format!("/api/users/{}/actions?goal_id={}", coach.id, goal.id))
        .await
        .data();
    coach.delete(&actions[3]).await;
    coachee.delete(&path).await;

    let lost: Action = coach.get(&actions[0]).await.data();
    assert_eq!(
        (lost.goal_id, lost.version),
        (None, Some(3)),
        "it is lost in sight of all"
    );
    coach
        .patch(&actions[1], json!({ "goal_id": other.id }))
        .await
        .data::<Action>();
    coach
        .patch(&actions[2], json!({ "goal_id": other.id }))
        .await
        .data::<Action>();
    coach
        .patch(&actions[2], json!({ "goal_id": null }))
        .await
        .data::<Action>();
    coach.delete(&actions[4]).await;

    let mut told = coachee.stream().await;
    let restored: Goal = coach.post(&format!("{path}/restore"), json!({})).await.data();
    let expected = Goal {
        version: Some(3),
        ..goal.clone()
    };
    assert_eq!(restored, expected);
    assert_eq!(goals_of(&coach, &session).await, [restored.clone(), other.clone()]);
    assert_eq!(told.next_logged().await.event, "goal_created");
    for _ in 0..3 {
        assert_eq!(told.next_logged().await.event, "coaching_session_goal_created");
    }
    // Those of the demo, and the one that has no other.
    for _ in 0..of_demo.len() - actions.len() + 1 {
        match told.next_logged().await.decode() {
            Event::ActionUpdated { action, .. } => assert_eq!(action.goal_id, Some(goal.id)),
            event => panic!("{event:?}"),
        }
    }
    for (number, goal_id, version) in [(0, Some(goal.id), 4), (1, Some(other.id), 4), (2, None, 5)] {
        let action: Action = coach.get(&actions[number]).await.data();
        assert_eq!((action.goal_id, action.version), (goal_id, Some(version)), "{number}");
    }
    // Those that come back later have it as well.
    for (number, version) in [(3, 4), (4, 5)] {
        let path = format!("{}/restore", actions[number]);
        let action: Action = coach.post(&path, json!({})).await.data();
        assert_eq!(
            (action.goal_id, action.version),
            (Some(goal.id), Some(version)),
            "{number}"
        );
    }
}

#[tokio::test]
async fn an_action_comes_back_before_its_goal() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let goal = coach.add_goal("Later").await.id;
    let path = format!("/api/actions/{}", coach.add_action(&session, "serves").await.id);
    coach.patch(&path, json!({ "goal_id": goal })).await.data::<Action>();
    coach.delete(&path).await;
    coach.delete(&format!("/api/goals/{goal}")).await;
    let action: Action = coach.post(&format!("{path}/restore"), json!({})).await.data();
    assert_eq!((action.goal_id, action.version), (None, Some(4)));
    let page: HistoryPage = coach.get(&format!("{path}/history?limit=1")).await.data();
    assert_eq!(
        json!(page.entries[0].fields),
        json!([{ "name": "goal_id", "from": goal, "to": null }])
    );
    coach
        .post(&format!("/api/goals/{goal}/restore"), json!({}))
        .await
        .data::<Goal>();
    let action: Action = coach.get(&path).await.data();
    assert_eq!((action.goal_id, action.version), (Some(goal), Some(5)));
}

#[tokio::test]
async fn a_restored_goal_keeps_the_limit() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let [goal, _] = <[Goal; 2]>::try_from(goals_of(&coach, &session).await).unwrap();
    let path = format!("/api/goals/{}", goal.id);
    coach.delete(&path).await;
    let mut begun = Vec::new();
    for title in ["Second", "Third"] {
        begun.push(format!("/api/goals/{}", coach.add_goal(title).await.id));
    }
    for path in &begun {
        coach
            .patch(path, json!({ "status": "InProgress" }))
            .await
            .data::<Goal>();
    }
    let restore = format!("{path}/restore");
    let refusal: ErrorBody = coach.post(&restore, json!({})).await.refused(409, "conflict");
    assert_eq!(refusal.details.unwrap()["max_in_progress_goals"], 3);
    deleted_by(&coach.get(&path).await, &coach);
    coach
        .patch(&begun[0], json!({ "status": "OnHold" }))
        .await
        .data::<Goal>();
    coach.post(&restore, json!({})).await.data::<Goal>();
}

#[tokio::test]
async fn deleted_rows_are_kept_for_thirty_days() {
    let server = TestServer::tuned(Tuning {
        maintenance_every: Duration::from_millis(50),
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let goal = goals_of(&coach, &session).await.swap_remove(0).id;
    let (old, newer) = (
        coach.add_action(&session, "old").await.id,
        coach.add_action(&session, "newer").await.id,
    );
    let agreement = coach.add_agreement(&session, "old").await.id;
    let at = |id: wire::ActionId| format!("/api/actions/{id}");
    let (at_goal, at_agreement) = (format!("/api/goals/{goal}"), format!("/api/agreements/{agreement}"));
    for path in [&at(old), &at(newer), &at_goal, &at_agreement] {
        assert_eq!(coach.delete(path).await.status, 200);
    }
    let aged: Vec<Value> = coach.get(&format!("/api/users/{}/actions", coach.id)).await.data();
    server
        .sql("UPDATE actions SET deleted_at = deleted_at - 29 * 86400000000 WHERE body = 'newer'")
        .await;
    server
        .sql("UPDATE actions SET deleted_at = deleted_at - 30 * 86400000000 WHERE body = 'old'")
        .await;
    server
        .sql("UPDATE agreements SET deleted_at = deleted_at - 31 * 86400000000 WHERE body = 'old'")
        .await;
    server
        .sql("UPDATE goals SET deleted_at = deleted_at - 31 * 86400000000 WHERE deleted_at IS NOT NULL")
        .await;
    for path in [&at(old), &at_agreement, &at_goal] {
        soon("the row is gone for good", async {
            while coach.get(path).await.refused(404, "not_found").details.is_some() {}
        })
        .await;
        coach
            .post(&format!("{path}/restore"), json!({}))
            .await
            .refused(404, "not_found");
    }
    assert_eq!(
        server
            .count("SELECT count(*) FROM row_changes WHERE fields LIKE '%old%'")
            .await,
        0
    );
    deleted_by(&coach.get(&at(newer)).await, &coach);
    coach
        .post(&format!("{}/restore", at(newer)), json!({}))
        .await
        .data::<Action>();
    // Nobody else's row has changed by it.
    let mut now: Vec<Value> = coach.get(&format!("/api/users/{}/actions", coach.id)).await.data();
    now.retain(|action| action["id"] != json!(newer));
    assert_eq!(now, aged);
}

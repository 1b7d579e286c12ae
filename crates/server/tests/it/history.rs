//! The history of a row.

use serde_json::{Value, json};
use wire::{Action, Goal, HistoryKind, HistoryPage};

use crate::common::{Person, TestServer};

async fn history(person: &Person, path: &str) -> HistoryPage {
    person.get(&format!("{path}/history")).await.data()
}

/// What the entries of a history say of fields, newest first.
fn fields(page: &HistoryPage) -> Vec<(u64, HistoryKind, Value)> {
    let entry = |entry: &wire::HistoryEntry| {
        let fields: Vec<_> = entry
            .fields
            .iter()
            .map(|field| json!([field.name, field.from, field.to]))
            .collect();
        (entry.version, entry.kind, json!(fields))
    };
    page.entries.iter().map(entry).collect()
}

#[tokio::test]
async fn each_write_is_in_the_history() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let action = coach.add_action(&session, "one").await;
    let path = format!("/api/actions/{}", action.id);
    let patch = json!({ "body": "two", "assignee_ids": [coachee.id] });
    coachee.patch(&path, patch).await.data::<Action>();
    let put = json!({ "coaching_session_id": session.id, "status": "Completed", "body": "two" });
    coach.put(&path, put.clone()).await.data::<Action>();
    coach.put(&path, put).await.data::<Action>();
    coach
        .patch(&path, json!({ "status": "Completed" }))
        .await
        .data::<Action>();
    coachee.delete(&path).await;
    coach.post(&format!("{path}/restore"), json!({})).await.data::<Action>();

    let page = history(&coachee, &path).await;
    let created = json!([
        ["body", null, "one"],
        ["status", null, "NotStarted"],
        ["assignee_ids", null, []],
    ]);
    let updated = json!([["body", "one", "two"], ["assignee_ids", [], [coachee.id]]]);
    assert_eq!(
        fields(&page),
        [
            (6, HistoryKind::Restored, json!([])),
            (5, HistoryKind::Deleted, json!([])),
            // A PUT writes, whatever it changes; a PATCH that changes nothing does not.
            (4, HistoryKind::Updated, json!([])),
            (3, HistoryKind::Updated, json!([["status", "NotStarted", "Completed"]])),
            (2, HistoryKind::Updated, updated),
            (1, HistoryKind::Created, created),
        ]
    );
    let authors: Vec<_> = page.entries.iter().map(|entry| entry.by).collect();
    assert_eq!(
        authors,
        [coach.id, coachee.id, coach.id, coach.id, coachee.id, coach.id]
    );
    let times: Vec<_> = page.entries.iter().map(|entry| entry.at).collect();
    assert!(times.is_sorted_by(|later, earlier| later > earlier));
    assert_eq!(page.next, None);
    assert_eq!(page.entries[5].at, action.created_at);
}

#[tokio::test]
async fn whatever_writes_a_row_is_in_the_history() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let at_session = format!("/api/coaching_sessions/{}", session.id);
    let goal = coach.add_goal("Served").await;
    let at_goal = format!("/api/goals/{}", goal.id);
    let action = coach.add_action(&session, "serves").await;
    let at_action = format!("/api/actions/{}", action.id);
    coach
        .patch(&at_action, json!({ "goal_id": goal.id }))
        .await
        .data::<Action>();

    // Linking begins a goal.
    coachee
        .post(&format!("{at_session}/goals"), json!({ "goal_id": goal.id }))
        .await;
    let page = history(&coach, &at_goal).await;
    assert_eq!(page.entries[0].by, coachee.id);
    let begun = json!([["status", "NotStarted", "InProgress"]]);
    assert_eq!(fields(&page)[0], (2, HistoryKind::Updated, begun));

    // Actions lose a goal that is deleted.
    coachee.delete(&at_goal).await;
    let page = history(&coach, &at_action).await;
    assert_eq!(page.entries[0].by, coachee.id);
    let lost = json!([["goal_id", goal.id, null]]);
    assert_eq!(fields(&page)[0], (3, HistoryKind::Updated, lost));

    // A title, and the first reader of a session.
    coachee
        .patch(&format!("{at_session}/title"), json!({ "title": "Ours" }))
        .await;
    let page = history(&coach, &at_session).await;
    let titled = json!([["title", null, "Ours"]]);
    assert_eq!(fields(&page)[0], (2, HistoryKind::Updated, titled));
    let next = coach.sessions().await.swap_remove(3);
    let path = format!("/api/coaching_sessions/{}", next.id);
    coachee.get(&path).await;
    let page = history(&coach, &path).await;
    assert_eq!((page.entries[0].version, page.entries[0].by), (2, coachee.id));
    assert_eq!(page.entries[0].fields[0].name, "hydrated_at");

    // A goal forgets the session that it was written down in.
    let plan = coach.new_session().await;
    let body = json!({ "coaching_relationship_id": plan.coaching_relationship_id, "status": "NotStarted",
        "title": "Written down", "created_in_session_id": plan.id });
    let goal: Goal = coach.post("/api/goals", body).await.data();
    let mut told = coachee.stream().await;
    coach
        .delete(&format!("/api/coaching_sessions/{}", plan.id))
        .await
        .done();
    let page = history(&coach, &format!("/api/goals/{}", goal.id)).await;
    let forgotten = json!([["created_in_session_id", plan.id, null]]);
    assert_eq!(fields(&page)[0], (2, HistoryKind::Updated, forgotten));
    assert_eq!(told.next_logged().await.event, "coaching_session_title_updated");
    assert_eq!(told.next_logged().await.event, "goal_updated");
}

#[tokio::test]
async fn a_history_is_read_in_pages() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let agreement = coach.add_agreement(&coach.today().await, "text 1").await;
    let path = format!("/api/agreements/{}", agreement.id);
    for number in 2..=45 {
        coach.patch(&path, json!({ "body": format!("text {number}") })).await;
    }
    let page = async |query: &str| coach.get(&format!("{path}/history{query}")).await.data::<HistoryPage>();
    let versions = |page: &HistoryPage| page.entries.iter().map(|entry| entry.version).collect::<Vec<_>>();
    let first = page("").await;
    assert_eq!(versions(&first), (26..=45).rev().collect::<Vec<_>>());
    // A write in between moves nothing.
    coach.patch(&path, json!({ "body": "text 46" })).await;
    let second = page(&format!("?before={}", first.next.unwrap())).await;
    assert_eq!(versions(&second), (6..=25).rev().collect::<Vec<_>>());
    let third = page(&format!("?before={}", second.next.unwrap())).await;
    assert_eq!(
        (versions(&third), third.next),
        ((1..=5).rev().collect::<Vec<_>>(), None)
    );
    // A page that ends with the history is the last.
    let all = page("?limit=46").await;
    assert_eq!((all.entries.len(), all.next), (46, None));
    assert_eq!(versions(&page("?limit=1").await), [46]);
    for bad in [
        "?limit=0",
        "?limit=101",
        "?limit=x",
        "?before=x",
        "?before=-1",
        "?before=99999999999999999999",
    ] {
        coach
            .get(&format!("{path}/history{bad}"))
            .await
            .refused(400, "bad_request");
    }
    let answer = coach.get(&format!("{path}/history?before=1")).await;
    assert_eq!(
        answer.json(),
        json!({ "status_code": 200, "data": { "entries": [], "next": null } })
    );
    let answer = coach.get(&format!("{path}/history?limit=1")).await.json();
    let entry = &answer["data"]["entries"][0];
    assert_eq!(entry["kind"], "updated");
    assert_eq!(
        entry["fields"],
        json!([{ "name": "body", "from": "text 45", "to": "text 46" }])
    );
}

#[tokio::test]
async fn a_refused_write_leaves_no_history() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let action = coach.add_action(&coach.today().await, "one").await;
    let path = format!("/api/actions/{}", action.id);
    let before = history(&coach, &path).await;
    coach
        .patch(&path, json!({ "status": "Done" }))
        .await
        .refused(422, "validation_error");
    // Nor does one that fails half-way: entry, row and event are written together.
    server
        .sql("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(FAIL, 'the disk is full'); END")
        .await;
    coach
        .patch(&path, json!({ "body": "two" }))
        .await
        .refused(500, "internal_error");
    server.sql("DROP TRIGGER full").await;
    assert_eq!(history(&coach, &path).await, before);
    assert_eq!(coach.get(&path).await.data::<Action>(), action);
}

//! Two hundred changes of one row at the same time.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use wire::{Event, HistoryEntry, HistoryPage};

use crate::common::{Person, TestServer};

const CHANGES: usize = 200;

/// The history of a row, oldest first.
async fn history(person: &Person, path: &str) -> Vec<HistoryEntry> {
    let (mut entries, mut query) = (Vec::new(), String::new());
    loop {
        let page: HistoryPage = person.get(&format!("{path}/history?limit=100{query}")).await.data();
        entries.extend(page.entries);
        match page.next {
            Some(next) => query = format!("&before={next}"),
            None => break,
        }
    }
    entries.reverse();
    entries
}

fn versions(history: &[HistoryEntry]) -> Vec<u64> {
    history.iter().map(|entry| entry.version).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_patches_of_different_fields_lose_none() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let path = format!(
        "/api/actions/{}",
        coach.add_action(&coach.today().await, "start").await.id
    );
    let mut told = coachee.stream().await;
    // Texts and dates are all different; a status or an assignee may be what is there already.
    let fields = |number: usize| match number % 4 {
        0 => json!({ "body": format!("text {number}") }),
        1 => json!({ "due_by": format!("2030-01-01T00:{:02}:{:02}Z", number / 60, number % 60) }),
        2 => json!({ "assignee_ids": if number % 8 == 2 { json!([coach.id]) } else { json!([coachee.id]) } }),
        _ => json!({ "status": if number % 8 == 3 { "InProgress" } else { "OnHold" } }),
    };
    let patches = (0..CHANGES).map(|number| {
        let writer = if number % 3 == 0 { &coachee } else { &coach };
        writer.patch(&path, fields(number))
    });
    let answers = join_all(patches).await;
    let row: Value = coach.get(&path).await.data();
    // Of every field, some patch that named it is in the row.
    for field in ["body", "due_by", "assignee_ids", "status"] {
        let mut sent = (0..CHANGES).map(fields);
        assert!(sent.any(|patch| patch.get(field) == row.get(field)), "{field}: {row}");
    }
    // Every answer has the value that its own patch named, and no two writes have the same version.
    let mut written: Vec<(u64, Value)> = Vec::new();
    for (number, answer) in answers.iter().enumerate() {
        let answered: Value = answer.data();
        for (field, value) in fields(number).as_object().unwrap() {
            assert_eq!(&answered[field], value);
        }
        written.push((answer.version(), answered));
    }
    written.sort_by_key(|(version, _)| *version);
    written.dedup();
    let numbers: Vec<u64> = written.iter().map(|(version, _)| *version).collect();
    let last = row["version"].as_u64().unwrap();
    let expected: Vec<u64> = (1..=last).collect();
    let history = history(&coach, &path).await;
    assert_eq!(versions(&history), expected, "versions rise by one");
    // Each write began where the one before had left the field, and the last of each field is in the row.
    for field in ["body", "due_by", "assignee_ids", "status"] {
        let writes = history.iter().flat_map(|entry| &entry.fields);
        let mut before = &Value::Null;
        for write in writes.filter(|write| write.name == field) {
            assert_eq!(&write.from, before, "{field}");
            before = &write.to;
        }
        assert_eq!(before, &row[field], "{field}");
    }
    assert_eq!(numbers.last(), Some(&last));
    assert!(numbers.is_sorted_by(|a, b| a < b) && last > 100, "{last}: {numbers:?}");
    // The events have the same versions, in the same order.
    for expected in 2..=last {
        match told.next_logged().await.decode() {
            Event::ActionUpdated { action, .. } => assert_eq!(action.version, Some(expected)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_patches_with_one_tag_one_wins() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let action = coach.add_action(&session, "start").await.id;
    let agreement = coach.add_agreement(&session, "start").await.id;
    let goal = coach.add_goal("start").await.id;
    let other = coach.new_session().await.id;
    for (path, field) in [
        (format!("/api/actions/{action}"), "body"),
        (format!("/api/agreements/{agreement}"), "body"),
        (format!("/api/goals/{goal}"), "title"),
        (format!("/api/coaching_sessions/{other}"), "title"),
    ] {
        let patches = (0..CHANGES).map(|number| {
            let writer = if number % 2 == 0 { &coachee } else { &coach };
            let patch = json!({ field: format!("text {number}") });
            writer.send_if("\"1\"", Method::PATCH, &path, patch)
        });
        let answers = join_all(patches).await;
        let row: Value = coach.get(&path).await.data();
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        let [won] = won[..] else {
            panic!("{} have won", won.len())
        };
        assert_eq!((won.data::<Value>(), won.version()), (row.clone(), 2));
        for answer in lost {
            let body = answer.refused(412, "precondition_failed");
            assert_eq!(body.data.as_ref(), Some(&row));
            assert_eq!(body.details.unwrap()["changed"].as_object().unwrap().len(), 1);
        }
        assert_eq!(versions(&history(&coach, &path).await), [1, 2]);
    }
}

//! Any merge patch of a row: the fields that it names have its values afterwards, and no others have changed.

use fuzz::{edited, edits, search};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Value, json};

use super::{Stage, check};

/// The fields that the server changes by itself with every write.
const OWN: [&str; 3] = ["version", "updated_at", "status_changed_at"];

/// Patches that are nearly right.
fn patches(goal: String, person: String) -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-z ]{1,20}".prop_map(Value::from), fuzz::text().prop_map(Value::from)];
    let due = prop_oneof![
        Just(Value::Null),
        (0..253_402_300_799_i64).prop_map(|seconds| {
            let moment = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            json!(moment.to_rfc3339())
        }),
    ];
    let status = proptest::sample::select(&["NotStarted", "InProgress", "Completed", "OnHold", "WontDo"][..]);
    let goal = proptest::option::of(Just(goal));
    let assignees = any::<bool>().prop_map(move |is_one| if is_one { vec![person.clone()] } else { Vec::new() });
    let all = (text, due, status, goal, assignees).prop_map(|(body, due_by, status, goal_id, assignee_ids)| {
        json!({ "body": body, "due_by": due_by, "status": status, "goal_id": goal_id, "assignee_ids": assignee_ids })
    });
    // A bit for each field: whether the patch names it.
    let some = (all, any::<u8>()).prop_map(|(mut patch, named)| {
        if let Value::Object(fields) = &mut patch {
            let mut bit = 0;
            fields.retain(|_, _| {
                bit += 1;
                named >> bit & 1 == 1
            });
        }
        patch
    });
    prop_oneof![3 => some.clone(), 1 => (some, edits(2)).prop_map(|(patch, edits)| edited(patch, &edits))]
}

/// What a merge patch (RFC 7396) makes of a row.
fn merged(row: &Value, patch: &Value) -> Value {
    let mut row = row.clone();
    if let (Value::Object(row), Value::Object(patch)) = (&mut row, patch) {
        row.extend(patch.clone());
    }
    row
}

/// A row without what the server changes by itself, with its moments written in one way.
fn compared(row: &Value) -> Value {
    let mut row = row.clone();
    if let Value::Object(fields) = &mut row {
        fields.retain(|name, _| !OWN.contains(&name.as_str()));
        let moment = |due: &Value| {
            let moment = chrono::DateTime::parse_from_rfc3339(due.as_str()?).ok()?;
            Some(json!(moment.timestamp_micros()))
        };
        if let Some(due) = fields.get("due_by").and_then(moment) {
            fields.insert("due_by".to_owned(), due);
        }
    }
    row
}

#[test]
fn patch_changes_the_fields_it_names() -> anyhow::Result<()> {
    let stage = Stage::new();
    let (path, goal) = stage.wait(async {
        let session = stage.person.today().await;
        let action = stage.person.add_action(&session, "An action").await;
        let goal = stage.person.add_goal("A goal").await;
        (format!("/api/actions/{}", action.id), goal.id.to_string())
    });
    search(&patches(goal, stage.person.id.to_string()), |patch| {
        stage.wait(async {
            let read = async || stage.person.get(&path).await.json()["data"].take();
            let before = read().await;
            let answer = stage.person.patch(&path, patch.clone()).await;
            check(&answer)?;
            let after = read().await;
            let expected = match answer.status {
                200 if answer.json()["data"] != after => return Err("the answer is not what is read".to_owned()),
                200 => merged(&before, &patch),
                _ => before.clone(),
            };
            let (is, must) = (compared(&after), compared(&expected));
            let version = |row: &Value| row["version"].as_u64().unwrap_or_default();
            let raised = version(&after) - version(&before);
            match raised {
                _ if is != must => Err(format!("{}: it is {is}, and must be {must}", answer.status)),
                0 if compared(&before) == is => Ok(()),
                1 if compared(&before) != is => Ok(()),
                _ => Err(format!("the version is raised by {raised}: {before} becomes {after}")),
            }
        })
    })
}

//! The decoder is liberal in four dialects, and strict about what it calls an event.

#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

use serde_json::{Map, Value, json};
use wire::{DecodeError, Event, EventKind, JobType, MAX_EVENT_BYTES, decode};

fn golden(kind: EventKind) -> Value {
    let file = format!("{}/tests/golden/{}.json", env!("CARGO_MANIFEST_DIR"), kind.name());
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// What the envelope of our own server says.
fn event(envelope: &Value) -> Event {
    decode("message", &envelope.to_string()).unwrap()
}

fn camel(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .map(|(key, value)| {
                    let mut upper = false;
                    let key = key.chars().fold(String::new(), |mut camel, letter| {
                        match letter {
                            '_' => upper = true,
                            letter if upper => {
                                camel.push(letter.to_ascii_uppercase());
                                upper = false;
                            }
                            letter => camel.push(letter),
                        }
                        camel
                    });
                    (key, camel_value(value))
                })
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

fn camel_value(value: &Value) -> Value {
    match value {
        Value::Object(_) => camel(value),
        Value::Array(items) => Value::Array(items.iter().map(camel_value).collect()),
        other => other.clone(),
    }
}

#[track_caller]
fn check(name: &str, data: &Value, expected: &Event) {
    assert_eq!(decode(name, &data.to_string()).as_ref(), Ok(expected), "{name} {data}");
}

#[test]
fn every_event_decodes_in_every_dialect() {
    for kind in EventKind::ALL {
        let envelope = golden(*kind);
        let expected = event(&envelope);
        let payload = &envelope["data"];
        let dotted = kind.name().replacen('_', ".", 1);
        for payload in [payload.clone(), camel(payload)] {
            // Envelope, with any event field: the envelope is right.
            check(kind.name(), &json!({"type": kind.name(), "data": payload}), &expected);
            check("message", &json!({"type": kind.name(), "data": payload}), &expected);
            check(
                "something_else",
                &json!({"type": kind.name(), "data": payload}),
                &expected,
            );
            // Dotted names.
            check(&dotted, &json!({"type": dotted, "data": payload}), &expected);
            check(&dotted, &payload, &expected);
            // A bare payload under a named event.
            check(kind.name(), &payload, &expected);
            // A flat object in an unnamed message. A payload with a `type` of its own can not be flat.
            if payload.get("type").is_none() {
                let mut flat = payload.as_object().unwrap().clone();
                flat.insert("type".to_owned(), json!(kind.name()));
                check("message", &Value::Object(flat.clone()), &expected);
                check("", &Value::Object(flat), &expected);
            }
        }
    }
}

#[test]
fn hello_has_two_older_names() {
    for (name, data) in [
        ("connected", r#"{"user_id":"7","timestamp":"2026-11-21T10:00:00Z"}"#),
        ("connection_established", "{}"),
        ("message", r#"{"type":"connected","userId":"7"}"#),
        ("connected", r#"{"type":"connected","data":{"userId":"7"}}"#),
    ] {
        let event = decode(name, data);
        assert!(
            matches!(
                event,
                Ok(Event::Hello {
                    resumed: false,
                    heartbeat_ms: None,
                    ..
                })
            ),
            "{name}: {event:?}"
        );
    }
}

#[test]
fn heartbeats_of_every_kind_are_heartbeats() {
    for (name, data) in [
        ("heartbeat", r#"{"type":"heartbeat","data":{}}"#),
        ("heartbeat", r#"{"timestamp":"2026-11-21T10:00:30Z","connections":1}"#),
        (
            "heartbeat",
            r#"{"type":"heartbeat","timestamp":"2026-11-21T10:00:30Z"}"#,
        ),
    ] {
        assert_eq!(decode(name, data), Ok(Event::Heartbeat {}), "{data}");
    }
}

#[test]
fn bare_notification_keeps_its_type() {
    let data = r#"{"id": "123", "type": "success", "title": "Done", "message": "Ready", "created_at": "2025-01-01T10:00:00Z"}"#;
    let Ok(Event::NotificationCreated(note)) = decode("notification", data) else {
        panic!("not a notification")
    };
    assert_eq!((note.id.0.as_str(), note.kind.as_deref()), ("123", Some("success")));
}

#[test]
fn a_flat_job_completion_decodes() {
    let data =
        r#"{"type":"job_completion","jobId":"job_1","jobType":"generate-script","status":"ready","podcastId":"p1"}"#;
    let Ok(Event::JobCompletion(job)) = decode("message", data) else {
        panic!("not a job")
    };
    assert_eq!(
        (job.job_id.0.as_str(), job.job_type),
        ("job_1", JobType::GenerateScript)
    );
}

#[test]
fn older_goal_events_are_goal_events() {
    let mut data = golden(EventKind::GoalUpdated);
    let expected = event(&data);
    data["type"] = json!("overarching_goal_updated");
    let goal = data["data"].as_object_mut().unwrap().remove("goal").unwrap();
    data["data"]["overarching_goal"] = goal;
    check("overarching_goal_updated", &data, &expected);
    check("overarching_goal_updated", &camel(&data), &expected);
}

#[test]
fn missing_scope_comes_from_entity() {
    let mut data = golden(EventKind::AgreementCreated);
    let expected = event(&data);
    data["data"].as_object_mut().unwrap().remove("coaching_session_id");
    data["data"]["coaching_relationship_id"] = json!("ebc28186-08c5-45dc-b73c-8d9b8893c61e");
    check("agreement_created", &data, &expected);
    check("agreement_created", &camel(&data), &expected);
}

#[test]
fn row_version_is_optional_in_every_dialect() {
    for (kind, entity) in [
        (EventKind::ActionUpdated, "action"),
        (EventKind::AgreementUpdated, "agreement"),
        (EventKind::GoalUpdated, "goal"),
    ] {
        let mut data = golden(kind);
        for version in [Some(7), None] {
            let row = data["data"][entity].as_object_mut().unwrap();
            row.remove("version");
            row.extend(version.map(|version: u64| ("version".to_owned(), json!(version))));
            for data in [data.clone(), camel(&data)] {
                for (name, data) in [(kind.name(), &data), ("message", &data), (kind.name(), &data["data"])] {
                    let read = match decode(name, &data.to_string()) {
                        Ok(Event::ActionUpdated { action, .. }) => action.version,
                        Ok(Event::AgreementUpdated { agreement, .. }) => agreement.version,
                        Ok(Event::GoalUpdated { goal, .. }) => goal.version,
                        other => panic!("{other:?}"),
                    };
                    assert_eq!(read, version, "{name} {data}");
                }
            }
        }
    }
}

#[test]
fn unknown_malformed_and_meaningless_are_told_apart() {
    let table = [
        (
            "calendar_synced",
            r#"{"type":"calendar_synced","data":{}}"#,
            DecodeError::Unknown,
        ),
        (
            "message",
            r#"{"type":"calendar_synced","data":{}}"#,
            DecodeError::Unknown,
        ),
        ("message", r#"{"type":"calendar_synced","x":1}"#, DecodeError::Unknown),
        ("calendar_synced", "not json", DecodeError::Unknown),
        ("calendar_synced", "{}", DecodeError::Unknown),
        ("message", ":heartbeat", DecodeError::NotAnEvent),
        ("message", "[1,2]", DecodeError::NotAnEvent),
        ("message", "{}", DecodeError::NotAnEvent),
        ("message", r#"{"type":7}"#, DecodeError::NotAnEvent),
        ("", "", DecodeError::NotAnEvent),
        (
            "action_created",
            "not json",
            DecodeError::Malformed(EventKind::ActionCreated),
        ),
        ("action_created", "", DecodeError::Malformed(EventKind::ActionCreated)),
        (
            "action_created",
            "null",
            DecodeError::Malformed(EventKind::ActionCreated),
        ),
        ("action_created", "{}", DecodeError::Malformed(EventKind::ActionCreated)),
        (
            "action_created",
            r#"{"type":"action_created","data":null}"#,
            DecodeError::Malformed(EventKind::ActionCreated),
        ),
        (
            "message",
            r#"{"type":"goal_deleted","data":{"goal_id":"7"}}"#,
            DecodeError::Malformed(EventKind::GoalDeleted),
        ),
    ];
    for (name, data, expected) in table {
        assert_eq!(decode(name, data), Err(expected), "{name:?} {data}");
    }
}

#[test]
fn what_is_too_long_is_not_read() {
    let long = format!(r#"{{"type":"heartbeat","data":{{}}}}{}"#, " ".repeat(MAX_EVENT_BYTES));
    assert_eq!(
        decode("heartbeat", &long),
        Err(DecodeError::TooLong(Some(EventKind::Heartbeat)))
    );
    assert_eq!(decode("message", &long), Err(DecodeError::TooLong(None)));
}

#[test]
fn an_error_never_quotes_what_arrived() {
    let error = decode(
        "action_created",
        r#"{"type":"action_created","data":{"action":"a secret"}}"#,
    )
    .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(decode("message", &deep), Err(DecodeError::NotAnEvent));
    let deep = format!(r#"{{"type":"action_created","data":{deep}}}"#);
    assert_eq!(
        decode("action_created", &deep),
        Err(DecodeError::Malformed(EventKind::ActionCreated))
    );
}

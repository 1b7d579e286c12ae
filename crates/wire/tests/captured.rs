//! What the real coaching backend sent decodes. The bytes in `captured/` were recorded from the running service.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that can not go on must say so")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use wire::json::{FromJson, Object};
use wire::{
    Action, Agreement, CoachingRelationship, CoachingSession, Deleted, Envelope, ErrorBody, EventKind, Goal,
    Organization, SessionGoal, Unlinked, User, decode,
};

#[derive(Deserialize)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    status: u16,
    content_type: String,
    body: String,
}

fn exchanges() -> Vec<Exchange> {
    serde_json::from_str(include_str!("captured/rest.json")).unwrap()
}

#[test]
fn captured_frames_decode_as_events() {
    let stream = include_str!("captured/stream.sse");
    let mut seen = BTreeMap::<EventKind, usize>::new();
    for frame in stream.split("\n\n").filter(|frame| frame.contains("data: ")) {
        let (name, data) = frame.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let event = decode(name, data).unwrap_or_else(|error| panic!("{error}: {frame}"));
        assert_eq!(event.kind().name(), name);
        *seen.entry(event.kind()).or_default() += 1;
    }
    for kind in [
        EventKind::ActionCreated,
        EventKind::ActionUpdated,
        EventKind::ActionDeleted,
        EventKind::AgreementCreated,
        EventKind::AgreementUpdated,
        EventKind::AgreementDeleted,
        EventKind::GoalCreated,
        EventKind::GoalUpdated,
        EventKind::GoalDeleted,
        EventKind::CoachingSessionGoalCreated,
        EventKind::CoachingSessionGoalDeleted,
        EventKind::CoachingSessionTitleUpdated,
        EventKind::TopicsChanged,
    ] {
        assert!(seen.contains_key(&kind), "{} was not captured", kind.name());
    }
}

#[track_caller]
fn reads<T: DeserializeOwned>(exchange: &Exchange) -> T {
    serde_json::from_str(&exchange.body).unwrap_or_else(|error| panic!("{}: {error}\n{}", exchange.name, exchange.body))
}

/// Reads what is in the envelope as the server does and as the app does: it is the same.
#[track_caller]
fn reads_either_way<T: DeserializeOwned + FromJson + PartialEq + Debug>(exchange: &Exchange) {
    let body = Object::read(&exchange.body).unwrap();
    assert_eq!(
        body.take("data"),
        Ok(reads::<Envelope<T>>(exchange).data),
        "{}",
        exchange.name
    );
}

#[test]
fn captured_bodies_decode() {
    let mut read = 0;
    for exchange in exchanges() {
        if exchange.status != 200 || !exchange.content_type.starts_with("application/json") || exchange.body.is_empty()
        {
            continue;
        }
        let parts: Vec<&str> = exchange.path.trim_matches('/').split('/').collect();
        read += 1;
        match (exchange.method.as_str(), parts.as_slice()) {
            ("POST", ["login"]) => reads_either_way::<User>(&exchange),
            ("GET", ["users", _]) => reads_either_way::<User>(&exchange),
            ("GET", ["users", _, "organizations"] | ["organizations"]) => {
                drop(reads::<Envelope<Vec<Organization>>>(&exchange));
            }
            ("GET", ["organizations", _, "users"]) => reads_either_way::<Vec<User>>(&exchange),
            ("GET", ["users", _, "coaching-relationships"] | ["organizations", _, "coaching_relationships"]) => {
                reads_either_way::<Vec<CoachingRelationship>>(&exchange);
            }
            ("GET", ["coaching_sessions"] | ["users", _, "coaching_sessions"]) => {
                reads_either_way::<Vec<CoachingSession>>(&exchange);
            }
            ("POST", ["coaching_sessions"]) | ("PATCH", ["coaching_sessions", _, "title"]) => {
                reads_either_way::<CoachingSession>(&exchange);
            }
            ("GET", ["coaching_sessions", "goals"]) => {}
            ("GET", ["coaching_sessions", _]) => reads_either_way::<CoachingSession>(&exchange),
            ("GET", ["actions"] | ["users", _, "actions"]) => reads_either_way::<Vec<Action>>(&exchange),
            ("POST", ["actions"]) | ("GET" | "PUT", ["actions", _]) => reads_either_way::<Action>(&exchange),
            ("GET", ["agreements"]) => reads_either_way::<Vec<Agreement>>(&exchange),
            ("POST", ["agreements"]) | ("GET" | "PUT", ["agreements", _]) => {
                reads_either_way::<Agreement>(&exchange);
            }
            ("GET", ["goals"] | ["users" | "coaching_sessions", _, "goals"]) => {
                reads_either_way::<Vec<Goal>>(&exchange);
            }
            ("POST", ["goals"]) | ("GET" | "PUT", ["goals", _]) => reads_either_way::<Goal>(&exchange),
            ("POST", ["coaching_sessions", _, "goals"]) => reads_either_way::<SessionGoal>(&exchange),
            ("DELETE", ["coaching_sessions", _, "goals", _]) => drop(reads::<Unlinked>(&exchange)),
            ("DELETE", ["actions" | "agreements" | "goals", _]) => drop(reads::<Deleted<uuid::Uuid>>(&exchange)),
            _ => read -= 1,
        }
    }
    assert!(
        read > 80,
        "only {read} bodies were read: the capture or this table has shrunk"
    );
}

#[test]
fn every_captured_json_error_decodes() {
    let mut read = 0;
    for exchange in exchanges() {
        if exchange.status >= 400 && exchange.content_type.starts_with("application/json") {
            let body: ErrorBody = reads(&exchange);
            assert_eq!(body.status_code, exchange.status, "{}", exchange.name);
            assert!(!body.error.is_empty() && !body.message.is_empty(), "{}", exchange.name);
            read += 1;
        }
    }
    assert!(read >= 8, "only {read} errors were read");
}

//! Any body, address and header on every route.

use std::collections::BTreeSet;

use fuzz::{edited, edits, search, text, value};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::{Person, Stage, check, send};

/// The routes below `/api`, with the methods they have.
const ROUTES: &[(&str, &str)] = &[
    ("/actions", "GET POST"),
    ("/actions/{id}", "GET PUT PATCH DELETE"),
    ("/actions/{id}/history", "GET"),
    ("/actions/{id}/restore", "POST"),
    ("/agreements", "GET POST"),
    ("/agreements/{id}", "GET PUT PATCH DELETE"),
    ("/agreements/{id}/history", "GET"),
    ("/agreements/{id}/restore", "POST"),
    ("/announcements", "GET POST"),
    ("/coaching_sessions", "GET POST"),
    ("/coaching_sessions/goals", "GET"),
    ("/coaching_sessions/{id}", "GET PUT PATCH DELETE"),
    ("/coaching_sessions/{id}/goals", "GET POST"),
    ("/coaching_sessions/{id}/goals/{goal_id}", "DELETE"),
    ("/coaching_sessions/{id}/history", "GET"),
    ("/coaching_sessions/{id}/title", "PATCH"),
    ("/delete", "DELETE"),
    ("/goals", "GET POST"),
    ("/goals/{id}", "GET PUT PATCH DELETE"),
    ("/goals/{id}/history", "GET"),
    ("/goals/{id}/restore", "POST"),
    ("/login", "POST"),
    ("/organizations", "GET"),
    ("/organizations/{id}/coaching_relationships", "GET"),
    ("/organizations/{id}/coaching_relationships/{relationship_id}", "GET"),
    ("/sessions", "DELETE"),
    ("/sign_ins", "GET DELETE"),
    ("/sign_ins/{id}", "DELETE"),
    ("/sse/status", "GET"),
    ("/sse/ticket", "POST"),
    ("/users/current", "GET"),
    ("/users/{id}", "GET PUT"),
    ("/users/{id}/actions", "GET"),
    ("/users/{id}/coaching-relationships", "GET"),
    ("/users/{id}/coaching_sessions", "GET"),
    ("/users/{id}/force_logout", "POST"),
    ("/users/{id}/organizations", "GET"),
    ("/users/{id}/password", "PUT"),
];

/// The methods that are tried on every route.
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The headers that mean something to the server.
const HEADERS: [&str; 6] = [
    "if-match",
    "idempotency-key",
    "x-version",
    "origin",
    "content-type",
    "x-forwarded-for",
];

/// A request.
#[derive(Clone)]
struct Request {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {}", self.method, self.path)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

/// What the database has, to be asked for.
struct Known {
    ids: Vec<String>,
    bodies: Vec<Value>,
}

async fn known(person: &Person) -> Known {
    let session = person.today().await;
    let (action, agreement, goal) = (
        person.add_action(&session, "An action").await,
        person.add_agreement(&session, "An agreement").await,
        person.add_goal("A goal").await,
    );
    let pair = session.coaching_relationship_id;
    let user = person.get(&format!("/api/users/{}", person.id)).await.json();
    let ids = [
        session.id.to_string(),
        pair.to_string(),
        action.id.to_string(),
        agreement.id.to_string(),
        goal.id.to_string(),
        person.id.to_string(),
    ];
    let bodies = vec![
        json!({ "coaching_session_id": session.id, "body": "b", "status": "NotStarted", "due_by": null,
            "assignee_ids": [person.id], "goal_id": goal.id }),
        json!({ "coaching_session_id": session.id, "body": "b" }),
        json!({ "coaching_relationship_id": pair, "title": "t", "body": "b", "status": "InProgress",
            "target_date": "2027-01-01" }),
        json!({ "coaching_relationship_id": pair, "date": "2030-01-01T10:00:00", "duration_minutes": 60,
            "title": "t", "meeting_url": "https://meet.example/1" }),
        json!({ "title": "t" }),
        json!({ "goal_id": goal.id }),
        json!({ "reason": "r" }),
        json!({ "current_password": "c", "password": "a long password that nobody has" }),
        json!({ "message": "m", "level": "info", "title": "t" }),
        user["data"].clone(),
    ];
    Known {
        ids: ids.to_vec(),
        bodies,
    }
}

/// Requests that are nearly right, or not at all.
fn requests(known: Known) -> impl Strategy<Value = Request> {
    let Known { ids, bodies } = known;
    let segment = move || {
        let ids = proptest::sample::select(ids.clone());
        prop_oneof![8 => ids, 1 => "[0-9a-f-]{36}", 1 => text()]
    };
    let pair = ("[a-z_]{1,24}", segment()).prop_map(|(name, value)| format!("{name}={}", encoded(&value)));
    let meant = prop_oneof![
        Just("coaching_session_id"),
        Just("coaching_relationship_id"),
        Just("from_date"),
        Just("to_date"),
        Just("sort_by"),
        Just("sort_order"),
        Just("scope"),
        Just("limit"),
        Just("before"),
        Just("status"),
    ];
    let meant = (meant, segment()).prop_map(|(name, value)| format!("{name}={}", encoded(&value)));
    let query = vec(prop_oneof![4 => meant, 1 => pair], 0..4);
    let body = (proptest::sample::select(bodies), edits(3)).prop_map(|(body, edits)| edited(body, &edits).to_string());
    let body = prop_oneof![
        6 => body.prop_map(String::into_bytes),
        1 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => vec(any::<u8>(), 0..200),
        1 => "[a-z]{0,8}=[a-z@.%0-9]{0,20}(&[a-z]{0,8}=[a-z%0-9]{0,20}){0,3}".prop_map(String::into_bytes),
    ];
    let name = proptest::sample::select(&HEADERS[..]);
    let header = prop_oneof![
        Just("application/json".to_owned()),
        Just("application/merge-patch+json".to_owned()),
        Just("application/x-www-form-urlencoded".to_owned()),
        Just("\"1\"".to_owned()),
        Just("*".to_owned()),
        "[ -~]{0,40}",
    ];
    let route = 0..ROUTES.len();
    let method = (any::<bool>(), 0..METHODS.len());
    let parts = (
        route,
        method,
        segment(),
        segment(),
        query,
        vec((name, header), 0..3),
        body,
    );
    parts.prop_map(|(route, (is_meant, method), id, other, query, headers, body)| {
        let (path, methods) = ROUTES[route];
        let allowed: Vec<&str> = methods.split(' ').collect();
        let method = match is_meant {
            true => allowed[method % allowed.len()].parse().unwrap(),
            false => METHODS[method].clone(),
        };
        let path = path.replacen("{id}", &encoded(&id), 1);
        let (head, tail) = path.split_once('{').unwrap_or((&path, ""));
        let path = match tail {
            "" => head.to_owned(),
            _ => format!("{head}{}", encoded(&other)),
        };
        Request {
            method,
            path: format!("/api{path}?{}", query.join("&")),
            headers,
            body,
        }
    })
}

/// Percent-encoding (RFC 3986, section 2.1) of all but letters, digits and hyphens.
pub(super) fn encoded(text: &str) -> String {
    let short: String = text.chars().take(100).collect();
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    short.bytes().map(byte).collect()
}

#[test]
fn no_request_makes_the_server_fail() -> anyhow::Result<()> {
    let mut stage = Stage::new();
    let known = stage.wait(known(&stage.person));
    let person = std::cell::RefCell::new(std::mem::replace(&mut stage.person, stage.server.stranger()));
    search(&requests(known), |request| {
        let asking = {
            let person = person.borrow();
            let mut asking = person.request(request.method.clone(), &request.path);
            if !request.headers.iter().any(|(name, _)| *name == "content-type") {
                asking = asking.header("content-type", "application/json");
            }
            for (name, value) in &request.headers {
                let Ok(value) = HeaderValue::from_str(value) else {
                    continue;
                };
                asking = asking.header(HeaderName::from_static(name), value);
            }
            asking.body(request.body)
        };
        let answer = stage.wait(send(asking))?;
        // The request has signed its person out, or another one before it.
        if answer.status == 401 {
            *person.borrow_mut() = stage.wait(stage.server.sign_in("coach"));
        }
        check(&answer)
    })
}

/// The routes that the source has are the ones that are tried.
#[test]
fn every_route_is_tried() {
    let mut routes = BTreeSet::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    for file in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut rest = source.as_str();
        while let Some((_, after)) = rest.split_once(".route(") {
            let path = after
                .trim_start()
                .strip_prefix('"')
                .and_then(|after| after.split_once('"'));
            routes.extend(path.map(|(path, _)| path.to_owned()));
            rest = after;
        }
    }
    // These are not below `/api`, or are tried as a stream.
    for other in ["/healthz", "/readyz", "/metrics", "/sse", "/api/"] {
        assert!(routes.remove(other), "{other}");
    }
    let tried: BTreeSet<String> = ROUTES.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(tried, routes);
}

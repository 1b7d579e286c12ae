//! Checks the table row by row: each event touches exactly the keys that it must, out of keys of every kind. Checks the
//! table against the app: each event has an effect or a reason for none, and each query has an event or polls.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wire::{Event, EventKind, decode};

mod samples;

use super::{HEARD, plan, plan_unreadable};
use crate::query::{Key, Options, Segment, Selector};
use samples::{Sample, samples};

/// The coaching session, coaching relationship and user of the events. `OTHER` is none of them.
const S: &str = "749f7242-36b9-43dd-97d7-d98da9d9ba4b";
const R: &str = "ebc28186-08c5-45dc-b73c-8d9b8893c61e";
const U: &str = "616b8c55-d382-4ba7-a491-1c6c084eeb18";
const OTHER: &str = "11111111-2222-4333-8444-555555555555";

struct Any;

/// Builds a key from its address. A segment that parses as a UUID is an id.
fn key(address: &str) -> Key {
    let segment = |text: &str| match text.parse::<uuid::Uuid>() {
        Ok(id) => Segment::Id(id.as_u128()),
        Err(_) => known(text).map_or_else(|| Segment::Text(text.into()), Segment::Word),
    };
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut key = Key::of::<Any>();
    for part in path.trim_start_matches('/').split('/') {
        key = key.segment(segment(part));
    }
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        key = key.param(known(name).unwrap(), segment(value));
    }
    key.build()
}

fn known(word: &str) -> Option<&'static str> {
    const WORDS: [&str; 19] = [
        "actions",
        "agreements",
        "goals",
        "coaching_sessions",
        "coaching_session_id",
        "coaching_relationship_id",
        "users",
        "coaching-relationships",
        "coaching_relationships",
        "counts",
        "topics",
        "meeting_recording",
        "transcriptions",
        "notifications",
        "workflows",
        "podcasts",
        "documents",
        "announcements",
        "organizations",
    ];
    WORDS.into_iter().find(|each| *each == word)
}

/// Lists one key of every kind, for this coaching session, coaching relationship and user, and for others.
fn keys() -> Vec<String> {
    let mut keys: Vec<String> = [
        "/coaching_sessions",
        "/coaching_sessions/goals",
        "/notifications",
        "/notifications/unread",
        "/workflows",
        "/workflows/w-1",
        "/podcasts",
        "/podcasts/p-1",
        "/podcasts/p-2",
        "/documents",
        "/documents/p-1",
        "/announcements",
        "/organizations",
    ]
    .map(str::to_owned)
    .to_vec();
    for session in [S, OTHER] {
        keys.push(format!("/actions?coaching_session_id={session}"));
        keys.push(format!("/agreements?coaching_session_id={session}"));
        keys.push(format!("/coaching_sessions/{session}"));
        for part in ["goals", "topics", "meeting_recording", "transcriptions"] {
            keys.push(format!("/coaching_sessions/{session}/{part}"));
        }
    }
    for relationship in [R, OTHER] {
        keys.push(format!("/goals?coaching_relationship_id={relationship}"));
    }
    for user in [U, OTHER] {
        keys.push(format!("/users/{user}"));
        for part in [
            "actions",
            "goals",
            "coaching_sessions",
            "coaching_sessions/counts",
            "coaching-relationships",
        ] {
            keys.push(format!("/users/{user}/{part}"));
        }
    }
    keys
}

fn golden(kind: EventKind) -> Event {
    macro_rules! golden {
        ($($name:literal)*) => {
            match kind.name() {
                $($name => include_str!(concat!("../../../crates/wire/tests/golden/", $name, ".json")),)*
                other => panic!("{other} has no golden file here"),
            }
        };
    }
    let text = golden! {
        "hello" "heartbeat" "resync" "shutdown" "auth_expiring" "action_created" "action_updated" "action_deleted"
        "agreement_created" "agreement_updated" "agreement_deleted" "goal_created" "goal_updated" "goal_deleted"
        "coaching_session_goal_created" "coaching_session_goal_deleted" "coaching_session_title_updated"
        "topics_changed" "meeting_recording_updated" "transcription_updated" "notification_created"
        "notification_updated" "notification_deleted" "user_status_changed" "user_updated" "workflow_started"
        "workflow_completed" "workflow_failed" "job_completion" "entity_change" "system_announcement"
        "system_maintenance" "force_logout"
    };
    decode("message", text).unwrap()
}

fn touched(selectors: &[Selector]) -> Vec<String> {
    let mut touched = keys();
    touched.retain(|address| selectors.iter().any(|selector| selector.matches(&key(address))));
    touched.sort();
    touched
}

fn planned(event: &Event) -> Vec<String> {
    let steps = plan(event);
    // A key that is both applied and invalidated would be fetched at once.
    for address in keys() {
        let steps = steps.iter().filter(|step| step.selector.matches(&key(&address)));
        let painted = steps.clone().filter(|step| step.paint.is_some()).count();
        assert!(painted == 0 || steps.count() == painted, "{address} is painted and not");
    }
    touched(&steps.into_iter().map(|step| step.selector).collect::<Vec<_>>())
}

/// Returns the keys that each event must touch, as patterns: `S`, `R` and `U` are this coaching session, coaching
/// relationship and user; `*` is this one and the other.
fn expected(kind: EventKind) -> &'static [&'static str] {
    const SESSION_LISTS: [&str; 2] = ["/coaching_sessions", "/users/*/coaching_sessions"];
    use EventKind as K;
    match kind {
        K::Hello | K::Heartbeat | K::Resync | K::Shutdown | K::AuthExpiring | K::ForceLogout => &[],
        K::ActionCreated | K::ActionUpdated | K::ActionDeleted => {
            &["/actions?coaching_session_id=S", "/users/*/actions"]
        }
        K::AgreementCreated | K::AgreementUpdated | K::AgreementDeleted => &["/agreements?coaching_session_id=S"],
        K::GoalCreated => &[
            "/goals?coaching_relationship_id=R",
            "/coaching_sessions/*/goals",
            "/coaching_sessions/goals",
            "/users/*/goals",
        ],
        K::GoalUpdated => &[
            SESSION_LISTS[0],
            SESSION_LISTS[1],
            "/goals?coaching_relationship_id=R",
            "/coaching_sessions/*/goals",
            "/coaching_sessions/goals",
            "/users/*/goals",
        ],
        K::GoalDeleted => &[
            SESSION_LISTS[0],
            SESSION_LISTS[1],
            "/goals?coaching_relationship_id=R",
            "/coaching_sessions/*/goals",
            "/coaching_sessions/goals",
            "/users/*/goals",
            "/actions?coaching_session_id=*",
            "/users/*/actions",
        ],
        K::CoachingSessionGoalCreated | K::CoachingSessionGoalDeleted => &[
            SESSION_LISTS[0],
            SESSION_LISTS[1],
            "/coaching_sessions/S/goals",
            "/coaching_sessions/goals",
        ],
        K::CoachingSessionTitleUpdated => &[SESSION_LISTS[0], SESSION_LISTS[1], "/coaching_sessions/S"],
        K::TopicsChanged => &[SESSION_LISTS[0], SESSION_LISTS[1], "/coaching_sessions/S/topics"],
        K::MeetingRecordingUpdated => &["/coaching_sessions/S/meeting_recording"],
        K::TranscriptionUpdated => &["/coaching_sessions/S/transcriptions"],
        K::NotificationCreated | K::NotificationUpdated | K::NotificationDeleted => {
            &["/notifications", "/notifications/unread"]
        }
        K::UserStatusChanged => &["/users/U"],
        K::UserUpdated => &["/users/U", "/users/*/coaching-relationships"],
        K::WorkflowStarted | K::WorkflowCompleted | K::WorkflowFailed => &["/workflows", "/workflows/w-1"],
        K::JobCompletion | K::EntityChange => &["/podcasts", "/podcasts/p-1"],
        K::SystemAnnouncement | K::SystemMaintenance => &["/announcements"],
    }
}

fn expand(pattern: &str) -> Vec<String> {
    let both = |text: &str, name: &str, this: &str| {
        let these = if name == "*" { vec![this, OTHER] } else { vec![this] };
        these
            .into_iter()
            .map(|id| text.replacen(name, id, 1))
            .collect::<Vec<_>>()
    };
    for (name, is) in [("=S", S), ("/S", S), ("=R", R), ("/U", U)] {
        if pattern.contains(name) {
            return vec![pattern.replacen(&name[1..], is, 1)];
        }
    }
    if !pattern.contains('*') {
        return vec![pattern.to_owned()];
    }
    both(pattern, "*", if pattern.starts_with("/users") { U } else { S })
}

#[test]
fn every_event_touches_exactly_its_row() {
    for kind in EventKind::ALL {
        let mut row: Vec<String> = expected(*kind).iter().flat_map(|pattern| expand(pattern)).collect();
        row.sort();
        assert_eq!(planned(&golden(*kind)), row, "{}", kind.name());
    }
}

#[test]
fn undecodable_event_invalidates_all_it_may_mean() {
    for kind in EventKind::ALL {
        let coarse = touched(&plan_unreadable(*kind));
        for address in planned(&golden(*kind)) {
            assert!(coarse.contains(&address), "{}: {address}", kind.name());
        }
        assert!(
            coarse.len() < keys().len() / 2,
            "{} is no reason to read everything again",
            kind.name()
        );
    }
}

#[test]
fn studio_change_touches_list_only_on_change() {
    let change = |change: &str| {
        let text = format!(
            r#"{{"type":"entity_change","data":{{"entity_type":"document","change_type":"{change}","entity_id":"p-1"}}}}"#
        );
        planned(&decode("message", &text).unwrap())
    };
    assert_eq!(change("update"), ["/documents/p-1"]);
    assert_eq!(change("insert"), ["/documents", "/documents/p-1"]);
    assert_eq!(change("delete"), ["/documents", "/documents/p-1"]);
    let unknown_job = r#"{"type":"job_completion","data":{"job_id":"j","job_type":"tidy-up","podcast_id":"p-1"}}"#;
    assert_eq!(planned(&decode("message", unknown_job).unwrap()), ["/podcasts/p-1"]);
}

/// The events that touch no query of the app, and the reason for each.
const UNSHOWN: [(EventKind, &str); 19] = {
    use EventKind as K;
    const STREAM: &str = "it is about the stream itself";
    const NO_SCREEN: &str = "nothing in the app shows it yet";
    [
        (K::Hello, STREAM),
        (K::Heartbeat, STREAM),
        (K::Resync, STREAM),
        (K::Shutdown, STREAM),
        (K::AuthExpiring, STREAM),
        (K::ForceLogout, "signing out empties the cache"),
        (K::MeetingRecordingUpdated, NO_SCREEN),
        (K::TranscriptionUpdated, NO_SCREEN),
        (K::NotificationCreated, NO_SCREEN),
        (K::NotificationUpdated, NO_SCREEN),
        (K::NotificationDeleted, NO_SCREEN),
        (K::UserStatusChanged, NO_SCREEN),
        (K::WorkflowStarted, NO_SCREEN),
        (K::WorkflowCompleted, NO_SCREEN),
        (K::WorkflowFailed, NO_SCREEN),
        (K::JobCompletion, NO_SCREEN),
        (K::EntityChange, NO_SCREEN),
        (K::SystemAnnouncement, NO_SCREEN),
        (K::SystemMaintenance, NO_SCREEN),
    ]
};

/// Returns the queries of the app that an event of this kind touches.
fn shown_of(kind: EventKind) -> Vec<&'static str> {
    let steps = plan(&golden(kind));
    let mut shown = samples();
    shown.retain(|sample| steps.iter().any(|step| step.selector.matches(&sample.key)));
    shown.into_iter().map(|sample| sample.name).collect()
}

#[test]
fn every_event_has_an_effect_or_reason() {
    for kind in EventKind::ALL {
        let shown = shown_of(*kind);
        let reason = UNSHOWN.iter().find(|(unshown, _)| unshown == kind);
        assert_eq!(
            shown.is_empty(),
            reason.is_some(),
            "{}: touches {shown:?}, says {reason:?}",
            kind.name()
        );
    }
}

#[test]
fn stream_subscribes_to_shown_events_only() {
    let shown = EventKind::ALL
        .iter()
        .copied()
        .filter(|kind| !shown_of(*kind).is_empty());
    let heard: Vec<_> = shown.chain([EventKind::ForceLogout]).collect();
    assert_eq!(HEARD, heard);
}

#[test]
fn every_query_is_invalidated_or_polls() {
    let touched: Vec<_> = EventKind::ALL.iter().flat_map(|kind| shown_of(*kind)).collect();
    for Sample { name, options, .. } in samples() {
        assert!(
            touched.contains(&name) || options == Options::unannounced(),
            "no event would tell that {name} has changed"
        );
    }
}

/// The two tests above would not detect a query that has no sample.
#[test]
fn every_query_of_the_app_has_a_sample() {
    const SOURCES: [(&str, &str); 11] = [
        ("actions", include_str!("../../resources/actions.rs")),
        ("additions", include_str!("../../resources/additions.rs")),
        ("agreements", include_str!("../../resources/agreements.rs")),
        ("changes", include_str!("../../resources/changes.rs")),
        ("exchange", include_str!("../../resources/exchange/mod.rs")),
        ("goals", include_str!("../../resources/goals.rs")),
        ("history", include_str!("../../resources/history.rs")),
        ("opaque", include_str!("../../resources/opaque.rs")),
        ("record", include_str!("../../resources/record.rs")),
        ("relationships", include_str!("../../resources/relationships.rs")),
        ("sessions", include_str!("../../resources/sessions.rs")),
    ];
    let modules = include_str!("../../resources/mod.rs").lines();
    let modules: Vec<_> = modules
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .filter(|module| *module != "tests")
        .collect();
    assert_eq!(modules, SOURCES.map(|(module, _)| module), "a file is missing here");
    let sampled: Vec<_> = samples().into_iter().map(|sample| sample.name).collect();
    let lines = SOURCES.iter().flat_map(|(_, text)| text.lines());
    let queries: Vec<_> = lines
        .filter_map(|line| line.split_once("Query for ")?.1.strip_suffix(" {"))
        .collect();
    assert_eq!(queries, sampled, "a query is missing, or stands elsewhere");
}

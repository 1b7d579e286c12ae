//! The server's REST API for rows, in two kinds.
//!
//! One kind writes single fields on condition of a version, restores rows, and names the author of each change. The
//! other is the coaching backend: it has no versions and writes whole rows, and its route for a status may not work.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::{Action, Agreement, CoachingSession, Event, Goal, GoalId};

use super::people::{self, moment, pair_of};
use super::rows::Stored;
use super::show::Show;
use super::stock::{Stock, Told, session_at};
use super::writes::Overwritten;
use crate::browser::fetch::{Request, Response, Verb};

/// The features of a server.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Kind {
    /// Whether it supports `PATCH` and versions.
    pub(super) patches: bool,
    /// Whether it treats two requests with the same key as one.
    pub(super) honours_keys: bool,
    /// Whether it repeats a refusal for the same key as well.
    pub(super) keeps_refusals: bool,
    /// Whether the route for a status works.
    pub(super) has_status_route: bool,
}

/// The response to a request, with its events and its effect.
pub(super) struct Handled {
    pub(super) response: Response,
    pub(super) told: Vec<Event>,
    pub(super) effect: Effect,
}

/// The effect of a request.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Nothing,
    /// The request has the key of a different request, and got its answer.
    Mistaken,
    Created(u128),
    /// Replaced these values, or deleted them with their row.
    Overwrote(Vec<Overwritten>),
}

/// A parsed request.
struct Call<'a> {
    person: usize,
    verb: Verb,
    body: &'a str,
    if_match: Option<u64>,
}

type Refusal = (u16, Value);
type Outcome = Result<(Value, Vec<Event>, Effect), Refusal>;

const NOT_FOUND: u16 = 404;
const FORBIDDEN: u16 = 403;

/// Carries out a request.
pub(super) fn handle(stored: &mut Stored, kind: Kind, person: usize, request: &Request) -> Handled {
    let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let if_match = header(request, "if-match").and_then(|tag| tag.trim_matches('"').parse().ok());
    let call = Call {
        person,
        verb: request.method,
        body: request.body.as_ref().map_or("", |(_, body)| body),
        if_match,
    };
    let outcome = match *segments.as_slice() {
        ["coaching_sessions", session, "goals"] => links(stored, &call, session),
        ["coaching_sessions", session, "goals", goal] => unlink(stored, &call, session, goal),
        ["actions", ref rest @ ..] => rows::<Action>(stored, kind, &call, rest, query),
        ["agreements", ref rest @ ..] => rows::<Agreement>(stored, kind, &call, rest, query),
        ["goals", ref rest @ ..] => rows::<Goal>(stored, kind, &call, rest, query),
        ["coaching_sessions", ref rest @ ..] => rows::<CoachingSession>(stored, kind, &call, rest, query),
        _ => Err(refusal(NOT_FOUND)),
    };
    match outcome {
        Ok((data, told, effect)) => Handled {
            response: response(200, &json!({ "status_code": 200, "data": data })),
            told,
            effect,
        },
        Err((status, body)) => Handled {
            response: response(status, &body),
            told: Vec::new(),
            effect: Effect::Nothing,
        },
    }
}

/// Returns a header of a request.
pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    headers.find(|(each, _)| *each == name).map(|(_, value)| value.as_str())
}

pub(super) fn response(status: u16, body: &Value) -> Response {
    Response {
        status,
        retry_after: None,
        event_cursor: None,
        link: None,
        body: body.to_string().into_bytes(),
    }
}

fn refusal(status: u16) -> Refusal {
    (
        status,
        json!({ "status_code": status, "error": "refused", "message": "it is refused" }),
    )
}

fn rows<T: Stock>(stored: &mut Stored, kind: Kind, call: &Call<'_>, rest: &[&str], query: &str) -> Outcome {
    let id = match *rest {
        [] | [""] => return create::<T>(stored, call),
        [id, ..] => uuid::Uuid::parse_str(id).map_err(|_unreadable| refusal(400))?.as_u128(),
    };
    let slot = stored.slot::<T>(id).ok_or_else(|| refusal(NOT_FOUND))?;
    if slot.row.pair() != pair_of(call.person) {
        return Err(refusal(FORBIDDEN));
    }
    match (call.verb, rest) {
        (Verb::Post, [_, "restore"]) if kind.patches => return restore::<T>(stored, call, id),
        _ => {}
    }
    if let Some(deletion) = slot.deleted {
        let details = kind.patches.then_some(deletion);
        return Err((
            NOT_FOUND,
            json!({ "status_code": NOT_FOUND, "message": "it is gone", "details": details }),
        ));
    }
    if call.if_match.is_some_and(|version| version != slot.version) {
        return Err(precondition_failed::<T>(stored, call, id));
    }
    let is_whole = rest.len() == 1;
    match call.verb {
        Verb::Get if is_whole => Ok((read::<T>(stored, call, id), Vec::new(), Effect::Nothing)),
        Verb::Delete if is_whole => delete::<T>(stored, call, id),
        Verb::Patch if is_whole && kind.patches => write::<T>(stored, call, id, fields::<T>(call.body)?),
        Verb::Put if is_whole && !kind.patches => write::<T>(stored, call, id, fields::<T>(call.body)?),
        Verb::Patch if rest.get(1) == Some(&"title") => write::<T>(stored, call, id, fields::<T>(call.body)?),
        Verb::Put if rest.get(1) == Some(&"status") && kind.has_status_route => {
            let status = query.strip_prefix("value=").ok_or_else(|| refusal(400))?;
            let mut patch = intent::Row::new();
            patch.insert("status".to_owned(), json!(status));
            write::<T>(stored, call, id, patch)
        }
        _ => Err(refusal(400)),
    }
}

/// Returns the fields of a body that people edit.
fn fields<T: Stock>(body: &str) -> Result<intent::Row, Refusal> {
    let mut row: intent::Row = serde_json::from_str(body).map_err(|_unreadable| refusal(422))?;
    row.retain(|field, _| T::FIELDS.contains(&field.as_str()));
    // This field is the mark of the reader in this model.
    row.remove("provider");
    Ok(row)
}

fn read<T: Stock>(stored: &Stored, call: &Call<'_>, id: u128) -> Value {
    let row = stored.slot::<T>(id).map(|slot| slot.row.clone().read_by(call.person));
    json!(row)
}

fn precondition_failed<T: Stock>(stored: &Stored, call: &Call<'_>, id: u128) -> Refusal {
    let mut changed = BTreeMap::new();
    for field in T::FIELDS {
        if let Some(write) = stored.history.last(id, field)
            && let (true, Some(by)) = (call.if_match.is_some_and(|seen| write.version > seen), write.by)
        {
            changed.insert(*field, json!({ "by": by, "at": moment(write.number) }));
        }
    }
    let row = read::<T>(stored, call, id);
    (
        412,
        json!({ "status_code": 412, "data": row, "details": { "changed": changed } }),
    )
}

fn create<T: Stock>(stored: &mut Stored, call: &Call<'_>) -> Outcome {
    if call.verb != Verb::Post {
        return Err(refusal(400));
    }
    let id = 1_000 + u128::from(stored.changes + 1);
    let author = people::user(call.person);
    let row = T::created(call.body, id, author, moment(stored.changes + 1)).ok_or_else(|| refusal(422))?;
    if row.pair() != pair_of(call.person) {
        return Err(refusal(FORBIDDEN));
    }
    let goal = row.to_row().get("goal_id").and_then(Value::as_str).map(str::to_owned);
    let is_gone = |goal: &String| !stored.living::<Goal>().any(|each| each.id.to_string() == *goal);
    if goal.as_ref().is_some_and(is_gone) {
        return Err(refusal(422));
    }
    stored.changes += 1;
    let row = stored.insert(row, Some(author));
    Ok((json!(row), vec![row.told(Told::Created)], Effect::Created(id)))
}

fn write<T: Stock>(stored: &mut Stored, call: &Call<'_>, id: u128, patch: intent::Row) -> Outcome {
    let before = stored.changes;
    let written = stored.write::<T>(id, &patch, Some(people::user(call.person)));
    let (row, overwritten) = written.ok_or_else(|| refusal(422))?;
    let told = if stored.changes > before {
        vec![row.told(Told::Updated)]
    } else {
        Vec::new()
    };
    Ok((read::<T>(stored, call, id), told, Effect::Overwrote(overwritten)))
}

fn delete<T: Stock>(stored: &mut Stored, call: &Call<'_>, id: u128) -> Outcome {
    let deleted = stored.delete::<T>(id, people::user(call.person));
    let (told, gone) = deleted.ok_or_else(|| refusal(NOT_FOUND))?;
    Ok((json!({ "id": id.to_string() }), told, Effect::Overwrote(gone)))
}

fn restore<T: Stock>(stored: &mut Stored, call: &Call<'_>, id: u128) -> Outcome {
    let (_, told) = stored.restore::<T>(id).ok_or_else(|| refusal(NOT_FOUND))?;
    Ok((read::<T>(stored, call, id), told, Effect::Nothing))
}

fn links(stored: &mut Stored, call: &Call<'_>, session: &str) -> Outcome {
    let at = session_of(call, session)?;
    if call.verb == Verb::Get {
        let body = stored.body(Show::SessionGoals(at), call.person);
        let envelope: Value = serde_json::from_slice(&body).unwrap();
        return Ok((envelope["data"].clone(), Vec::new(), Effect::Nothing));
    }
    let link: wire::LinkGoal = serde_json::from_str(call.body).map_err(|_unreadable| refusal(422))?;
    check_goal(stored, call, link.goal_id)?;
    let (link, event) = stored.link_goal(at, link.goal_id).ok_or_else(|| refusal(409))?;
    Ok((json!(link), vec![event], Effect::Nothing))
}

fn unlink(stored: &mut Stored, call: &Call<'_>, session: &str, goal: &str) -> Outcome {
    let at = session_of(call, session)?;
    let goal: GoalId = goal.parse().map_err(|_unreadable| refusal(400))?;
    let event = stored.unlink_goal(at, goal).ok_or_else(|| refusal(NOT_FOUND))?;
    Ok((json!({ "goal_id": goal }), vec![event], Effect::Nothing))
}

fn session_of(call: &Call<'_>, session: &str) -> Result<usize, Refusal> {
    let at = session
        .parse()
        .ok()
        .and_then(session_at)
        .ok_or_else(|| refusal(NOT_FOUND))?;
    if people::pair_of_session(at) == pair_of(call.person) {
        Ok(at)
    } else {
        Err(refusal(FORBIDDEN))
    }
}

fn check_goal(stored: &Stored, call: &Call<'_>, id: GoalId) -> Result<(), Refusal> {
    let goal = stored.living::<Goal>().find(|goal| goal.id == id);
    match goal.map(Stock::pair) {
        None => Err(refusal(NOT_FOUND)),
        Some(pair) if pair == pair_of(call.person) => Ok(()),
        Some(_) => Err(refusal(FORBIDDEN)),
    }
}

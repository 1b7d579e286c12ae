//! The links between coaching sessions and goals.

use std::collections::BTreeMap;

use axum::Json as JsonReply;
use axum::Router;
use axum::extract::State;
use axum::routing::{delete, get};
use serde::{Deserialize, Serialize};
use wire::{
    CoachingRelationshipId, CoachingSessionId, Event, Goal, GoalId, ItemStatus, LinkGoal, SessionGoal, Unlinked,
};

use super::authorization::admit;
use super::goals::{check_limit, set_status};
use super::list::{List, ListReply, Unsorted};
use super::reply::Reply;
use crate::error::Error;
use crate::events;
use crate::extract::{CurrentUser, Json, Path, Query};
use crate::state::AppState;
use crate::store::session_goals::Sessions;
use crate::store::{access, goals, now, session_goals};

/// The maximum number of coaching sessions that one request may name.
const MOST_SESSIONS: usize = 200;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/coaching_sessions/goals", get(list_many))
        .route("/coaching_sessions/{id}/goals", get(list).post(link))
        .route("/coaching_sessions/{id}/goals/{goal_id}", delete(unlink))
}

async fn list(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(session): Path<CoachingSessionId>,
    list: List<Unsorted>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_session(&mut snapshot, session).await?, user.id)?;
    let page = goals::of_session(&mut snapshot, session, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

#[derive(Debug, Deserialize)]
struct ManyQuery {
    coaching_relationship_id: Option<CoachingRelationshipId>,
    /// The ids, separated by commas.
    coaching_session_ids: Option<String>,
}

#[derive(Debug, Serialize)]
struct Many {
    session_goals: BTreeMap<CoachingSessionId, Vec<Goal>>,
}

/// Lists the goals of several coaching sessions: those of a relationship, or those that are named. If the goals of a
/// coaching session do not fit into one page, the next page contains the session again, with the rest of its goals.
async fn list_many(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(query): Query<ManyQuery>,
    list: List<Unsorted>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let sessions = match (query.coaching_relationship_id, query.coaching_session_ids) {
        (Some(relationship), None) => {
            admit(access::of_relationship(&mut snapshot, relationship).await?, user.id)?;
            Sessions::Of(relationship)
        }
        (None, Some(ids)) => {
            let sessions = parse_ids(&ids)?;
            let accesses = access::of_sessions(&mut snapshot, &sessions).await?;
            for session in &sessions {
                admit(accesses.get(session).copied(), user.id)?;
            }
            Sessions::Named(sessions)
        }
        _ => {
            let message = "name either coaching_relationship_id or coaching_session_ids";
            return Err(Error::BadRequest(message.to_owned()));
        }
    };
    let (session_goals, next) = session_goals::page(&mut snapshot, &sessions, &list.wanted()).await?;
    list.reply_data(snapshot.cursor(), Many { session_goals }, next)
}

fn parse_ids(list: &str) -> Result<Vec<CoachingSessionId>, Error> {
    let ids: Result<Vec<_>, _> = list.split(',').map(|id| id.trim().parse()).collect();
    match ids {
        Ok(ids) if ids.len() <= MOST_SESSIONS => Ok(ids),
        Ok(_) => Err(Error::BadRequest(format!(
            "coaching_session_ids names at most {MOST_SESSIONS}"
        ))),
        Err(error) => Err(Error::BadRequest(format!("coaching_session_ids: {error}"))),
    }
}

/// Links a goal to a coaching session, and puts the goal in progress if it is not started or on hold.
async fn link(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(session): Path<CoachingSessionId>,
    Json(LinkGoal { goal_id }): Json<LinkGoal>,
) -> Result<Reply<SessionGoal>, Error> {
    let now = now();
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_session(&mut write, session).await?, user.id)?;
    let goal = goals::find(&mut write, goal_id).await?;
    // A goal of another relationship does not exist for this coaching session.
    let goal = goal.filter(|goal| goal.coaching_relationship_id == access.relationship);
    let before = goal.ok_or(Error::NotFound)?;
    let mut goal = before.clone();
    let promoted = match goal.status {
        ItemStatus::Completed => return Err(completed()),
        ItemStatus::NotStarted | ItemStatus::OnHold => {
            check_limit(&mut write, access.relationship).await?;
            set_status(&mut goal, ItemStatus::InProgress, now);
            goal.updated_at = now;
            true
        }
        ItemStatus::InProgress | ItemStatus::WontDo => false,
    };
    let link = events::link_goal(&mut write, &access, session, goal_id, now).await?;
    if promoted {
        let goal = goals::update(&mut write, &before, goal, user.author(now)).await?;
        events::goal_updated(&mut write, &access, &goal).await?;
    }
    write.commit().await?;
    Ok(Reply::created(link))
}

pub(super) fn completed() -> Error {
    Error::Invalid {
        error: "cannot_link_completed_goal",
        message: "Completed goals cannot be linked to a coaching session.".to_owned(),
    }
}

/// Removes the link of a goal to a coaching session. The status of the goal does not change.
async fn unlink(
    State(state): State<AppState>,
    user: CurrentUser,
    Path((session, goal_id)): Path<(CoachingSessionId, GoalId)>,
) -> Result<JsonReply<Unlinked>, Error> {
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_session(&mut write, session).await?, user.id)?;
    if !session_goals::delete(&mut write, session, goal_id).await? {
        return Err(Error::NotFound);
    }
    let event = Event::CoachingSessionGoalDeleted {
        coaching_relationship_id: access.relationship,
        coaching_session_id: session,
        goal_id,
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(JsonReply(Unlinked { goal_id }))
}

//! Actions.

use axum::Json as JsonReply;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use sqlx::SqliteConnection;
use wire::{Action, ActionId, ActionPatch, CoachingSessionId, Deleted, Event, GoalId, MAX_TEXT, NewAction, UserId};

use super::authorization::admit;
use super::list::{By, List, ListReply};
use super::reply::Reply;
use super::rows::{check, present, too_many};
use super::validate;
use crate::error::Error;
use crate::events;
use crate::extract::{CurrentUser, IfMatch, Json, Patch, Path, Query};
use crate::state::AppState;
use crate::store::access::Access;
use crate::store::history::FIRST_VERSION;
use crate::store::list::Key;
use crate::store::{Write, access, actions, goals, new_id, now, storable};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/actions", get(list).post(create))
        .route("/actions/{id}", get(read).put(update).patch(patch).delete(remove))
}

/// The sort keys of a list of actions.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActionField {
    #[default]
    DueBy,
    CreatedAt,
    UpdatedAt,
}

impl From<ActionField> for Key {
    fn from(field: ActionField) -> Self {
        match field {
            ActionField::DueBy => Self::DueBy,
            ActionField::CreatedAt => Self::CreatedAt,
            ActionField::UpdatedAt => Self::UpdatedAt,
        }
    }
}

/// The message for a coaching session that has as many actions as it can hold.
pub(super) const FULL: &str = "This session has as many actions as it can hold.";

#[derive(Debug, Deserialize)]
struct ActionQuery {
    coaching_session_id: CoachingSessionId,
    goal_id: Option<GoalId>,
}

async fn list(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(query): Query<ActionQuery>,
    list: List<By<ActionField>>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(
        access::of_session(&mut snapshot, query.coaching_session_id).await?,
        user.id,
    )?;
    let page = actions::of_session(&mut snapshot, query.coaching_session_id, query.goal_id, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ActionId>,
) -> Result<Reply<Action>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_action(&mut snapshot, id).await?, user.id)?;
    let found = actions::find(&mut snapshot, id).await?;
    let action = present(&mut snapshot, found, id.0).await?;
    Ok(Reply::read(snapshot.cursor(), action).tagged())
}

async fn create(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(body): Json<NewAction>,
) -> Result<Reply<Action>, Error> {
    let now = now();
    validate::text("body", body.body.as_deref(), MAX_TEXT)?;
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_session(&mut write, body.coaching_session_id).await?, user.id)?;
    check_goal(&mut write, &access, body.goal_id).await?;
    let action = Action {
        id: ActionId(new_id()),
        coaching_session_id: body.coaching_session_id,
        goal_id: body.goal_id,
        user_id: user.id,
        body: body.body,
        due_by: body.due_by.map(storable),
        status: body.status,
        status_changed_at: now,
        created_at: now,
        updated_at: now,
        assignee_ids: check_assignees(&access, body.assignee_ids.unwrap_or_default())?,
        version: Some(FIRST_VERSION),
    };
    let most = state.tuning.rows_per_parent;
    if !actions::insert(&mut write, &action, most).await? {
        return Err(too_many(most, FULL));
    }
    let event = Event::ActionCreated {
        coaching_session_id: action.coaching_session_id,
        action: action.clone(),
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(Reply::created(action).tagged())
}

/// Opens an action for a change: admits the person, finds the row, and checks the precondition.
async fn open(
    write: &mut Write,
    user: &CurrentUser,
    id: ActionId,
    if_match: &IfMatch,
) -> Result<(Access, Action), Error> {
    let access = admit(access::of_action(write, id).await?, user.id)?;
    let found = actions::find(write, id).await?;
    let action = present(write, found, id.0).await?;
    check(write, if_match, &action).await?;
    Ok((access, action))
}

/// Replaces all fields of an action that can be written. A field that the body leaves out becomes null, except that
/// absent assignees stay.
async fn update(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ActionId>,
    if_match: IfMatch,
    Json(body): Json<NewAction>,
) -> Result<Reply<Action>, Error> {
    validate::text("body", body.body.as_deref(), MAX_TEXT)?;
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match).await?;
    check_goal(&mut write, &access, body.goal_id).await?;
    let mut after = Action {
        goal_id: body.goal_id,
        body: body.body,
        due_by: body.due_by.map(storable),
        status: body.status,
        ..before.clone()
    };
    if let Some(assignees) = body.assignee_ids {
        after.assignee_ids = check_assignees(&access, assignees)?;
    }
    save(write, &access, &user, &before, after).await
}

/// Changes the fields that the patch names. A patch without a difference writes nothing.
async fn patch(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ActionId>,
    if_match: IfMatch,
    Patch(patch): Patch<ActionPatch>,
) -> Result<Reply<Action>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match).await?;
    let mut after = before.clone();
    patch.body.apply(&mut after.body);
    patch.due_by.apply(&mut after.due_by);
    after.due_by = after.due_by.map(storable);
    patch.status.apply(&mut after.status);
    patch.goal_id.apply(&mut after.goal_id);
    patch.assignee_ids.apply(&mut after.assignee_ids);
    if after.assignee_ids != before.assignee_ids {
        after.assignee_ids = check_assignees(&access, after.assignee_ids)?;
    }
    if after.goal_id != before.goal_id {
        check_goal(&mut write, &access, after.goal_id).await?;
    }
    if after.body != before.body {
        validate::text("body", after.body.as_deref(), MAX_TEXT)?;
    }
    if after == before {
        return Ok(Reply::updated(before).tagged());
    }
    save(write, &access, &user, &before, after).await
}

/// Stores a changed action and announces it.
async fn save(
    mut write: Write,
    access: &Access,
    user: &CurrentUser,
    before: &Action,
    after: Action,
) -> Result<Reply<Action>, Error> {
    let author = user.author(now());
    let after = Action {
        status_changed_at: if before.status == after.status {
            before.status_changed_at
        } else {
            author.at
        },
        updated_at: author.at,
        ..after
    };
    let action = actions::update(&mut write, before, after, author).await?;
    events::action_updated(&mut write, access, &action).await?;
    write.commit().await?;
    Ok(Reply::updated(action).tagged())
}

async fn remove(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ActionId>,
    if_match: IfMatch,
) -> Result<JsonReply<Deleted<ActionId>>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, action) = open(&mut write, &user, id, &if_match).await?;
    actions::delete(&mut write, &action, user.author(now())).await?;
    let event = Event::ActionDeleted {
        coaching_session_id: action.coaching_session_id,
        action_id: id,
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(JsonReply(Deleted { id }))
}

/// Checks that the goal of an action belongs to the same relationship. An action without a goal is allowed.
async fn check_goal(db: &mut SqliteConnection, access: &Access, goal: Option<GoalId>) -> Result<(), Error> {
    let Some(goal) = goal else { return Ok(()) };
    match goals::find(db, goal).await? {
        Some(goal) if goal.coaching_relationship_id == access.relationship => Ok(()),
        _ => Err(Error::invalid("goal_id names no goal of this relationship")),
    }
}

/// Checks that the assignees take part in the relationship. Returns them without duplicates.
fn check_assignees(access: &Access, named: Vec<UserId>) -> Result<Vec<UserId>, Error> {
    let mut assignees = Vec::with_capacity(2);
    for person in named {
        if !access.includes(person) {
            return Err(Error::invalid(
                "assignee_ids names somebody who takes no part in this session",
            ));
        }
        if !assignees.contains(&person) {
            assignees.push(person);
        }
    }
    Ok(assignees)
}

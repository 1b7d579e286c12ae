//! Goals.

use axum::Json as JsonReply;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use sqlx::SqliteConnection;
use wire::{
    CoachingRelationshipId, Deleted, Event, Goal, GoalId, GoalPatch, ItemStatus, MAX_TEXT, MAX_TITLE, NewGoal,
    Timestamp,
};

use super::authorization::admit;
use super::list::{By, List, ListReply};
use super::reply::Reply;
use super::rows::{check, present, too_many};
use super::session_goals::completed;
use super::validate;
use crate::error::Error;
use crate::events;
use crate::extract::{CurrentUser, IfMatch, Json, Patch, Path, Query};
use crate::state::AppState;
use crate::store::access::Access;
use crate::store::history::FIRST_VERSION;
use crate::store::list::Key;
use crate::store::{Write, access, actions, goals, new_id, now};

/// The maximum number of goals of one relationship that are in progress.
const MOST_IN_PROGRESS: usize = 3;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/goals", get(list).post(create))
        .route("/goals/{id}", get(read).put(update).patch(patch).delete(remove))
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GoalField {
    #[default]
    Title,
    CreatedAt,
    UpdatedAt,
}

impl From<GoalField> for Key {
    fn from(field: GoalField) -> Self {
        match field {
            GoalField::Title => Self::Title,
            GoalField::CreatedAt => Self::CreatedAt,
            GoalField::UpdatedAt => Self::UpdatedAt,
        }
    }
}

/// The message for a coaching relationship that has as many goals as it can hold.
pub(super) const FULL: &str = "This coaching relationship has as many goals as it can hold.";

#[derive(Debug, Deserialize)]
struct GoalQuery {
    coaching_relationship_id: CoachingRelationshipId,
    status: Option<ItemStatus>,
}

async fn list(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(query): Query<GoalQuery>,
    list: List<By<GoalField>>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(
        access::of_relationship(&mut snapshot, query.coaching_relationship_id).await?,
        user.id,
    )?;
    let (relationship, status) = (query.coaching_relationship_id, query.status);
    let page = goals::of_relationship(&mut snapshot, relationship, status, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

async fn read(State(state): State<AppState>, user: CurrentUser, Path(id): Path<GoalId>) -> Result<Reply<Goal>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_goal(&mut snapshot, id).await?, user.id)?;
    let found = goals::find(&mut snapshot, id).await?;
    let goal = present(&mut snapshot, found, id.0).await?;
    Ok(Reply::read(snapshot.cursor(), goal).tagged())
}

/// Creates a goal. A goal that is created in a coaching session is linked to it. If that goal is not started or on
/// hold, it is put in progress. The event carries the resulting status.
async fn create(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(body): Json<NewGoal>,
) -> Result<Reply<Goal>, Error> {
    let now = now();
    check_texts(&body)?;
    let mut write = user.write(&state.db).await?;
    let access = admit(
        access::of_relationship(&mut write, body.coaching_relationship_id).await?,
        user.id,
    )?;
    if let Some(session) = body.created_in_session_id {
        let of_session = access::of_session(&mut write, session).await?;
        if of_session.is_none_or(|other| other.relationship != access.relationship) {
            return Err(Error::invalid(
                "created_in_session_id names no session of this relationship",
            ));
        }
    }
    let status = match (body.created_in_session_id, body.status) {
        (Some(_), ItemStatus::Completed) => return Err(completed()),
        (Some(_), ItemStatus::NotStarted | ItemStatus::OnHold) => ItemStatus::InProgress,
        (_, status) => status,
    };
    if status == ItemStatus::InProgress {
        check_limit(&mut write, access.relationship).await?;
    }
    let mut goal = Goal {
        id: GoalId(new_id()),
        coaching_relationship_id: body.coaching_relationship_id,
        created_in_session_id: body.created_in_session_id,
        user_id: user.id,
        title: body.title,
        body: body.body,
        status: ItemStatus::NotStarted,
        status_changed_at: Some(now),
        completed_at: None,
        target_date: body.target_date,
        created_at: now,
        updated_at: now,
        version: Some(FIRST_VERSION),
    };
    set_status(&mut goal, status, now);
    let most = state.tuning.rows_per_parent;
    if !goals::insert(&mut write, &goal, most).await? {
        return Err(too_many(most, FULL));
    }
    events::goal_created(&mut write, &access, &goal).await?;
    if let Some(session) = body.created_in_session_id {
        events::link_goal(&mut write, &access, session, goal.id, now).await?;
    }
    write.commit().await?;
    Ok(Reply::created(goal).tagged())
}

/// Opens a goal for a change: admits the person, finds the row, and checks the precondition.
async fn open(write: &mut Write, user: &CurrentUser, id: GoalId, if_match: &IfMatch) -> Result<(Access, Goal), Error> {
    let access = admit(access::of_goal(write, id).await?, user.id)?;
    let found = goals::find(write, id).await?;
    let goal = present(write, found, id.0).await?;
    check(write, if_match, &goal).await?;
    Ok((access, goal))
}

/// Replaces all fields of a goal that can be written. A field that the body leaves out becomes null.
async fn update(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<GoalId>,
    if_match: IfMatch,
    Json(body): Json<NewGoal>,
) -> Result<Reply<Goal>, Error> {
    check_texts(&body)?;
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match).await?;
    let after = Goal {
        title: body.title,
        body: body.body,
        status: body.status,
        target_date: body.target_date,
        ..before.clone()
    };
    save(write, &access, &user, &before, after).await
}

/// Changes the fields that the patch names. A patch without a difference writes nothing.
async fn patch(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<GoalId>,
    if_match: IfMatch,
    Patch(patch): Patch<GoalPatch>,
) -> Result<Reply<Goal>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match).await?;
    let mut after = before.clone();
    patch.title.apply(&mut after.title);
    patch.body.apply(&mut after.body);
    patch.status.apply(&mut after.status);
    patch.target_date.apply(&mut after.target_date);
    if after == before {
        return Ok(Reply::updated(before).tagged());
    }
    if after.title != before.title {
        validate::text("title", after.title.as_deref(), MAX_TITLE)?;
    }
    validate::length("body", after.body.as_deref(), MAX_TEXT)?;
    save(write, &access, &user, &before, after).await
}

/// Stores a changed goal and announces it.
async fn save(
    mut write: Write,
    access: &Access,
    user: &CurrentUser,
    before: &Goal,
    after: Goal,
) -> Result<Reply<Goal>, Error> {
    let author = user.author(now());
    if after.status == ItemStatus::InProgress && before.status != ItemStatus::InProgress {
        check_limit(&mut write, access.relationship).await?;
    }
    let mut goal = Goal {
        status: before.status,
        updated_at: author.at,
        ..after
    };
    set_status(&mut goal, after.status, author.at);
    let goal = goals::update(&mut write, before, goal, author).await?;
    events::goal_updated(&mut write, access, &goal).await?;
    write.commit().await?;
    Ok(Reply::updated(goal).tagged())
}

async fn remove(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<GoalId>,
    if_match: IfMatch,
) -> Result<JsonReply<Deleted<GoalId>>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, goal) = open(&mut write, &user, id, &if_match).await?;
    let author = user.author(now());
    actions::lose_goal(&mut write, id, author).await?;
    goals::delete(&mut write, &goal, author).await?;
    // This event alone announces that the links of the goal are hidden and that actions lose the goal.
    let event = Event::GoalDeleted {
        coaching_relationship_id: access.relationship,
        goal_id: id,
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(JsonReply(Deleted { id }))
}

/// Sets the status of a goal, and the times that belong to the status.
pub(super) fn set_status(goal: &mut Goal, status: ItemStatus, now: Timestamp) {
    if goal.status == status {
        return;
    }
    goal.status = status;
    goal.status_changed_at = Some(now);
    goal.completed_at = (status == ItemStatus::Completed).then_some(now);
}

/// Refuses another goal in progress if the relationship has the maximum number already.
pub(super) async fn check_limit(db: &mut SqliteConnection, relationship: CoachingRelationshipId) -> Result<(), Error> {
    let in_progress = goals::in_progress(db, relationship).await?;
    if in_progress.len() < MOST_IN_PROGRESS {
        return Ok(());
    }
    let named: Vec<_> = in_progress
        .iter()
        .map(|goal| json!({ "id": goal.id, "title": goal.title }))
        .collect();
    Err(Error::Conflict {
        error: "conflict",
        message: format!("A coaching relationship can have at most {MOST_IN_PROGRESS} in-progress goals."),
        details: Some(json!({ "max_in_progress_goals": MOST_IN_PROGRESS, "in_progress_goals": named })),
    })
}

fn check_texts(body: &NewGoal) -> Result<(), Error> {
    validate::text("title", body.title.as_deref(), MAX_TITLE)?;
    validate::length("body", body.body.as_deref(), MAX_TEXT)
}

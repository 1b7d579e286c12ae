//! Coaching sessions.

use axum::Router;
use axum::extract::State;
use axum::routing::{self, get};
use chrono::{NaiveDateTime, Timelike as _};
use serde::Deserialize;
use serde_json::json;
use wire::{CoachingSession, CoachingSessionId, NewCoachingSession, SessionPatch, SessionTitle, SessionUpdate, UserId};

use super::authorization::{admit, admit_coach};
use super::list::{By, List, ListReply};
use super::reply::Reply;
use super::rows::check;
use super::users::SessionQuery;
use super::validate;
use crate::error::Error;
use crate::events;
use crate::extract::{CurrentUser, IfMatch, Json, Patch, Path, Query};
use crate::state::AppState;
use crate::store::access::Access;
use crate::store::history::FIRST_VERSION;
use crate::store::list::Key;
use crate::store::{Write, access, coaching_sessions, goals, new_id, now, session_goals, storable, users};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/coaching_sessions", get(list).post(create))
        .route(
            "/coaching_sessions/{id}",
            get(read).put(update).patch(patch).delete(remove),
        )
        .route("/coaching_sessions/{id}/title", routing::patch(retitle))
}

/// The sort keys of a list of coaching sessions.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SessionField {
    #[default]
    Date,
    CreatedAt,
    UpdatedAt,
}

impl From<SessionField> for Key {
    fn from(field: SessionField) -> Self {
        match field {
            SessionField::Date => Self::Date,
            SessionField::CreatedAt => Self::CreatedAt,
            SessionField::UpdatedAt => Self::UpdatedAt,
        }
    }
}

async fn list(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(query): Query<SessionQuery>,
    list: List<By<SessionField>>,
) -> Result<ListReply, Error> {
    let missing = || Error::BadRequest("coaching_relationship_id is missing".to_owned());
    let relationship = query.coaching_relationship_id.ok_or_else(missing)?;
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_relationship(&mut snapshot, relationship).await?, user.id)?;
    let page = coaching_sessions::of_user(&mut snapshot, user.id, &query.filter(), list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

/// Reads a coaching session. The first read links the goals that are in progress at that time.
async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<CoachingSessionId>,
) -> Result<Reply<CoachingSession>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let access = admit(access::of_session(&mut snapshot, id).await?, user.id)?;
    let session = coaching_sessions::find(&mut snapshot, id)
        .await?
        .ok_or(Error::NotFound)?;
    if session.hydrated_at.is_some() {
        return Ok(Reply::read(snapshot.cursor(), session).tagged());
    }
    let cursor = snapshot.cursor();
    drop(snapshot);
    let mut write = match user.write(&state.db).await {
        // The read succeeds even if the disk is full or fails. The next read links the goals.
        Err(Error::Disk(..)) => return Ok(Reply::read(cursor, session).tagged()),
        write => write?,
    };
    // Two people may read it for the first time at the same moment. Only one of the two requests links the goals.
    let author = user.author(now());
    let mut session = coaching_sessions::find(&mut write, id).await?.ok_or(Error::NotFound)?;
    if session.hydrated_at.is_none() {
        let opened = CoachingSession {
            hydrated_at: Some(author.at),
            updated_at: author.at,
            ..session.clone()
        };
        session = coaching_sessions::update(&mut write, &session, opened, author).await?;
        link_goals_in_progress(&mut write, &access, id, author.at).await?;
    }
    let cursor = write.cursor().await?;
    write.commit().await?;
    Ok(Reply::read(cursor, session).tagged())
}

async fn create(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(body): Json<NewCoachingSession>,
) -> Result<Reply<CoachingSession>, Error> {
    let now = now();
    let title = validate::title(body.title)?;
    let meeting_url = validate::meeting_url(body.meeting_url)?;
    let provider = validate::provider(body.provider)?;
    let mut write = user.write(&state.db).await?;
    let access = admit(
        access::of_relationship(&mut write, body.coaching_relationship_id).await?,
        user.id,
    )?;
    let duration_minutes = match body.duration_minutes {
        Some(minutes) => validate::duration(minutes)?,
        None => users::default_duration(&mut write, user.id).await?,
    };
    let session = CoachingSession {
        id: CoachingSessionId(new_id()),
        coaching_relationship_id: body.coaching_relationship_id,
        date: to_the_minute(body.date),
        duration_minutes,
        title,
        display_title: None,
        meeting_url,
        provider,
        ical_sequence: 0,
        created_at: now,
        updated_at: now,
        hydrated_at: Some(now),
        version: Some(FIRST_VERSION),
    };
    coaching_sessions::insert(&mut write, &session, user.id).await?;
    events::session_changed(&mut write, &access, session.id).await?;
    link_goals_in_progress(&mut write, &access, session.id, now).await?;
    write.commit().await?;
    Ok(Reply::created(session).tagged())
}

/// Opens a coaching session for a change: admits the person, finds the row, and checks the precondition.
async fn open(
    write: &mut Write,
    user: &CurrentUser,
    id: CoachingSessionId,
    if_match: &IfMatch,
    admit: fn(Option<Access>, UserId) -> Result<Access, Error>,
) -> Result<(Access, CoachingSession), Error> {
    let access = admit(access::of_session(write, id).await?, user.id)?;
    let session = coaching_sessions::find(write, id).await?.ok_or(Error::NotFound)?;
    check(write, if_match, &session).await?;
    Ok((access, session))
}

async fn update(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<CoachingSessionId>,
    if_match: IfMatch,
    Json(body): Json<SessionUpdate>,
) -> Result<Reply<()>, Error> {
    let title = validate::title(body.title)?;
    let meeting_url = validate::meeting_url(body.meeting_url)?;
    let provider = validate::provider(body.provider)?;
    let duration = body.duration_minutes.map(validate::duration).transpose()?;
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match, admit_coach).await?;
    let after = CoachingSession {
        date: storable(body.date.and_utc()).naive_utc(),
        duration_minutes: duration.unwrap_or(before.duration_minutes),
        title,
        meeting_url,
        provider,
        ical_sequence: before.ical_sequence + 1,
        ..before.clone()
    };
    let session = save(write, &access, &user, &before, after).await?;
    Ok(Reply::done().for_row(&session))
}

/// Changes the fields that the patch names. Either participant may change the title; the other fields are for the
/// coach. A patch without a difference writes nothing.
async fn patch(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<CoachingSessionId>,
    if_match: IfMatch,
    Patch(patch): Patch<SessionPatch>,
) -> Result<Reply<CoachingSession>, Error> {
    let who = if patch.is_for_the_coach() { admit_coach } else { admit };
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match, who).await?;
    let mut after = before.clone();
    patch.title.apply(&mut after.title);
    patch.date.apply(&mut after.date);
    patch.duration_minutes.apply(&mut after.duration_minutes);
    patch.meeting_url.apply(&mut after.meeting_url);
    patch.provider.apply(&mut after.provider);
    let after = CoachingSession {
        title: validate::title(after.title)?,
        date: storable(after.date.and_utc()).naive_utc(),
        duration_minutes: validate::duration(after.duration_minutes)?,
        meeting_url: validate::meeting_url(after.meeting_url)?,
        provider: validate::provider(after.provider)?,
        ..after
    };
    if after == before {
        return Ok(Reply::updated(before).tagged());
    }
    let after = CoachingSession {
        ical_sequence: before.ical_sequence + 1,
        ..after
    };
    let session = save(write, &access, &user, &before, after).await?;
    Ok(Reply::updated(session).tagged())
}

async fn retitle(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<CoachingSessionId>,
    if_match: IfMatch,
    Json(body): Json<SessionTitle>,
) -> Result<Reply<CoachingSession>, Error> {
    let title = validate::title(body.title)?;
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match, admit).await?;
    let changed = i64::from(before.title != title);
    let after = CoachingSession {
        ical_sequence: before.ical_sequence + changed,
        title,
        ..before.clone()
    };
    let session = save(write, &access, &user, &before, after).await?;
    Ok(Reply::updated(session).tagged())
}

/// Stores a changed coaching session and announces it.
async fn save(
    mut write: Write,
    access: &Access,
    user: &CurrentUser,
    before: &CoachingSession,
    after: CoachingSession,
) -> Result<CoachingSession, Error> {
    let session = coaching_sessions::update(&mut write, before, after, user.author(now())).await?;
    events::session_changed(&mut write, access, session.id).await?;
    write.commit().await?;
    Ok(session)
}

async fn remove(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<CoachingSessionId>,
    if_match: IfMatch,
) -> Result<Reply<()>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, _) = open(&mut write, &user, id, &if_match, admit_coach).await?;
    let children = coaching_sessions::children(&mut write, id).await?;
    if children.actions + children.agreements > 0 {
        return Err(Error::Conflict {
            error: "conflict",
            message: "A session with actions or agreements can not be deleted.".to_owned(),
            details: Some(json!({ "actions": children.actions, "agreements": children.agreements })),
        });
    }
    let goals = goals::forget_session(&mut write, id, user.author(now())).await?;
    coaching_sessions::delete(&mut write, id).await?;
    events::session_changed(&mut write, &access, id).await?;
    for goal in goals {
        events::goal_updated(&mut write, &access, &goal).await?;
    }
    write.commit().await?;
    Ok(Reply::done())
}

async fn link_goals_in_progress(
    write: &mut Write,
    access: &Access,
    session: CoachingSessionId,
    at: wire::Timestamp,
) -> Result<(), Error> {
    for goal in goals::in_progress(write, access.relationship).await? {
        if !session_goals::exists(write, session, goal.id).await? {
            events::link_goal(write, access, session, goal.id, at).await?;
        }
    }
    Ok(())
}

fn to_the_minute(date: NaiveDateTime) -> NaiveDateTime {
    date.with_second(0)
        .and_then(|date| date.with_nanosecond(0))
        .unwrap_or(date)
}

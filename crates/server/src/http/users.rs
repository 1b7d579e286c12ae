//! People, and their organizations, relationships, coaching sessions and actions.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde::Deserialize;
use wire::{CoachingRelationshipId, CoachingSessionId, GoalId, ItemStatus, User, UserId};

use super::actions::ActionField;
use super::authorization::admit;
use super::coaching_sessions::SessionField;
use super::list::{By, List, ListReply, Unsorted};
use super::password::{Secret, confirm};
use super::reply::Reply;
use super::validate;
use crate::audit::{Deed, Entry};
use crate::error::Error;
use crate::events;
use crate::extract::{Caller, CurrentUser, Json, Path, Query};
use crate::state::AppState;
use crate::store::actions::Whose;
use crate::store::relationships::Side;
use crate::store::{access, actions, coaching_sessions, now, organizations, relationships, users};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/users/current", get(current))
        .route("/users/{id}", get(read).put(update))
        .route("/users/{id}/organizations", get(list_organizations))
        .route("/users/{id}/coaching-relationships", get(list_relationships))
        .route("/users/{id}/coaching_sessions", get(list_sessions))
        .route("/users/{id}/actions", get(list_actions))
}

async fn current(State(state): State<AppState>, user: CurrentUser) -> Result<Reply<User>, Error> {
    let id = user.id;
    read(State(state), user, Path(id)).await
}

async fn read(State(state): State<AppState>, user: CurrentUser, Path(id): Path<UserId>) -> Result<Reply<User>, Error> {
    user.must_be(id)?;
    let mut snapshot = state.db.snapshot().await?;
    let found = users::find(&mut snapshot, id).await?.ok_or(Error::NotFound)?;
    Ok(Reply::read(snapshot.cursor(), found))
}

/// The fields of a profile that a person may change. Absent and null fields stay.
#[derive(Debug, Deserialize)]
struct ProfileUpdate {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    timezone: Option<String>,
    default_coaching_session_duration_minutes: Option<u16>,
    /// The current password. It is required for another email address, because that address can be used to take over
    /// the account.
    current_password: Option<Secret>,
}

impl ProfileUpdate {
    fn check(self) -> Result<users::Profile, Error> {
        let email = self.email.as_deref().map(validate::email).transpose()?;
        for (field, text) in [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("timezone", &self.timezone),
        ] {
            validate::name(field, text.as_deref())?;
            if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
                return Err(Error::invalid(format!("{field} must not be blank")));
            }
        }
        validate::name("display_name", self.display_name.as_deref())?;
        Ok(users::Profile {
            email,
            first_name: self.first_name,
            last_name: self.last_name,
            display_name: self.display_name,
            timezone: self.timezone,
            default_duration_minutes: self
                .default_coaching_session_duration_minutes
                .map(validate::duration)
                .transpose()?,
        })
    }
}

async fn update(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
    Path(id): Path<UserId>,
    Json(mut body): Json<ProfileUpdate>,
) -> Result<Reply<()>, Error> {
    user.must_be(id)?;
    let password = body.current_password.take();
    let profile = body.check()?;
    let changes_email = match &profile.email {
        None => false,
        Some(email) => {
            let found = users::find(&mut *state.db.snapshot().await?, id).await?;
            // A client may send back the address that it has read.
            found.is_none_or(|user| user.email != *email)
        }
    };
    if changes_email {
        confirm(&state, &user, from, password).await?;
        // The outcome reveals whether another person has the address, independent of the message. Attempts are
        // therefore limited.
        state.limits.take_address(id)?;
    }
    let mut write = user.write(&state.db).await?;
    users::update(&mut write, id, &profile, now()).await?;
    events::user_updated(&mut write, id).await?;
    write.commit().await?;
    if changes_email {
        state.audit.record(&Entry::new(Deed::EmailChanged, from, Some(id)));
    }
    Ok(Reply::done())
}

async fn list_organizations(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<UserId>,
    list: List<Unsorted>,
) -> Result<ListReply, Error> {
    user.must_be(id)?;
    let mut snapshot = state.db.snapshot().await?;
    let page = organizations::of_member(&mut snapshot, id, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

#[derive(Debug, Deserialize)]
struct RelationshipQuery {
    #[serde(default)]
    role: Side,
}

async fn list_relationships(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<UserId>,
    Query(query): Query<RelationshipQuery>,
    list: List<Unsorted>,
) -> Result<ListReply, Error> {
    user.must_be(id)?;
    let mut snapshot = state.db.snapshot().await?;
    let page = relationships::of_user(&mut snapshot, id, query.role, None, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

/// The coaching sessions that a request asks for. Both dates are inclusive.
#[derive(Debug, Deserialize)]
pub(super) struct SessionQuery {
    pub(super) coaching_relationship_id: Option<CoachingRelationshipId>,
    #[serde(default, deserialize_with = "wire::optional_date")]
    from_date: Option<NaiveDate>,
    #[serde(default, deserialize_with = "wire::optional_date")]
    to_date: Option<NaiveDate>,
}

impl SessionQuery {
    pub(super) fn filter(&self) -> coaching_sessions::Filter {
        let midnight = |day: NaiveDate| NaiveDateTime::new(day, NaiveTime::MIN);
        coaching_sessions::Filter {
            relationship: self.coaching_relationship_id,
            from: self.from_date.map(midnight),
            before: self
                .to_date
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .map(midnight),
        }
    }
}

async fn list_sessions(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<UserId>,
    Query(query): Query<SessionQuery>,
    list: List<By<SessionField>>,
) -> Result<ListReply, Error> {
    user.must_be(id)?;
    let mut snapshot = state.db.snapshot().await?;
    if let Some(relationship) = query.coaching_relationship_id {
        admit(access::of_relationship(&mut snapshot, relationship).await?, user.id)?;
    }
    let page = coaching_sessions::of_user(&mut snapshot, id, &query.filter(), list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

/// The actions of a list: those in the coaching sessions of a person, or those that are assigned to the person.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    #[default]
    Sessions,
    Assigned,
}

#[derive(Debug, Deserialize)]
struct ActionQuery {
    #[serde(default)]
    scope: Scope,
    status: Option<ItemStatus>,
    coaching_session_id: Option<CoachingSessionId>,
    coaching_relationship_id: Option<CoachingRelationshipId>,
    goal_id: Option<GoalId>,
}

/// Lists the actions of the caller or of a coachee of the caller.
async fn list_actions(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<UserId>,
    Query(query): Query<ActionQuery>,
    list: List<By<ActionField>>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    if user.id != id && !relationships::coaches(&mut snapshot, user.id, id).await? {
        return Err(Error::Forbidden);
    }
    let whose = match query.scope {
        Scope::Sessions => Whose::SessionsOf(id),
        Scope::Assigned => Whose::AssignedTo(id),
    };
    let filter = actions::Filter {
        status: query.status,
        session: query.coaching_session_id,
        relationship: query.coaching_relationship_id,
        goal: query.goal_id,
    };
    let page = actions::of_user(&mut snapshot, user.id, whose, filter, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

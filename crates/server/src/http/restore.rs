//! The restoration of deleted rows. A row that is not deleted is returned unchanged.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use wire::{Action, ActionId, Agreement, AgreementId, Event, Goal, GoalId, ItemStatus};

use super::authorization::admit;
use super::goals::check_limit;
use super::reply::Reply;
use super::rows::check_count;
use crate::error::Error;
use crate::events;
use crate::extract::{CurrentUser, Path};
use crate::state::AppState;
use crate::store::{access, actions, agreements, goals, now, session_goals};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/actions/{id}/restore", post(action))
        .route("/agreements/{id}/restore", post(agreement))
        .route("/goals/{id}/restore", post(goal))
}

async fn action(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ActionId>,
) -> Result<Reply<Action>, Error> {
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_action(&mut write, id).await?, user.id)?;
    if let Some(action) = actions::find(&mut write, id).await? {
        return Ok(Reply::updated(action).tagged());
    }
    let restored = actions::restore(&mut write, id, user.author(now())).await?;
    let action = restored.ok_or(Error::NotFound)?;
    check_count::<Action>(
        &mut write,
        action.coaching_session_id.0,
        state.tuning.rows_per_parent,
        super::actions::FULL,
    )
    .await?;
    let event = Event::ActionCreated {
        coaching_session_id: action.coaching_session_id,
        action: action.clone(),
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(Reply::updated(action).tagged())
}

async fn agreement(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
) -> Result<Reply<Agreement>, Error> {
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_agreement(&mut write, id).await?, user.id)?;
    if let Some(agreement) = agreements::find(&mut write, id).await? {
        return Ok(Reply::updated(agreement).tagged());
    }
    let restored = agreements::restore(&mut write, id, user.author(now())).await?;
    let agreement = restored.ok_or(Error::NotFound)?;
    check_count::<Agreement>(
        &mut write,
        agreement.coaching_session_id.0,
        state.tuning.rows_per_parent,
        super::agreements::FULL,
    )
    .await?;
    let event = Event::AgreementCreated {
        coaching_session_id: agreement.coaching_session_id,
        agreement: agreement.clone(),
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(Reply::updated(agreement).tagged())
}

/// Restores a goal with its links to coaching sessions. Returns the goal to the actions that lost it and have no other
/// goal.
async fn goal(State(state): State<AppState>, user: CurrentUser, Path(id): Path<GoalId>) -> Result<Reply<Goal>, Error> {
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_goal(&mut write, id).await?, user.id)?;
    if let Some(goal) = goals::find(&mut write, id).await? {
        return Ok(Reply::updated(goal).tagged());
    }
    let author = user.author(now());
    let status = goals::status_of_deleted(&mut write, id).await?.ok_or(Error::NotFound)?;
    if status == ItemStatus::InProgress {
        check_limit(&mut write, access.relationship).await?;
    }
    let restored = goals::restore(&mut write, id, author).await?;
    let goal = restored.ok_or(Error::NotFound)?;
    check_count::<Goal>(
        &mut write,
        access.relationship.0,
        state.tuning.rows_per_parent,
        super::goals::FULL,
    )
    .await?;
    events::goal_created(&mut write, &access, &goal).await?;
    for session in session_goals::sessions_of(&mut write, id).await? {
        events::goal_linked(&mut write, &access, session, id).await?;
    }
    for action in actions::regain_goal(&mut write, id, author).await? {
        events::action_updated(&mut write, &access, &action).await?;
    }
    write.commit().await?;
    Ok(Reply::updated(goal).tagged())
}

//! The history of a row, for its participants.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use wire::{Action, ActionId, Agreement, AgreementId, CoachingSessionId, Goal, GoalId, HistoryPage};

use super::authorization::admit;
use super::reply::Reply;
use super::rows::present;
use crate::error::Error;
use crate::extract::{CurrentUser, Path, Query};
use crate::state::AppState;
use crate::store::{Snapshot, access, actions, agreements, coaching_sessions, goals, history};

/// The default number of entries on a page.
const USUAL: u32 = 20;

/// The maximum number of entries on a page.
const MOST: u32 = 100;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/actions/{id}/history", get(of_action))
        .route("/agreements/{id}/history", get(of_agreement))
        .route("/goals/{id}/history", get(of_goal))
        .route("/coaching_sessions/{id}/history", get(of_session))
}

/// The page that a request asks for.
#[derive(Debug, Deserialize)]
struct PageQuery {
    limit: Option<u32>,
    /// The `next` of the previous page.
    before: Option<String>,
}

impl PageQuery {
    fn limit(&self) -> Result<u32, Error> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(Error::BadRequest(format!("limit is 1 to {MOST}")))
        }
    }

    /// Returns the version below which the page begins.
    fn before(&self) -> Result<Option<u64>, Error> {
        let parse = |text: &String| text.parse().ok().filter(|version| *version <= i64::MAX.unsigned_abs());
        match &self.before {
            None => Ok(None),
            Some(text) => match parse(text) {
                Some(version) => Ok(Some(version)),
                None => Err(Error::BadRequest("before is no cursor of a history".to_owned())),
            },
        }
    }
}

async fn of_action(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<ActionId>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<HistoryPage>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_action(&mut snapshot, id).await?, user.id)?;
    let found = actions::find(&mut snapshot, id).await?;
    present::<Action>(&mut snapshot, found, id.0).await?;
    page(&state, snapshot, id.0, &query).await
}

async fn of_agreement(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<HistoryPage>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_agreement(&mut snapshot, id).await?, user.id)?;
    let found = agreements::find(&mut snapshot, id).await?;
    present::<Agreement>(&mut snapshot, found, id.0).await?;
    page(&state, snapshot, id.0, &query).await
}

async fn of_goal(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<GoalId>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<HistoryPage>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_goal(&mut snapshot, id).await?, user.id)?;
    let found = goals::find(&mut snapshot, id).await?;
    present::<Goal>(&mut snapshot, found, id.0).await?;
    page(&state, snapshot, id.0, &query).await
}

async fn of_session(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<CoachingSessionId>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<HistoryPage>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_session(&mut snapshot, id).await?, user.id)?;
    let found = coaching_sessions::find(&mut snapshot, id).await?;
    found.ok_or(Error::NotFound)?;
    page(&state, snapshot, id.0, &query).await
}

/// Returns one page of the history of the row with this id.
async fn page(
    state: &AppState,
    mut snapshot: Snapshot,
    row: uuid::Uuid,
    query: &PageQuery,
) -> Result<Reply<HistoryPage>, Error> {
    let (limit, before) = (query.limit()?, query.before()?);
    let bytes = state.tuning.page_size.bytes;
    let (entries, more) = history::page(&mut snapshot, row, before, limit, bytes).await?;
    let next = entries.last().filter(|_| more).map(|entry| entry.version.to_string());
    Ok(Reply::read(snapshot.cursor(), HistoryPage { entries, next }))
}

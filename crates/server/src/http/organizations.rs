//! Organizations and their coaching relationships.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use wire::{CoachingRelationship, CoachingRelationshipId, OrganizationId};

use super::authorization::admit;
use super::list::{List, ListReply, Unsorted};
use super::reply::Reply;
use crate::error::Error;
use crate::extract::{CurrentUser, Path};
use crate::state::AppState;
use crate::store::relationships::Side;
use crate::store::{access, organizations, relationships};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/organizations", get(list))
        .route("/organizations/{id}/coaching_relationships", get(list_relationships))
        .route(
            "/organizations/{id}/coaching_relationships/{relationship_id}",
            get(read_relationship),
        )
}

async fn list(State(state): State<AppState>, user: CurrentUser, list: List<Unsorted>) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let page = organizations::of_member(&mut snapshot, user.id, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

async fn list_relationships(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<OrganizationId>,
    list: List<Unsorted>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    if !organizations::exists(&mut snapshot, id).await? {
        return Err(Error::NotFound);
    }
    if !organizations::has_member(&mut snapshot, id, user.id).await? {
        return Err(Error::Forbidden);
    }
    let page = relationships::of_user(&mut snapshot, user.id, Side::All, Some(id), list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

async fn read_relationship(
    State(state): State<AppState>,
    user: CurrentUser,
    Path((organization, id)): Path<(OrganizationId, CoachingRelationshipId)>,
) -> Result<Reply<CoachingRelationship>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let access = access::of_relationship(&mut snapshot, id).await?;
    let access = access.filter(|access| access.organization == organization);
    admit(access, user.id)?;
    let found = relationships::find(&mut snapshot, id).await?.ok_or(Error::NotFound)?;
    Ok(Reply::read(snapshot.cursor(), found))
}

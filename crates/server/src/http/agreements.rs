//! Agreements.

use std::cmp::Ordering;

use axum::Json as JsonReply;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use wire::{Agreement, AgreementId, CoachingSessionId, Deleted, Event, NewAgreement};

use super::authorization::admit;
use super::reply::Reply;
use super::sort::{Sort, missing_last};
use super::validate;
use crate::error::Error;
use crate::events;
use crate::extract::{CurrentUser, Json, Path, Query};
use crate::state::AppState;
use crate::store::{access, agreements, new_id, now};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/agreements", get(list).post(create))
        .route("/agreements/{id}", get(read).put(update).delete(remove))
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AgreementField {
    Body,
    CreatedAt,
    UpdatedAt,
}

fn compare_agreements(field: AgreementField, a: &Agreement, b: &Agreement) -> Ordering {
    match field {
        AgreementField::Body => missing_last(a.body.as_ref(), b.body.as_ref()),
        AgreementField::CreatedAt => a.created_at.cmp(&b.created_at),
        AgreementField::UpdatedAt => a.updated_at.cmp(&b.updated_at),
    }
}

#[derive(Debug, Deserialize)]
struct AgreementQuery {
    coaching_session_id: CoachingSessionId,
}

async fn list(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(query): Query<AgreementQuery>,
    Query(sort): Query<Sort<AgreementField>>,
) -> Result<Reply<Vec<Agreement>>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(
        access::of_session(&mut snapshot, query.coaching_session_id).await?,
        user.id,
    )?;
    let mut list = agreements::of_session(&mut snapshot, query.coaching_session_id).await?;
    sort.apply(&mut list, AgreementField::Body, compare_agreements);
    Ok(Reply::read(snapshot.cursor(), list))
}

async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
) -> Result<Reply<Agreement>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_agreement(&mut snapshot, id).await?, user.id)?;
    let agreement = agreements::find(&mut snapshot, id).await?.ok_or(Error::NotFound)?;
    Ok(Reply::read(snapshot.cursor(), agreement))
}

async fn create(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(body): Json<NewAgreement>,
) -> Result<Reply<Agreement>, Error> {
    let now = now();
    validate::length("body", body.body.as_deref(), validate::BODY)?;
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_session(&mut write, body.coaching_session_id).await?, user.id)?;
    let agreement = Agreement {
        id: AgreementId(new_id()),
        coaching_session_id: body.coaching_session_id,
        body: body.body,
        user_id: user.id,
        created_at: now,
        updated_at: now,
        version: None,
    };
    agreements::insert(&mut write, &agreement).await?;
    let event = Event::AgreementCreated {
        coaching_session_id: agreement.coaching_session_id,
        agreement: agreement.clone(),
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(Reply::created(agreement))
}

async fn update(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
    Json(body): Json<NewAgreement>,
) -> Result<Reply<Agreement>, Error> {
    validate::length("body", body.body.as_deref(), validate::BODY)?;
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_agreement(&mut write, id).await?, user.id)?;
    let before = agreements::find(&mut write, id).await?.ok_or(Error::NotFound)?;
    let agreement = Agreement {
        body: body.body,
        updated_at: now(),
        ..before
    };
    agreements::update(&mut write, &agreement).await?;
    let event = Event::AgreementUpdated {
        coaching_session_id: agreement.coaching_session_id,
        agreement: agreement.clone(),
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(Reply::updated(agreement))
}

async fn remove(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
) -> Result<JsonReply<Deleted<AgreementId>>, Error> {
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_agreement(&mut write, id).await?, user.id)?;
    let agreement = agreements::find(&mut write, id).await?.ok_or(Error::NotFound)?;
    agreements::delete(&mut write, id).await?;
    let event = Event::AgreementDeleted {
        coaching_session_id: agreement.coaching_session_id,
        agreement_id: id,
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(JsonReply(Deleted { id }))
}

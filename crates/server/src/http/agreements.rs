//! Agreements.

use axum::Json as JsonReply;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use wire::{Agreement, AgreementId, AgreementPatch, CoachingSessionId, Deleted, Event, MAX_TEXT, NewAgreement};

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
use crate::store::{Write, access, agreements, new_id, now};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/agreements", get(list).post(create))
        .route("/agreements/{id}", get(read).put(update).patch(patch).delete(remove))
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AgreementField {
    #[default]
    Body,
    CreatedAt,
    UpdatedAt,
}

impl From<AgreementField> for Key {
    fn from(field: AgreementField) -> Self {
        match field {
            AgreementField::Body => Self::Body,
            AgreementField::CreatedAt => Self::CreatedAt,
            AgreementField::UpdatedAt => Self::UpdatedAt,
        }
    }
}

/// The message for a coaching session that has as many agreements as it can hold.
pub(super) const FULL: &str = "This session has as many agreements as it can hold.";

#[derive(Debug, Deserialize)]
struct AgreementQuery {
    coaching_session_id: CoachingSessionId,
}

async fn list(
    State(state): State<AppState>,
    user: CurrentUser,
    Query(query): Query<AgreementQuery>,
    list: List<By<AgreementField>>,
) -> Result<ListReply, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(
        access::of_session(&mut snapshot, query.coaching_session_id).await?,
        user.id,
    )?;
    let page = agreements::of_session(&mut snapshot, query.coaching_session_id, list.wanted()).await?;
    list.reply(snapshot.cursor(), page)
}

async fn read(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
) -> Result<Reply<Agreement>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    admit(access::of_agreement(&mut snapshot, id).await?, user.id)?;
    let found = agreements::find(&mut snapshot, id).await?;
    let agreement = present(&mut snapshot, found, id.0).await?;
    Ok(Reply::read(snapshot.cursor(), agreement).tagged())
}

async fn create(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(body): Json<NewAgreement>,
) -> Result<Reply<Agreement>, Error> {
    let now = now();
    validate::text("body", body.body.as_deref(), MAX_TEXT)?;
    let mut write = user.write(&state.db).await?;
    let access = admit(access::of_session(&mut write, body.coaching_session_id).await?, user.id)?;
    let agreement = Agreement {
        id: AgreementId(new_id()),
        coaching_session_id: body.coaching_session_id,
        body: body.body,
        user_id: user.id,
        created_at: now,
        updated_at: now,
        version: Some(FIRST_VERSION),
    };
    let most = state.tuning.rows_per_parent;
    if !agreements::insert(&mut write, &agreement, most).await? {
        return Err(too_many(most, FULL));
    }
    let event = Event::AgreementCreated {
        coaching_session_id: agreement.coaching_session_id,
        agreement: agreement.clone(),
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(Reply::created(agreement).tagged())
}

/// Opens an agreement for a change: admits the person, finds the row, and checks the precondition.
async fn open(
    write: &mut Write,
    user: &CurrentUser,
    id: AgreementId,
    if_match: &IfMatch,
) -> Result<(Access, Agreement), Error> {
    let access = admit(access::of_agreement(write, id).await?, user.id)?;
    let found = agreements::find(write, id).await?;
    let agreement = present(write, found, id.0).await?;
    check(write, if_match, &agreement).await?;
    Ok((access, agreement))
}

async fn update(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
    if_match: IfMatch,
    Json(body): Json<NewAgreement>,
) -> Result<Reply<Agreement>, Error> {
    validate::text("body", body.body.as_deref(), MAX_TEXT)?;
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match).await?;
    let after = Agreement {
        body: body.body,
        ..before.clone()
    };
    save(write, &access, &user, &before, after).await
}

/// Changes the fields that the patch names. A patch without a difference writes nothing.
async fn patch(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
    if_match: IfMatch,
    Patch(patch): Patch<AgreementPatch>,
) -> Result<Reply<Agreement>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, before) = open(&mut write, &user, id, &if_match).await?;
    let mut after = before.clone();
    patch.body.apply(&mut after.body);
    if after == before {
        return Ok(Reply::updated(before).tagged());
    }
    validate::text("body", after.body.as_deref(), MAX_TEXT)?;
    save(write, &access, &user, &before, after).await
}

/// Stores a changed agreement and announces it.
async fn save(
    mut write: Write,
    access: &Access,
    user: &CurrentUser,
    before: &Agreement,
    after: Agreement,
) -> Result<Reply<Agreement>, Error> {
    let author = user.author(now());
    let after = Agreement {
        updated_at: author.at,
        ..after
    };
    let agreement = agreements::update(&mut write, before, after, author).await?;
    let event = Event::AgreementUpdated {
        coaching_session_id: agreement.coaching_session_id,
        agreement: agreement.clone(),
    };
    events::announce(&mut write, access, &event).await?;
    write.commit().await?;
    Ok(Reply::updated(agreement).tagged())
}

async fn remove(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<AgreementId>,
    if_match: IfMatch,
) -> Result<JsonReply<Deleted<AgreementId>>, Error> {
    let mut write = user.write(&state.db).await?;
    let (access, agreement) = open(&mut write, &user, id, &if_match).await?;
    agreements::delete(&mut write, &agreement, user.author(now())).await?;
    let event = Event::AgreementDeleted {
        coaching_session_id: agreement.coaching_session_id,
        agreement_id: id,
    };
    events::announce(&mut write, &access, &event).await?;
    write.commit().await?;
    Ok(JsonReply(Deleted { id }))
}

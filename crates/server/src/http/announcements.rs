//! Announcements: what everybody should know.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use wire::{Announcement, Event, MAX_TEXT};

use super::authorization::administers_everybody;
use super::reply::Reply;
use super::validate;
use crate::error::Error;
use crate::extract::{CurrentUser, Json};
use crate::state::AppState;
use crate::store::{announcements, now, users};

/// How many are listed.
const MOST: u32 = 100;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/announcements", get(list).post(create))
}

/// Those that still matter.
async fn list(State(state): State<AppState>, _: CurrentUser) -> Result<Reply<Vec<Announcement>>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let list = announcements::current(&mut snapshot, now(), MOST).await?;
    Ok(Reply::read(snapshot.cursor(), list))
}

/// Tells everybody, whatever organization they belong to. For whoever administers all of them.
async fn create(
    State(state): State<AppState>,
    user: CurrentUser,
    Json(body): Json<Announcement>,
) -> Result<Reply<Announcement>, Error> {
    let announcement = Announcement {
        title: validate::title(body.title)?,
        ..body
    };
    validate::length("message", Some(&announcement.message), MAX_TEXT)?;
    if announcement.message.trim().is_empty() {
        return Err(Error::invalid("message must not be blank"));
    }
    let mut write = user.write(&state.db).await?;
    if !administers_everybody(&users::roles(&mut write, user.id).await?) {
        return Err(Error::Forbidden);
    }
    announcements::insert(&mut write, &announcement, user.id, now()).await?;
    let event = Event::SystemAnnouncement(announcement.clone());
    write.announce_to_everyone(&event).await?;
    write.commit().await?;
    Ok(Reply::created(announcement))
}

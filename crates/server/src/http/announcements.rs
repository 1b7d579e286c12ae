//! Announcements: messages for all people.

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

/// The maximum number of announcements in the list.
const MOST: u32 = 100;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/announcements", get(list).post(create))
}

/// Lists the announcements that have not expired.
async fn list(State(state): State<AppState>, _: CurrentUser) -> Result<Reply<Vec<Announcement>>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let list = announcements::current(&mut snapshot, now(), MOST).await?;
    Ok(Reply::read(snapshot.cursor(), list))
}

/// Sends an announcement to all people, in all organizations. Only an administrator of all organizations may do so.
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

//! Announcements: messages for all users.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{Announcement, Timestamp, UserId};

use super::column::{Columns as _, micros};
use super::new_id;

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    announcement: &Announcement,
    author: UserId,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO announcements (id, user_id, title, message, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(new_id())
    .bind(author.0)
    .bind(announcement.title.as_deref())
    .bind(&announcement.message)
    .bind(announcement.expires_at.map(micros))
    .bind(micros(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the newest announcements that have not expired, newest first.
pub(crate) async fn current(
    db: &mut SqliteConnection,
    now: Timestamp,
    most: u32,
) -> Result<Vec<Announcement>, sqlx::Error> {
    sqlx::query(
        "SELECT title, message, expires_at FROM announcements WHERE expires_at IS NULL OR expires_at > ?
         ORDER BY created_at DESC, id DESC LIMIT ?",
    )
    .bind(micros(now))
    .bind(most)
    .try_map(|row: SqliteRow| {
        Ok(Announcement {
            title: row.try_get("title")?,
            message: row.try_get("message")?,
            expires_at: row.maybe_moment("expires_at")?,
        })
    })
    .fetch_all(db)
    .await
}

//! The demo data: two coaching relationships with their contents, so that the first start shows the product.
//!
//! The data is written without events, because there are no clients yet.

mod first_pair;

use chrono::{Days, NaiveDateTime, TimeDelta, Timelike as _};
use wire::{
    CoachingRelationshipId, CoachingSession, CoachingSessionId, Organization, OrganizationId, Role, Timestamp, UserId,
    UserRole, UserRoleId,
};

use crate::auth::Passwords;
use crate::store::history::FIRST_VERSION;
use crate::store::{Db, Write, coaching_sessions, new_id, now, organizations, relationships, users};

/// The password of all people in the demo.
pub const PASSWORD: &str = "freshet-demo";

/// The email addresses of the people in the demo.
pub const PEOPLE: &[&str] = &[
    "coach@example.com",
    "coachee@example.com",
    "coach2@example.com",
    "coachee2@example.com",
    "admin@example.com",
];

/// Writes the demo data.
pub(crate) async fn write(db: &Db, passwords: &Passwords) -> Result<(), sqlx::Error> {
    let now = now();
    // One hash for all people: the password is no secret, and five hashes would only delay the start.
    let hashed = passwords.hash_blocking(PASSWORD);
    let password_hash = hashed.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let mut write = db.write().await?;
    let organization = Organization {
        id: OrganizationId(new_id()),
        name: "Freshet Demo".to_owned(),
        logo: None,
        slug: "freshet-demo".to_owned(),
        created_at: now,
        updated_at: now,
        archived_at: None,
        archived_by: None,
    };
    organizations::insert(&mut write, &organization).await?;
    let mut demo = Demo {
        write: &mut write,
        password_hash: &password_hash,
        organization: organization.id,
        now,
    };

    let coach = demo.person("coach@example.com", "Cora", "Coach", Role::User).await?;
    let coachee = demo.person("coachee@example.com", "Cee", "Coachee", Role::User).await?;
    let pair = demo.relationship(coach, coachee).await?;
    first_pair::write(&mut demo, pair, coach, coachee).await?;

    let coach = demo.person("coach2@example.com", "Carl", "Coach", Role::User).await?;
    let coachee = demo
        .person("coachee2@example.com", "Dee", "Coachee", Role::User)
        .await?;
    let pair = demo.relationship(coach, coachee).await?;
    demo.session(pair, coach, -7, 14, "Getting to know each other").await?;
    demo.session(pair, coach, 7, 14, "Picking a first goal").await?;

    demo.person("admin@example.com", "Ada", "Admin", Role::Admin).await?;
    write.commit().await
}

/// The values that are common to all demo data.
struct Demo<'a> {
    write: &'a mut Write,
    password_hash: &'a str,
    organization: OrganizationId,
    now: Timestamp,
}

impl Demo<'_> {
    async fn person(&mut self, email: &str, first: &str, last: &str, role: Role) -> Result<UserId, sqlx::Error> {
        let id = UserId(new_id());
        let user = users::NewUser {
            id,
            email,
            password_hash: self.password_hash,
            first_name: first,
            last_name: last,
            created_at: self.now,
        };
        users::insert(self.write, &user).await?;
        let role = UserRole {
            id: UserRoleId(new_id()),
            role,
            organization_id: Some(self.organization),
            user_id: id,
            created_at: self.now,
            updated_at: self.now,
        };
        users::insert_role(self.write, &role).await?;
        Ok(id)
    }

    async fn relationship(&mut self, coach: UserId, coachee: UserId) -> Result<CoachingRelationshipId, sqlx::Error> {
        let id = CoachingRelationshipId(new_id());
        relationships::insert(self.write, id, self.organization, coach, coachee, self.now).await?;
        Ok(id)
    }

    /// Adds a coaching session at a number of days from today. Future coaching sessions have not been opened yet.
    async fn session(
        &mut self,
        pair: CoachingRelationshipId,
        coach: UserId,
        days: i64,
        hour: u32,
        title: &str,
    ) -> Result<CoachingSessionId, sqlx::Error> {
        let date = self.day(days, hour);
        let id = CoachingSessionId(new_id());
        let session = CoachingSession {
            id,
            coaching_relationship_id: pair,
            date: date.naive_utc(),
            duration_minutes: 60,
            title: Some(title.to_owned()),
            display_title: None,
            meeting_url: None,
            provider: None,
            ical_sequence: 0,
            created_at: self.now,
            updated_at: self.now,
            hydrated_at: (days <= 0).then_some(self.now),
            version: Some(FIRST_VERSION),
        };
        coaching_sessions::insert(self.write, &session, coach).await?;
        Ok(id)
    }

    /// Returns the time at an hour of a day, given in days from today.
    fn day(&self, days: i64, hour: u32) -> Timestamp {
        let midnight: NaiveDateTime = self.now.date_naive().into();
        let hour = midnight.with_hour(hour).unwrap_or(midnight);
        let shift = Days::new(days.unsigned_abs());
        let shifted = if days < 0 {
            hour.checked_sub_days(shift)
        } else {
            hour.checked_add_days(shift)
        };
        shifted.unwrap_or(hour).and_utc()
    }

    /// Returns the time some minutes ago, for rows that are created one after the other.
    fn ago(&self, minutes: i64) -> Timestamp {
        self.now - TimeDelta::minutes(minutes)
    }
}

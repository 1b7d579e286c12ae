//! The people of a run, all signed in: one coach, who may send messages to all people, and one coachee for each stream.
//!
//! They are written directly into the database. To sign in ten thousand people by password would take longer than
//! everything else, and is not measured.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use uuid::Uuid;

/// A time in the past, in microseconds.
const THEN: i64 = 1_700_000_000_000_000;
/// A time in the distant future, in microseconds.
const LATER: i64 = 4_000_000_000_000_000;

/// One coach and many coachees.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) coach: Person,
    pub(crate) coachees: Vec<Coachee>,
}

/// A person who is signed in.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    /// The session cookie in the form of a `Cookie` header.
    pub(crate) cookie: String,
}

/// A person who is coached.
#[derive(Debug)]
pub(crate) struct Coachee {
    pub(crate) person: Person,
    /// Their coaching session with the coach.
    pub(crate) session: Uuid,
}

impl People {
    /// Inserts all people into a database that the server has created.
    pub(crate) async fn move_in(database: &Path, coachees: usize) -> anyhow::Result<Self> {
        let mut connection = SqliteConnectOptions::new().filename(database).connect().await?;
        let mut transaction = connection.begin().await?;
        let organization = Uuid::now_v7();
        sqlx::query("INSERT INTO organizations VALUES (?, 'Load', 'load', ?, ?)")
            .bind(organization)
            .bind(THEN)
            .bind(THEN)
            .execute(&mut *transaction)
            .await?;
        let coach = person(&mut transaction, organization).await?;
        role(&mut transaction, coach.id, None, "SuperAdmin").await?;
        let mut people = Self {
            coach,
            coachees: Vec::with_capacity(coachees),
        };
        for _ in 0..coachees {
            let person = person(&mut transaction, organization).await?;
            let (pair, session) = (Uuid::now_v7(), Uuid::now_v7());
            sqlx::query("INSERT INTO coaching_relationships VALUES (?, ?, ?, ?, ?, ?)")
                .bind(pair)
                .bind(organization)
                .bind(people.coach.id)
                .bind(person.id)
                .bind(THEN)
                .bind(THEN)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "INSERT INTO coaching_sessions
                     (id, coaching_relationship_id, date, duration_minutes, created_at, updated_at, hydrated_at)
                 VALUES (?1, ?2, ?3, 60, ?3, ?3, ?3)",
            )
            .bind(session)
            .bind(pair)
            .bind(THEN)
            .execute(&mut *transaction)
            .await?;
            people.coachees.push(Coachee { person, session });
        }
        transaction
            .commit()
            .await
            .context("the people do not fit into the database")?;
        connection.close().await?;
        Ok(people)
    }
}

async fn person(database: &mut SqliteConnection, organization: Uuid) -> anyhow::Result<Person> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO users (id, email, password_hash, first_name, last_name, created_at, updated_at)
         VALUES (?1, ?2, '', 'Load', 'Test', ?3, ?3)",
    )
    .bind(id)
    .bind(format!("{id}@example.com"))
    .bind(THEN)
    .execute(&mut *database)
    .await?;
    role(database, id, Some(organization), "User").await?;
    let token = format!("{}{}", id.simple(), Uuid::now_v7().simple());
    let hash: [u8; 32] = Sha256::digest(&token).into();
    // The server limits a sign-in to a fixed time after `created_at`, independent of `expires_at`.
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
    sqlx::query(
        "INSERT INTO sign_ins (token_hash, id, user_id, since_seq, created_at, last_used_at, expires_at)
         VALUES (?1, ?2, ?3, 0, ?4, ?4, ?5)",
    )
    .bind(&hash[..])
    .bind(Uuid::now_v7())
    .bind(id)
    .bind(now)
    .bind(LATER)
    .execute(&mut *database)
    .await?;
    let cookie = format!("freshet_session={token}");
    Ok(Person { id, cookie })
}

async fn role(
    database: &mut SqliteConnection,
    person: Uuid,
    organization: Option<Uuid>,
    role: &str,
) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO user_roles VALUES (?1, ?2, ?3, ?4, ?5, ?5)")
        .bind(Uuid::now_v7())
        .bind(person)
        .bind(organization)
        .bind(role)
        .bind(THEN)
        .execute(database)
        .await?;
    Ok(())
}

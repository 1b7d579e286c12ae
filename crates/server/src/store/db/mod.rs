//! The two ways into the database: read a snapshot, or write with announcements.

mod fold;
mod read_limit;

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction};
use wire::{Cursor, Event, OrganizationId, UserId};

use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use self::read_limit::ReadLimit;
use super::disk::{DiskError, DiskHealth, Reserve};
use super::idempotency::Keyed;
use super::outbox::Audience;
use super::{email, now, outbox, users};
use crate::sse::{Announcement, Hub, Told};

/// How long a request waits for a connection, and a connection for a lock that another process holds.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What brings the tables of a file up to date.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How many snapshots can be read at the same time.
const READERS: u32 = 8;

/// The database file. Clones share its connections.
///
/// There is one connection that writes, so writes wait for each other in this process rather than fail in SQLite,
/// and event numbers are given in the order in which changes become visible. Readers never wait for it (WAL).
#[derive(Clone)]
pub(crate) struct Db {
    /// Held from the beginning of a change until everybody was told of it, so that they are told in that order as well.
    turn: Arc<Mutex<()>>,
    writer: SqlitePool,
    readers: SqlitePool,
    /// Folds the write-ahead log into the file, which the writer must not be kept waiting by.
    folder: SqlitePool,
    written: Arc<Notify>,
    disk: Arc<DiskHealth>,
    reserve: Arc<Reserve>,
    file: Arc<Path>,
    /// How long a snapshot may be read from; zero: for ever.
    read_limit: Duration,
    epoch: Arc<str>,
    hub: Hub,
}

impl Db {
    /// Opens the file, creating it and bringing its tables up to date.
    pub(crate) async fn open(path: &Path, hub: Hub) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            // A commit is on the disk before anybody hears of it. Otherwise a power cut could take back the newest
            // events, and their positions, which readers know already, would be given to others.
            .synchronous(SqliteSynchronous::Full)
            // Rows come from a thread of their own; handing them over one at a time costs more than reading them. Nor
            // are they many: each may have some ten thousand letters.
            .row_buffer_size(64);
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Far more than is ever there: one commit in a hundred would otherwise write everybody's pages as well.
            .pragma("wal_autocheckpoint", "25000")
            .pragma("journal_size_limit", fold::KEPT_BYTES);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                // A file does not hang up: there is nothing to try before each use.
                .test_before_acquire(false)
                // SQLite ends a transaction by itself if the disk fails it. The connection still counts it, and would
                // refuse to begin another one. One that was given up is over after the ping.
                .after_release(|connection, _| {
                    Box::pin(async {
                        if connection.is_in_transaction() {
                            connection.ping().await?;
                        }
                        Ok(!connection.is_in_transaction())
                    })
                })
        };
        let folder = pool()
            .max_connections(1)
            .connect_lazy_with(options.clone().busy_timeout(Duration::ZERO));
        let writer = pool().max_connections(1).connect_with(writing).await?;
        MIGRATIONS.run(&writer).await?;
        email::complete_keys(&mut *writer.acquire().await?).await?;
        let readers = pool().max_connections(READERS);
        let readers = readers.connect_with(options.read_only(true)).await?;
        let mut beginning = writer.begin_with("BEGIN IMMEDIATE").await?;
        let epoch = outbox::begin_epoch(&mut beginning).await?;
        hub.begin_at(outbox::head(&mut beginning).await?);
        beginning.commit().await?;
        Ok(Self {
            turn: Arc::default(),
            writer,
            readers,
            folder,
            written: Arc::default(),
            disk: Arc::default(),
            reserve: Arc::default(),
            file: path.into(),
            read_limit: Duration::ZERO,
            epoch: epoch.into(),
            hub,
        })
    }

    /// With a limit to the time in which a connection is used for reading, and to what changes leave of the disk.
    pub(crate) fn bounded(self, read_limit: Duration, disk_reserve: u64) -> Self {
        Self {
            read_limit,
            reserve: Arc::new(Reserve::new(&self.file, disk_reserve)),
            ..self
        }
    }

    /// Whether the disk has room for changes.
    pub(crate) fn check_room(&self) -> Result<(), DiskError> {
        if self.reserve.is_touched(Instant::now()) {
            return Err(DiskError::Full);
        }
        Ok(())
    }

    /// The epoch of the positions that are given since the start.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Whether nobody has ever been in here and nothing ever happened: the file is new, or whoever made it was
    /// interrupted before anything was written into it.
    pub(crate) async fn is_unused(&self) -> Result<bool, sqlx::Error> {
        let mut snapshot = self.snapshot().await?;
        Ok(snapshot.head() == 0 && !users::any(&mut snapshot).await?)
    }

    /// For one question that is answered at once. More than one may be answered from before and from after the same
    /// change; see [`Db::snapshot`].
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.readers.acquire().await
    }

    /// A consistent view of everything, together with the position of the log that it reflects.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, sqlx::Error> {
        let mut transaction = self.readers.begin().await?;
        let limit = ReadLimit::impose(&mut transaction, self.read_limit).await?;
        // The first read fixes the view, so this position and everything read after it belong together.
        let head = outbox::head(&mut transaction).await?;
        Ok(Snapshot {
            transaction,
            _limit: limit,
            head,
            epoch: Arc::clone(&self.epoch),
        })
    }

    /// Begins to change things. Dropped without [`Write::commit`], nothing happened.
    pub(crate) async fn write(&self) -> Result<Write, sqlx::Error> {
        let turn = self.turn().await?;
        // Immediate: what is checked here still holds when it is written, whatever another process does.
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Write {
            transaction,
            turn,
            announcements: Vec::new(),
            nudged: BTreeSet::new(),
            hub: self.hub.clone(),
            written: Arc::clone(&self.written),
            disk: Arc::clone(&self.disk),
            epoch: Arc::clone(&self.epoch),
            held_for: None,
        })
    }

    /// Something could not be written or read because of the disk.
    pub(crate) fn note_disk_error(&self, error: DiskError) {
        self.disk.note_failure(error, Instant::now());
    }

    /// Whether changes can be made: there is room for them, and the last one did not fail because of the disk, or one
    /// that changes nothing succeeds now.
    pub(crate) async fn check_writable(&self) -> Result<(), DiskError> {
        self.check_room()?;
        let Some((error, is_due)) = self.disk.trouble(Instant::now()) else {
            return Ok(());
        };
        if is_due && self.write_nothing().await.is_ok() {
            return Ok(());
        }
        Err(error)
    }

    /// A change that leaves everything as it was, and is written all the same.
    async fn write_nothing(&self) -> Result<(), sqlx::Error> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE event_log SET epoch = epoch")
            .execute(&mut *write)
            .await?;
        write.commit().await
    }

    /// The position of the log, at a moment when everybody was told of every change that is in it.
    pub(crate) async fn settled_head(&self) -> Result<u64, sqlx::Error> {
        let _turn = self.turn().await?;
        Ok(self.snapshot().await?.head())
    }

    /// Waits until something was written since it was last waited for.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<()>, sqlx::Error> {
        let turn = Arc::clone(&self.turn).lock_owned();
        tokio::time::timeout(PATIENCE, turn)
            .await
            .or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Closes every connection, folding the write-ahead log into the file.
    pub(crate) async fn close(&self) {
        self.folder.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A consistent view of the database.
pub(crate) struct Snapshot {
    transaction: Transaction<'static, Sqlite>,
    _limit: ReadLimit,
    head: u64,
    epoch: Arc<str>,
}

impl Snapshot {
    /// The position of the log that this view reflects: everything up to it is in here, nothing after it is.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            epoch: self.epoch.to_string(),
            seq: self.head,
        }
    }

    /// The same, without its epoch.
    pub(crate) const fn head(&self) -> u64 {
        self.head
    }
}

impl Deref for Snapshot {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

/// A change in the making, and who will hear of it.
pub(crate) struct Write {
    transaction: Transaction<'static, Sqlite>,
    turn: OwnedMutexGuard<()>,
    announcements: Vec<Announcement>,
    nudged: BTreeSet<UserId>,
    hub: Hub,
    written: Arc<Notify>,
    disk: Arc<DiskHealth>,
    epoch: Arc<str>,
    held_for: Option<Arc<Keyed>>,
}

impl Write {
    /// Adds an event to the log; it is sent if and when this change is committed. What happened in an organization is
    /// told to its members only.
    pub(crate) async fn announce(
        &mut self,
        event: &Event,
        organization: Option<OrganizationId>,
        recipients: &[UserId],
    ) -> Result<(), sqlx::Error> {
        self.append(event, organization, Audience::People(recipients.to_vec()))
            .await
    }

    /// The same for everybody there is.
    pub(crate) async fn announce_to_everyone(&mut self, event: &Event) -> Result<(), sqlx::Error> {
        self.append(event, None, Audience::Everyone).await
    }

    async fn append(
        &mut self,
        event: &Event,
        organization: Option<OrganizationId>,
        audience: Audience,
    ) -> Result<(), sqlx::Error> {
        let payload = serde_json::to_string(event).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let (kind, at) = (event.kind(), now());
        let seq = outbox::append(&mut self.transaction, kind, &payload, organization, &audience, at).await?;
        self.announcements.push(Announcement {
            event: Told::new(&self.epoch, seq, kind, &payload),
            audience,
        });
        Ok(())
    }

    /// Has the streams of this person look whether they may go on once this is committed: their sign-in changed.
    pub(crate) fn nudge(&mut self, person: UserId) {
        self.nudged.insert(person);
    }

    /// Has [`Write::commit`] hand the change to a request that adds its answer to it, and then commits both.
    pub(super) fn hold_for(&mut self, keyed: Arc<Keyed>) {
        self.held_for = Some(keyed);
    }

    /// The position of the log as this change leaves it.
    pub(crate) async fn cursor(&mut self) -> Result<Cursor, sqlx::Error> {
        let seq = outbox::head(&mut self.transaction).await?;
        Ok(Cursor {
            epoch: self.epoch.to_string(),
            seq,
        })
    }

    /// Makes the change, then tells the streams of everyone it is for.
    ///
    /// In a task of its own: once begun, both happen, even if the request that asked for it is given up half-way. A
    /// change that was not told would be heard of at the next heartbeat only.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        if let Some(keyed) = self.held_for.take() {
            keyed.put(self);
            return Ok(());
        }
        let Self {
            transaction,
            turn,
            announcements,
            nudged,
            hub,
            written,
            disk,
            ..
        } = self;
        let committing = tokio::spawn(async move {
            transaction.commit().await?;
            disk.note_success();
            hub.publish(announcements, &nudged, Instant::now());
            drop(turn);
            written.notify_one();
            Ok(())
        });
        committing.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Deref for Write {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

#[cfg(test)]
mod tests;

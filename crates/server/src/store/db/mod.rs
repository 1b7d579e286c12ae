//! Access to the database: a snapshot to read, or a write with its events.

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

/// The time limit for a request that waits for a connection, and for a connection that waits for a lock of another
/// process.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The migrations that bring the tables of a file up to date.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The maximum number of concurrent snapshots.
const READERS: u32 = 8;

/// The database file. Clones share its connections.
///
/// There is one connection for writes. Writes wait for each other in this process instead of failing in SQLite, and
/// events get their numbers in the order in which changes become visible. Readers never wait for the writer (WAL).
#[derive(Clone)]
pub(crate) struct Db {
    /// Locked from the beginning of a change until its events are published, so that events are published in the order
    /// of the changes.
    turn: Arc<Mutex<()>>,
    writer: SqlitePool,
    readers: SqlitePool,
    /// The connection for checkpoints, separate from the writer so that they do not delay writes.
    folder: SqlitePool,
    written: Arc<Notify>,
    disk: Arc<DiskHealth>,
    reserve: Arc<Reserve>,
    file: Arc<Path>,
    /// The time limit of a snapshot; zero means no limit.
    read_limit: Duration,
    epoch: Arc<str>,
    hub: Hub,
}

impl Db {
    /// Opens the file. Creates it if it is missing and brings its tables up to date.
    pub(crate) async fn open(path: &Path, hub: Hub) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            // A commit is on the disk before its events are published. Otherwise a power failure could remove the
            // newest events, and later events would get positions that clients already know.
            .synchronous(SqliteSynchronous::Full)
            // Rows come from a separate thread. The transfer of single rows costs more than reading them. The buffer is
            // small, because a row may have some ten thousand characters.
            .row_buffer_size(64);
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Far above the usual size of the log: at the default, one commit in a hundred would write the pages of
            // other commits into the file as well.
            .pragma("wal_autocheckpoint", "25000")
            .pragma("journal_size_limit", fold::KEPT_BYTES);
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                // A connection to a file does not break, so no test is needed before each use.
                .test_before_acquire(false)
                // SQLite rolls a transaction back by itself after a disk error. The connection still counts it as open,
                // and would refuse to begin another. The ping ends a transaction that was dropped.
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

    /// Sets the time limit of a snapshot and the number of bytes of the disk that changes leave free.
    pub(crate) fn bounded(self, read_limit: Duration, disk_reserve: u64) -> Self {
        Self {
            read_limit,
            reserve: Arc::new(Reserve::new(&self.file, disk_reserve)),
            ..self
        }
    }

    /// Checks that the disk has room for changes.
    pub(crate) fn check_room(&self) -> Result<(), DiskError> {
        if self.reserve.is_touched(Instant::now()) {
            return Err(DiskError::Full);
        }
        Ok(())
    }

    /// The epoch of the positions that are assigned since the server started.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Returns whether the file has neither users nor events: it is new, or its creation was interrupted before the
    /// first write.
    pub(crate) async fn is_unused(&self) -> Result<bool, sqlx::Error> {
        let mut snapshot = self.snapshot().await?;
        Ok(snapshot.head() == 0 && !users::any(&mut snapshot).await?)
    }

    /// Returns a connection for a single query. Two queries on it may see the states before and after a change; see
    /// [`Db::snapshot`].
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.readers.acquire().await
    }

    /// Returns a consistent view of the database, with its position in the event log.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, sqlx::Error> {
        let mut transaction = self.readers.begin().await?;
        let limit = ReadLimit::impose(&mut transaction, self.read_limit).await?;
        // The first read determines the state of the view, so this position matches all later reads.
        let head = outbox::head(&mut transaction).await?;
        Ok(Snapshot {
            transaction,
            _limit: limit,
            head,
            epoch: Arc::clone(&self.epoch),
        })
    }

    /// Begins a change. Dropping it without [`Write::commit`] rolls it back.
    pub(crate) async fn write(&self) -> Result<Write, sqlx::Error> {
        let turn = self.turn().await?;
        // Immediate: the results of checks in this transaction still hold when it writes, even if another process
        // writes.
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

    /// Records that a read or write failed because of the disk.
    pub(crate) fn note_disk_error(&self, error: DiskError) {
        self.disk.note_failure(error, Instant::now());
    }

    /// Checks that changes can be made: the disk has room, and the last write did not fail because of the disk. After a
    /// failure, tries a write without changes, at most once in an interval.
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

    /// Makes a write that changes nothing.
    async fn write_nothing(&self) -> Result<(), sqlx::Error> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE event_log SET epoch = epoch")
            .execute(&mut *write)
            .await?;
        write.commit().await
    }

    /// Returns the position of the log at a moment at which all of its events are published.
    pub(crate) async fn settled_head(&self) -> Result<u64, sqlx::Error> {
        let _turn = self.turn().await?;
        Ok(self.snapshot().await?.head())
    }

    /// Waits until there was a write since the last call.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<()>, sqlx::Error> {
        let turn = Arc::clone(&self.turn).lock_owned();
        tokio::time::timeout(PATIENCE, turn)
            .await
            .or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Closes all connections and checkpoints the log into the file.
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
    /// The position of the event log at this view. The view contains all changes up to it, and none after it.
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            epoch: self.epoch.to_string(),
            seq: self.head,
        }
    }

    /// The number of [`Snapshot::cursor`], without its epoch.
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

/// An uncommitted change, with its events and their recipients.
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
    /// Appends an event to the log. It is sent when this change is committed. An event of an organization is sent to
    /// members of the organization only.
    pub(crate) async fn announce(
        &mut self,
        event: &Event,
        organization: Option<OrganizationId>,
        recipients: &[UserId],
    ) -> Result<(), sqlx::Error> {
        self.append(event, organization, Audience::People(recipients.to_vec()))
            .await
    }

    /// Appends an event for all users.
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

    /// Makes the streams of this person check after the commit whether their sign-in is still valid.
    pub(crate) fn nudge(&mut self, person: UserId) {
        self.nudged.insert(person);
    }

    /// Makes [`Write::commit`] pass the change to a request, which adds its response to the change and commits both.
    pub(super) fn hold_for(&mut self, keyed: Arc<Keyed>) {
        self.held_for = Some(keyed);
    }

    /// Returns the position of the log as of this change.
    pub(crate) async fn cursor(&mut self) -> Result<Cursor, sqlx::Error> {
        let seq = outbox::head(&mut self.transaction).await?;
        Ok(Cursor {
            epoch: self.epoch.to_string(),
            seq,
        })
    }

    /// Commits the change, then publishes its events to the streams of the recipients.
    ///
    /// Runs in a separate task, so that both steps happen even if the request is cancelled. Otherwise the streams would
    /// learn of the change at the next heartbeat only.
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

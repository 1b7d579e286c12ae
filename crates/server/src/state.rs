//! What every request can reach, and the numbers that tests make smaller.

use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use tokio_util::sync::CancellationToken;

use crate::audit::Audit;
use crate::auth::{Address, Limits, Passwords};
use crate::config::Origin;
use crate::metrics::Metrics;
use crate::quotas::Quotas;
use crate::sse::{Hub, Tickets};
use crate::store::{Db, PageSize};

/// Times and bounds that are right in production and too large for a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// How long a sign-in lasts after its last request.
    pub sign_in_idle: Duration,
    /// How long a sign-in lasts however often it is used (OWASP ASVS 4.0.3, 3.3.2).
    pub sign_in_lifetime: Duration,
    /// How long a browser is known after somebody signed in there.
    pub device_lifetime: Duration,
    /// After how long a silence a stream carries a heartbeat.
    pub heartbeat: Duration,
    /// How long a connection waits for its client to take anything before it is cut.
    pub stall_limit: Duration,
    /// After how long a connection ends on which nothing was answered and nothing new was asked. Longer than a stream is
    /// silent and than a request may take.
    pub idle_limit: Duration,
    /// How long the head of a request may take: since the connection was opened, and later since its first byte.
    pub head_limit: Duration,
    /// How many connections one network address may have; `None`: 512, and at most half of all that there can be.
    pub connections_per_address: Option<usize>,
    /// By how many events a stream may lag before it is told to read everything again.
    pub lag_limit: usize,
    /// How many sign-ins a minute are tried for one email address from one network address. The network address gets
    /// six times as many for all, a /48 of IPv6 twenty-four times as many.
    pub sign_ins_per_minute: u32,
    /// How many wrong passwords are free of a wait, for an account from anywhere, for a device that its owner has used
    /// before, and for the confirmation of a change. The waits for more hold them to a hundred an hour.
    pub failures_at_once: u32,
    /// The wait after those. Each further one doubles it, up to a minute.
    pub failure_wait: Duration,
    /// After how long a stream is closed and opened anew at the latest. A fifth of it is spread by chance.
    pub stream_lifetime: Duration,
    /// How long before the end of its sign-in a stream says so.
    pub expiry_warning: Duration,
    /// How many streams one person may have open.
    pub streams_per_person: usize,
    /// How long a ticket waits to be used.
    pub ticket_lifetime: Duration,
    /// How many streams a minute one person may open from one network address.
    pub streams_per_minute: u32,
    /// How much of a list one answer holds: at most so many rows, and no further row after so many bytes.
    pub page_size: PageSize,
    /// How long a request may use a connection to the database for reading.
    pub read_limit: Duration,
    /// How many requests of one person read at the same time. Further ones wait for these.
    pub reads_per_person: usize,
    /// How many of them wait.
    pub read_queue_per_person: usize,
    /// How many bytes of answers to one person may be waiting to be sent before another read is begun.
    pub unsent_per_person: usize,
    /// The same for all people together.
    pub unsent_in_all: usize,
    /// How many changes a minute one person may make.
    pub changes_per_minute: u32,
    /// How many of them may come at once.
    pub changes_at_once: u32,
    /// How many actions or agreements one session has, and how many goals one relationship.
    pub rows_per_parent: u32,
    /// How many bytes the disk keeps free: changes are refused rather than take them.
    pub disk_reserve: u64,
    /// How many events the log keeps.
    pub log_rows: u64,
    /// How many bytes of them.
    pub log_bytes: u64,
    /// How long the log keeps them.
    pub log_age: Duration,
    /// How long the answer to a change with an `Idempotency-Key` is kept.
    pub answers_kept: Duration,
    /// How many such answers are kept for one person.
    pub answers_per_person: u32,
    /// How long a deleted row can be restored.
    pub deleted_kept: Duration,
    /// How often old events and expired sign-ins are removed.
    pub maintenance_every: Duration,
    /// How long a stopping server waits for its connections.
    pub shutdown_grace: Duration,
    /// What hashing a password costs.
    pub password_cost: PasswordCost,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            sign_in_idle: Duration::from_secs(24 * 60 * 60),
            sign_in_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            device_lifetime: Duration::from_secs(180 * 24 * 60 * 60),
            heartbeat: Duration::from_secs(15),
            stall_limit: Duration::from_secs(10),
            idle_limit: Duration::from_secs(90),
            head_limit: Duration::from_secs(10),
            connections_per_address: None,
            lag_limit: 1_000,
            stream_lifetime: Duration::from_secs(10 * 60),
            expiry_warning: Duration::from_secs(60),
            streams_per_person: 20,
            ticket_lifetime: Duration::from_secs(60),
            sign_ins_per_minute: 20,
            failures_at_once: 10,
            failure_wait: Duration::from_secs(1),
            streams_per_minute: 120,
            page_size: PageSize {
                rows: 2_000,
                bytes: 2 << 20,
            },
            read_limit: Duration::from_secs(5),
            reads_per_person: 2,
            read_queue_per_person: 128,
            unsent_per_person: 16 << 20,
            unsent_in_all: 256 << 20,
            changes_per_minute: 600,
            changes_at_once: 200,
            rows_per_parent: 1_000,
            disk_reserve: 200 << 20,
            log_rows: 100_000,
            log_bytes: 1 << 30,
            log_age: Duration::from_secs(7 * 24 * 60 * 60),
            answers_kept: Duration::from_secs(7 * 24 * 60 * 60),
            answers_per_person: 1_000,
            deleted_kept: Duration::from_secs(30 * 24 * 60 * 60),
            maintenance_every: Duration::from_secs(10 * 60),
            shutdown_grace: Duration::from_secs(4),
            password_cost: PasswordCost::default(),
        }
    }
}

/// What hashing a password costs. The default is OWASP's for Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
        }
    }
}

/// What every request can reach. Clones share everything, and cost next to nothing: every request makes several.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) db: Db,
    pub(crate) hub: Hub,
    pub(crate) tuning: Tuning,
    pub(crate) passwords: Passwords,
    pub(crate) limits: Limits,
    pub(crate) quotas: Quotas,
    pub(crate) tickets: Tickets,
    pub(crate) metrics: Metrics,
    pub(crate) audit: Audit,
    /// Who may see them; without one, nobody.
    pub(crate) metrics_token: Option<String>,
    pub(crate) allowed_origins: Vec<Origin>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Cancelled when the server begins to stop.
    pub(crate) stopping: CancellationToken,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl AppState {
    /// Where a request comes from, whether or not a trusted proxy is in between.
    pub(crate) fn address_of(&self, peer: SocketAddr, headers: &HeaderMap) -> Address {
        Address::of(peer, headers, &self.trusted_proxies)
    }
}

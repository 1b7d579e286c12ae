//! The state that all requests share, and the parameters that tests reduce.

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

/// Time limits and bounds. The defaults are for production and too large for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// The time after its last request at which a sign-in ends.
    pub sign_in_idle: Duration,
    /// The maximum life of a sign-in, used or not (OWASP ASVS 4.0.3, 3.3.2).
    pub sign_in_lifetime: Duration,
    /// The time for which a browser counts as known after a person signed in there.
    pub device_lifetime: Duration,
    /// The longest silence of a stream. A heartbeat is sent after it.
    pub heartbeat: Duration,
    /// The maximum time in which a client takes no byte of its connection. Then the connection is closed.
    pub stall_limit: Duration,
    /// The maximum time in which a connection answers nothing and no new request comes. Longer than the silence of a
    /// stream and than the time limit of a request.
    pub idle_limit: Duration,
    /// The time limit for the head of a request. It starts when the connection is opened, and for later requests with
    /// their first byte.
    pub head_limit: Duration,
    /// The maximum number of connections of one network address. `None`: 512, and at most half of the possible
    /// connections.
    pub connections_per_address: Option<usize>,
    /// The number of events by which a stream may lag. Beyond it, the server sends `resync`.
    pub lag_limit: usize,
    /// The maximum number of sign-in attempts in a minute for one email address from one network address. For all email
    /// addresses together, a network address has six times as many, and a /48 of IPv6 twenty-four times as many.
    pub sign_ins_per_minute: u32,
    /// The number of wrong passwords without a wait. It applies separately to an account from all places together, to a
    /// device that its owner has used before, and to the confirmation of a change. The waits after further ones limit
    /// them to a hundred in an hour.
    pub failures_at_once: u32,
    /// The first of these waits. Each further failure doubles it, up to a minute.
    pub failure_wait: Duration,
    /// The longest life of a stream. Then it is closed, and the app opens it again. A random share of up to a fifth is
    /// subtracted.
    pub stream_lifetime: Duration,
    /// The time before the end of its sign-in at which a stream warns.
    pub expiry_warning: Duration,
    /// The maximum number of open streams of one person.
    pub streams_per_person: usize,
    /// The time for which a ticket is valid.
    pub ticket_lifetime: Duration,
    /// The maximum number of streams that one person may open in a minute from one network address.
    pub streams_per_minute: u32,
    /// The size limits of one page of a list: the number of rows, and the number of bytes after which no further row
    /// follows.
    pub page_size: PageSize,
    /// The time limit of a request for reading from the database.
    pub read_limit: Duration,
    /// The maximum number of concurrent reads of one person. Further reads wait.
    pub reads_per_person: usize,
    /// The maximum number of reads of one person that wait.
    pub read_queue_per_person: usize,
    /// The number of unsent bytes of answers to one person from which on no further read begins.
    pub unsent_per_person: usize,
    /// The same number for all people together.
    pub unsent_in_all: usize,
    /// The maximum number of changes that one person may make in a minute.
    pub changes_per_minute: u32,
    /// The maximum number of changes that may come at once.
    pub changes_at_once: u32,
    /// The maximum number of actions or agreements of one coaching session, and of goals of one relationship.
    pub rows_per_parent: u32,
    /// The number of bytes of the disk that stay free. Changes that would use them are refused.
    pub disk_reserve: u64,
    /// The maximum number of events in the log.
    pub log_rows: u64,
    /// The maximum size of the events in the log, in bytes.
    pub log_bytes: u64,
    /// The maximum age of the events in the log.
    pub log_age: Duration,
    /// The time for which the response to a change with an `Idempotency-Key` is kept.
    pub answers_kept: Duration,
    /// The maximum number of such responses that are kept for one person.
    pub answers_per_person: u32,
    /// The time for which a deleted row can be restored.
    pub deleted_kept: Duration,
    /// The interval at which old events and expired sign-ins are removed.
    pub maintenance_every: Duration,
    /// The time for which a stopping server waits for its connections.
    pub shutdown_grace: Duration,
    /// The cost of hashing a password.
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

/// The cost of hashing a password. The default is the recommendation of OWASP for Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// The memory in KiB.
    pub memory_kib: u32,
    /// The number of passes over the memory.
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

/// The state that all requests share. Clones are cheap, because every request makes several.
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
    /// The token that the metrics require. Without one, every request of the metrics is refused.
    pub(crate) metrics_token: Option<String>,
    pub(crate) allowed_origins: Vec<Origin>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// The token that is cancelled when the server begins to stop.
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
    /// Returns the network address of the client, also behind a trusted proxy.
    pub(crate) fn address_of(&self, peer: SocketAddr, headers: &HeaderMap) -> Address {
        Address::of(peer, headers, &self.trusted_proxies)
    }
}

//! Freshet's backend: REST under `/api`, server-sent events at `/api/sse`, the built app everywhere else, over one
//! SQLite file.
//!
//! ```text
//!  http/  ── reads and changes ──▶ store/ ── one transaction: change + events ──▶ SQLite
//!    │                               │ commit
//!    │ admits the person             ▼
//!    │                            sse::Hub ── committed events ────▶ sse::Stream ──▶ connections
//!    ▼                                                               (catches up from the log in store/)
//!  error.rs: one enum, one status each
//! ```
//!
//! - `store/` is SQL and knows no HTTP. `http/` has no SQL. `sse/` does not know the meaning of events.
//! - The log contains method, route pattern, status and duration, and no people. The audit log, a separate file that an
//!   option names, records the person of each sign-in and refusal.
//!
//! [`Server`] runs all of it, in `main` and in tests. [`backup`], [`restore`] and [`check`] work on the database file
//! from outside of a server.

mod assets;
mod audit;
mod auth;
mod config;
mod error;
mod events;
mod extract;
mod http;
mod listener;
mod maintenance;
mod metrics;
mod private;
mod quotas;
mod rate;
mod seed;
mod server;
mod sse;
mod state;
mod store;
mod upkeep;

pub use config::{Cli, Command, Config, Origin, ParseOriginError};
pub use seed::PASSWORD as DEMO_PASSWORD;
pub use seed::PEOPLE as DEMO_PEOPLE;
pub use server::{Server, StartError};
pub use state::{PasswordCost, Tuning};
pub use store::PageSize;
pub use upkeep::{UpkeepError, backup, check, restore};

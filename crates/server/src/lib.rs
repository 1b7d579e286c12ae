//! Freshet's backend: REST under `/api`, server-sent events at `/api/sse`, the built app everywhere else, over one
//! SQLite file.
//!
//! ```text
//!  http/  ── reads and changes ──▶ store/ ── one transaction: change + events ──▶ SQLite
//!    │                               │ commit
//!    │ whose is it? may they?        ▼
//!    │                            sse::Hub ── what was committed ──▶ sse::Stream ──▶ connections
//!    ▼                                                               (catches up from the log in store/)
//!  error.rs: one enum, one status each
//! ```
//!
//! - `store/` is SQL and knows no HTTP; `http/` has no SQL; `sse/` does not know what events mean.
//! - Nothing is logged that says who did what: method, route pattern, status and duration only. Who did, for those who
//!   must know, is in the audit log, a file of its own that an option asks for.
//!
//! [`Server`] is all there is to run it, from `main` or from a test. [`backup`], [`restore`] and [`check`] are for the
//! database file from outside of it.

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

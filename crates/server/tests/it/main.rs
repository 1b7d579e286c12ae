//! The server as its clients see it: the real application on a real socket, with a database file of its own per test.
//!
//! One binary, one module per behaviour: the tests of fifteen files are linked once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

mod accounts;
mod actions;
mod agreements;
mod announcements;
mod audit;
mod backup;
mod coaching_sessions;
mod concurrency;
mod connections;
mod crowd;
mod cursor;
mod deletion;
mod disk;
mod goals;
mod guessing;
mod history;
mod hosts;
mod idempotency;
mod input;
mod isolation;
mod journal;
mod lifetime;
mod limits;
mod metrics;
mod migration;
mod nginx;
mod origin;
mod patch;
mod people;
mod preconditions;
mod program;
mod reading;
mod replay;
mod revocation;
mod session_goals;
mod shutdown;
mod sign_in;
mod soak;
mod sse;
mod static_files;
mod tickets;
mod types;
mod writing;

//! Tests the whole client against a model of the world: after any sequence of events, once the world is quiet, every
//! screen equals the server.
//!
//! The connection, the tabs, the decoder, the invalidation plan, the cache, the queries, the mutations, the outbox and
//! the API are the real ones. The code between them, which the browser and `live` provide, is reimplemented in `tab`.
//! The server, the network, the disk, the locks and the channel between tabs are models. Time is a number, and a seed
//! determines all random choices.
//!
//! `FRESHET_SEED=1234 cargo test -p freshet --lib simulation -- --nocapture` runs one seed and prints everything that
//! happens in it. `FRESHET_SEEDS=1000000` in its place sets the number of seeds, and `FRESHET_FIRST` the first one.

mod backend;
mod bridge;
mod change;
mod chaos;
mod checks;
mod clocks;
mod deeds;
mod exchanges;
mod gate;
mod history;
mod kept;
mod ledger;
mod network;
mod outages;
mod people;
mod profile;
mod quiet;
mod requests;
mod rows;
pub(crate) mod script;
mod server;
mod show;
mod stock;
mod streams;
mod tab;
mod tally;
mod tests;
mod world;
mod writes;

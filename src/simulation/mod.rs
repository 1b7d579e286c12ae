//! The whole client against a model of the world: whatever happens, once it is quiet every screen equals the server.
//!
//! The connection, the tabs, the decoder, the invalidation plan, the cache, the queries, the mutations, the outbox and
//! the API are the real ones. What the browser and `live` do between them is retold in `tab`; the server, the network,
//! the disk, the locks and the channel between tabs are models. Time is a number, and a seed decides everything that chance decides.
//!
//! `FRESHET_SEED=1234 cargo test -p freshet --lib simulation -- --nocapture` plays one seed and tells all that happens
//! in it; `FRESHET_SEEDS=1000000` in its place plays as many, `FRESHET_FIRST` says from which on.

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

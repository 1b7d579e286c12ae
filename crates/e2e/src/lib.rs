//! Tests of the whole: a scripted server for the app's browser tests, and two people in two real browsers.
//!
//! Nothing here is part of the product, and nothing in the product knows of this. The product is used as people use
//! it: through its page, its HTTP interface and its process.

pub mod api;
pub mod dist;
pub mod driver;
pub mod items;
pub mod page;
pub mod person;
pub mod proxy;
pub mod requests;
pub mod scenario;
pub mod screenshots;
pub mod scripted;
pub mod server;

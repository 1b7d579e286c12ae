//! Tests of the whole: a scripted server for the app's browser tests, and two people in two real browsers.
//!
//! Nothing here is part of the product, and nothing in the product knows of this.

pub mod scripted;

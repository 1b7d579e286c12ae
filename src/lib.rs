//! Freshet: a real-time coaching workspace whose screens never go stale.
//!
//! The modules are listed in the order in which data flows through them. ARCHITECTURE.md has the overview.

pub mod browser;
pub mod sse;

pub mod invalidation;
pub mod live;

pub mod query;

pub mod api;
pub mod resources;

pub mod components;
pub mod pages;

pub mod app;
pub mod calendar;
pub mod config;
pub mod console;
pub mod countdown;
pub mod draft;
pub mod kept;
pub mod lazy;
pub mod navigation;
pub mod route;
pub mod session;
pub mod steady_rows;
pub mod task;
pub mod title;
pub mod toast;
pub mod today;
pub mod unresolved;
pub mod words;
pub mod workspace;

pub mod backoff;
pub mod time;

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod simulation;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

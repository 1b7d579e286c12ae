//! Freshet: a real-time coaching workspace whose screens never go stale.

pub mod backoff;
pub mod query;
pub mod sse;
pub mod time;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

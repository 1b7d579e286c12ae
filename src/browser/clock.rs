//! The clocks, and random numbers.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::time::{EpochMillis, Instant, Now};

#[wasm_bindgen]
extern "C" {
    // One call into JavaScript: `web_sys` would also fetch the window and its `performance` each time.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Returns the time since the app's document was opened. This clock can not be set. It may stand still while the
/// machine sleeps.
#[must_use]
pub fn now() -> Instant {
    if cfg!(not(target_arch = "wasm32")) {
        // Tests on the host use a clock of their own.
        return Instant::default();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since the page began fit"
    )]
    Instant::from_millis(performance_now() as u64)
}

/// Returns the time of the wall clock.
#[must_use]
pub fn wall() -> EpochMillis {
    if cfg!(not(target_arch = "wasm32")) {
        return EpochMillis::default();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since 1970 fit"
    )]
    EpochMillis::from_millis(js_sys::Date::now() as u64)
}

/// Reads both clocks.
#[must_use]
pub fn read() -> Now {
    Now {
        monotonic: now(),
        wall: wall(),
    }
}

/// Returns a seed that differs from tab to tab.
#[must_use]
pub fn seed() -> u64 {
    (js_sys::Math::random() * f64::from(u32::MAX)).to_bits() ^ wall().as_millis()
}

/// Returns the number of minutes by which local time is ahead of UTC at this moment.
#[must_use]
pub fn utc_offset_minutes(moment: EpochMillis) -> i32 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
    let date = js_sys::Date::new(&(moment.as_millis() as f64).into());
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a day fit")]
    let behind = date.get_timezone_offset() as i32;
    -behind
}

/// Returns a number that is very likely unique.
#[must_use]
pub fn chance() -> u64 {
    #[cfg(not(target_arch = "wasm32"))]
    return host::count();
    #[cfg(target_arch = "wasm32")]
    random()
}

/// A counter in place of random numbers, because the host has no browser that provides them.
#[cfg(not(target_arch = "wasm32"))]
mod host {
    use std::sync::atomic::{AtomicU64, Ordering};

    static COUNT: AtomicU64 = AtomicU64::new(0);

    pub(super) fn count() -> u64 {
        COUNT.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(target_arch = "wasm32")]
fn random() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and the greatest number of 32 bits"
    )]
    let half = || u64::from((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
    half() << 32 | half()
}

/// Returns a text that is very likely unique.
#[must_use]
pub fn unique() -> String {
    format!("{:016x}{:016x}", chance(), chance())
}

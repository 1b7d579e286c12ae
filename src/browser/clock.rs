//! The clock, and chance.

use crate::time::Instant;

/// The time now.
#[must_use]
pub fn now() -> Instant {
    if cfg!(not(target_arch = "wasm32")) {
        // A test on the host has a time of its own.
        return Instant::default();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds since 1970 fit"
    )]
    Instant::from_millis(js_sys::Date::now() as u64)
}

/// A seed that differs from page to page.
#[must_use]
pub fn seed() -> u64 {
    (js_sys::Math::random() * f64::from(u32::MAX)).to_bits() ^ now().as_millis()
}

/// How far local time is ahead of UTC at this moment, in minutes.
#[must_use]
pub fn utc_offset_minutes(moment: Instant) -> i32 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
    let date = js_sys::Date::new(&(moment.as_millis() as f64).into());
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a day fit")]
    let behind = date.get_timezone_offset() as i32;
    -behind
}

/// A number that no other is likely to equal.
#[must_use]
pub fn chance() -> u64 {
    #[cfg(not(target_arch = "wasm32"))]
    return host::count();
    #[cfg(target_arch = "wasm32")]
    random()
}

/// The host has no browser whose chance could be asked for: it counts.
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

/// A text that no other is likely to equal.
#[must_use]
pub fn unique() -> String {
    format!("{:016x}{:016x}", chance(), chance())
}

//! Hooks for time that passes on the screen.

use std::time::Duration;

use yew::prelude::*;

use crate::browser::{Listener, PageEvent, Timeout, clock, page};
use crate::time::Instant;

/// Returns the number of seconds left until `due`, and renders again as they pass.
#[hook]
pub fn use_seconds_until(due: Option<Instant>) -> Option<u64> {
    let update = use_force_update();
    let left = due.map(|due| clock::now().until(due));
    let timer = use_mut_ref(|| None::<Timeout>);
    let next = left.filter(|left| !left.is_zero()).map(|left| {
        let to_full_second = Duration::from_millis(u64::from(left.subsec_millis()).max(1));
        Timeout::new(to_full_second, move || update.force_update())
    });
    let old = timer.replace(next);
    drop(old);
    left.map(|left| left.as_millis().div_ceil(1_000))
        .and_then(|seconds| u64::try_from(seconds).ok())
}

/// Returns whether `duration` has passed since a moment. Without a moment it has not.
#[hook]
pub fn use_has_passed(since: Option<Instant>, duration: Duration) -> bool {
    let update = use_force_update();
    let due = since.map(|since| since + duration);
    use_effect_with(due, move |due| {
        let left = due.map(|due| clock::now().until(due)).filter(|left| !left.is_zero());
        let timer = left.map(|left| Timeout::new(left, move || update.force_update()));
        move || drop(timer)
    });
    due.is_some_and(|due| due <= clock::now())
}

/// Returns whether a condition has held for `duration`. The result becomes false at once when the condition ends.
#[hook]
pub fn use_has_lasted(condition: bool, duration: Duration) -> bool {
    use_has_lasted_as(condition.then_some(()), duration)
}

/// Returns whether a value has been the same for `duration`. The result becomes false at once when the value changes or
/// is gone.
#[hook]
fn use_has_lasted_as<T: Clone + PartialEq + 'static>(current: Option<T>, duration: Duration) -> bool {
    let lasted = use_state(|| None::<T>);
    let setter = lasted.setter();
    use_effect_with(current.clone(), move |current| {
        setter.set(None);
        let timer = current.clone().map(|current| {
            let setter = setter.clone();
            Timeout::new(duration, move || setter.set(Some(current.clone())))
        });
        move || drop(timer)
    });
    current.is_some() && *lasted == current
}

/// Returns whether a value has been the same for `duration` while the tab was visible. The result becomes false at once
/// when the value changes or the tab is hidden.
#[hook]
pub fn use_was_in_sight<T: Clone + PartialEq + 'static>(current: Option<T>, duration: Duration) -> bool {
    let is_visible = use_state(page::is_visible);
    let setter = is_visible.setter();
    use_effect_with((), move |()| {
        let listener = Listener::new(PageEvent::VisibilityChange, move || setter.set(page::is_visible()));
        move || drop(listener)
    });
    use_has_lasted_as(current.filter(|_| *is_visible), duration)
}
